r"""CSV: UTF-8, a header, commas, `\n`; every text in quotes; null is an empty cell.

In text columns control characters are removed, and what a spreadsheet would run as a formula gets an apostrophe in
front; numbers are untouched.
"""

from codecs import BOM_UTF8
from io import BytesIO

import pyarrow as pa
import pyarrow.compute as compute

from coursetrail.render.caption import Caption
from coursetrail.render.plain import flat, is_text
from coursetrail.render.spreadsheet import ARMED, CONTROLS, DISARMED, ESCAPED, RESTORED
from coursetrail.render.writer import Writer

EXCEL_CELL = 32_767
"""Characters of a cell of Excel; the rest of a longer text would go into the cells that follow."""


def encode(table: pa.Table, caption: Caption | None = None) -> bytes:  # noqa: ARG001 - CSV has no room for it
    """The table as CSV."""
    return _encoded(table)


def encode_for_excel(table: pa.Table, caption: Caption | None = None) -> bytes:  # noqa: ARG001 - as `encode`
    """The table as CSV with a byte order mark, texts cut where a cell of Excel ends.

    Without the mark Excel takes UTF-8 for the machine's own encoding.
    """
    return BOM_UTF8 + _encoded(table, EXCEL_CELL)


def _encoded(table: pa.Table, longest: int | None = None) -> bytes:
    table = flat(table)
    names = pa.chunked_array([table.column_names], pa.large_string())
    plain = compute.match_substring_regex(names, r"^\w+$")
    header = ",".join(compute.if_else(plain, names, _cells(names, longest)).to_pylist())
    if not table.num_rows or not table.num_columns:
        return f"{header}\n".encode()
    cells = [_cells(column, longest) for column in table.columns]
    rows = compute.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))
    return "\n".join([header, *rows.to_pylist(), ""]).encode()


def decode(data: bytes, schema: pa.Schema) -> pa.Table:
    """A table of the schema from CSV; Arrow's errors where the text does not fit it.

    An apostrophe in front of a formula is removed, also where the data itself had one: CSV does not tell them apart.
    """
    from pyarrow import csv

    options = csv.ConvertOptions(
        column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    table = csv.read_csv(BytesIO(data), csv.ReadOptions(), csv.ParseOptions(newlines_in_values=True), options)
    for index, field in enumerate(schema):
        if pa.types.is_string(field.type):
            restored = compute.replace_substring_regex(table[field.name], ESCAPED, RESTORED)
            table = table.set_column(index, field, restored)
    return table


def _cells(column: pa.ChunkedArray, longest: int | None) -> pa.ChunkedArray:
    """A flat column as CSV cells; texts of at most `longest` characters."""
    texts = column.cast(pa.large_string())
    if is_text(column.type):
        texts = compute.replace_substring_regex(texts, CONTROLS, "")
        texts = compute.replace_substring_regex(texts, ARMED, DISARMED)
        texts = compute.utf8_slice_codeunits(texts, 0, longest) if longest else texts
        texts = _between('"', compute.replace_substring(texts, '"', '""'), '"')
    return compute.fill_null(texts, "")


def _between(before: str, texts: pa.ChunkedArray, after: str) -> pa.ChunkedArray:
    start, end, nothing = (pa.scalar(part, pa.large_string()) for part in (before, after, ""))
    return compute.binary_join_element_wise(start, texts, end, nothing)


CSV = Writer("csv", "csv", encode, decode=decode)
EXCEL = Writer("excel", "excel.csv", encode_for_excel, decode=decode)
