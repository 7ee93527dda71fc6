"""The rows of a table that are shown where not all fit: the first ones, and the unknown value."""

from dataclasses import dataclass

import pyarrow as pa

from coursetrail.analyses.analysis import Result
from coursetrail.render.charts import Bars, Table
from coursetrail.render.plain import flat
from coursetrail.render.wording import heading, is_number, shown

UNKNOWN = "unknown"
WHOLE = 1000
NARROW = 8


@dataclass(frozen=True)
class Extract:
    """Cells as text. `more` rows are left out between `rows` and `last`, the row of the unknown value."""

    headings: list[str]
    numeric: list[bool]
    rows: list[list[str]]
    more: int
    last: list[list[str]]


def extract(table: pa.Table, result: Result | None = None, top: int | None = None) -> Extract:
    """At most `top` rows; by default as many as the analysis's chart says, 1,000 without an analysis."""
    chart = result.analysis.chart if result else None
    if top is None:
        top = chart.top if isinstance(chart, Bars | Table) else Table().top if chart else WHOLE
    if isinstance(chart, Table) and table.num_rows == 1 and table.num_columns > NARROW:
        return _upright(table)
    cut = table.num_rows - top
    first = _cells(table.slice(0, top if cut > 1 else top + 1))
    last = _cells(table.slice(table.num_rows - 1)) if cut > 1 and isinstance(chart, Bars) else []
    if last and UNKNOWN not in last[0]:
        last = []
    return Extract(
        headings=[heading(name) for name in table.column_names],
        numeric=[is_number(kind) for kind in table.schema.types],
        rows=first,
        more=table.num_rows - len(first) - len(last),
        last=last,
    )


def _upright(table: pa.Table) -> Extract:
    """A single wide row as one line a column."""
    pairs = zip(table.column_names, _cells(table)[0], strict=True)
    return Extract(["measure", "value"], [False, True], [[heading(name), cell] for name, cell in pairs], 0, [])


def more_rows(count: int) -> str:
    """The line that stands for rows left out.

    >>> more_rows(21770)
    '… 21,770 more rows'
    """
    return f"… {count:,} more row{'s' if count != 1 else ''}"


def _cells(table: pa.Table) -> list[list[str]]:
    table = flat(table)
    columns = zip(table.column_names, table.columns, strict=True)
    cells = [[shown(value, name) for value in column.to_pylist()] for name, column in columns]
    return [list(row) for row in zip(*cells, strict=True)]
