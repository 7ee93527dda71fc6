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


Chart = Table | Bars | Concentration
