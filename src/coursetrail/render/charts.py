"""How a table may be drawn: column names and limits, no data and no drawing library."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Not drawn; shown as rows, at most `top` of them in a report."""

    top: int = 20


@dataclass(frozen=True)
class Bars:
    """One horizontal bar a row, largest first; rows after `top` are summed into one last bar.

    `label` names the bars, `value` is their length, `share` (0 to 1) is written beside it. The row whose
    label is `unknown` has a bar of its own below all other bars.
    """

    label: str
    value: str
    share: str
    top: int = 15


@dataclass(frozen=True)
class Concentration:
    """An ECDF of `value` (log x, percentiles marked) beside the Lorenz curve of the same counts.

    Each row says that `count` learners have exactly `value`; rows ascend by `value`.
    """

    value: str
    count: str


@dataclass(frozen=True)
class Columns:
    """One upright bar a row, in the order of the rows: `label` has an order of its own, for example weeks or classes.

    `low` and `high` are the columns of an interval, if there is one. Rows after `top` are not drawn, which a note says.
    """

    label: str
    value: str
    low: str = ""
    high: str = ""
    top: int = 60


@dataclass(frozen=True)
class LineChart:
    """Lines over `x`, a column of days or numbers in ascending order: one for each of the columns `values`.

    With `by`, each value of that column has a line of its own; the first eight that occur in the rows are drawn.
    `low` and `high` are columns of a band around the first of the `values`; `steps` draws a value as constant until the
    next row.
    """

    x: str
    values: tuple[str, ...]
    by: str = ""
    low: str = ""
    high: str = ""
    steps: bool = False


@dataclass(frozen=True)
class HeatMap:
    """One cell a row at (`x`, `y`), coloured by `value`; a cell without a row, or whose value is null, stays empty.

    `x` goes to the right, `y` downwards: texts in the order in which they first occur in the rows, numbers and days
    ascending, with those that lie between and have no row.
    """

    x: str
    y: str
    value: str


Chart = Table | Bars | Columns | LineChart | HeatMap | Concentration
