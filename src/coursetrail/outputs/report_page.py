"""The report: one page that needs no network, and the tables and plots it shows as files beside it."""

from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses.analysis import Result
from coursetrail.outputs.files import Where, remove
from coursetrail.outputs.files import write as write_file
from coursetrail.outputs.ledger_table import ledger
from coursetrail.outputs.plots.figure import Drawing, drawable, render, save
from coursetrail.outputs.plots.picture_formats import REPORTED
from coursetrail.render.csv import CSV
from coursetrail.render.html import fill_template
from coursetrail.render.preview import Preview, preview

MOST_ROWS = 60
"""How many rows the page shows under a picture."""


@dataclass(frozen=True)
class Picture:
    """A drawing in the page: its data, a description for those who do not see it, and the part that the page shows.

    The page has the title and the definition as text, so it shows only the chart between them: `ratio` is the chart's
    width over its height, `offset` how far down it lies, in per cent of what is hidden. `formats` are its files.
    """

    data: str
    description: str
    note: str
    ratio: float
    offset: float
    formats: tuple[str, ...]


@dataclass(frozen=True)
class ReportSection:
    """One analysis on the page."""

    result: Result
    table: Preview
    picture: Picture | None


def write(
    results: Iterable[Result], sources: pa.Table, folder: Where, *, title: str, plots: bool = True
) -> list[Where]:
    """Write `tables/<name>.csv`, `plots/<name>.png` and `.pdf`, and `report.html`; returns the paths written.

    What an earlier report here said about single learners is removed unless it is written again. `sources` is the
    dataset's ledger. Raises StorageError.
    """
    written: list[Where] = []
    sections: list[ReportSection] = []
    for result in results:
        picture = None
        written.append(
            write_file(folder / "tables" / f"{result.analysis.name}.csv", CSV.encode(result.table, result.caption))
        )
        if plots and drawable(result.analysis):
            drawing = render(result, REPORTED)
            written += save(drawing, folder / "plots")
            picture = _picture(drawing)
        sections.append(ReportSection(result, _rows(result), picture))
    _remove_learners(folder, {section.result.analysis.name for section in sections})
    scope = sections[0].result.scope if sections else None
    page = fill_template(
        "report.html.j2", "coursetrail.outputs", title=title, sections=sections, ledger=ledger(sources), scope=scope
    )
    return [*written, write_file(folder / "report.html", page.encode())]


def _remove_learners(folder: Where, written: Collection[str]) -> None:
    """Remove the files of analyses that name learners and were not written now: the folder may be passed on."""
    for analysis in analyses.ALL:
        if analysis.names_learners and analysis.name not in written:
            remove(folder / "tables" / f"{analysis.name}.csv")
            for form in REPORTED:
                remove(folder / "plots" / f"{analysis.name}.{form}")


def _rows(result: Result) -> Preview:
    return preview(result.table, result.analysis.chart, MOST_ROWS if drawable(result.analysis) else None)


def _picture(drawing: Drawing) -> Picture:
    shown = drawing.bottom - drawing.top
    return Picture(
        data=b64encode(drawing.files[REPORTED[0]]).decode(),
        description=drawing.description,
        note=drawing.note,
        ratio=round(drawing.width / shown, 4),
        offset=round(100 * drawing.top / (drawing.height - shown), 2),
        formats=REPORTED,
    )
