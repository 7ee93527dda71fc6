"""Export files → a dataset: read, count, look up, commit; each file at once or not at all."""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TextIO
from uuid import uuid4

import pyarrow as pa

from coursetrail import dataset
from coursetrail import exports as exports_module
from coursetrail import part as parts
from coursetrail.dataset import EVENTS, REJECTS, Dataset, Source
from coursetrail.engines import duckdb_duplicates
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.errors import UsageError
from coursetrail.exports import DEFAULT_LIMIT, Limit, Opening
from coursetrail.formats.events import events
from coursetrail.formats.lines import Lines
from coursetrail.formats.records import Reading
from coursetrail.literals import parquet
from coursetrail.lookups import agents, languages
from coursetrail.progress import Progress, Silent

LOCK = "lock"


@dataclass(frozen=True)
class Outcome:
    """What became of one export: its row in the ledger, and whether it had been there before."""

    source: Source
    already: bool


def ingest(
    path: str | os.PathLike[str],
    exports: Sequence[str | os.PathLike[str]],
    *,
    format: str | None = None,  # noqa: A002 - the word users know
    course: str | None = None,
    max_rejects: str | Limit = DEFAULT_LIMIT,
    columns: Sequence[str] | None = None,
    look_up: bool = True,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Add export files to the dataset at `path`, made if it is not there.

    Each file is one commit. A file whose bytes are there already is left alone. `format` names a format where
    content would mislead; `course` is the course of events whose page names none (else the file's name is
    asked). `columns` keeps only these columns of events, the others being null. `-` is standard input.

    Raises InputError, TooManyRejects, DatasetError, StorageError; a file that raises changes nothing, and
    those before it stay.
    """
    folder = Path(path)
    if folder.is_file():
        raise UsageError(f"{folder} is a file, but a dataset is a folder. The dataset comes first, then the exports.")
    dataset.check(folder)
    for export in exports:
        exports_module.check(os.fspath(export))
    shown = progress or Silent()
    with _stage(folder, shown) as stage:
        opening = Opening.of(stage, max_rejects, format, shown)
        return [_Job(folder, opening, course, columns, look_up).run(export) for export in exports]


@contextmanager
def _stage(folder: Path, progress: Progress) -> Iterator[Path]:
    """A folder for files that are not committed yet. One run at a time has it: numbers of sources and the
    ledger's promise that nothing counts twice rest on that. What killed runs left there is swept.
    """
    root = folder / "_staging"
    with dataset.storage(folder):
        held = _turn(root, progress)
        for old in root.iterdir():
            shutil.rmtree(old, ignore_errors=True)
        mine = root / uuid4().hex
        mine.mkdir()
    try:
        yield mine.absolute()  # DuckDB takes ~ in front of a name for a home folder
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        (root / LOCK).unlink(missing_ok=True)
        held.close()
        for empty in (root, folder):
            with suppress(OSError):  # not empty, or another run's by now
                empty.rmdir()


def _turn(root: Path, progress: Progress) -> TextIO:
    """The lock of `root`, once no other run holds it; the run before may have removed the file meanwhile."""
    while True:
        root.mkdir(parents=True, exist_ok=True)
        try:
            held = (root / LOCK).open("w")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("Waiting for another ingest into this dataset", None, "runs"):
                fcntl.flock(held, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(held.fileno()), (root / LOCK).stat()):
                return held
        held.close()


@dataclass(frozen=True)
class _Job:
    folder: Path
    opening: Opening
    course: str | None
    columns: Sequence[str] | None
    look_up: bool

    def run(self, export: str | os.PathLike[str]) -> Outcome:
        """Read one export and commit it."""
        name, file = self.opening.file(export)
        known = self._known(file)
        if known is not None:
            return Outcome(known, already=True)
        form = self.opening.format(name, file)
        number = dataset.next_source(self.folder)
        part = self.opening.stage / parts.name()
        reading = Reading(form, self.opening.limit.may_go_on)
        course = self.course or _course_in(Path(name).name)

        def read(lines: Lines) -> None:
            parts.write(events(reading, lines, EVENTS, number, course, self.columns or EVENTS.names), EVENTS, part)

        with dataset.storage(self.folder):
            lines = self.opening.read(name, file, reading, read)
        with connect(spill=self.opening.stage / "spill") as engine:
            part, again = self._without_duplicates(engine, file, part, reading)
            if not self.opening.limit.allows(len(reading.rejects), lines.lines):
                raise self.opening.too_many(name, reading, lines.lines)
            source = self._account(engine, number, name, part, reading, lines, again)
            return self._commit(engine, part, source, reading)

    def _known(self, file: Path) -> Source | None:
        """The ledger's row of a file with these bytes; digests are made only where a size is met again."""
        if not dataset.exists(self.folder):
            return None
        current = Dataset.open(self.folder)
        size = file.stat().st_size
        same = [row for row in current.sources().to_pylist() if row["bytes"] == size]
        if not same:
            return None
        with self.opening.progress.step(f"Checking {file.name}", size) as step:
            digest = Lines(file, step.advance).digest()
        return next((Source(**row) for row in same if row["digest"] == digest), None)

    def _without_duplicates(self, engine: DuckDB, file: Path, part: Path, reading: Reading) -> tuple[Path, int]:
        """The Parquet file without lines that came before, and how many those were."""
        again = duckdb_duplicates.duplicates(engine, reading, lambda: Lines(file))
        if not len(again):
            return part, 0
        thinner = self.opening.stage / parts.name()
        duckdb_duplicates.without(engine, part, again, thinner)
        doubled = set(again.tolist())
        reading.rejects = [reject for reject in reading.rejects if reject[0] not in doubled]
        reading.mended = [mended for mended in reading.mended if mended[0] not in doubled]
        return thinner, len(again)

    def _account(
        self, engine: DuckDB, number: int, name: str, part: Path, reading: Reading, lines: Lines, again: int
    ) -> Source:
        """The row of the ledger; its making checks that no line is missing."""
        row = engine.query(f"select count(*), min(time), max(time) from {parquet(part)}")
        events, first, last = (column[0].as_py() for column in row.columns)
        kinds = reading.kinds()
        return Source(
            source=number,
            uri=name,
            format=reading.format.name,
            digest=lines.digest(),
            bytes=lines.size,
            lines=lines.lines,
            events=events,
            duplicates=again,
            rejected=len(reading.rejects),
            blank=len(reading.blank),
            mended=json.dumps(kinds) if kinds else None,
            fault=lines.fault,
            first_time=first,
            last_time=last,
            ingested=datetime.now(UTC),
            version=version("coursetrail"),
        )

    def _commit(self, engine: DuckDB, part: Path, source: Source, reading: Reading) -> Outcome:
        if self.look_up:
            for lookup in LOOKUPS:
                sql = f"select distinct {lookup.key} as text from {parquet(part)} order by 1"
                self._look_up(lookup, [text for text in engine.query(sql)["text"].to_pylist() if text is not None])
        rejects = pa.table(
            {
                "source": pa.array([source.source] * len(reading.rejects), pa.int32()),
                "line": pa.array([line for line, _, _ in reading.rejects], pa.int64()),
                "reason": pa.array([reason for _, reason, _ in reading.rejects], pa.string()),
                "raw": pa.array([raw for _, _, raw in reading.rejects], pa.binary()),
            },
            schema=REJECTS,
        ).sort_by("line")
        # The source first: a run that is killed here has used up its number, and what follows is nobody's.
        dataset.append(self.folder, "sources", dataset.ledger([source]))
        dataset.append(self.folder, "rejects", rejects)
        placed = []
        with dataset.storage(self.folder):
            (self.folder / "events").mkdir(exist_ok=True)
            if source.events:
                final = self.folder / "events" / part.name
                part.rename(final)
                placed.append((final, source.events))
        first, last = (moment.isoformat() if moment else None for moment in (source.first_time, source.last_time))
        dataset.commit(self.folder, placed, source.digest, first, last)
        return Outcome(source, already=False)

    def _look_up(self, lookup: "Lookup", distinct: list[str]) -> None:
        """Parse what the dataset's table does not have yet; all of it anew where the parser has changed."""
        before = dataset.rows(self.folder, lookup.table)
        had = set(before[lookup.key].to_pylist()) if before is not None else set()
        stale = before is not None and bool(set(before["parser"].to_pylist()) - {lookup.parser})
        wanted = sorted(had.union(distinct) if stale else set(distinct) - had)
        with self.opening.progress.step(f"Looking up {lookup.table}", len(wanted), "strings"):
            dataset.append(self.folder, lookup.table, lookup.parse(wanted), "overwrite" if stale else "append")


@dataclass(frozen=True)
class Lookup:
    """A dimension table: its key in `events`, who parses it, and which parser made a row."""

    table: str
    key: str
    parse: Callable[[list[str]], pa.Table]
    parser: str


LOOKUPS = (
    Lookup("agents", "user_agent", agents.parse_agents, agents.PARSER),
    Lookup("languages", "accept_language", languages.parse_languages, languages.PARSER),
)


def _course_in(name: str) -> str | None:
    match = re.match(r"([A-Za-z0-9][\w-]*?)_clickstream", name)
    return match[1] if match else None
