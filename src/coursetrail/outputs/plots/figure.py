"""Answers as pictures: PNG, PDF, SVG. matplotlib is imported by the first drawing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.outputs.files import Where, write
from coursetrail.outputs.plots import bars, concentration
from coursetrail.outputs.plots.palette import BODY, MARGIN, SMALL, SOFT, TITLE, WIDTH
from coursetrail.outputs.plots.text_metrics import shorten, wrap
from coursetrail.render.charts import Bars, Concentration, Table

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Sheet

FORMATS = ("png", "pdf", "svg")

_BACKENDS = {"png": "agg", "pdf": "pdf", "svg": "svg"}
_EMPTY = 90.0
_LINE = 1.45


@dataclass(frozen=True)
class Drawing:
    """A drawn figure: its bytes by format, itself in words, a note, and where its chart lies, in points.

    Above `top` stand title and n, below `bottom` the definition and the source: a page that says these
    things itself shows only what is between.
    """

    name: str
    words: str
    note: str
    width: float
    height: float
    top: float
    bottom: float
    files: Mapping[str, bytes]


def drawable(analysis: Analysis) -> bool:
    """Whether an analysis has a plot; those that are only tables have none."""
    return not isinstance(analysis.chart, Table)


def load(formats: Sequence[str] = ("png", "pdf")) -> None:
    """Import what drawing needs, which takes as long as drawing: a thread can, while an engine counts."""
    import_module("coursetrail.outputs.plots.canvas")
    for suffix in formats:
        import_module(f"matplotlib.backends.backend_{_BACKENDS[suffix]}")


def must_be_drawable(analysis: Analysis) -> None:
    """Raise UsageError for an analysis that is only a table."""
    if not drawable(analysis):
        raise UsageError(
            f"'{analysis.name}' is a table; it has no plot. Show it with: coursetrail analyze DATASET {analysis.name}"
        )


def draw(result: Result, path: Path, source_note: str = "") -> None:
    """Write the plot of a result; the format is the suffix of `path`."""
    suffix = path.suffix.removeprefix(".").lower()
    write(path, render(result, (suffix,), source_note).files[suffix])


def write_all(
    results: Sequence[Result], folder: Where, formats: Sequence[str] = ("png", "pdf"), source_note: str = ""
) -> list[Where]:
    """Draw each result that can be drawn once and write it in every format: `folder/<name>.<format>`."""
    drawings = [render(result, formats, source_note) for result in results if drawable(result.analysis)]
    return [path for drawing in drawings for path in save(drawing, folder)]


def save(drawing: Drawing, folder: Where) -> list[Where]:
    """Write the files of a drawing."""
    return [write(folder / f"{drawing.name}.{suffix}", data) for suffix, data in drawing.files.items()]


def render(result: Result, formats: Sequence[str], source_note: str = "") -> Drawing:
    """The plot of a result as bytes, one figure for all formats."""
    for suffix in formats:
        if suffix not in FORMATS:
            raise UsageError(f"No format {suffix!r} for a plot.{did_you_mean(suffix, list(FORMATS))}")
    from coursetrail.outputs.plots.canvas import sheet

    analysis, body = result.analysis, _body(result)
    room = WIDTH - 2 * MARGIN
    source = ". ".join(part for part in (result.scope.source, source_note) if part)
    above = wrap(result.scope.describe(), BODY, room, 2)
    below = [line for text in (body.note, analysis.definition) for line in wrap(text, SMALL, room, 4)]
    below += [shorten(f"Source: {source}", SMALL, room)] if source else []
    top = MARGIN + TITLE + len(above) * BODY * _LINE + 14
    bottom = top + body.height + 4
    height = bottom + 10 + len(below) * SMALL * _LINE + MARGIN - 6

    paper = sheet(WIDTH, height)
    paper.text(MARGIN, MARGIN + TITLE - 3, shorten(analysis.title, TITLE, room, bold=True), TITLE, bold=True)
    for number, line in enumerate(above, start=1):
        paper.text(MARGIN, MARGIN + TITLE + number * BODY * _LINE, line, BODY, colour=SOFT)
    body.draw(paper, top)
    for number, line in enumerate(below, start=1):
        paper.text(MARGIN, bottom + 8 + number * SMALL * _LINE, line, SMALL, colour=SOFT)
    files = {suffix: paper.encode(suffix, analysis.title) for suffix in formats}
    return Drawing(analysis.name, f"{analysis.title}. {body.words}", body.note, WIDTH, height, top - 8, bottom, files)


@dataclass(frozen=True)
class _Body:
    """The chart itself, between its title and its definition."""

    words: str
    note: str
    height: float
    draw: Callable[["Sheet", float], None]


def _body(result: Result) -> _Body:
    must_be_drawable(result.analysis)
    chart = result.analysis.chart
    if isinstance(chart, Bars) and (rows := bars.bars(result, chart)):
        return _Body(
            words=bars.words(rows),
            note=bars.note(rows, chart),
            height=bars.height(rows),
            draw=lambda paper, top: bars.draw(paper, rows, top),
        )
    if isinstance(chart, Concentration) and (spread := concentration.spread(result, chart)):
        return _Body(
            words=concentration.words(spread, chart),
            note=concentration.note(spread, chart),
            height=concentration.HEIGHT,
            draw=lambda paper, top: concentration.draw(paper, spread, chart, top),
        )
    return _no_data(result.scope.filters)


def _no_data(filters: str) -> _Body:
    words = f"No data: nothing to count{f' inside the filters ({filters})' if filters else ''}."
    line = shorten(words, BODY + 2, WIDTH - 2 * MARGIN)
    return _Body(
        words=words,
        note="",
        height=_EMPTY,
        draw=lambda paper, top: paper.text(WIDTH / 2, top + _EMPTY / 2, line, BODY + 2, colour=SOFT, side="center"),
    )
