"""The kinds of faults in a legacy export, and the function that makes each."""

import re
from collections.abc import Callable

from coursetrail.simulate.common_faults import IN_JSON, cut_after, long_text
from coursetrail.simulate.damage import BLANK, DUPLICATE, EVENT, REJECTED, FaultKind

KINDS = (
    FaultKind("byte_order_mark", EVENT, 0, 1, "first"),
    FaultKind("near_duplicate", EVENT, 4, needs="follower", alters="repeats"),
    FaultKind("synthetic", EVENT, 4, needs="page", alters="nameless"),
    FaultKind("value_not_json", EVENT, 4, needs="video", alters="unreadable"),
    FaultKind("value_not_finite", EVENT, 4, needs="video"),
    FaultKind("text_for_number", EVENT, 4, needs="video"),
    FaultKind("escaped_quote", EVENT, 6),
    FaultKind("key_in_a_document", EVENT, 4),
    FaultKind("user_agent_spelling", EVENT, 4),
    FaultKind("list_for_scalar", EVENT, 4),
    FaultKind("time_as_text", EVENT, 4),
    FaultKind("time_as_float", EVENT, 4),
    FaultKind("time_in_seconds", EVENT, 3, alters="whole_seconds"),
    FaultKind("time_in_microseconds", EVENT, 3),
    FaultKind("carriage_return", EVENT, 5),
    FaultKind("leading_nuls", EVENT, 3),
    FaultKind("very_long", EVENT, 1, 20),
    FaultKind("unknown_fields", EVENT, 4),
    FaultKind("invalid_utf8", EVENT, 4),
    FaultKind("repeated_key", EVENT, 4),
    FaultKind("lone_surrogate", EVENT, 4),
    FaultKind("cut_at_end", REJECTED, 0, 1),
    FaultKind("duplicate", DUPLICATE, 10),
    FaultKind("blank", BLANK, 5),
    FaultKind("garbage", REJECTED, 5),
    FaultKind("cut_short", REJECTED, 5),
    FaultKind("no_object", REJECTED, 5),
    FaultKind("no_time", REJECTED, 5),
    FaultKind("nuls_inside", REJECTED, 4),
)

_TIME = re.compile(r'"timestamp":(\d+)')
_SCALAR = r'"(?:[^"\\]|\\.)*"|\d+'
_LISTED = ("timestamp", "username", "page_url", "session", "user_ip", "user_agent", "language")


def _time(line: str, wording: Callable[[str], str]) -> str:
    return _TIME.sub(lambda found: f'"timestamp":{wording(found[1])}', line, count=1)


def _more(line: str, fields: str) -> str:
    return f"{line[:-1]},{fields}}}"


def _not_json(line: str, random: int) -> str:
    values = ('"undefined"', '"[object Object]"', '""', "null", '"{\\"currentTime\\":12.5,\\"type\\":"')
    value = values[random % len(values)]
    return re.sub(r'"value":"(?:[^"\\]|\\.)*"', lambda _: f'"value":{value}', line, count=1)


def _not_finite(line: str, random: int) -> str:
    number = ("NaN", "Infinity", "-Infinity")[random % 3]
    if random // 3 % 2 and "playbackRate" in line:
        return re.sub(r'(playbackRate\\":)[\d.]+', rf"\g<1>{number}", line, count=1)
    return re.sub(r'(prevTime\\":)[\d.e-]+', rf"\g<1>{number}", line, count=1)


def _as_text(line: str, random: int) -> str:
    if random % 2:
        line = re.sub(r'(paused\\":)(true|false)', r'\1\\"\2\\"', line, count=1)
    return re.sub(r'((?:currentTime|readyState|networkState)\\":)([\d.e-]+)', r'\1\\"\2\\"', line)


def _listed(line: str, random: int) -> str:
    name = _LISTED[random % len(_LISTED)]
    changed = re.sub(rf'("{name}":)({_SCALAR})', r"\1[\2]", line, count=1)
    return _time(line, "[{}]".format) if changed == line else changed


def _repeated(line: str, random: int) -> str:
    wrong = ('"timestamp":1', '"key":"other"', '"username":"nobody"')[random % 3]
    if wrong.partition(":")[0] not in line:
        wrong = '"timestamp":1'
    return f"{{{wrong},{line[1:]}"


def _key_in_a_document(line: str, random: int) -> str:
    del random
    return re.sub(r'"key":"([^"]*)"', r'"key":"{\\"key\\":\\"\1\\"}"', line, count=1)


def _synthetic(line: str, random: int) -> str:
    del random
    return re.sub(r',"(?:page_url|session|user_agent)":(?:"(?:[^"\\]|\\.)*"|null)', "", line)


def _no_time(line: str, random: int) -> str:
    if random % 4 == 0:
        return re.sub(r',"timestamp":\d+', "", line, count=1)
    return _time(line, lambda _: ("", "null", '""', '"yesterday"')[random % 4])


def _cut(line: str, random: int) -> str:
    """The line cut off after its time."""
    return cut_after('"page_url"', line, random)


FAULTS: dict[str, Callable[[str, int], str]] = {
    **IN_JSON,
    "synthetic": _synthetic,
    "value_not_json": _not_json,
    "value_not_finite": _not_finite,
    "text_for_number": _as_text,
    "escaped_quote": lambda line, _: _more(line, '"title":"The learner\\\'s guide"'),
    "key_in_a_document": _key_in_a_document,
    "user_agent_spelling": lambda line, _: line.replace('"user_agent":', '"user-agent":', 1),
    "list_for_scalar": _listed,
    "time_as_text": lambda line, _: _time(line, '"{}"'.format),
    "time_as_float": lambda line, n: _time(line, "{}.0".format if n % 2 else lambda t: f"{t[0]}.{t[1:]}e12"),
    "time_in_seconds": lambda line, _: _time(line, lambda time: time[:-3]),
    "time_in_microseconds": lambda line, _: _time(line, "{}000".format),
    "very_long": lambda line, n: _more(line, f'"note":"{long_text(n)}"'),
    "unknown_fields": lambda line, n: _more(line, f'"41":["{n}"],"experiment":{{"arm":{n % 3},"on":true}}'),
    "invalid_utf8": lambda line, _: _more(line, '"title":"caf\udce9 \udcff\udcc3("'),
    "repeated_key": _repeated,
    "lone_surrogate": lambda line, _: _more(line, '"title":"half of a pair: \\ud83d"'),
    "cut_at_end": _cut,
    "cut_short": _cut,
    "no_time": _no_time,
    "nuls_inside": lambda line, n: _cut(line, n) + "\0" * (1 + n % 500),
}
