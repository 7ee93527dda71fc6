"""The rows of a table that a person sees where not all fit: the first ones, and the unknown value."""

from dataclasses import dataclass

import pyarrow as pa

from coursetrail.render.charts import Bars, Chart, Columns, Table
from coursetrail.render.plain import flat
from coursetrail.render.wording import cell_text, heading, is_number

UNKNOWN = "unknown"
MOST_ROWS = 1000
MOST_COLUMNS = 8


@dataclass(frozen=True)
class Preview:
    """Cells as text. `more` rows are left out between `rows` and `last`, the row of the unknown value."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    more: int
    last: list[list[str]]


def preview(table: pa.Table, chart: Chart | None = None, top: int | None = None) -> Preview:
    """At most `top` rows; by default as many as the chart says, 1,000 without a chart."""
    if top is None:
        top = chart.top if isinstance(chart, Bars | Columns | Table) else Table().top if chart else MOST_ROWS
    if isinstance(chart, Table) and table.num_rows == 1 and table.num_columns > MOST_COLUMNS:
        return _transposed(table)
    hidden = table.num_rows - top
    first = _cells(table.slice(0, top if hidden > 1 else top + 1))
    last = _cells(table.slice(table.num_rows - 1)) if hidden > 1 and isinstance(chart, Bars) else []
    if last and UNKNOWN not in last[0]:
        last = []
    return Preview(
        headings=[heading(name) for name in table.column_names],
        numeric=[is_number(kind) for kind in table.schema.types],
        rows=first,
        more=table.num_rows - len(first) - len(last),
        last=last,
    )


def _transposed(table: pa.Table) -> Preview:
    """A single wide row as one line a column."""
    pairs = zip(table.column_names, _cells(table)[0], strict=True)
    return Preview(["measure", "value"], [False, True], [[heading(name), cell] for name, cell in pairs], 0, [])


def more_rows(count: int) -> str:
    """The line that is shown in place of hidden rows.

    >>> more_rows(21770)
    '… 21,770 more rows'
    """
    return f"… {count:,} more row{'s' if count != 1 else ''}"


def _cells(table: pa.Table) -> list[list[str]]:
    table = flat(table)
    columns = zip(table.column_names, table.columns, strict=True)
    cells = [[cell_text(value, name) for value in column.to_pylist()] for name, column in columns]
    return [list(row) for row in zip(*cells, strict=True)]
