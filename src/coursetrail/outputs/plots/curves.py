"""The lines of a chart of lines, from the rows of a table: one a column or one a value of a column."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from coursetrail.outputs.plots.table_values import Numbers, is_whole, label_text, numbers, value_text
from coursetrail.render.charts import LineChart
from coursetrail.render.preview import UNKNOWN
from coursetrail.render.wording import heading


@dataclass(frozen=True)
class Curve:
    """One line: its label, positions, values (NaN: not known, the line has a gap), and the ends of its band."""

    label: str
    xs: list[Any]
    values: Numbers
    low: Numbers
    high: Numbers
    column: str
    whole: bool
    is_unknown: bool

    @property
    def has_band(self) -> bool:
        """Whether any position has both ends of the band."""
        return bool((~np.isnan(self.low + self.high)).any())

    @property
    def largest(self) -> float:
        """The largest value, or end of the band."""
        return float(np.nanmax([*self.values, *self.high, 0.0]))

    @property
    def known(self) -> list[int]:
        """Which positions have a value."""
        return [int(number) for number in np.flatnonzero(~np.isnan(self.values))]

    @property
    def lonely(self) -> list[int]:
        """Known values whose neighbours are not known: a line does not show them."""
        known = set(self.known)
        return [number for number in self.known if not {number - 1, number + 1} & known]

    def text(self, number: int) -> str:
        """The value at a position as text."""
        return value_text(float(self.values[number]), self.column, self.whole)


def curves(table: pa.Table, chart: LineChart) -> list[Curve]:
    """Every line with at least one known value, in the order in which they first occur; the unknown value last.

    Rows without a position are left out.
    """
    positions = table.column(chart.x).to_pylist()
    groups: dict[str, list[int]] = {}
    names = table.column(chart.by).to_pylist() if chart.by else [""] * len(positions)
    for number, (name, position) in enumerate(zip(names, positions, strict=True)):
        if position is not None and position == position:
            groups.setdefault(label_text(name, chart.by) if chart.by else "", []).append(number)
    columns = {column: numbers(table, column) for column in (*chart.values, chart.low, chart.high) if column}
    drawn = []
    for name, rows in groups.items():
        for nth, column in enumerate(chart.values):
            parts = [name] if chart.by else []
            parts += [heading(column)] if len(chart.values) > 1 or not chart.by else []
            ends = (chart.low, chart.high) if not nth else ("", "")
            low, high = (columns[end][rows] if end else np.full(len(rows), np.nan) for end in ends)
            drawn.append(
                Curve(
                    label=", ".join(parts),
                    xs=[positions[row] for row in rows],
                    values=columns[column][rows],
                    low=low,
                    high=high,
                    column=column,
                    whole=is_whole(table, column),
                    is_unknown=name == UNKNOWN,
                )
            )
    return sorted((one for one in drawn if one.known), key=lambda one: one.is_unknown)
