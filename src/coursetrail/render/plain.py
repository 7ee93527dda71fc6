"""Any Arrow table as columns that every output format can write: plain types, distinct names."""

import json
import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as kinds


def plain(table: pa.Table) -> pa.Table:
    """The same rows with dictionaries and views decoded, bytes as text and nanoseconds as microseconds."""
    columns = [_plain(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=distinct(table.column_names))


def flat(table: pa.Table) -> pa.Table:
    """`plain` with lists, structs and intervals as JSON text, so that each value fits into one cell."""
    table = plain(table)
    columns = [column if _is_cell(column.type) else _as_json(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=table.column_names)


def distinct(names: Sequence[str]) -> list[str]:
    """The names with repeated ones numbered.

    >>> distinct(["learner", "clicks", "clicks"])
    ['learner', 'clicks', 'clicks_2']
    """
    taken: list[str] = []
    for name in names:
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        taken.append(free)
    return taken


def is_text(kind: pa.DataType) -> bool:
    """Whether a plain column holds strings."""
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind))


def as_json(value: Any) -> Any:
    """A Python value as JSON has it: times as ISO 8601, no NaN, a decimal that no float equals as text."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return _number(value)
        case datetime():
            return value.replace(tzinfo=None).isoformat() + "Z" if _is_utc(value) else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case dict():
            return {str(key): as_json(part) for key, part in value.items()}
        case list() | tuple():
            return [as_json(part) for part in value]
        case _:
            return str(value)


def _number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def _is_utc(value: datetime) -> bool:
    return not value.utcoffset()


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if kinds.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if kinds.is_string_view(kind):
        return column.cast(pa.large_string())
    if kinds.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    if kinds.is_time(kind) and kind.unit == "ns":
        return column.cast(pa.time64("us"), safe=False)
    if kinds.is_duration(kind) and kind.unit == "ns":
        return column.cast(pa.duration("us"), safe=False)
    if kinds.is_decimal(kind) and kind.scale == 0 and kind.precision <= 18:
        return column.cast(pa.int64())
    if _is_bytes(kind) or isinstance(kind, pa.BaseExtensionType):
        return _texts([None if value is None else as_json(value) for value in column.to_pylist()])
    return column


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        kinds.is_binary(kind)
        or kinds.is_large_binary(kind)
        or kinds.is_fixed_size_binary(kind)
        or kinds.is_binary_view(kind)
    )


def _is_cell(kind: pa.DataType) -> bool:
    return not (kinds.is_nested(kind) or kinds.is_interval(kind))


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return _texts(
        [None if value is None else json.dumps(as_json(value), ensure_ascii=False) for value in column.to_pylist()]
    )


def _texts(values: list[Any]) -> pa.ChunkedArray:
    texts = [value if value is None else str(value) for value in values]
    return pa.chunked_array([pa.array(texts, pa.large_string())])
