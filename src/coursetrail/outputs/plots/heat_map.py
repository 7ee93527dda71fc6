"""A heat map: one cell for each pair of labels, darker where its value is larger; hatched where there is no value."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.plots.category_labels import CategoryLabels, Ticks, above_each_other, side_by_side
from coursetrail.outputs.plots.chart_body import ChartBody, Panel
from coursetrail.outputs.plots.columns_of_table import (
    axis_title,
    capitalized,
    days_between,
    is_ordered,
    is_whole,
    label_text,
    numbers,
    value_text,
)
from coursetrail.outputs.plots.palette import FAINT, HEAT, INK, MARGIN, PAPER, SMALL, SOFT, WIDTH
from coursetrail.outputs.plots.text_metrics import width
from coursetrail.render.charts import HeatMap
from coursetrail.render.wording import heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from coursetrail.outputs.plots.canvas import Canvas

MOST_CELLS = 400
"""How many cells one axis has at most."""
TALLEST = 520.0
HIGH, LOW = 20.0, 8.6
ABOVE = 66.0
BELOW = 7.0
GAP = 6.0
WIDEST_LABEL = 140.0
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


def body(result: Result, chart: HeatMap) -> ChartBody | None:
    """The chart of a result; None where there is nothing to draw."""
    grid = grid_of(result.table, chart)
    if grid is None:
        return None
    layout = layout_of(result.table, chart, grid)
    return ChartBody(
        description=description(grid, chart, is_whole(result.table, chart.value)),
        note=note(grid),
        height=layout.height,
        draw=partial(draw, chart=chart, grid=grid, layout=layout, whole=is_whole(result.table, chart.value)),
    )


def title(chart: HeatMap) -> str:
    """What the cells show."""
    return f"{capitalized(heading(chart.value))} by {heading(chart.y)} and {heading(chart.x)}"


def description(grid: Grid, chart: HeatMap, whole: bool) -> str:
    """The numbers of the chart as text, for readers who do not see it."""
    smallest, largest = (
        divmod(int(found(grid.values)), len(grid.xs)) for found in (np.nanargmin, np.nanargmax)
    )
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
class GridLayout:
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
        return ABOVE + self.cells_height + BELOW + self.columns.height + SMALL * 2


def layout_of(table: pa.Table, chart: HeatMap, grid: Grid) -> GridLayout:
    """Cells share the width that the labels of the rows leave; many rows are low."""
    cell_height = max(min(HIGH, TALLEST / len(grid.ys)), min(LOW, TALLEST / len(grid.ys)))
    rows = above_each_other(grid.ys, cell_height, WIDEST_LABEL)
    y_title = axis_title(table, chart.y)
    left = MARGIN + max(rows.width, min(width(y_title, SMALL), WIDEST_LABEL)) + GAP
    cell_width = min((WIDTH - MARGIN - left) / len(grid.xs), 120.0)
    return GridLayout(
        left=left,
        cell_width=cell_width,
        cell_height=cell_height,
        rows=rows,
        columns=side_by_side(grid.xs, cell_width, grid.ordered, left),
        x_title=axis_title(table, chart.x),
        y_title=y_title,
        cells_height=cell_height * len(grid.ys),
    )


def draw(
    canvas: "Canvas", top: float, *, chart: HeatMap, grid: Grid, layout: GridLayout, whole: bool
) -> None:
    """Draw the cells as a mesh on matplotlib's axes, and its colour bar above."""
    from matplotlib.colors import LinearSegmentedColormap, Normalize, PowerNorm

    from coursetrail.outputs.plots.axes import axes_on, heading_above, put, title_below, value_ticks

    panel = Panel(layout.left, top + ABOVE, layout.cell_width * len(grid.xs), layout.cells_height)
    heading_above(canvas, Panel(MARGIN, top + 30, 0, 0), title(chart))
    axes = axes_on(canvas, panel)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)
    axes.patch.set(visible=True, facecolor=PAPER, edgecolor=FAINT, hatch="//////", linewidth=0)
    scale = value_ticks(grid.largest, chart.value, whole, 4)
    norm = PowerNorm(0.5, 0, scale.positions[-1]) if grid.is_unequal else Normalize(0, scale.positions[-1])
    small = min(layout.cell_width, layout.cell_height) < 5
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
    put(axes.yaxis, layout.rows)
    put(axes.xaxis, layout.columns.ticks, layout.columns.rotation)
    canvas.text(panel.left - GAP, panel.top - 5, layout.y_title, SMALL, colour=SOFT, side="right")
    title_below(canvas, panel, layout.x_title, BELOW + layout.columns.height + SMALL)
    _numbers_in_cells(canvas, panel, grid, chart, layout, mesh, whole)
    _colour_bar(canvas, Panel(MARGIN + 8, top + 22, 150, 7), mesh, scale, empty=not grid.known.all())


def _numbers_in_cells(
    canvas: "Canvas", panel: Panel, grid: Grid, chart: HeatMap, layout: GridLayout, mesh: Any, whole: bool
) -> None:
    """The value of each cell, where all of them fit."""
    if grid.values.size > 1000 or layout.cell_height < SMALL * 1.4:
        return
    texts = {
        (int(row), int(column)): value_text(float(grid.values[row, column]), chart.value, whole)
        for row, column in np.argwhere(grid.known)
    }
    if max(width(text, SMALL) for text in texts.values()) > layout.cell_width - 3:
        return
    for (row, column), text in texts.items():
        x = panel.left + (column + 0.5) * layout.cell_width
        y = panel.top + (row + 0.5) * layout.cell_height + SMALL * 0.36
        dark = mesh.norm(grid.values[row, column]) > 0.5
        canvas.text(x, y, text, SMALL, colour=PAPER if dark else INK, side="center")


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
