"""How unequally learners are active: an ECDF with marked percentiles beside a Lorenz curve."""

from math import ceil, log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.chart_body import ChartBody, Panel
from coursetrail.outputs.plots.distribution import MOST_ACTIVE, PERCENTILES, Distribution, Numbers, distribution_of
from coursetrail.outputs.plots.palette import ACCENT, BODY, FAINT, MARGIN, SECOND, SMALL, SOFT, TINT
from coursetrail.outputs.plots.text_metrics import width
from coursetrail.render.charts import Concentration
from coursetrail.render.wording import decimal, percent

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Canvas

HEIGHT = 250.0
COLUMNS = 900


def description(drawn: Distribution, chart: Concentration) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    marks = [f"{name} {decimal(drawn.marks[name])}" for name in PERCENTILES]
    largest = f"largest {decimal(drawn.marks['max'])}"
    return "; ".join([*marks, largest, _gini(drawn), *_most_active(drawn, chart)])


def _gini(drawn: Distribution) -> str:
    return f"Gini {drawn.marks['gini']:.3f}"


def _most_active(drawn: Distribution, chart: Concentration) -> list[str]:
    return [
        f"{_top(share)} of {chart.count}: {percent(drawn.marks[name])} of {chart.value}"
        for name, share in MOST_ACTIVE.items()
    ]


def _top(share: float) -> str:
    return f"top {_whole_percent(share)}"


def note(drawn: Distribution, chart: Concentration) -> str:
    """What the marks mean, and how many learners the logarithmic axis cannot show."""
    text = f"p90: 90 % of {chart.count} have at most this many {chart.value}. Top 1 % and 10 %: rounded up."
    without = drawn.counts[drawn.values <= 0].sum()
    if without:
        text += f" {without:,.0f} {chart.count} with 0 {chart.value} lie left of the logarithmic axis."
    return text


def body(result: Result, chart: Concentration) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    drawn = distribution_of(result.table, chart)
    if drawn is None:
        return None
    return ChartBody(
        description=description(drawn, chart),
        note=note(drawn, chart),
        height=HEIGHT,
        draw=lambda canvas, top: draw(canvas, drawn, chart, top),
    )


def draw(canvas: "Canvas", drawn: Distribution, chart: Concentration, top: float) -> None:
    """Draw both panels from `top` downwards, HEIGHT points high."""
    room = (canvas.width - 2 * MARGIN) / 2
    upper, panel_width, panel_height = top + 30, room - 48, HEIGHT - 30 - 34
    draw_ecdf(canvas, drawn, chart, Panel(MARGIN + 30, upper, panel_width, panel_height))
    draw_lorenz(canvas, drawn, chart, Panel(MARGIN + room + 36, upper, panel_width, panel_height))


def _frame(canvas: "Canvas", panel: Panel, heading: str, under: str, ticks: dict[float, str]) -> None:
    canvas.text(panel.left - 30, panel.top - 20, heading, BODY, bold=True)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = panel.y(share)
        canvas.line([panel.left, panel.x(1)], [y, y], FAINT if share else SOFT, linewidth=0.7, zorder=0)
        canvas.text(panel.left - 5, y + 2.7, _whole_percent(share), SMALL, colour=SOFT, side="right")
    for position, tick in ticks.items():
        x = panel.x(position)
        canvas.line([x, x], [panel.y(0), panel.y(0) + 3], SOFT, linewidth=0.7)
        canvas.text(x, panel.y(0) + 13, tick, SMALL, colour=SOFT, side="center")
    canvas.text(panel.x(0.5), panel.y(0) + 27, under, SMALL, colour=SOFT, side="center")


def draw_ecdf(canvas: "Canvas", drawn: Distribution, chart: Concentration, panel: Panel) -> None:
    """Draw how many learners have at most each value, with the percentiles and the largest value marked."""
    marks = [(share, name, drawn.marks[name]) for name, share in PERCENTILES.items()]
    labels = [f"{name} {decimal(value)}" for _, name, value in marks]
    largest = drawn.marks["max"]
    decades = _decades(largest, {label: mark[2] for label, mark in zip(labels, marks, strict=True)}, panel)
    ticks = {power / decades: _power(power) for power in range(0, int(decades) + 1, ceil(decades / 5.5))}
    heading = f"Share of {chart.count} with at most this many {chart.value}"
    _frame(canvas, panel, heading, f"{chart.value}, logarithmic", ticks)

    positions = np.log10(np.maximum(drawn.values, 1)) / decades
    shares = drawn.at_most / drawn.total
    start = float(shares[drawn.values <= 0].max(initial=0))
    kept = thinned(positions)
    xs = np.repeat(np.concatenate(([0.0], positions[kept], [1.0])), 2)[1:-1]
    ys = np.repeat(np.concatenate(([start], shares[kept])), 2)
    canvas.line(panel.left + panel.width * xs, panel.top + panel.height * (1 - ys), ACCENT, linewidth=1.6)

    for (share, _, value), label in zip(marks, labels, strict=True):
        x, y = panel.x(log10(max(value, 1)) / decades), panel.y(share)
        if value >= 1:
            canvas.dot(x, y, SECOND)
        canvas.text(x + 6, y + 9, label, SMALL)
    x, label = panel.x(log10(max(largest, 1)) / decades), f"max {decimal(largest)}"
    canvas.dot(x, panel.y(1), SECOND)
    canvas.text(max(x + 3, panel.left + width(label, SMALL)), panel.y(1) - 6, label, SMALL, side="right")


def _decades(largest: float, marks: dict[str, float], panel: Panel) -> float:
    """How many powers of ten the axis spans, so that every label fits to the right of its mark, under the curve."""
    ends = [log10(max(largest, 1)) * 1.03, 1.0]
    for label, value in marks.items():
        ends.append(log10(max(value, 1)) / (1 - (width(label, SMALL) + 6) / panel.width))
    return max(ends)


def draw_lorenz(canvas: "Canvas", drawn: Distribution, chart: Concentration, panel: Panel) -> None:
    """Draw the share of everything that comes from the least active learners, with the most active ones marked."""
    under = f"share of {chart.count}, from the least to the most active"
    ticks = {share: _whole_percent(share) for share in (0.0, 0.5, 1.0)}
    _frame(canvas, panel, f"Share of all {chart.value} (Lorenz curve)", under, ticks)

    learners, done = drawn.lorenz
    kept = thinned(learners)
    xs, ys = panel.left + panel.width * learners[kept], panel.top + panel.height * (1 - done[kept])
    canvas.areas([list(zip(xs.tolist(), ys.tolist(), strict=True))], [TINT])
    canvas.line([panel.left, panel.x(1)], [panel.y(0), panel.top], SOFT, linewidth=0.8, linestyle=(0, (3, 3)))
    canvas.line(xs, ys, ACCENT, linewidth=1.6)

    above = panel.top
    for name, share in MOST_ACTIVE.items():
        clicks, label = drawn.marks[name], _top(share)
        x, y = panel.x(1 - drawn.rounded_up(share)), panel.y(1 - clicks)
        canvas.dot(x, y, SECOND)
        room = x - panel.x(1 - clicks) - 16
        if y - above > SMALL * 1.5 and panel.y(0) - y > SMALL and room > width(label, SMALL):
            canvas.text(x - 6, y - 2, label, SMALL, side="right")
            above = y
    for number, line in enumerate([_gini(drawn), *_most_active(drawn, chart)]):
        canvas.text(panel.left + 6, panel.top + 13 + 12 * number, line, SMALL)


def thinned(positions: Numbers) -> NDArray[np.intp]:
    """The indices that thin a curve to one point per pixel column; the first and the last stay."""
    last = np.flatnonzero(np.append(np.diff(np.floor(positions * COLUMNS)) > 0, True))
    return np.unique(np.append(last, 0))


def _whole_percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _power(power: int) -> str:
    if power < 6:
        return f"{10**power:,}"
    return f"{10 ** (power - 6)} M" if power < 9 else f"{10 ** (power - 9):,} bn"
