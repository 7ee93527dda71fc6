"""How unequally learners are active: an ECDF with marked percentiles beside a Lorenz curve."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.palette import ACCENT, BODY, FAINT, MARGIN, SECOND, SMALL, SOFT, TINT
from coursetrail.outputs.plots.text_metrics import width
from coursetrail.render.charts import Concentration
from coursetrail.render.wording import decimal, percent

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Sheet

HEIGHT = 250.0
PERCENTILES = ((0.5, "median"), (0.75, "p75"), (0.9, "p90"), (0.99, "p99"))
TOPS = ((0.01, "top 1 %"), (0.1, "top 10 %"))
COLUMNS = 900

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How often each value occurs: `values` ascend, `counts` are positive."""

    values: Numbers
    counts: Numbers

    @cached_property
    def people(self) -> Numbers:
        """How many have at most each value."""
        return np.cumsum(self.counts)

    @cached_property
    def total(self) -> float:
        """How many there are."""
        return float(self.people[-1])

    @cached_property
    def lorenz(self) -> tuple[Numbers, Numbers]:
        """The share of the least active learners, and the share of everything that they did."""
        done = np.cumsum(self.values * self.counts)
        return np.concatenate(([0.0], self.people / self.total)), np.concatenate(([0.0], done / done[-1]))

    def percentile(self, share: float) -> float:
        """The smallest value that at least `share` of the learners do not exceed (`percentile_disc`)."""
        return float(self.values[np.searchsorted(self.people, share * self.total - 1e-9)])

    def few(self, share: float) -> float:
        """A share of the learners, rounded up to whole ones."""
        return ceil(share * self.total - 1e-9) / self.total

    def top(self, share: float) -> float:
        """What part of everything the most active `share` of the learners, rounded up, did."""
        return float(1 - np.interp(1 - self.few(share), *self.lorenz))

    @cached_property
    def gini(self) -> float:
        """Twice the area between the Lorenz curve and equality: 0 all alike, near 1 one does everything."""
        people, done = self.lorenz
        return float(1 - np.sum(np.diff(people) * (done[1:] + done[:-1])))


def spread(result: Result, chart: Concentration) -> Spread | None:
    """The table as a spread; None where nobody did anything."""
    values, counts = (
        np.array([number or 0 for number in result.table.column(name).to_pylist()], np.float64)
        for name in (chart.value, chart.count)
    )
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    values, counts = values[counts > 0], counts[counts > 0]
    return Spread(values, counts) if values.size and values[-1] > 0 else None


def words(drawn: Spread, chart: Concentration) -> str:
    """The chart in words, for who does not see it."""
    marks = [f"{name} {decimal(drawn.percentile(share))}" for share, name in PERCENTILES]
    tops = [f"{name} of {chart.count}: {percent(drawn.top(share))} of {chart.value}" for share, name in TOPS]
    return "; ".join([*marks, f"largest {decimal(float(drawn.values[-1]))}", f"Gini {drawn.gini:.3f}", *tops])


@dataclass(frozen=True)
class Panel:
    """A square field with shares from 0 to 1 upwards, in points."""

    left: float
    top: float
    width: float
    height: float

    def x(self, share: float) -> float:
        """How far right."""
        return self.left + share * self.width

    def y(self, share: float) -> float:
        """How far down."""
        return self.top + (1 - share) * self.height


def note(drawn: Spread, chart: Concentration) -> str:
    """What the marks mean, and who is not on the logarithmic axis."""
    text = f"p90: 90 % of {chart.count} have at most so many {chart.value}. Top 1 % and 10 %: rounded up."
    silent = drawn.counts[drawn.values <= 0].sum()
    if silent:
        text += f" {silent:,.0f} {chart.count} with 0 {chart.value} lie left of the logarithmic axis."
    return text


def draw(sheet: "Sheet", drawn: Spread, chart: Concentration, top: float) -> None:
    """Both panels from `top` downwards, HEIGHT points high."""
    room = (sheet.width - 2 * MARGIN) / 2
    upper, wide, high = top + 30, room - 48, HEIGHT - 30 - 34
    _ecdf(sheet, drawn, chart, Panel(MARGIN + 30, upper, wide, high))
    _lorenz(sheet, drawn, chart, Panel(MARGIN + room + 36, upper, wide, high))


def _frame(sheet: "Sheet", panel: Panel, heading: str, under: str, ticks: dict[float, str]) -> None:
    sheet.text(panel.left - 30, panel.top - 20, heading, BODY, bold=True)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = panel.y(share)
        sheet.line([panel.left, panel.x(1)], [y, y], FAINT if share else SOFT, linewidth=0.7, zorder=0)
        sheet.text(panel.left - 5, y + 2.7, _whole(share), SMALL, colour=SOFT, side="right")
    for place, tick in ticks.items():
        x = panel.x(place)
        sheet.line([x, x], [panel.y(0), panel.y(0) + 3], SOFT, linewidth=0.7)
        sheet.text(x, panel.y(0) + 13, tick, SMALL, colour=SOFT, side="center")
    sheet.text(panel.x(0.5), panel.y(0) + 27, under, SMALL, colour=SOFT, side="center")


def _ecdf(sheet: "Sheet", drawn: Spread, chart: Concentration, panel: Panel) -> None:
    marks = [(share, name, drawn.percentile(share)) for share, name in PERCENTILES]
    labels = [f"{name} {decimal(value)}" for _, name, value in marks]
    largest = float(drawn.values[-1])
    decades = _decades(largest, {label: mark[2] for label, mark in zip(labels, marks, strict=True)}, panel)
    ticks = {power / decades: _power(power) for power in range(0, int(decades) + 1, ceil(decades / 5.5))}
    heading = f"Share of {chart.count} with at most so many {chart.value}"
    _frame(sheet, panel, heading, f"{chart.value}, logarithmic", ticks)

    places = np.log10(np.maximum(drawn.values, 1)) / decades
    shares = drawn.people / drawn.total
    start = float(shares[drawn.values <= 0].max(initial=0))
    kept = _last_of_each_column(places)
    xs = np.repeat(np.concatenate(([0.0], places[kept], [1.0])), 2)[1:-1]
    ys = np.repeat(np.concatenate(([start], shares[kept])), 2)
    sheet.line(panel.left + panel.width * xs, panel.top + panel.height * (1 - ys), ACCENT, linewidth=1.6)

    for (share, _, value), label in zip(marks, labels, strict=True):
        x, y = panel.x(log10(max(value, 1)) / decades), panel.y(share)
        if value >= 1:
            sheet.dot(x, y, SECOND)
        sheet.text(x + 6, y + 9, label, SMALL)
    x, label = panel.x(log10(max(largest, 1)) / decades), f"max {decimal(largest)}"
    sheet.dot(x, panel.y(1), SECOND)
    sheet.text(max(x + 3, panel.left + width(label, SMALL)), panel.y(1) - 6, label, SMALL, side="right")


def _decades(largest: float, marks: dict[str, float], panel: Panel) -> float:
    """How many powers of ten the axis spans: every label right of its mark, where it is under the curve."""
    ends = [log10(max(largest, 1)) * 1.03, 1.0]
    for label, value in marks.items():
        ends.append(log10(max(value, 1)) / (1 - (width(label, SMALL) + 6) / panel.width))
    return max(ends)


def _lorenz(sheet: "Sheet", drawn: Spread, chart: Concentration, panel: Panel) -> None:
    under = f"share of {chart.count}, from the least to the most active"
    ticks = {share: _whole(share) for share in (0.0, 0.5, 1.0)}
    _frame(sheet, panel, f"Share of all {chart.value} (Lorenz curve)", under, ticks)

    people, done = drawn.lorenz
    kept = _last_of_each_column(people)
    xs, ys = panel.left + panel.width * people[kept], panel.top + panel.height * (1 - done[kept])
    sheet.areas([list(zip(xs.tolist(), ys.tolist(), strict=True))], [TINT])
    sheet.line([panel.left, panel.x(1)], [panel.y(0), panel.top], SOFT, linewidth=0.8, linestyle=(0, (3, 3)))
    sheet.line(xs, ys, ACCENT, linewidth=1.6)

    told = [f"Gini {drawn.gini:.3f}"]
    above = panel.top
    for share, name in TOPS:
        top = drawn.top(share)
        told.append(f"{name} of {chart.count}: {percent(top)} of {chart.value}")
        x, y = panel.x(1 - drawn.few(share)), panel.y(1 - top)
        sheet.dot(x, y, SECOND)
        room = x - panel.x(1 - top) - 16
        if y - above > SMALL * 1.5 and panel.y(0) - y > SMALL and room > width(name, SMALL):
            sheet.text(x - 6, y - 2, name, SMALL, side="right")
            above = y
    for number, line in enumerate(told):
        sheet.text(panel.left + 6, panel.top + 13 + 12 * number, line, SMALL)


def _last_of_each_column(places: Numbers) -> NDArray[np.intp]:
    """Indices that thin a curve to one point a pixel column; the first and the last stay."""
    last = np.flatnonzero(np.append(np.diff(np.floor(places * COLUMNS)) > 0, True))
    return np.unique(np.append(last, 0))


def _whole(share: float) -> str:
    return f"{share * 100:.0f} %"


def _power(power: int) -> str:
    if power < 6:
        return f"{10**power:,}"
    return f"{10 ** (power - 6)} M" if power < 9 else f"{10 ** (power - 9):,} bn"
