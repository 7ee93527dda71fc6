"""Answers as pictures. matplotlib is imported by the first drawing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.errors import UsageError
from coursetrail.outputs.files import Where, write
from coursetrail.outputs.plots import bars, columns, concentration, heat_map, lines
from coursetrail.outputs.plots.chart_body import ChartBody
from coursetrail.outputs.plots.palette import BODY, MARGIN, SMALL, SOFT, TITLE, WIDTH
from coursetrail.outputs.plots.picture_formats import REPORTED, find_format
from coursetrail.outputs.plots.text_metrics import shorten, wrap
from coursetrail.render.charts import Bars, Chart, Columns, Concentration, HeatMap, LineChart

CHARTS: Mapping[type[Chart], Callable[[Result, Any], ChartBody | None]] = {
    Bars: bars.body,
    Columns: columns.body,
    LineChart: lines.body,
    HeatMap: heat_map.body,
    Concentration: concentration.body,
}
"""What draws each kind of chart; it gives None where a result has nothing to draw. A table has no picture."""

_EMPTY = 90.0
_LINE = 1.45


@dataclass(frozen=True)
class Drawing:
    """A drawn figure: its bytes by format, its description as text, a note, and where its chart lies, in points.

    Above `top` are the title and n, below `bottom` the definition and the source. A page that has these as text shows
    only the part between.
    """

    name: str
    description: str
    note: str
    width: float
    height: float
    top: float
    bottom: float
    files: Mapping[str, bytes]


def drawable(analysis: Analysis) -> bool:
    """Whether an analysis has a plot; an analysis that is only a table has none."""
    return type(analysis.chart) in CHARTS


def load(formats: Sequence[str] = REPORTED) -> None:
    """Import what drawing needs. It takes as long as drawing, so a thread can do it while an engine counts."""
    import_module("coursetrail.outputs.plots.axes")  # and the canvas
    for name in formats:
        import_module(find_format(name).needs)


def must_be_drawable(analysis: Analysis) -> None:
    """Raise UsageError for an analysis that is only a table."""
    if not drawable(analysis):
        raise UsageError(
            f"'{analysis.name}' is a table; it has no plot. Show it with: coursetrail analyze DATASET {analysis.name}"
        )


def draw(result: Result, path: Path) -> None:
    """Write the plot of a result; the format is the suffix of `path`."""
    suffix = path.suffix.removeprefix(".").lower()
    write(path, render(result, (suffix,)).files[suffix])


def write_all(results: Sequence[Result], folder: Where, formats: Sequence[str] = REPORTED) -> list[Where]:
    """Draw every result that has a plot, and write `folder/<name>.<format>` for each format."""
    drawings = [render(result, formats) for result in results if drawable(result.analysis)]
    return [path for drawing in drawings for path in save(drawing, folder)]


def save(drawing: Drawing, folder: Where) -> list[Where]:
    """Write the files of a drawing."""
    return [write(folder / f"{drawing.name}.{suffix}", data) for suffix, data in drawing.files.items()]


def render(result: Result, formats: Sequence[str]) -> Drawing:
    """The plot of a result as bytes, one figure for all formats."""
    written = [find_format(name) for name in formats]
    from coursetrail.outputs.plots.canvas import blank, settings

    analysis, body = result.analysis, _body(result)
    room = WIDTH - 2 * MARGIN
    source = result.scope.source
    above = wrap(result.scope.describe(), BODY, room, 2)
    below = [line for text in (body.note, result.definition) for line in wrap(text, SMALL, room, 8)]
    below += [shorten(f"Source: {source}", SMALL, room)] if source else []
    top = MARGIN + TITLE + len(above) * BODY * _LINE + 14
    bottom = top + body.height + 4
    height = bottom + 10 + len(below) * SMALL * _LINE + MARGIN - 6

    with settings():
        canvas = blank(WIDTH, height)
        canvas.text(MARGIN, MARGIN + TITLE - 3, shorten(analysis.title, TITLE, room, bold=True), TITLE, bold=True)
        for number, line in enumerate(above, start=1):
            canvas.text(MARGIN, MARGIN + TITLE + number * BODY * _LINE, line, BODY, colour=SOFT)
        body.draw(canvas, top)
        for number, line in enumerate(below, start=1):
            canvas.text(MARGIN, bottom + 8 + number * SMALL * _LINE, line, SMALL, colour=SOFT)
        files = {form.name: canvas.encode(form, analysis.title) for form in written}
    return Drawing(
        analysis.name, f"{analysis.title}. {body.description}", body.note, WIDTH, height, top - 8, bottom, files
    )


def _body(result: Result) -> ChartBody:
    must_be_drawable(result.analysis)
    chart = result.analysis.chart
    return CHARTS[type(chart)](result, chart) or _no_data(result.scope.filters)


def _no_data(filters: str) -> ChartBody:
    description = f"No data: nothing to count{f' inside the filters ({filters})' if filters else ''}."
    line = shorten(description, BODY + 2, WIDTH - 2 * MARGIN)
    return ChartBody(
        description=description,
        note="",
        height=_EMPTY,
        draw=lambda canvas, top: canvas.text(WIDTH / 2, top + _EMPTY / 2, line, BODY + 2, colour=SOFT, side="center"),
    )
