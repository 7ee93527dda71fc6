"""Values as text for people: grouped numbers, shares in percent, texts without control characters."""

import re
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.types as kinds

from coursetrail.render.plain import as_json

NOTHING = "\u2013"
PLAIN_NUMBERS = ("source", "year")

_SUSPECT = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def clean(text: str) -> str:
    r"""The text, in which control characters, bidirectional controls and lone surrogates are replaced by visible ones.

    >>> clean("a\x1b[31m")
    'a␛[31m'
    """
    return _SUSPECT.sub(_picture, text)


def visible(text: str) -> str:
    r"""Many lines, each as `clean` makes it; tabs stay too.

    >>> visible("a\x1b\n\tb\r\n")
    'a␛\n\tb␍\n'
    """
    return re.sub(r"[^\n\t]+", lambda part: clean(part[0]), text)


def escaped(json: str) -> str:
    r"""JSON with each of these characters written as `\uXXXX`, so that it is safe to print.

    >>> escaped('"\x9b31m"')
    '"\\u009b31m"'
    """
    return _SUSPECT.sub(lambda match: f"\\u{ord(match[0]):04x}", json)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "\ufffd"


def cell_text(value: Any, name: str) -> str:
    """One cell of the column `name`, on one line."""
    if value is None:
        return NOTHING
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return percent(value) if is_share(name) else decimal(value)
    if isinstance(value, int):
        return str(value) if name in PLAIN_NUMBERS else f"{value:,}"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").replace("+00:00", "")
    return clean(str(as_json(value)))


def percent(share: float) -> str:
    """A share between 0 and 1 in percent; a share that would round to zero is shown as "<0.1 %".

    >>> percent(0.52326), percent(0.0001), percent(0)
    ('52.3 %', '<0.1 %', '0.0 %')
    """
    if share != share:
        return NOTHING
    return "<0.1 %" if 0 < share < 0.0005 else f"{share * 100:,.1f} %"


def decimal(number: float) -> str:
    """A number with at most three decimals.

    >>> decimal(159.4876), decimal(39.0)
    ('159.488', '39')
    """
    if number != number or number in (float("inf"), float("-inf")):
        return NOTHING
    return f"{number:,.3f}".rstrip("0").rstrip(".")


def is_share(name: str) -> bool:
    """Whether a column holds shares between 0 and 1, by its name."""
    return "share" in name.split("_")


def is_number(kind: pa.DataType) -> bool:
    """Whether a column is aligned right."""
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_decimal(kind))


def heading(name: str) -> str:
    """A column's name as words.

    >>> heading("top_1_percent_share")
    'top 1 percent share'
    """
    return clean(name).replace("_", " ")
