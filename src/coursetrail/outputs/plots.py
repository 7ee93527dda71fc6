"""Answers as pictures: PNG, PDF, SVG. matplotlib is imported by the first drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coursetrail.analysis import Analysis, Result
from coursetrail.charts import Bars, Concentration, Table
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.outputs import bars, concentration
from coursetrail.outputs.files import write
from coursetrail.outputs.lettering import shorten, wrap
from coursetrail.outputs.palette import BODY, MARGIN, SMALL, SOFT, TITLE, WIDTH

FORMATS = ("png", "pdf", "svg")

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


def draw(result: Result, path: Path, source_note: str = "") -> None:
    """Write the plot of a result; the format is the suffix of `path`."""
    suffix = path.suffix.removeprefix(".").lower()
    write(path, render(result, (suffix,), source_note).files[suffix])


def write_all(
    results: Sequence[Result], folder: Path, formats: Sequence[str] = ("png", "pdf"), source_note: str = ""
) -> list[Path]:
    """Draw each result that can be drawn once and write it in every format: `folder/<name>.<format>`."""
    drawings = [render(result, formats, source_note) for result in results if drawable(result.analysis)]
    return [path for drawing in drawings for path in save(drawing, folder)]


def save(drawing: Drawing, folder: Path) -> list[Path]:
    """Write the files of a drawing."""
    return [write(folder / f"{drawing.name}.{suffix}", data) for suffix, data in drawing.files.items()]


def render(result: Result, formats: Sequence[str], source_note: str = "") -> Drawing:
    """The plot of a result as bytes, one figure for all formats."""
    for suffix in formats:
        if suffix not in FORMATS:
            raise UsageError(f"No format {suffix!r} for a plot.{did_you_mean(suffix, list(FORMATS))}")
    analysis, chart = result.analysis, result.analysis.chart
    match chart:
        case Bars():
            rows = bars.bars(result, chart)
            words, note, high = bars.words(rows), bars.note(rows, chart), bars.height(rows)
        case Concentration():
            spread = concentration.spread(result, chart)
            words = concentration.words(spread, chart) if spread else ""
            note = concentration.note(spread, chart) if spread else ""
            high = concentration.HEIGHT if spread else 0.0
        case _:
            raise UsageError(f"{analysis.name} is a table; it has no plot. Try: analyze {analysis.name}.")

    room = WIDTH - 2 * MARGIN
    source = ". ".join(part for part in (result.scope.source, source_note) if part)
    above = wrap(result.scope.describe(), BODY, room, 2)
    below = [line for text in (note, analysis.definition) for line in wrap(text, SMALL, room, 4)]
    below += [shorten(f"Source: {source}", SMALL, room)] if source else []
    top = MARGIN + TITLE + len(above) * BODY * _LINE + 14
    bottom = top + (high or _EMPTY) + 4
    height = bottom + 10 + len(below) * SMALL * _LINE + MARGIN - 6

    from coursetrail.outputs.sheet import sheet

    paper = sheet(WIDTH, height)
    paper.text(MARGIN, MARGIN + TITLE - 3, shorten(analysis.title, TITLE, room, bold=True), TITLE, bold=True)
    for number, line in enumerate(above, start=1):
        paper.text(MARGIN, MARGIN + TITLE + number * BODY * _LINE, line, BODY, colour=SOFT)
    if not words:
        nothing = shorten(_nothing(result), BODY + 2, room)
        paper.text(WIDTH / 2, top + _EMPTY / 2, nothing, BODY + 2, colour=SOFT, side="center")
    elif isinstance(chart, Bars):
        bars.draw(paper, rows, top)
    elif spread:
        concentration.draw(paper, spread, chart, top)
    for number, line in enumerate(below, start=1):
        paper.text(MARGIN, bottom + 8 + number * SMALL * _LINE, line, SMALL, colour=SOFT)
    files = {suffix: paper.encode(suffix, analysis.title) for suffix in formats}
    words = f"{analysis.title}. {words or _nothing(result)}"
    return Drawing(analysis.name, words, note, WIDTH, height, top - 8, bottom, files)


def _nothing(result: Result) -> str:
    filters = result.scope.filters
    return f"No data: nothing to count inside the filters ({filters})." if filters else "No data: nothing to count."


def must_be_drawable(analysis: Analysis) -> None:
    """Raise UsageError for an analysis that is only a table."""
    if not drawable(analysis):
        raise UsageError(f"'{analysis.name}' is a table; it has no plot. Show it with: coursetrail analyze")
