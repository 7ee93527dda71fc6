"""Answers as tables: aligned text, HTML, CSV, JSON, Parquet.

The same table gives the same bytes. A CSV cell of a text column that a spreadsheet would run as a formula
(it starts with `=`, `+`, `-`, `@`, a tab or a line break) gets an apostrophe in front; numbers are untouched.
"""

import json
from dataclasses import asdict
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as compute

from coursetrail.analyses.analysis import Result
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.render.plain import as_json, distinct, flat, is_text, plain
from coursetrail.render.text import text
from coursetrail.render.wording import escaped

FORMATS = ("table", "csv", "json", "parquet")

FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_NEEDS_QUOTES = r'[",\r\n]'


def encode(table: pa.Table, format: str, result: Result | None = None) -> bytes:  # noqa: A002
    """The table in one of FORMATS; with its `result`, also title, definition and scope where they fit."""
    match format:
        case "table":
            return text(table, result).encode()
        case "csv":
            return _csv(table)
        case "json":
            return _json(table, result)
        case "parquet":
            return _parquet(table, result)
    raise UsageError(f"No format {format!r} for a table.{did_you_mean(format, list(FORMATS))}")


def to_text(result: Result) -> str:
    """An aligned table between its title and its definition, n and what was left out."""
    return text(result.table, result)


def to_html(result: Result) -> str:
    """A small table for a notebook, escaped, with its title, definition and scope."""
    from coursetrail.render.html import fragment

    return fragment(result)


def to_csv(result: Result) -> bytes:
    """UTF-8, a header, commas, `\\n`; quotes where needed; null is an empty cell."""
    return encode(result.table, "csv", result)


def to_json(result: Result) -> bytes:
    """One object: name, title, definition, scope, columns and rows (one object a row)."""
    return encode(result.table, "json", result)


def to_parquet(result: Result) -> bytes:
    """Parquet with name, title, definition and scope (JSON) as `coursetrail.…` in the schema's metadata."""
    return encode(result.table, "parquet", result)


def _csv(table: pa.Table) -> bytes:
    table = flat(table)
    header = ",".join(_cells(pa.chunked_array([table.column_names], pa.large_string())).to_pylist())
    if not table.num_rows or not table.num_columns:
        return f"{header}\n".encode()
    cells = [_cells(column) for column in table.columns]
    rows = compute.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
    return "\n".join([header, *rows.to_pylist(), ""]).encode()


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A flat column as CSV cells."""
    texts = column.cast(pa.large_string())
    if is_text(column.type):
        texts = compute.if_else(compute.match_substring_regex(texts, FORMULA), _between("'", texts, ""), texts)
        quoted = _between('"', compute.replace_substring(texts, '"', '""'), '"')
        texts = compute.if_else(compute.match_substring_regex(texts, _NEEDS_QUOTES), quoted, texts)
    return compute.fill_null(texts, "")


def _between(before: str, texts: pa.ChunkedArray, after: str) -> pa.ChunkedArray:
    start, end, nothing = (pa.scalar(part, pa.large_string()) for part in (before, after, ""))
    return compute.binary_join_element_wise(start, texts, end, nothing)


def _json(table: pa.Table, result: Result | None) -> bytes:
    table = plain(table)
    told = about(result) if result else {}
    told["columns"] = [{"name": field.name, "type": str(field.type)} for field in table.schema]
    head = _dumped(told).removesuffix("}")
    rows = ",\n".join(_dumped(as_json(row)) for row in table.to_pylist())
    return f'{head}, "rows": [\n{rows}\n]}}\n'.encode()


def _dumped(value: Any) -> str:
    return escaped(json.dumps(value, ensure_ascii=False))


def _parquet(table: pa.Table, result: Result | None) -> bytes:
    from pyarrow import parquet

    table = table.rename_columns(distinct(table.column_names))
    told = about(result) if result else {}
    metadata = {f"coursetrail.{key}": _metadata(value) for key, value in told.items()}
    sink = BytesIO()
    parquet.write_table(table.replace_schema_metadata(metadata or None), sink, compression="zstd")
    return sink.getvalue()


def about(result: Result) -> dict[str, Any]:
    """What a table is: name, title, definition and scope."""
    analysis = result.analysis
    return {
        "name": analysis.name,
        "title": analysis.title,
        "definition": analysis.definition,
        "scope": asdict(result.scope) | {"description": result.scope.describe()},
    }


def _metadata(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
