"""Export files → a dataset: read, look up, commit; each file at once or not at all."""

import fcntl
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from uuid import uuid4

import pyarrow as pa

from coursetrail import dataset
from coursetrail import exports as exports_module
from coursetrail.dataset import Dataset, Part, Source
from coursetrail.engines import Choice, spark
from coursetrail.errors import CoursetrailError, InputError, UsageError
from coursetrail.exports import DEFAULT_LIMIT, Limit
from coursetrail.formats import find
from coursetrail.intake import LOOKUPS, Lookup, Order, Taken, take
from coursetrail.place import Place
from coursetrail.progress import Progress, Silent

LOCK = "lock"
NAMED = 20
"""Refused files that an error names."""


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
    choice: Choice | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Add export files to the dataset at `path`, made if it is not there.

    Paths may be of this machine or addresses (hdfs://…, s3://…). Here, each file is one commit; with Spark as
    `choice`, files are read by its workers, a task each, and all of them are one commit. A file whose bytes are
    there already is left alone. `format` names a format where content would mislead; `course` is the course of
    events whose page names none (else the file's name is asked). `columns` keeps only these columns of events, the
    others being null. `-` is standard input. A folder, a pattern (`logs/*.gz`) and an archive (zip, tar) stand for the
    exports in them; what is passed over there is in the log.

    Raises InputError, TooManyRejects, DatasetError, StorageError; a file that is refused changes nothing, and all the
    good ones are read first.
    """
    place = Place.of(path)
    if place.is_file():
        raise UsageError(f"{place} is a file, but a dataset is a folder. The dataset comes first, then the exports.")
    dataset.check(place)
    names = [os.fspath(export) for export in exports]
    for name in names:
        exports_module.check(name)
    if format:
        find(format)
    limit = Limit.parse(max_rejects)
    shown = progress or Silent()
    with _stage(place, shown) as stage:
        order = Order("", 0, stage.parts, frozenset(), format, course, limit, columns, look_up)
        job = _Job(place, stage, order, shown)
        names = exports_module.Opening.of(stage.scratch, limit, format, shown).expand(names)
        if choice and choice.name == "spark":
            return job.on_cluster(names, choice)
        return job.each(names)


@dataclass(frozen=True)
class _Stage:
    """Where a run keeps what is not committed yet: a folder of this machine, and one beside the dataset's tables."""

    scratch: Path
    parts: Place


@contextmanager
def _stage(place: Place, progress: Progress) -> Iterator[_Stage]:
    """On this machine, one run at a time has the stage, and what killed runs left there is swept.

    Elsewhere there is no lock: of two runs at once one finds, when it commits, that the other was faster.
    """
    if folder := place.local:
        with _local_stage(folder, folder / "_staging", progress) as mine:
            yield _Stage(mine, Place.of(mine))
        return
    parts = place / "_staging" / uuid4().hex
    with TemporaryDirectory(prefix="coursetrail-") as scratch:
        with dataset.storage(place):
            parts.make()
        try:
            yield _Stage(Path(scratch), parts)
        finally:
            with suppress(OSError):
                parts.remove()


@contextmanager
def _local_stage(folder: Path, root: Path, progress: Progress) -> Iterator[Path]:
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
    place: Place
    stage: _Stage
    order: Order
    progress: Progress

    def each(self, exports: Sequence[str]) -> list[Outcome]:
        """Read the exports in this process, one commit each; then raise for those that were refused."""
        outcomes: list[Outcome] = []
        refused: list[CoursetrailError] = []
        for export in exports:
            try:
                outcomes.append(self.here(export))
            except InputError as error:
                refused.append(error)
        if refused:
            raise _refusal(refused, outcomes)
        return outcomes

    def here(self, export: str) -> Outcome:
        """Read one export in this process and commit it."""
        ledger = self._ledger()
        (order,) = self._orders([export], ledger)
        taken = take(order, self.stage.scratch, self.progress)
        return self._committed([taken], ledger)[0]

    def on_cluster(self, exports: Sequence[str], choice: Choice) -> list[Outcome]:
        """Read the exports on Spark's workers, and commit those that could be read; then raise for the others."""
        if "-" in exports:
            raise UsageError("Spark's workers cannot read standard input: give files that all of them reach.")
        ledger = self._ledger()
        orders = self._orders([_everywhere(export) for export in exports], ledger)
        connected = spark.connect(choice.master, choice.remote, choice.settings)
        with connected as engine, self.progress.step("Reading on Spark", None, "files"):
            told = engine.spread([pickle.dumps(order) for order in orders], take_on_worker)
        answers = [pickle.loads(answer) for answer in told]  # noqa: S301 - made by our own workers
        failed = [answer for answer in answers if isinstance(answer, CoursetrailError)]
        read = [answer for answer in answers if not isinstance(answer, CoursetrailError)]
        outcomes = self._committed(read, ledger)
        if failed:
            others = f" ({len(outcomes)} files were committed, {len(failed)} not)" if len(answers) > 1 else ""
            raise type(failed[0])(f"{failed[0]}{others}")
        return outcomes

    def _ledger(self) -> "_Ledger":
        number, after = dataset.next_source(self.place)
        rows = Dataset.open(self.place).sources().to_pylist() if dataset.exists(self.place) else []
        return _Ledger(after, number, {row["digest"]: Source(**row) for row in rows})

    def _orders(self, exports: Sequence[str], ledger: "_Ledger") -> list[Order]:
        """Digests are made only of files of a size that was met before, or that is not known."""
        by_size: dict[int, set[str]] = {}
        for source in ledger.sources.values():
            by_size.setdefault(source.bytes, set()).add(source.digest)
        orders = []
        for number, export in enumerate(exports, start=ledger.next_number):
            size = exports_module.size(export)
            known = frozenset(ledger.sources if size is None else by_size.get(size, ()))
            orders.append(replace(self.order, export=export, number=number, known=known))
        return orders

    def _committed(self, answers: Sequence[Taken | str], ledger: "_Ledger") -> list[Outcome]:
        """Commit what is new, in one version; of the same bytes twice only the first are."""
        outcomes: list[Outcome] = []
        new: dict[str, Taken] = {}
        for answer in answers:
            digest = answer if isinstance(answer, str) else answer.source.digest
            if digest in ledger.sources:
                outcomes.append(Outcome(ledger.sources[digest], already=True))
            elif digest in new:
                outcomes.append(Outcome(new[digest].source, already=True))
            elif isinstance(answer, Taken):
                new[digest] = answer
                outcomes.append(Outcome(answer.source, already=False))
        if new:
            self._commit(list(new.values()), ledger.after)
        return outcomes

    def _commit(self, taken: Sequence[Taken], after: int | None) -> None:
        if self.order.look_up:
            for lookup in LOOKUPS:
                self._look_up(lookup, {text for one in taken for text in one.texts[lookup.table]})
        sources = [one.source for one in taken]
        rejects = pa.concat_tables([one.rejects for one in taken])
        # The sources first: a run that is killed here has used up its numbers, and what follows is nobody's.
        dataset.append(self.place, "sources", dataset.ledger(sources), after=after)
        dataset.append(self.place, "rejects", rejects, after=dataset.version(self.place, "rejects"))
        parts = [Part(one.part, one.size, one.source) for one in taken if one.part]
        with dataset.storage(self.place):
            (self.place / "events").make()
            for part in parts:
                (self.stage.parts / part.name).move(self.place / "events" / part.name)
        dataset.commit(self.place, parts, sources)

    def _look_up(self, lookup: Lookup, distinct: set[str]) -> None:
        """Parse what the dataset's table does not have yet; all of it anew where the parser has changed."""
        before, after = dataset.rows(self.place, lookup.table)
        had = set(before[lookup.key].to_pylist()) if before is not None else set()
        stale = before is not None and bool(set(before["parser"].to_pylist()) - {lookup.parser})
        wanted = sorted(had | distinct if stale else distinct - had)
        with self.progress.step(f"Looking up {lookup.table}", len(wanted), "strings"):
            parsed = lookup.parse(wanted)
            dataset.append(self.place, lookup.table, parsed, "overwrite" if stale else "append", after=after)


@dataclass(frozen=True)
class _Ledger:
    """What a run finds: the version of the ledger, the next number of a source, and those in the dataset by digest."""

    after: int | None
    next_number: int
    sources: dict[str, Source]


def _everywhere(export: str) -> str:
    """The name of an export for workers, who are in folders of their own."""
    path = Place.of(export).local
    return str(path.absolute()) if path else export


def _refusal(refused: Sequence[CoursetrailError], outcomes: Sequence[Outcome]) -> CoursetrailError:
    """One error for all: the first, of the class that they share; the others are its notes, a line each."""
    kind = next(kind for kind in type(refused[0]).__mro__ if all(isinstance(error, kind) for error in refused))
    if len(refused) + len(outcomes) == 1:
        return refused[0]
    already = sum(outcome.already for outcome in outcomes)
    counts = f"{len(outcomes) - already} committed, {already} there already, {len(refused)} refused"
    error: CoursetrailError = kind(f"{refused[0]} Of {len(refused) + len(outcomes)} files: {counts}.")
    for other in refused[1:NAMED]:
        error.add_note(f"Refused as well: {' '.join(str(other).splitlines())}")
    if len(refused) > NAMED:
        error.add_note(f"And {len(refused) - NAMED} more.")
    return error


def take_on_worker(order: bytes) -> bytes:
    """`take` as a worker of Spark runs it: errors that are ours are answers, for Spark would try again."""
    answer: Taken | str | CoursetrailError
    try:
        with TemporaryDirectory(prefix="coursetrail-") as scratch:
            answer = take(pickle.loads(order), Path(scratch), Silent())  # noqa: S301 - made by our own driver
    except CoursetrailError as error:
        answer = error
    return pickle.dumps(answer)
