"""A chart of lines over days or numbers: labels at the ends of the lines, light bands, steps where asked for."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.category_labels import Ticks
from coursetrail.outputs.plots.chart_body import ChartBody, Panel
from coursetrail.outputs.plots.curves import Curve, curves
from coursetrail.outputs.plots.palette import INK, LINE_STYLES, MARGIN, PAPER, SMALL, UNKNOWN_LINE, LineStyle
from coursetrail.outputs.plots.table_values import (
    at_most_60,
    axis_title,
    capitalized,
    is_seconds,
    is_whole,
    label_text,
)
from coursetrail.outputs.plots.text_metrics import shorten, width
from coursetrail.render.charts import LineChart
from coursetrail.render.wording import heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from coursetrail.outputs.plots.canvas import Canvas

MOST_LINES = 8
MOST_BANDS = 3
PLOT = 190.0
ABOVE = 30.0
BELOW = 32.0
GAP = 6.0
KEY = 16.0
"""The width of the short line before a label."""
LEAD = 12.0
WIDEST_LABEL = 120.0
APART = 11.0
HALF_A_DATE = 22.0
"""Half of a date stands beside the first and the last day."""
THICK = 1.6


def body(result: Result, chart: LineChart) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    every = curves(result.table, chart)
    if not every:
        return None
    drawn = every[:MOST_LINES]
    return ChartBody(
        description=description(drawn, chart),
        note=note(drawn, len(every), result.table, chart),
        height=ABOVE + PLOT + BELOW,
        draw=partial(draw, table=result.table, chart=chart, drawn=drawn),
    )


def description(drawn: list[Curve], chart: LineChart) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    return f"{title(chart)} over {heading(chart.x)}: {'; '.join(_in_words(one, chart) for one in drawn)}"


def _in_words(one: Curve, chart: LineChart) -> str:
    first, last = one.known[0], one.known[-1]
    highest = int(np.nanargmax(one.values))
    at = {number: label_text(one.xs[number], chart.x) for number in (first, last, highest)}
    name = at_most_60(one.label)
    if first == last:
        return f"{name} {one.text(first)} at {at[first]}"
    largest = "" if highest in (first, last) else f", largest {one.text(highest)} at {at[highest]}"
    return f"{name} from {one.text(first)} at {at[first]} to {one.text(last)} at {at[last]}{largest}"


def title(chart: LineChart) -> str:
    """What the lines show."""
    values = capitalized(", ".join(heading(name) for name in chart.values))
    return f"{values} by {heading(chart.by)}" if chart.by else values


def note(drawn: list[Curve], every: int, table: pa.Table, chart: LineChart) -> str:
    """What the band is, and what is left out."""
    texts = []
    if any(one.has_band for one in drawn):
        band = f"from {heading(chart.low)} to {heading(chart.high)}"
        texts.append(
            f"Light bands: {band}."
            if _with_bands(drawn)
            else f"The bands {band} are left out, because {len(drawn)} of them would overlap; the table has them."
        )
    if every > len(drawn):
        texts.append(f"The first {len(drawn)} of {every:,} lines; the table has all.")
    without = table.column(chart.x).null_count
    if without:
        texts.append(f"{without:,} row{'s' if without > 1 else ''} without {heading(chart.x)} not drawn.")
    return " ".join(texts)


def _with_bands(drawn: list[Curve]) -> bool:
    return sum(one.has_band for one in drawn) <= MOST_BANDS


def draw(canvas: "Canvas", top: float, *, table: pa.Table, chart: LineChart, drawn: list[Curve]) -> None:
    """Draw the lines on matplotlib's axes, and the labels to their right."""
    from coursetrail.outputs.plots.axes import (
        axes_on,
        heading_above,
        positions_of,
        put,
        put_values,
        title_below,
        value_ticks,
    )

    whole = is_whole(table, *chart.values)
    values = value_ticks(max(one.largest for one in drawn), chart.values[0], whole)
    labels = [shorten(one.label, SMALL, WIDEST_LABEL) for one in drawn]
    half = HALF_A_DATE if kinds.is_temporal(table.schema.field(chart.x).type) else GAP
    left = MARGIN + max(values.width + GAP, half)
    beside = half
    if _labelled(drawn, chart):
        beside = LEAD + KEY + 4 + max(width(label, SMALL) for label in labels)
    panel = Panel(left, top + ABOVE, canvas.width - MARGIN - left - beside, PLOT)
    axes = axes_on(canvas, panel)
    heading_above(canvas, panel, title(chart))
    put_values(axes, values)
    positions = [positions_of(one.xs) for one in drawn]
    known = [xs[number] for one, xs in zip(drawn, positions, strict=True) for number in one.known]
    ends = min(known), max(known)
    put(axes.xaxis, _ticks(table, chart, ends, panel.width))
    axes.set_xlim(ends[0] if ends[0] < ends[1] else ends[0] - 1, ends[1])
    styles = _styles(drawn)
    for order, (one, xs, style) in enumerate(zip(drawn, positions, styles, strict=True)):
        _curve(axes, one, xs, style, chart, band=_with_bands(drawn), order=10 - order / MOST_LINES)
    title_below(canvas, panel, axis_title(table, chart.x), BELOW - 4)
    if _labelled(drawn, chart):
        lasts = [
            canvas.at(axes, xs[one.known[-1]], float(one.values[one.known[-1]]))
            for one, xs in zip(drawn, positions, strict=True)
        ]
        _labels(canvas, panel, labels, lasts, styles)


def _labelled(drawn: list[Curve], chart: LineChart) -> bool:
    return len(drawn) > 1 or bool(chart.by)


def _curve(
    axes: "Axes", one: Curve, xs: list[float], style: LineStyle, chart: LineChart, *, band: bool, order: float
) -> None:
    shape: Any = "steps-post" if chart.steps else "default"
    if band and one.has_band:
        step: Any = "post" if chart.steps else None
        below = order - 5
        axes.fill_between(xs, one.low, one.high, step=step, color=style.colour, alpha=0.1, linewidth=0, zorder=below)
        for end in (one.low, one.high):
            axes.plot(xs, end, color=style.colour, alpha=0.6, linewidth=0.5, drawstyle=shape, zorder=below)
    axes.plot(
        xs,
        one.values,
        color=style.colour,
        linewidth=THICK,
        linestyle=style.dashes,
        drawstyle=shape,
        solid_joinstyle="round",
        zorder=order,
        clip_on=False,
    )
    lonely = one.lonely
    axes.plot(
        [xs[number] for number in lonely],
        one.values[lonely],
        color=style.colour,
        linestyle="none",
        marker="o",
        markersize=5,
        markeredgecolor=PAPER,
        zorder=order,
        clip_on=False,
    )


def _labels(
    canvas: "Canvas",
    panel: Panel,
    labels: Sequence[str],
    ends: Sequence[tuple[float, float]],
    styles: Sequence[LineStyle],
) -> None:
    """Each label at the height of its line's end, or as near as the other labels allow, joined to it by a thin line."""
    left = panel.x(1) + LEAD
    heights = apart([y for _, y in ends], APART, panel.top, panel.y(0))
    for label, height, (x, y), style in zip(labels, heights, ends, styles, strict=True):
        edge = panel.x(1)
        if x < edge - 1:
            canvas.line([x, edge], [y, y], style.colour, linewidth=0.6, linestyle=(0, (1, 3)))
        canvas.line([edge, left - 2], [y, height], style.colour, linewidth=0.6)
        canvas.line([left, left + KEY], [height, height], style.colour, linewidth=THICK, linestyle=style.dashes)
        canvas.text(left + KEY + 4, height + SMALL * 0.36, label, SMALL, colour=INK)


def apart(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Heights near the wanted ones, in the same order, at least `gap` apart, and inside if they fit.

    >>> apart([50, 52, 90], 10, 0, 90)
    [46.0, 56.0, 90.0]
    """
    groups: list[list[float]] = []  # its members' number, and the height of its first
    order = sorted(range(len(wanted)), key=lambda one: wanted[one])
    for one in order:
        groups.append([1, wanted[one]])
        while True:
            number, first = groups[-1]
            groups[-1][1] = first = max(min(first, bottom - (number - 1) * gap), top)
            if len(groups) < 2 or groups[-2][1] + groups[-2][0] * gap <= first:
                break
            before, start = groups[-2]
            middle = (before * (start + (before - 1) * gap / 2) + number * (first + (number - 1) * gap / 2)) / (
                before + number
            )
            groups[-2:] = [[before + number, middle - (before + number - 1) * gap / 2]]
    heights = [first + gap * nth for number, first in groups for nth in range(int(number))]
    return [height for _, height in sorted(zip(order, heights, strict=True))]


def _styles(drawn: list[Curve]) -> list[LineStyle]:
    return [UNKNOWN_LINE if one.is_unknown else style for one, style in zip(drawn, LINE_STYLES, strict=False)]


def _ticks(table: pa.Table, chart: LineChart, ends: tuple[float, float], room: float) -> Ticks:
    from coursetrail.outputs.plots.axes import day_ticks, number_ticks

    if kinds.is_temporal(table.schema.field(chart.x).type):
        return day_ticks(*ends, room)
    return number_ticks(*ends, chart.x, is_whole(table, chart.x), is_seconds(chart.x), room)
