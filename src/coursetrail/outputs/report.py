"""The report: every analysis of exports or of a dataset, as tables, plots and one page."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses import open_dataset
from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.questions import Questions
from coursetrail.dataset import snapshot
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.ingestion.job import ingest
from coursetrail.ingestion.reject_limit import DEFAULT_LIMIT, RejectLimit
from coursetrail.progress import Progress, Silent


@dataclass(frozen=True)
class Report:
    """The files written, the page last, and the ledger of the sources."""

    files: tuple[Path | Location, ...]
    sources: pa.Table

    @property
    def page(self) -> Path | Location:
        """The report to open."""
        return self.files[-1]


def report(
    exports: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    filters: Filters | None = None,
    format: str | None = None,  # noqa: A002 - the word users know
    mapping: str | os.PathLike[str] | None = None,
    encoding: str | None = None,
    max_rejects: str | RejectLimit = DEFAULT_LIMIT,
    with_learners: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Answer every analysis from raw exports (or from one dataset) into the folder `out`.

    Writes `tables/*.csv`, `plots/*.png` and `.pdf`, and `report.html`, all of it aggregates; `with_learners` adds
    the analyses whose rows are about one learner. Exports are read into a temporary dataset.
    Raises what `ingest` raises.
    """
    from coursetrail.outputs.files import folder as folder_of

    folder = folder_of(out)
    shown = progress or Silent()
    chosen = filters or Filters()
    asked = analyses.ALL if with_learners else analyses.aggregates()
    if len(exports) == 1 and snapshot.exists(first := Location.of(exports[0])):
        return write_report(first, folder, chosen, first.name, shown, asked)
    with private_folder() as temporary, ThreadPoolExecutor(1) as background:
        background.submit(_import_drawing)
        ingest(
            temporary,
            exports,
            format=format,
            mapping=mapping,
            encoding=encoding,
            max_rejects=max_rejects,
            columns=Questions(asked, chosen).columns,
            packed=False,
            progress=shown,
        )
        title = ", ".join(Path(export).name for export in exports)
        return write_report(Location.of(temporary), folder, chosen, title, shown, asked)


def _import_drawing() -> None:
    """Importing matplotlib takes half a second; done while files are read, it costs no time."""
    from coursetrail.outputs.plots import figure

    figure.load()


def write_report(
    source: Location,
    folder: Path | Location,
    filters: Filters,
    title: str,
    progress: Progress,
    asked: Sequence[Analysis],
) -> Report:
    """Answer the analyses `asked` of the dataset at `source` into the folder; `title` is the page's."""
    from coursetrail.outputs import report_page

    dataset = open_dataset.open(source.address)
    with (
        progress.step("Counting and drawing", len(asked), "analyses") as step,
        closing(computed_ahead(dataset.answers(asked, filters), len(asked), step.advance)) as results,
    ):
        files = report_page.write(results, dataset.sources, folder, title=title)
    return Report(tuple(files), dataset.sources)


def computed_ahead(results: Iterator[Result], number: int, advance: Callable[[int], None]) -> Generator[Result]:
    """The same `number` of results; while one is drawn, the next are computed in the background.

    Closed early, it waits for the result that is being computed and starts no other.
    """
    background = ThreadPoolExecutor(1)
    try:
        for computed in [background.submit(next, results) for _ in range(number)]:
            yield computed.result()
            advance(1)
    finally:
        background.shutdown(cancel_futures=True)
