"""The kinds of faults in Coursera's research exports, and the function that makes each.

Text that is not a record counts as one line, so a rejected record holds no newline. It has at least four fields: then
an unclosed quote cannot form a valid record together with the text after it.
"""

import re
from collections.abc import Callable

from coursetrail.simulate.common_faults import garbage, long_text
from coursetrail.simulate.damage import BLANK, DUPLICATE, EVENT, REJECTED, FaultKind

KINDS = (
    FaultKind("byte_order_mark", EVENT, 0, 1, "first"),
    FaultKind("value_not_json", EVENT, 6, needs="video"),
    FaultKind("number_for_text", EVENT, 6, needs="video"),
    FaultKind("null_for_empty", EVENT, 6),
    FaultKind("doubled_quotes", EVENT, 6, needs="video"),
    FaultKind("bare_fields", EVENT, 6),
    FaultKind("carriage_return", EVENT, 5),
    FaultKind("very_long", EVENT, 1, 20),
    FaultKind("unknown_fields", EVENT, 6),
    FaultKind("invalid_utf8", EVENT, 6),
    FaultKind("lone_surrogate", EVENT, 4),
    FaultKind("cut_at_end", REJECTED, 0, 1),
    FaultKind("duplicate", DUPLICATE, 10),
    FaultKind("blank", BLANK, 5),
    FaultKind("garbage", REJECTED, 5),
    FaultKind("missing_fields", REJECTED, 5),
    FaultKind("further_fields", REJECTED, 5),
    FaultKind("unclosed_quote", REJECTED, 5),
    FaultKind("no_time", REJECTED, 5),
    FaultKind("nuls_inside", REJECTED, 4),
)

_FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SPACE = re.compile(r"\n ?")


def _fields(line: str) -> list[str]:
    """The text between the quotes, with its backslashes."""
    return _FIELD.findall(line)


def _joined(fields: list[str]) -> str:
    return ",".join(f'"{field}"' for field in fields)


def _with(line: str, place: int, text: str) -> str:
    fields = _fields(line)
    fields[place] = text
    return _joined(fields)


def _more(line: str, member: str) -> str:
    """Add one more member to the value, the last field."""
    value = _fields(line)[-1]
    member = member.replace("\\", "\\\\").replace('"', '\\"')
    return _with(line, -1, f"{value[:-1]},{member}}}" if len(value) > 2 else f"{{{member}}}")


def _not_json(line: str, random: int) -> str:
    return _with(line, -1, ("undefined", "[object Object]", "{", '{\\"timecode\\":\\"12')[random % 4])


def _numbers(line: str, random: int) -> str:
    """Numbers without quotes, and null for empty texts if `random` is odd."""
    value = re.sub(r':\\"(-?[\d.]+)\\"', r":\1", _fields(line)[-1])
    return _with(line, -1, value.replace(':\\"\\"', ":null") if random % 2 else value)


def _nulls(line: str, random: int) -> str:
    """Empty fields, at least the referrer, written as databases write nulls."""
    fields = _fields(line)
    if "" not in fields:
        fields[6] = ""
    word = ("NULL", "\\N", "")[random % 3]
    return ",".join(f'"{field}"' if field else word for field in fields)


def _doubled(line: str, random: int) -> str:
    """Quotes are doubled instead of escaped; escapes of JSON are left out."""
    del random
    fields = [re.sub(r"\\(.)", r"\1", re.sub(r'\\\\\\["\\]|\\\\.', "", field)) for field in _fields(line)]
    return ",".join('"{}"'.format(field.replace('"', '""')) for field in fields)


def _bare(line: str, random: int) -> str:
    """Quotes only around the fields that need them."""
    del random
    return ",".join(f'"{field}"' if re.search(r'[",\\\n ]', field) else field for field in _fields(line))


def _invalid(line: str, random: int) -> str:
    del random
    return _with(line, 6, "http://example.org/caf\udce9 \udcff\udcc3(")


def _missing(line: str, random: int) -> str:
    return _joined(_fields(line)[: 4 + random % 12])


def _further(line: str, random: int) -> str:
    return _SPACE.sub("", line) + ',"x"' * (1 + random % 3)


def _unclosed(line: str, random: int) -> str:
    """The record cut off within its value, without the closing quote."""
    *fields, value = _fields(_SPACE.sub("", line))
    begin = value[: random % (len(value) or 1)].rstrip('\\"') or "{"
    return f'{_joined(fields)},"{begin}'


def _untimed(line: str, random: int) -> str:
    """The record without a readable time; `random` makes each one different."""
    line = _with(_SPACE.sub("", line), 6, f"http://example.org/{random}")
    return _with(line, 2, ("", "NULL", "yesterday", "2016-13-45 99:00:00")[random % 4])


FAULTS: dict[str, Callable[[str, int], str]] = {
    "byte_order_mark": lambda line, _: f"\ufeff{line}",
    "value_not_json": _not_json,
    "number_for_text": _numbers,
    "null_for_empty": _nulls,
    "doubled_quotes": _doubled,
    "bare_fields": _bare,
    "carriage_return": lambda line, _: f"{line}\r",
    "very_long": lambda line, n: _more(line, f'"note":"{long_text(n)[:500_000]}"'),
    "unknown_fields": lambda line, n: _more(line, f'"experiment":"{n % 3}"'),
    "invalid_utf8": _invalid,
    "lone_surrogate": lambda line, _: _more(line, '"title":"half of a pair: \\ud83d"'),
    "cut_at_end": _unclosed,
    "duplicate": lambda line, _: line,
    "blank": lambda _, n: "\r" * (n % 2),
    "garbage": lambda line, n: garbage(line, n).replace('"', "'"),
    "missing_fields": _missing,
    "further_fields": _further,
    "unclosed_quote": _unclosed,
    "no_time": _untimed,
    "nuls_inside": lambda line, n: f"{_unclosed(line, n)}{chr(0) * (1 + n % 500)}",
}
