"""A column chart: one upright bar a row, in the order of the rows, with its interval where there is one."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.category_labels import CategoryLabels, Ticks, side_by_side
from coursetrail.outputs.plots.chart_body import ChartBody, Panel
from coursetrail.outputs.plots.palette import ACCENT, HEAT, INK, MARGIN, PAPER, SMALL, SOFT, WIDTH
from coursetrail.outputs.plots.palette import UNKNOWN as UNKNOWN_COLOUR
from coursetrail.outputs.plots.table_values import (
    at_most_60,
    axis_title,
    capitalized,
    is_ordered,
    is_whole,
    label_text,
    numbers,
    value_text,
)
from coursetrail.outputs.plots.text_metrics import width
from coursetrail.render.charts import Columns
from coursetrail.render.preview import UNKNOWN
from coursetrail.render.wording import NOTHING, heading

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Canvas

HEIGHT = 190.0
ABOVE = 30.0
BELOW = 7.0
GAP = 6.0
LIGHTER = HEAT[2]
"""The colour of a bar on which a line is seen."""
THICKEST = 44.0
LEAST = 0.75


@dataclass(frozen=True)
class UprightBar:
    """A bar: its label, its value and interval (NaN: not known), and the texts of these."""

    label: str
    value: float
    low: float
    high: float
    text: str
    interval: str

    @property
    def top(self) -> float:
        """Where the bar or its interval ends."""
        return float(np.nanmax([self.value, self.high, 0.0]))


def columns(result: Result, chart: Columns) -> list[UprightBar]:
    """The first `top` rows; none where no row has a value."""
    table = result.table.slice(0, chart.top)
    whole = is_whole(table, chart.value)
    labels = [label_text(label, chart.label) for label in table.column(chart.label).to_pylist()]
    values = numbers(table, chart.value)
    low, high = (numbers(table, name) if name else np.full(len(values), np.nan) for name in (chart.low, chart.high))
    if np.isnan(values).all():
        return []
    return [
        UprightBar(label, value, start, end, value_text(value, chart.value, whole), _interval(start, end, chart))
        for label, value, start, end in zip(labels, values.tolist(), low.tolist(), high.tolist(), strict=True)
    ]


def _interval(low: float, high: float, chart: Columns) -> str:
    if np.isnan(low + high):
        return ""
    return " to ".join(value_text(end, chart.value, False) for end in (low, high))


def body(result: Result, chart: Columns) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    drawn = columns(result, chart)
    if not drawn:
        return None
    spacing = spacing_of(result, chart, drawn)
    return ChartBody(
        description=description(drawn, chart),
        note=note(drawn, result.table.num_rows, chart),
        height=spacing.height,
        draw=partial(draw, chart=chart, drawn=drawn, spacing=spacing),
    )


def description(drawn: list[UprightBar], chart: Columns) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    bars = (
        f"{at_most_60(one.label)} {one.text if one.text != NOTHING else 'not known'}"
        f"{f' ({one.interval})' if one.interval else ''}"
        for one in drawn
    )
    return f"{capitalized(heading(chart.value))} by {heading(chart.label)}: {'; '.join(bars)}"


def note(drawn: list[UprightBar], rows: int, chart: Columns) -> str:
    """What the thin lines mean, and how many rows are left out."""
    texts = []
    if any(one.interval for one in drawn):
        texts.append(f"Thin lines: from {heading(chart.low)} to {heading(chart.high)}.")
    if rows > len(drawn):
        texts.append(f"The first {len(drawn):,} of {rows:,} rows; the table has all.")
    return " ".join(texts)


@dataclass(frozen=True)
class ColumnSpacing:
    """The texts around the bars, and how wide the place of one bar is."""

    values: Ticks
    labels: CategoryLabels
    left: float
    slot: float
    title: str

    @property
    def height(self) -> float:
        """The height of all of it."""
        return ABOVE + HEIGHT + BELOW + self.labels.height + SMALL * 2.4


def spacing_of(result: Result, chart: Columns, drawn: list[UprightBar]) -> ColumnSpacing:
    """Bars share the width that the labels of the values leave."""
    from coursetrail.outputs.plots.axes import value_ticks

    values = value_ticks(max(one.top for one in drawn), chart.value, is_whole(result.table, chart.value))
    left = MARGIN + values.width + GAP
    slot = (WIDTH - MARGIN - left) / len(drawn)
    labels = side_by_side([one.label for one in drawn], slot, is_ordered(result.table, chart.label), left)
    return ColumnSpacing(values, labels, left, slot, axis_title(result.table, chart.label))


def draw(canvas: "Canvas", top: float, *, chart: Columns, drawn: list[UprightBar], spacing: ColumnSpacing) -> None:
    """Draw the bars on matplotlib's axes, with their values above them where there is room for all."""
    from coursetrail.outputs.plots.axes import axes_on, heading_above, put, put_values, title_below

    panel = Panel(spacing.left, top + ABOVE, canvas.width - MARGIN - spacing.left, HEIGHT)
    heading_above(canvas, panel, f"{capitalized(heading(chart.value))} by {heading(chart.label)}")
    axes = axes_on(canvas, panel)
    axes.set_xlim(-0.5, len(drawn) - 0.5)
    put_values(axes, spacing.values)
    put(axes.xaxis, spacing.labels.ticks, spacing.labels.rotation)
    largest = spacing.values.positions[-1]
    values = np.nan_to_num([one.value for one in drawn])
    heights = np.where(values > 0, np.maximum(values, LEAST / HEIGHT * largest), 0)
    colours = [UNKNOWN_COLOUR if one.label == UNKNOWN else LIGHTER if one.interval else ACCENT for one in drawn]
    axes.bar(range(len(drawn)), heights, min(0.76, THICKEST / spacing.slot), color=colours, linewidth=0)
    known = [number for number, one in enumerate(drawn) if one.interval]
    axes.vlines(known, [drawn[n].low for n in known], [drawn[n].high for n in known], INK, linewidth=0.9)
    if max(width(one.text, SMALL) for one in drawn) <= spacing.slot - 3:
        for number, one in enumerate(drawn):
            x, y = panel.x((number + 0.5) / len(drawn)), panel.y(one.top / largest)
            half = width(one.text, SMALL) / 2 + 1.5
            box = [(x - half, y - 3 - SMALL), (x + half, y - 3 - SMALL), (x + half, y - 1.5), (x - half, y - 1.5)]
            canvas.areas([box], [PAPER])
            canvas.text(x, y - 3, one.text, SMALL, colour=INK if one.text != NOTHING else SOFT, side="center")
    title_below(canvas, panel, spacing.title, BELOW + spacing.labels.height + SMALL * 1.4)
