"""Columns of a table as a chart needs them: numbers, labels, and values as text."""

from datetime import date
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds
from numpy.typing import NDArray

from coursetrail.render.preview import UNKNOWN
from coursetrail.render.wording import cell_text, clean, heading

Numbers = NDArray[np.float64]


def numbers(table: pa.Table, name: str) -> Numbers:
    """A column as floats; NaN where it has no finite number."""
    values = [np.nan if value is None else float(value) for value in table.column(name).to_pylist()]
    return np.array([value if isfinite(value) else np.nan for value in values], np.float64)


def is_whole(table: pa.Table, *names: str) -> bool:
    """Whether columns hold whole numbers only."""
    return all(kinds.is_integer(table.schema.field(name).type) for name in names)


def is_ordered(table: pa.Table, name: str) -> bool:
    """Whether a column holds numbers or days, so that a reader knows the labels between two labels."""
    kind = table.schema.field(name).type
    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_temporal(kind))


def value_text(value: float, name: str, whole: bool) -> str:
    """A number of the column `name` as the table shows it."""
    return cell_text(round(value) if whole and isfinite(value) else float(value), name)


def label_text(value: Any, name: str) -> str:
    """A label, as the table shows it; seconds as minutes and seconds.

    >>> label_text(754, "from_second"), label_text("", "area"), label_text(None, "area")
    ('12:34', '(empty)', 'unknown')
    """
    if value is None:
        return UNKNOWN
    if is_seconds(name) and isinstance(value, int | float):
        return f"{int(value // 60)}:{int(value % 60):02d}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return cell_text(value, name) or "(empty)"


def is_seconds(name: str) -> bool:
    """Whether a column holds seconds, by its name."""
    return bool({"second", "seconds"} & set(name.split("_")))


def axis_title(table: pa.Table, name: str) -> str:
    """What stands at an axis: the name of its column, and the unit of days and seconds."""
    kind = table.schema.field(name).type
    unit = ", UTC" if kinds.is_temporal(kind) else ", minutes:seconds" if is_seconds(name) else ""
    return f"{heading(name)}{unit}"


def capitalized(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def at_most_60(label: str) -> str:
    """A label of a text alternative, which is read aloud."""
    label = clean(label)
    return label if len(label) <= 60 else f"{label[:59]}…"


def days_between(values: list[Any]) -> list[float]:
    """Numbers as they are, days as days since the first day of the calendar."""
    return [float(value.toordinal()) if isinstance(value, date) else float(value) for value in values]
