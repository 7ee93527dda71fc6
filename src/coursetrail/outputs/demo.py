"""The demo: simulate a course, ingest it, answer every analysis, draw the report."""

import os
from collections.abc import Iterator
from time import perf_counter

from coursetrail.analyses import ALL, aggregates, open_dataset
from coursetrail.analyses.filters import Filters
from coursetrail.filesystem.location import Location, on_this_machine
from coursetrail.ingestion.job import ingest
from coursetrail.outputs.report import write_report
from coursetrail.progress import Progress
from coursetrail.simulate import simulate


def demo(out: str | os.PathLike[str], learners: int, events: int, progress: Progress) -> Iterator[str]:
    """Do all of it in the folder `out`; yields the lines to print, with how long each step took."""
    folder = on_this_machine(out)
    export, dataset = folder / "psy-001_clickstream_export.gz", folder / "dataset"
    folder.mkdir(parents=True, exist_ok=True)
    watch = _Stopwatch()
    with progress.step("Simulating", events, "events") as step:
        truth = simulate(export, learners=learners, events=events, dirty=0.001, advance=step.advance)
    (folder / "truth.json").write_text(truth.to_json())
    yield f"Simulated {truth.ledger.lines:,} lines of a course in {watch.lap()}: {export}"
    source = ingest(dataset, [export], progress=progress)[0].source
    yield (
        f"Ingested them in {watch.lap()}: {source.events:,} events, {source.duplicates:,} duplicates, "
        f"{source.rejected:,} rejected, {source.blank:,} blank"
    )
    for result in open_dataset.open(dataset).answers(ALL):
        yield f"\n{result}"
    yield f"Answered {len(ALL)} questions in {watch.lap()}"
    report = write_report(Location.of(dataset), folder, Filters(), "psy-001 (simulated)", progress, aggregates())
    yield f"Drew the report in {watch.lap()}: {report.page}"
    yield f"\nNext: open {report.page}, or ask more: coursetrail analyze {dataset} browsers --device tablet"


class _Stopwatch:
    def __init__(self) -> None:
        self._last = perf_counter()

    def lap(self) -> str:
        """Seconds since the last lap."""
        before, self._last = self._last, perf_counter()
        return f"{self._last - before:.1f} s"
