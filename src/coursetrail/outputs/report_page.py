"""The report: one page that needs no network, and the tables and plots it shows as files beside it."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from coursetrail.analyses.analysis import Result
from coursetrail.outputs.files import Where
from coursetrail.outputs.files import write as write_file
from coursetrail.outputs.ledger_table import ledger
from coursetrail.outputs.plots.figure import Drawing, drawable, render, save
from coursetrail.render import html
from coursetrail.render.charts import Bars
from coursetrail.render.extract import Extract, extract
from coursetrail.render.tables import to_csv

MOST_BARS = 50


@dataclass(frozen=True)
class Picture:
    """A figure in the page: its data, itself in words, and the part of it that the page shows.

    The page sets title and definition as text, so only the chart between them is seen: `ratio` is its width
    over its height, `place` how far down it lies, in per cent of what is hidden.
    """

    data: str
    words: str
    note: str
    ratio: float
    place: float


@dataclass(frozen=True)
class ReportSection:
    """One analysis on the page."""

    result: Result
    table: Extract
    picture: Picture | None


def write(
    results: Iterable[Result], sources: pa.Table, folder: Where, *, title: str, plots: bool = True
) -> list[Where]:
    """Write `tables/<name>.csv`, `plots/<name>.png` and `.pdf`, and `report.html`; the paths written.

    `sources` is the dataset's ledger. Raises StorageError.
    """
    written: list[Where] = []
    sections: list[ReportSection] = []
    for result in results:
        picture = None
        written.append(write_file(folder / "tables" / f"{result.analysis.name}.csv", to_csv(result)))
        if plots and drawable(result.analysis):
            drawing = render(result, ("png", "pdf"))
            written += save(drawing, folder / "plots")
            picture = _picture(drawing)
        sections.append(ReportSection(result, _rows(result), picture))
    scope = sections[0].result.scope if sections else None
    page = html.render("report.html.j2", title=title, sections=sections, ledger=ledger(sources), scope=scope)
    return [*written, write_file(folder / "report.html", page.encode())]


def _rows(result: Result) -> Extract:
    return extract(result.table, result, MOST_BARS if isinstance(result.analysis.chart, Bars) else None)


def _picture(drawing: Drawing) -> Picture:
    seen = drawing.bottom - drawing.top
    return Picture(
        data=b64encode(drawing.files["png"]).decode(),
        words=drawing.words,
        note=drawing.note,
        ratio=round(drawing.width / seen, 4),
        place=round(100 * drawing.top / (drawing.height - seen), 2),
    )
