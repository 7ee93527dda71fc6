r"""CSV: UTF-8, a header, commas, `\n`; quotes where needed; null is an empty cell.

A cell of a text column that a spreadsheet would run as a formula (it starts with `=`, `+`, `-`, `@`, a tab or a line
break) gets an apostrophe in front; numbers are untouched.
"""

from io import BytesIO

import pyarrow as pa
import pyarrow.compute as compute

from coursetrail.render.caption import Caption
from coursetrail.render.plain import flat, is_text
from coursetrail.render.writer import Writer

FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
"""A regular expression (RE2) of the texts that a spreadsheet runs; the last four are full-width forms of `=+-@`."""

_NEEDS_QUOTES = r'[",\r\n]'


def encode(table: pa.Table, caption: Caption | None = None) -> bytes:  # noqa: ARG001 - CSV has no room for it
    """The table as CSV."""
    table = flat(table)
    header = ",".join(_cells(pa.chunked_array([table.column_names], pa.large_string())).to_pylist())
    if not table.num_rows or not table.num_columns:
        return f"{header}\n".encode()
    cells = [_cells(column) for column in table.columns]
    rows = compute.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
    return "\n".join([header, *rows.to_pylist(), ""]).encode()


def decode(data: bytes, schema: pa.Schema) -> pa.Table:
    """A table of the schema from CSV; Arrow's errors where the text does not fit it.

    An apostrophe in front of a formula is removed, also where the data itself had one: CSV does not tell them apart.
    """
    from pyarrow import csv

    options = csv.ConvertOptions(column_types=schema, null_values=[""], strings_can_be_null=True)
    table = csv.read_csv(BytesIO(data), csv.ReadOptions(), csv.ParseOptions(newlines_in_values=True), options)
    for index, field in enumerate(schema):
        if pa.types.is_string(field.type):
            escaped = compute.match_substring_regex(table[field.name], f"^'{FORMULA.removeprefix('^')}")
            rest = compute.utf8_slice_codeunits(table[field.name], 1)
            table = table.set_column(index, field, compute.if_else(escaped, rest, table[field.name]))
    return table


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


CSV = Writer("csv", "csv", encode, decode=decode)
