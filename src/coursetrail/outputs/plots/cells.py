"""The cells of a heat map, from the rows of a table: which labels its two axes have, in which order, and the values."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coursetrail.outputs.plots.table_values import days_between, is_ordered, label_text, numbers
from coursetrail.render.charts import HeatMap

MOST_CELLS = 400
"""How many cells one axis has at most."""
UNEQUAL = 8
"""How many times the median the largest value is where colours follow the square root."""


@dataclass(frozen=True)
class Grid:
    """The cells: labels of the columns and of the rows, values[row, column] (NaN: none), labels left out of each."""

    xs: list[str]
    ys: list[str]
    values: NDArray[np.float64]
    left_out: int
    ordered: bool

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which cells have a value."""
        return ~np.isnan(self.values)

    @property
    def largest(self) -> float:
        """The largest value."""
        return float(np.nanmax(self.values))

    @property
    def is_unequal(self) -> bool:
        """Whether few values are so much larger than most that equal steps of colour would hide the rest."""
        positive = self.values[self.values > 0]
        return positive.size > 0 and self.largest > UNEQUAL * float(np.median(positive))


def grid_of(table: pa.Table, chart: HeatMap) -> Grid | None:
    """The cells of a table; None where none has a value."""
    across, down = table.column(chart.x).to_pylist(), table.column(chart.y).to_pylist()
    xs, ys = _line_up(table, chart.x, across), _line_up(table, chart.y, down)
    columns = {x: number for number, x in enumerate(xs[:MOST_CELLS])}
    rows = {y: number for number, y in enumerate(ys[:MOST_CELLS])}
    values = np.full((len(rows), len(columns)), np.nan)
    for x, y, value in zip(across, down, numbers(table, chart.value), strict=True):
        if x in columns and y in rows:
            values[rows[y], columns[x]] = value
    if np.isnan(values).all():
        return None
    return Grid(
        xs=[label_text(x, chart.x) for x in columns],
        ys=[label_text(y, chart.y) for y in rows],
        values=values,
        left_out=len(xs) + len(ys) - len(columns) - len(rows),
        ordered=is_ordered(table, chart.x),
    )


def _line_up(table: pa.Table, name: str, labels: list[Any]) -> list[Any]:
    """The distinct labels: texts in the order in which they occur, numbers and days ascending, without gaps."""
    distinct = list(dict.fromkeys(labels))
    if not is_ordered(table, name):
        return distinct
    known = sorted(label for label in distinct if label is not None)
    return _without_gaps(known) + [None] * (None in distinct)


def _without_gaps(known: list[Any]) -> list[Any]:
    """Where all steps are multiples of the smallest, labels for the steps that no row has."""
    steps = np.diff(days_between(known))
    if len(known) < 3 or (steps % steps.min()).any():
        return known
    number = round(float(steps.sum() / steps.min())) + 1
    step = known[int(steps.argmin()) + 1] - known[int(steps.argmin())]
    return [known[0] + step * nth for nth in range(number)] if number <= MOST_CELLS else known
