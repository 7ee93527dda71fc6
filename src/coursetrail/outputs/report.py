"""The whole way in one go: exports or a dataset → tables, plots and a report."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses import open_dataset as courses
from coursetrail.analyses.analysis import Result
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.questions import Questions
from coursetrail.dataset import snapshot
from coursetrail.filesystem.location import Location, on_this_machine
from coursetrail.ingestion.job import ingest
from coursetrail.ingestion.reject_limit import DEFAULT_LIMIT, RejectLimit
from coursetrail.progress import Progress, Silent
from coursetrail.simulate import simulate


@dataclass(frozen=True)
class Report:
    """What was written, the page last, and the ledger of what it was counted over."""

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
    max_rejects: str | RejectLimit = DEFAULT_LIMIT,
    progress: Progress | None = None,
) -> "Report":
    """Answer every analysis from raw exports (or from one dataset) into the folder `out`.

    Writes `tables/*.csv`, `plots/*.png` and `.pdf`, and `report.html`. Exports are read into a dataset that
    lives only as long as this takes. Raises what `ingest` raises.
    """
    from coursetrail.outputs.files import folder as folder_of

    folder = folder_of(out)
    shown = progress or Silent()
    chosen = filters or Filters()
    if len(exports) == 1 and snapshot.exists(first := Location.of(exports[0])):
        return _write(first, folder, chosen, first.name, shown)
    with TemporaryDirectory(prefix="coursetrail-") as temporary, ThreadPoolExecutor(1) as aside:
        aside.submit(_load_drawing)
        ingest(
            temporary,
            exports,
            format=format,
            mapping=mapping,
            max_rejects=max_rejects,
            columns=Questions(analyses.ALL, chosen).columns,
            packed=False,
            progress=shown,
        )
        return _write(Location.of(temporary), folder, chosen, ", ".join(Path(export).name for export in exports), shown)


def _load_drawing() -> None:
    """Importing matplotlib takes half a second; while a file is read nobody waits for it."""
    from coursetrail.outputs.plots import figure

    figure.load()


def _write(source: Location, folder: Path | Location, filters: Filters, title: str, progress: Progress) -> "Report":
    from coursetrail.outputs import report_page as page

    course = courses.open(source.address)
    with (
        progress.step("Counting and drawing", len(analyses.ALL), "analyses") as step,
        closing(_ahead(course.answers(analyses.ALL, filters), step.advance)) as results,
    ):
        files = page.write(results, course.sources, folder, title=title)
    return Report(tuple(files), course.sources)


def _ahead(results: Iterator[Result], advance: Callable[[int], None]) -> Generator[Result]:
    """The same results, of all analyses; while one is being drawn the next are being counted.

    Closed early, it waits for the one that is being counted and for no other.
    """
    aside = ThreadPoolExecutor(1)
    try:
        for counted in [aside.submit(next, results) for _ in analyses.ALL]:
            yield counted.result()
            advance(1)
    finally:
        aside.shutdown(cancel_futures=True)


def demo(out: str | os.PathLike[str], learners: int, events: int, progress: Progress) -> Iterator[str]:
    """Simulate a course, ingest it, answer everything and draw the report; yields what to print."""
    folder = on_this_machine(out)
    export, into = folder / "psy-001_clickstream_export.gz", folder / "dataset"
    folder.mkdir(parents=True, exist_ok=True)
    clock = _Clock()
    with progress.step("Simulating", events, "events") as step:
        planted = simulate(export, learners=learners, events=events, dirty=0.001, advance=step.advance)
    (folder / "truth.json").write_text(planted.to_json())
    yield f"Simulated {planted.ledger.lines:,} lines of a course in {clock.lap()}: {export}"
    source = ingest(into, [export], progress=progress)[0].source
    yield (
        f"Ingested them in {clock.lap()}: {source.events:,} events, {source.duplicates:,} duplicates, "
        f"{source.rejected:,} rejected, {source.blank:,} blank"
    )
    for result in courses.open(into).answers(analyses.ALL):
        yield f"\n{result}"
    yield f"Answered {len(analyses.ALL)} questions in {clock.lap()}"
    written = _write(Location.of(into), folder, Filters(), "psy-001 (simulated)", progress)
    yield f"Drew the report in {clock.lap()}: {written.page}"
    yield f"\nNext: open {written.page}, or ask more: coursetrail analyze {into} browsers --device tablet"


class _Clock:
    def __init__(self) -> None:
        self._at = perf_counter()

    def lap(self) -> str:
        """Seconds since the last lap."""
        before, self._at = self._at, perf_counter()
        return f"{self._at - before:.1f} s"
