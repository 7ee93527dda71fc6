"""Export files → a dataset: read, count, look up, commit; each file at once or not at all."""

import fcntl
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coursetrail import dataset, formats
from coursetrail.analysis import literal
from coursetrail.dataset import EVENTS, REJECTS, Dataset, Source
from coursetrail.engines import duckdb_reading
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.errors import InputError, StorageError, TooManyRejects, UsageError
from coursetrail.formats.format import Format
from coursetrail.formats.lines import Lines, unreadable
from coursetrail.lookups import agents, languages
from coursetrail.progress import Progress, Silent

HEAD = 200
"""Lines at the beginning of a file that its format is judged by."""
EARLY = 100_000
"""Rejects after which a run that is far above its limit stops before the end of the file."""


@dataclass(frozen=True)
class Limit:
    """How many lines may be rejected: `count`, or `share` of all lines of a file."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """`"100"` lines or `"2.5%"` of the lines."""
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
        if not match or (not match[2] and "." in match[1]) or (match[2] and float(match[1]) > 100):
            raise UsageError(f"--max-rejects takes a number of lines or a percentage, not '{text}'. Try 100 or 2%.")
        return cls(share=float(match[1]) / 100) if match[2] else cls(count=int(match[1]))

    def allows(self, rejects: int, lines: int) -> bool:
        """Whether a whole file may have so many rejects."""
        return rejects <= (self.count if self.count is not None else (self.share or 0) * lines)

    def may_go_on(self, rejects: int, line: int) -> bool:
        """Whether a file can be read on, `rejects` having been met up to `line`."""
        if self.count is not None:
            return rejects <= self.count
        return rejects < EARLY or (self.share or 0) >= 1 or rejects <= 10 * (self.share or 0) * line

    def __str__(self) -> str:
        return f"{self.count:,} lines" if self.count is not None else f"{100 * (self.share or 0):g} % of the lines"


DEFAULT_LIMIT = Limit(share=0.01)


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
    limit = max_rejects if isinstance(max_rejects, Limit) else Limit.parse(max_rejects)
    chosen = formats.find(format) if format else None
    if folder.is_file():
        raise UsageError(f"{folder} is a file, but a dataset is a folder. The dataset comes first, then the exports.")
    files = [_checked(export) for export in exports]
    with _stage(folder) as stage:
        made = []
        for name, file in files:
            job = _Job(folder, stage, limit, chosen, course, columns, look_up, progress or Silent())
            made.append(job.run(name, file))
        return made


def _checked(export: str | os.PathLike[str]) -> tuple[str, Path | None]:
    name = os.fspath(export)
    if name == "-":
        return "standard input", None
    path = Path(name)
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name the files in it: {path}/*.gz")
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file. Check the spelling and the folder.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if path.is_file() and size == 0:
        raise InputError(f"{path} is empty (0 bytes). Was its download completed?")
    return str(path.absolute()), path


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """A folder for files that are not committed yet; what killed runs left there is swept."""
    root = folder / "_staging"
    with dataset.storage(folder):
        root.mkdir(parents=True, exist_ok=True)
        for old in root.iterdir():
            _sweep(old)
        mine = root / uuid4().hex
        mine.mkdir()
        held = (mine / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield mine
    finally:
        held.close()
        shutil.rmtree(mine, ignore_errors=True)
        for empty in (root, folder):
            if empty.is_dir() and not any(empty.iterdir()):
                empty.rmdir()


def _sweep(old: Path) -> None:
    try:
        with (old / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return  # another run is at work there, or it is only just beginning


@dataclass
class _Job:
    folder: Path
    stage: Path
    limit: Limit
    chosen: Format | None
    course: str | None
    columns: Sequence[str] | None
    look_up: bool
    progress: Progress

    def run(self, name: str, file: Path | None) -> Outcome:
        """Read one export and commit it."""
        if file is None or not file.is_file():
            file = self._spool(name, file)
        known = self._known(file)
        if known is not None:
            return Outcome(known, already=True)
        form = self.chosen or formats.recognise(_head(file), name)
        part = self.stage / dataset.part_name()
        with connect(spill=self.stage / "spill") as engine:
            reading, lines = self._read(engine, name, file, form, part)
            digest = lines.digest()
            part, source = self._account(engine, name, file, form, part, reading, lines, digest)
            return self._commit(engine, part, source, reading)

    def _spool(self, name: str, pipe: Path | None) -> Path:
        """Keep a stream as a file: it may have to be read twice."""
        out = self.stage / f"stream-{uuid4().hex}"
        stream = sys.stdin.buffer if pipe is None else pipe.open("rb")
        with dataset.storage(self.folder), out.open("wb") as copy, stream:
            shutil.copyfileobj(stream, copy, 1 << 20)
        if out.stat().st_size == 0:
            raise InputError(f"{name} is empty: nothing came in. Did the command before the pipe fail?")
        return out

    def _known(self, file: Path) -> Source | None:
        """The ledger's row of a file with these bytes; digests are made only where a size is met again."""
        if not dataset.exists(self.folder):
            return None
        current = Dataset.open(self.folder)
        size = file.stat().st_size
        same = [row for row in current.sources().to_pylist() if row["bytes"] == size]
        if not same:
            return None
        with self.progress.step(f"Checking {file.name}", size) as step:
            digest = Lines(file, step.advance).digest()
        return next((Source(**row) for row in same if row["digest"] == digest), None)

    def _read(
        self, engine: DuckDB, name: str, file: Path, form: Format, part: Path
    ) -> tuple[duckdb_reading.Reading, Lines]:
        number = dataset.next_source(self.folder)
        course = self.course or _course_in(Path(name).name)
        values = {"source": str(number), "course": f"coalesce(page.course, {literal(course)})"}
        if self.columns is not None:
            values |= {column: "null" for column in EVENTS.names if column not in (*self.columns, "source", "line")}
        reading = duckdb_reading.Reading(form, self.limit.may_go_on)
        with self.progress.step(f"Reading {file.name}", file.stat().st_size) as step:
            lines = Lines(file, step.advance)
            try:
                duckdb_reading.read(engine, reading, lines, part, EVENTS, values)
            except duckdb_reading.Stop:
                raise self._too_many(name, len(reading.rejects), lines.lines, reading, "so far") from None
        reading.rejects += [(line, "longer than 64 MiB; only its beginning is kept", raw) for line, raw in lines.overlong]
        return reading, lines

    def _account(
        self,
        engine: DuckDB,
        name: str,
        file: Path,
        form: Format,
        part: Path,
        reading: duckdb_reading.Reading,
        lines: Lines,
        digest: str,
    ) -> tuple[Path, Source]:
        """Find the duplicates, count everything, and check that no line is missing."""
        again = duckdb_reading.duplicates(engine, reading, lambda: Lines(file))
        if len(again):
            thinner = self.stage / dataset.part_name()
            duckdb_reading.without(engine, part, again, thinner)
            part = thinner
            doubled = set(again.tolist())
            reading.rejects = [reject for reject in reading.rejects if reject[0] not in doubled]
            reading.mended = [mended for mended in reading.mended if mended[0] not in doubled]
        if not self.limit.allows(len(reading.rejects), lines.lines):
            raise self._too_many(name, len(reading.rejects), lines.lines, reading, "in all")
        target = str(part).replace("'", "''")
        row = engine.query(f"select count(*), min(time), max(time) from read_parquet('{target}')")
        events, first, last = (column[0].as_py() for column in row.columns)
        kinds = duckdb_reading.tally(reading.mended)
        source = Source(
            source=dataset.next_source(self.folder),
            uri=name,
            format=form.name,
            digest=digest,
            bytes=lines.bytes,
            lines=lines.lines,
            events=events,
            duplicates=len(again),
            rejected=len(reading.rejects),
            blank=len(reading.blank),
            mended=json.dumps(kinds) if kinds else None,
            fault=lines.fault,
            first_time=first,
            last_time=last,
            ingested=datetime.now(UTC),
            version=version("coursetrail"),
        )
        return part, source

    def _commit(self, engine: DuckDB, part: Path, source: Source, reading: duckdb_reading.Reading) -> Outcome:
        target = str(part).replace("'", "''")
        if self.look_up:
            for table, key, lookup in (
                ("agents", "user_agent", agents.parse_agents),
                ("languages", "accept_language", languages.parse_languages),
            ):
                sql = f"select distinct {key} as text from read_parquet('{target}') where {key} is not null order by 1"
                distinct = engine.query(sql)["text"].to_pylist()
                self._look_up(table, key, distinct, lookup)
        rejects = pa.table(
            {
                "source": pa.array([source.source] * len(reading.rejects), pa.int32()),
                "line": pa.array([line for line, _, _ in reading.rejects], pa.int64()),
                "reason": pa.array([reason for _, reason, _ in reading.rejects], pa.string()),
                "raw": pa.array([raw for _, _, raw in reading.rejects], pa.binary()),
            },
            schema=REJECTS,
        ).sort_by("line")
        dataset.append(self.folder, "rejects", rejects)
        dataset.append(self.folder, "sources", dataset.ledger([source]))
        parts = []
        with dataset.storage(self.folder):
            (self.folder / "events").mkdir(exist_ok=True)
            if source.events:
                placed = self.folder / "events" / part.name
                part.rename(placed)
                parts.append((placed, source.events))
        first, last = (moment.isoformat() if moment else None for moment in (source.first_time, source.last_time))
        dataset.commit(self.folder, parts, source.digest, first, last)
        return Outcome(source, already=False)

    def _look_up(self, table: str, key: str, distinct: list[str], lookup: Callable[..., pa.Table]) -> None:
        """Parse what the dataset's table does not have yet; all of it anew where the parser has changed."""
        module = agents if table == "agents" else languages
        before = dataset.rows(self.folder, table)
        stale = before is not None and "parser" in before.column_names and set(before["parser"].to_pylist()) - {module.PARSER}
        if before is not None:
            had = before[key].to_pylist()
            distinct = sorted(set(distinct) | set(had)) if stale else sorted(set(distinct) - set(had))
        dataset.append(self.folder, table, lookup(distinct), mode="overwrite" if stale else "append")

    def _too_many(
        self, name: str, rejects: int, lines: int, reading: duckdb_reading.Reading, when: str
    ) -> TooManyRejects:
        line, reason, _ = min(reading.rejects)
        return TooManyRejects(
            f"{name}: {rejects:,} of {lines:,} lines {when} could not be read, more than {self.limit} allowed "
            f"(line {line:,}: {reason}). Nothing was committed. Is it the right file and --format? To keep the "
            "rest all the same, raise --max-rejects."
        )


def _head(file: Path) -> list[bytes]:
    for batch in Lines(file).batches():
        return [bytes(text) for text in batch.column(1)[:HEAD].view(pa.binary()).to_pylist()]
    return []


def _course_in(name: str) -> str | None:
    match = re.match(r"([A-Za-z0-9][\w-]*?)_clickstream", name)
    return match[1] if match else None
