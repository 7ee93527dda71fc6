"""matplotlib's axes on a canvas: where they lie, how they look, and which ticks they have.

Ticks are placed once and their labels take the font that has the letters. matplotlib's own choice of a font depends on
the fonts of a machine.
"""

from collections.abc import Sequence
from datetime import UTC
from math import ceil
from typing import Any

import matplotlib.dates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import MaxNLocator, MultipleLocator

from coursetrail.outputs.plots.canvas import Canvas
from coursetrail.outputs.plots.category_labels import Ticks
from coursetrail.outputs.plots.chart_body import Panel
from coursetrail.outputs.plots.fonts import font_file
from coursetrail.outputs.plots.palette import BODY, FAINT, MARGIN, SMALL, SOFT
from coursetrail.outputs.plots.table_values import label_text
from coursetrail.outputs.plots.text_metrics import shorten
from coursetrail.render.wording import is_share

DATES: Any = matplotlib.dates
"""matplotlib gives it no types."""
_DATE_ROOM = 62.0
_SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def axes_on(canvas: Canvas, panel: Panel) -> Axes:
    """Empty axes that fill the panel, with a line below and nothing else."""
    axes = canvas.figure.add_axes(
        (
            panel.left / canvas.width,
            1 - (panel.top + panel.height) / canvas.height,
            panel.width / canvas.width,
            panel.height / canvas.height,
        )
    )
    axes.patch.set_visible(False)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set(color=SOFT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(length=3, width=0.7, color=SOFT, pad=3.5)
    return axes


def put(axis: Axis, ticks: Ticks, rotation: float = 0, colour: str = SOFT) -> None:
    """Put the ticks on an axis; turned labels end at their tick."""
    turned: dict[str, Any] = {"rotation": rotation, "rotation_mode": "anchor", "ha": "right", "va": "center"}
    axis.set_ticks(ticks.positions, ticks.labels, color=colour, **(turned if rotation else {}))
    for label in axis.get_ticklabels():
        label.set_fontproperties(FontProperties(fname=font_file(label.get_text()), size=SMALL))


def value_ticks(largest: float, name: str, whole: bool, most: int = 5) -> Ticks:
    """Round values from 0 to the first one that is not below the largest; of whole numbers only whole ones."""
    locator = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=whole, min_n_ticks=2)
    positions = [float(value) for value in locator.tick_values(0, largest or 1)]
    return Ticks(positions, [_rounded(value, positions[-1], positions[1] - positions[0], name) for value in positions])


def _rounded(value: float, largest: float, step: float, name: str) -> str:
    if is_share(name):
        return f"{value * 100:.{_decimals(step * 100)}f} %"
    for size, letters in ((1e9, " bn"), (1e6, " M")):
        if largest >= size * 10 or step >= size:
            return f"{value / size:,.{_decimals(step / size)}f}{letters}" if value else "0"
    return f"{value:,.{_decimals(step)}f}"


def _decimals(step: float) -> int:
    return next((digits for digits in range(6) if abs(step * 10**digits - round(step * 10**digits)) < 1e-6), 6)


def put_values(axes: Axes, ticks: Ticks) -> None:
    """The axis of values at the left, with a faint line at each tick."""
    axes.set_ylim(ticks.positions[0], ticks.positions[-1])
    put(axes.yaxis, ticks)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=FAINT, linewidth=0.7, clip_on=False)


def positions_of(values: Sequence[Any]) -> list[float]:
    """Numbers as they are, days and times as days since 1970 in UTC."""
    return [float(one) if isinstance(one, int | float) else float(DATES.date2num(one)) for one in values]


def day_ticks(first: float, last: float, room: float) -> Ticks:
    """Days on a scale of days since 1970: each day, Mondays, or first days of months or years, as many as fit."""
    most = max(room / _DATE_ROOM, 2)
    days = last - first
    if days <= most:
        positions = np.arange(ceil(first), int(last) + 1, ceil(max(days, 1) / most), dtype=float)
    else:
        if days / 7 <= 3 * most:
            locator = DATES.WeekdayLocator(DATES.MO, interval=ceil(days / 7 / most), tz=UTC)
        elif days / 365.25 * 2 <= most:
            months = next(months for months in (1, 2, 3, 6) if days / 30.4 / months <= most or months == 6)
            locator = DATES.MonthLocator(bymonth=range(1, 13, months), tz=UTC)
        else:
            locator = DATES.YearLocator(ceil(days / 365.25 / most), tz=UTC)
        found = locator.tick_values(DATES.num2date(first, UTC), DATES.num2date(last, UTC))
        positions = np.array([one for one in found if first <= one <= last])
    written = DATES.DateFormatter("%Y-%m-%d", UTC)
    return Ticks([float(one) for one in positions], [written(one) for one in positions])


def number_ticks(first: float, last: float, name: str, whole: bool, seconds: bool, room: float) -> Ticks:
    """Round numbers between the first and the last; of seconds those that clocks show."""
    most = int(room / 45)
    if seconds:
        hours = ceil((last - first) / most / 3600) * 3600
        found = MultipleLocator(next((step for step in _SECONDS if (last - first) / step <= most), hours))
        positions = found.tick_values(first, last)
    else:
        positions = MaxNLocator(most, steps=[1, 2, 5, 10], integer=whole).tick_values(first, last)
    inside = [float(one) for one in positions if first <= one <= last] or [first]
    step = inside[1] - inside[0] if len(inside) > 1 else 0.0
    labels = [label_text(one, name) if seconds else _rounded(one, 0, step or one % 1, name) for one in inside]
    return Ticks(inside, labels)


def title_below(canvas: Canvas, panel: Panel, text: str, below: float) -> None:
    """The title of an axis, in the middle under its labels."""
    line = shorten(text, SMALL, panel.width)
    canvas.text(panel.x(0.5), panel.top + panel.height + below, line, SMALL, colour=SOFT, side="center")


def heading_above(canvas: Canvas, panel: Panel, text: str) -> None:
    """What a chart shows, in bold above it."""
    line = shorten(text, BODY, canvas.width - 2 * MARGIN, bold=True)
    canvas.text(MARGIN, panel.top - 20, line, BODY, bold=True)
