"""A heat map: one cell for each pair of labels, darker where its value is larger; hatched where there is no value."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.category_labels import CategoryLabels, Ticks, above_each_other, side_by_side
from coursetrail.outputs.plots.cells import MOST_CELLS, Grid, grid_of
from coursetrail.outputs.plots.chart_body import ChartBody, Panel
from coursetrail.outputs.plots.palette import FAINT, HEAT, INK, MARGIN, PAPER, SMALL, SOFT, WIDTH
from coursetrail.outputs.plots.table_values import (
    axis_title,
    capitalized,
    is_whole,
    value_text,
)
from coursetrail.outputs.plots.text_metrics import shorten, width
from coursetrail.render.charts import HeatMap
from coursetrail.render.wording import heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from coursetrail.outputs.plots.canvas import Canvas

TALLEST = 520.0
HIGH, LOW = 20.0, 8.6
ABOVE = 66.0
BELOW = 7.0
GAP = 6.0
WIDEST_LABEL = 140.0


def body(result: Result, chart: HeatMap) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    grid = grid_of(result.table, chart)
    if grid is None:
        return None
    spacing = spacing_of(result.table, chart, grid)
    return ChartBody(
        description=description(grid, chart, is_whole(result.table, chart.value)),
        note=note(grid),
        height=spacing.height,
        draw=partial(draw, chart=chart, grid=grid, spacing=spacing, whole=is_whole(result.table, chart.value)),
    )


def title(chart: HeatMap) -> str:
    """What the cells show."""
    return f"{capitalized(heading(chart.value))} by {heading(chart.y)} and {heading(chart.x)}"


def description(grid: Grid, chart: HeatMap, whole: bool) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    smallest, largest = (divmod(int(found(grid.values)), len(grid.xs)) for found in (np.nanargmin, np.nanargmax))
    ends = " to ".join(
        f"{value_text(float(grid.values[row, column]), chart.value, whole)} "
        f"({heading(chart.y)} {grid.ys[row]}, {heading(chart.x)} {grid.xs[column]})"
        for row, column in (smallest, largest)
    )
    shape = f"{_number(grid.ys, chart.y)} by {_number(grid.xs, chart.x)}"
    empty = int((~grid.known).sum())
    without = f"; {empty:,} of {grid.values.size:,} cells have no value" if empty else ""
    return f"{title(chart)}, {shape}: from {ends}{without}"


def _number(labels: list[str], name: str) -> str:
    ends = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
    return f"{heading(name)} {ends}"


def note(grid: Grid) -> str:
    """What the colours mean, and what is left out."""
    texts = []
    if not grid.known.all():
        texts.append("Hatched: no value, which is not 0.")
    if grid.is_unequal:
        texts.append("Colours follow the square root of the values, so that small ones differ.")
    if grid.left_out:
        texts.append(f"{grid.left_out:,} rows or columns after the first {MOST_CELLS} are left out; the table has all.")
    return " ".join(texts)


@dataclass(frozen=True)
class GridSpacing:
    """The texts around the cells, and where these lie."""

    left: float
    cell_width: float
    cell_height: float
    rows: Ticks
    columns: CategoryLabels
    x_title: str
    y_title: str
    cells_height: float

    @property
    def height(self) -> float:
        """The height of all of it."""
        return ABOVE + self.cells_height + BELOW + self.columns.height + SMALL * 2.4


def spacing_of(table: pa.Table, chart: HeatMap, grid: Grid) -> GridSpacing:
    """Cells share the width that the labels of the rows leave; many rows are low."""
    cell_height = max(min(HIGH, TALLEST / len(grid.ys)), min(LOW, TALLEST / len(grid.ys)))
    rows = above_each_other(grid.ys, cell_height, WIDEST_LABEL)
    y_title = axis_title(table, chart.y)
    left = MARGIN + rows.width + GAP
    cell_width = min((WIDTH - MARGIN - left) / len(grid.xs), 120.0)
    return GridSpacing(
        left=left,
        cell_width=cell_width,
        cell_height=cell_height,
        rows=rows,
        columns=side_by_side(grid.xs, cell_width, grid.ordered, left),
        x_title=axis_title(table, chart.x),
        y_title=y_title,
        cells_height=cell_height * len(grid.ys),
    )


def draw(canvas: "Canvas", top: float, *, chart: HeatMap, grid: Grid, spacing: GridSpacing, whole: bool) -> None:
    """Draw the cells as a mesh on matplotlib's axes, and its colour bar above."""
    from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm

    from coursetrail.outputs.plots.axes import axes_on, heading_above, put, title_below, value_ticks

    panel = Panel(spacing.left, top + ABOVE, spacing.cell_width * len(grid.xs), spacing.cells_height)
    heading_above(canvas, Panel(MARGIN, top + 30, 0, 0), title(chart))
    axes = axes_on(canvas, panel)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)
    small = min(spacing.cell_width, spacing.cell_height) < 10
    hatch = "//////" if small else "////"
    axes.patch.set(visible=True, facecolor=PAPER, edgecolor=FAINT, hatch=hatch, linewidth=0)
    scale = value_ticks(grid.largest, chart.value, whole, 4)
    norm = PowerNorm(0.5, 0, scale.positions[-1]) if grid.is_unequal else Normalize(0, scale.positions[-1])
    mesh = axes.pcolormesh(
        np.arange(len(grid.xs) + 1) - 0.5,
        np.arange(len(grid.ys) + 1) - 0.5,
        np.ma.masked_invalid(grid.values),
        cmap=LinearSegmentedColormap.from_list("heat", HEAT),
        norm=norm,
        edgecolors="face" if small else PAPER,
        linewidth=0.1 if small else 0.8,
        rasterized=grid.values.size > 10_000,
    )
    axes.set_ylim(len(grid.ys) - 0.5, -0.5)
    put(axes.yaxis, spacing.rows)
    put(axes.xaxis, spacing.columns.ticks, spacing.columns.rotation)
    title_left = max(panel.left - 4 - width(spacing.y_title, SMALL), MARGIN)
    canvas.text(title_left, panel.top - 5, shorten(spacing.y_title, SMALL, 300), SMALL, colour=SOFT)
    title_below(canvas, panel, spacing.x_title, BELOW + spacing.columns.height + SMALL * 1.4)
    _numbers_in_cells(canvas, panel, grid, chart, spacing, mesh, whole)
    _colour_bar(canvas, Panel(MARGIN + 8, top + 22, 150, 7), mesh, scale, empty=not grid.known.all())


def _numbers_in_cells(
    canvas: "Canvas", panel: Panel, grid: Grid, chart: HeatMap, spacing: GridSpacing, mesh: Any, whole: bool
) -> None:
    """The value of each cell, where all of them fit."""
    if grid.values.size > 1000 or spacing.cell_height < SMALL * 1.4:
        return
    texts = {
        (int(row), int(column)): value_text(float(grid.values[row, column]), chart.value, whole)
        for row, column in np.argwhere(grid.known)
    }
    if max(width(text, SMALL) for text in texts.values()) > spacing.cell_width - 3:
        return
    for (row, column), text in texts.items():
        x = panel.left + (column + 0.5) * spacing.cell_width
        y = panel.top + (row + 0.5) * spacing.cell_height + SMALL * 0.36
        colour = PAPER if luminance(mesh.to_rgba(grid.values[row, column])) < 0.22 else INK
        canvas.text(x, y, text, SMALL, colour=colour, side="center")


def luminance(colour: Sequence[float]) -> float:
    """How bright a colour is, as WCAG 2 defines it; one of 0.22 contrasts as much with ink as with paper."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _colour_bar(canvas: "Canvas", panel: Panel, mesh: Any, scale: Ticks, *, empty: bool) -> None:
    """The colours with their numbers, and what a hatched cell is."""
    from coursetrail.outputs.plots.axes import axes_on, put

    axes: Axes = axes_on(canvas, panel)
    bar = canvas.figure.colorbar(mesh, cax=axes, orientation="horizontal", ticks=[])
    bar.outline.set_visible(False)
    put(axes.xaxis, _readable(scale, panel, mesh))
    if not empty:
        return
    key = axes_on(canvas, Panel(panel.x(1) + 36, panel.top - 1, 14, 9))
    key.spines["bottom"].set_visible(False)
    key.set(xticks=[], yticks=[])
    key.patch.set(visible=True, facecolor=PAPER, edgecolor=FAINT, hatch="//////", linewidth=0)
    canvas.text(panel.x(1) + 54, panel.y(0) - 0.5, "no value", SMALL, colour=SOFT)


def _readable(scale: Ticks, panel: Panel, mesh: Any) -> Ticks:
    """The ticks from the largest down whose labels do not overlap the one before; 0 stays."""
    shown: list[tuple[float, str]] = []
    zero = width(scale.labels[0], SMALL) / 2
    free = float("inf")
    for position, label in reversed(list(zip(scale.positions, scale.labels, strict=True))):
        middle, half = panel.width * float(mesh.norm(position)), width(label, SMALL) / 2
        if not position or (middle + half < free and middle - half > zero + 4):
            shown.append((position, label))
            free = middle - half - 4
    return Ticks([position for position, _ in shown], [label for _, label in shown])
