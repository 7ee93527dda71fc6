"""A bar chart: one bar a row, the rest in one bar, the unknown value last and grey."""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.chart_body import ChartBody
from coursetrail.outputs.plots.palette import ACCENT, BODY, FAINT, INK, MARGIN, REST, SOFT
from coursetrail.outputs.plots.palette import UNKNOWN as UNKNOWN_COLOUR
from coursetrail.outputs.plots.table_values import at_most_60
from coursetrail.outputs.plots.text_metrics import shorten, width
from coursetrail.render.charts import Bars
from coursetrail.render.preview import UNKNOWN
from coursetrail.render.wording import clean, percent

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Canvas

STEP = 18.0
THICK = 11.0
GAP = 6.0
WIDEST_LABEL = 190.0
LEAST = 0.75

Kind = Literal["row", "rest", "unknown"]
COLOURS: dict[Kind, str] = {"row": ACCENT, "rest": REST, "unknown": UNKNOWN_COLOUR}


@dataclass(frozen=True)
class Bar:
    """A bar, its label, and the share written beside it (None: not known)."""

    label: str
    value: float
    share: float | None
    kind: Kind = "row"

    @property
    def value_and_share(self) -> str:
        """The text at the end of the bar."""
        share = "" if self.share is None else f" · {percent(self.share)}"
        return f"{self.value:,.0f}{share}"


def bars(result: Result, chart: Bars) -> list[Bar]:
    """The first `top` rows, then the sum of the remaining rows, then the unknown value.

    The rest is the sum of its rows' values: a learner who is in several of them counts in each. A rest of one row is
    that row.
    """
    labels, values, shares = (result.table.column(name).to_pylist() for name in (chart.label, chart.value, chart.share))
    every = [
        Bar(
            clean(UNKNOWN if label is None else str(label)) or "(empty)",
            max(float(value or 0), 0.0),
            share if share is not None and isfinite(share) else None,
            "unknown" if label in (None, UNKNOWN) else "row",
        )
        for label, value, share in zip(labels, values, shares, strict=True)
    ]
    known = [bar for bar in every if bar.kind == "row"]
    if not any(bar.value for bar in every):
        return []
    shown, rest = (known, []) if len(known) <= chart.top + 1 else (known[: chart.top], known[chart.top :])
    return [*shown, *_rest(rest), *(bar for bar in every if bar.kind == "unknown")]


def _rest(rows: list[Bar]) -> list[Bar]:
    if not rows:
        return []
    shares = [bar.share for bar in rows if bar.share is not None]
    total = sum(shares) if len(shares) == len(rows) else None
    return [Bar(f"other ({len(rows):,} more)", sum(bar.value for bar in rows), total, "rest")]


def note(drawn: list[Bar], chart: Bars) -> str:
    """What the bar of the rest means; empty if there is none."""
    rest = next((bar for bar in drawn if bar.kind == "rest"), None)
    if rest is None:
        return ""
    return (
        f'"{rest.label}" adds up the {chart.value} of the values after the first {chart.top}; '
        "anyone who is in several of them counts once in each."
    )


def description(drawn: list[Bar]) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    return "; ".join(f"{at_most_60(bar.label)} {bar.value_and_share.replace(' · ', ', ')}" for bar in drawn)


def body(result: Result, chart: Bars) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    rows = bars(result, chart)
    if not rows:
        return None
    return ChartBody(description(rows), note(rows, chart), height(rows), lambda canvas, top: draw(canvas, rows, top))


def height(drawn: list[Bar]) -> float:
    """The height of all bars, in points."""
    return STEP * len(drawn)


def draw(canvas: "Canvas", drawn: list[Bar], top: float) -> None:
    """Draw the bars from `top` downwards, each value at the end of its bar and inside the canvas."""
    labels = [shorten(bar.label, BODY, WIDEST_LABEL) for bar in drawn]
    left = MARGIN + max(width(label, BODY) for label in labels) + GAP
    room = canvas.width - MARGIN - left - GAP
    scale = min((room - width(bar.value_and_share, BODY)) / bar.value for bar in drawn if bar.value)
    polygons = []
    for number, (bar, label) in enumerate(zip(drawn, labels, strict=True)):
        middle = top + STEP * (number + 0.5)
        upper, lower, right = (
            middle - THICK / 2,
            middle + THICK / 2,
            left + max(scale * bar.value, LEAST if bar.value else 0),
        )
        polygons.append([(left, upper), (right, upper), (right, lower), (left, lower)])
        colour = INK if bar.kind == "row" else SOFT
        canvas.text(left - GAP, middle + BODY * 0.36, label, BODY, colour=colour, side="right")
        canvas.text(right + GAP, middle + BODY * 0.36, bar.value_and_share, BODY, colour=colour)
    canvas.areas(polygons, [COLOURS[bar.kind] for bar in drawn])
    canvas.line([left, left], [top, top + height(drawn)], FAINT, linewidth=0.8)
