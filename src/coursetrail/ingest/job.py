"""Export files → a dataset: read, look up, commit; each file at once or not at all."""

import os
import pickle
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from coursetrail import formats
from coursetrail.dataset import commit, maintenance, snapshot
from coursetrail.dataset.commit import Part
from coursetrail.dataset.ledger import Ledger, Source, as_table
from coursetrail.dataset.snapshot import EVENTS, REJECTS, Snapshot
from coursetrail.dataset.staging import Stage, stage
from coursetrail.engines import spark
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import CoursetrailError, InputError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.ingest import inputs as exports_module
from coursetrail.ingest import reference_tables
from coursetrail.ingest.inputs import DEFAULT_LIMIT, Limit
from coursetrail.ingest.one_file import LOOKUPS, Extracted, IngestTask, Lookup, Unchanged, take
from coursetrail.ingest.reference_tables import ReplacedTable
from coursetrail.lookups.background import BackgroundParser
from coursetrail.progress import Progress, Silent
from coursetrail.reading.fingerprint import Fingerprint
from coursetrail.reading.processors import cores

ENOUGH = 64 << 20
"""Bytes of Parquet that wait for a commit, at most; so are `OFTEN` files, and `SOON` seconds."""
OFTEN, SOON = 50, 20
NAMED = 20
"""Refused files that an error names."""
LARGE = 32 << 20
"""Bytes of exports that take so long to read that a second process can have parsed their user agents meanwhile."""


@dataclass(frozen=True)
class Outcome:
    """What became of one export: its row in the ledger, and whether nothing in it was new."""

    source: Source
    already: bool


def ingest(
    path: str | os.PathLike[str],
    exports: Sequence[str | os.PathLike[str]],
    *,
    format: str | None = None,  # noqa: A002 - the word users know
    mapping: str | os.PathLike[str] | None = None,
    course: str | None = None,
    max_rejects: str | Limit = DEFAULT_LIMIT,
    replace: bool = False,
    tables: Sequence[str | os.PathLike[str]] = (),
    columns: Sequence[str] | None = None,
    packed: bool = True,
    look_up: bool = True,
    choice: EngineConfig | None = None,
    progress: Progress | None = None,
    tell: Callable[[Outcome], None] | None = None,
    tell_table: Callable[[ReplacedTable], None] | None = None,
    refuse: Callable[[str, InputError], None] | None = None,
) -> list[Outcome]:
    """Add export files to the dataset at `path`, made if it is not there.

    Paths may be of this machine or addresses (hdfs://…, s3://…). With Spark as `choice`, files are read by its workers,
    a task each. A file that was read before is left alone; one that has grown is read from where it ended; one that has
    changed otherwise is refused, or with `replace` takes the place of what it was. `format` names a format where
    content would mislead, `mapping` is a TOML file that describes any other (docs/mapping.md); `course` is the course
    of events whose page names none (else the file's name is asked). `columns` keeps only these columns of events, the
    others being null; not to have them `packed` saves time, not space, where the dataset is removed soon. `-` is
    standard input; a folder, a pattern (`logs/*.gz`) and an archive (zip, tar) stand for the exports in them, and what
    is passed over there is in the log. `tables` are folders or archives of Coursera's tables, which become the
    dataset's syllabus, members and grades; they are read first.

    Raises InputError, TooManyRejects, DatasetError, StorageError. A file that cannot be read changes nothing; the
    others are read, and then it is raised, or `refuse` is given its name and why. `tell` is given every outcome as
    soon as it is certain, `tell_table` every table.
    """
    place = Location.of(path)
    if place.is_file():
        raise UsageError(f"{place} is a file, but a dataset is a folder. The dataset comes first, then the exports.")
    snapshot.check(place)
    names = [os.fspath(export) for export in exports]
    for name in names:
        exports_module.check(name)
    said = formats.asked(format, mapping)
    limit = Limit.parse(max_rejects)
    shown = progress or Silent()
    with stage(place, shown) as mine:
        if tables:
            for table in reference_tables.add(place, tables, mine.scratch, limit, shown):
                if tell_table:
                    tell_table(table)
        order = IngestTask("", 0, mine.parts, {}, (), said, course, limit, columns, packed, look_up, cores())
        job = _Job(place, mine, order, replace, shown, tell, refuse)
        opening = exports_module.Inputs.of(mine.scratch, limit, said, shown)
        job.exports = opening.expand(names, lambda export: job.unchanged(export) is not None)
        return job.on_cluster(choice) if names and choice and choice.name == "spark" else job.here()


@dataclass
class _Job:
    """One run: what the dataset has, what waits for a commit, and which files were seen under another name.

    `events_at` and `sources_at` are the versions of these tables that `ledger` and `number` were worked out from: where
    there is no lock, another run may have added others since, and then nothing of this one may be committed.
    """

    place: Location
    stage: Stage
    order: IngestTask
    replacing: bool
    progress: Progress
    tell: Callable[[Outcome], None] | None
    refuse: Callable[[str, InputError], None] | None
    exports: Sequence[str] = ()
    waiting: list[Extracted] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    refused: list[InputError] = field(default_factory=list)
    moved: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)
    aside: BackgroundParser | None = None

    def __post_init__(self) -> None:
        opened = Snapshot.open(self.place) if snapshot.exists(self.place) else None
        self.events_at = opened.version if opened else None
        self.ledger = Ledger.of(opened.sources) if opened else Ledger()
        self.number, self.sources_at = snapshot.next_source(self.place)
        self.since = time.monotonic()

    def here(self) -> list[Outcome]:
        """Read the exports in this process; names that were seen before last, for the file may have another one now."""
        exports, names = self.exports, list(map(exports_module.shown, self.exports))
        with self._parsing_aside():
            try:
                for place in sorted(range(len(exports)), key=lambda place: self.ledger.named(names[place]) is not None):
                    self._accept({place: self._answer(exports[place])})
                    if self._is_time():
                        self._commit()
            finally:
                self._commit()
        return self._done()

    def _answer(self, export: str) -> Extracted | Unchanged | InputError:
        try:
            return self.unchanged(export) or take(
                self._order().of(export, self._next()), self.stage.scratch, self.progress, self._meet
            )
        except InputError as error:
            return error

    @contextmanager
    def _parsing_aside(self) -> Iterator[None]:
        """Where all user agents are new, and files large enough, parse them in another process while reading."""
        is_worth_it = self.order.look_up and self.order.cores > 1 and not self.ledger.by_number
        if is_worth_it and any(total > LARGE for total in accumulate(map(_bytes, self.exports))):
            with BackgroundParser() as self.aside:
                yield
        else:
            yield

    def _meet(self, table: str, texts: Collection[str]) -> None:
        if self.aside and table == "agents":
            self.aside.meet(texts)

    def on_cluster(self, choice: EngineConfig) -> list[Outcome]:
        """Read the exports on Spark's workers, and commit those that could be read; then raise for the others.

        Of files that begin alike, one may be what another was before: they are read one after the other.
        """
        exports = self.exports
        if any(map(exports_module.is_stream, exports)):
            raise UsageError("Spark's workers cannot read standard input or a pipe: give files that all of them reach.")
        unchanged = {place: known for place, export in enumerate(exports) if (known := self.unchanged(export))}
        self._accept(unchanged)
        self._commit()
        wanted = [place for place in range(len(exports)) if place not in unchanged]
        if not wanted:
            return self._done()
        with spark.connect(choice.master, choice.remote, choice.settings) as engine:
            self.order = replace(self.order, cores=engine.cores)
            while wanted:
                with self.progress.step("Reading on Spark", None, "files"):
                    files = [(_everywhere(exports[place]), self._next()) for place in wanted]
                    run = partial(take_on_worker, pickle.dumps(self._order()))
                    told = engine.spread([pickle.dumps(file) for file in files], run)
                answers = {place: pickle.loads(one) for place, one in zip(wanted, told, strict=True)}  # noqa: S301
                wanted = _alike(answers)
                self._accept({place: answer for place, answer in answers.items() if place not in wanted})
                self._commit()
        return self._done()

    def unchanged(self, export: str) -> Unchanged | None:
        """A file that lies there as it did when it was read needs not be read."""
        try:
            size, modified = exports_module.size(export), exports_module.modified(export)
        except OSError:  # gone meanwhile
            return None
        row = self.ledger.same(exports_module.shown(export), size, modified)
        return Unchanged(row.uri, 0, row.digest, row.bytes, row.modified, row.source) if row else None

    def _order(self) -> IngestTask:
        """What is asked for of every export."""
        return replace(self.order, known=self.ledger.digests, beginnings=self.ledger.beginnings)

    def _next(self) -> int:
        self.number += 1
        return self.number - 1

    def _accept(self, answers: Mapping[int, Extracted | Unchanged | CoursetrailError]) -> None:
        """Decide what becomes of each answer, by the place of its export."""
        for answer in answers.values():
            if not isinstance(answer, CoursetrailError):
                self._see(answer)
        for place, answer in answers.items():
            try:
                if isinstance(answer, CoursetrailError):
                    raise answer
                self.outcomes[place] = self._outcome(answer, exports_module.is_stream(self.exports[place]))
            except InputError as error:
                if self.refuse:
                    self.refuse(self.exports[place], error)
                else:
                    self.refused.append(error)

    def _done(self) -> list[Outcome]:
        """The outcomes in the order of the exports, or what is to be raised for those that were refused.

        Before that the dataset is compacted, if need be: a file that is refused every night must not keep it from that.
        """
        if maintenance.is_due(self.place):
            maintenance.compact_within(self.place, self.progress)
        outcomes = [self.outcomes[place] for place in sorted(self.outcomes)]
        if self.refused:
            raise _refusal(self.refused, outcomes)
        return outcomes

    def _see(self, answer: Extracted | Unchanged) -> None:
        """Note whose name a file had before."""
        if isinstance(answer, Extracted):
            name, before = answer.source.uri, answer.source.continues
        else:
            name, before = answer.name, self._row(answer).source
        if before is not None and self.ledger.by_number[before].uri != name:
            self.moved |= {row.source for row in self.ledger.chain(before)}

    def _row(self, known: Unchanged) -> Source:
        return self.ledger.by_number[known.source] if known.source else self.ledger.by_digest[known.digest]

    def _outcome(self, answer: Extracted | Unchanged, is_stream: bool) -> Outcome:
        """What becomes of an answer; what is new in it waits for the next commit."""
        if isinstance(answer, Unchanged):
            row = self._row(answer)
            before = self.ledger.last_named(answer.name)
            if not is_stream and (before is None or before.digest != answer.digest):
                self._add_name(answer, row)
            return Outcome(row, already=True)
        source = answer.source
        if source.digest in self.ledger.by_digest:
            return Outcome(self.ledger.by_digest[source.digest], already=True)
        before = None if is_stream else self.ledger.named(source.uri)  # all streams are called alike
        if before and source.continues != before.source and before.source not in self.moved:
            if not self.replacing:
                raise InputError(
                    f"{source.uri} was read before (source {before.source}) and has changed since, not only grown. "
                    "Take its old rows out and put the new in with --replace, or give the new file another name."
                )
            self._exchange(self.ledger.outdated(before, source), answer)
        else:
            self.waiting.append(answer)
            self.ledger.add(source)
        return Outcome(source, already=False)

    def _add_name(self, known: Unchanged, row: Source) -> None:
        """Note under which name, and how packed, a file was met again: a row without lines that continues the other."""
        again = row.met_again(known.number, known.name, known.digest, known.bytes, known.modified, datetime.now(UTC))
        texts: dict[str, Sequence[str]] = {lookup.table: () for lookup in LOOKUPS}
        self.waiting.append(Extracted(again, None, 0, REJECTS.empty_table(), texts, frozenset()))
        self.ledger.add(again)

    def _is_time(self) -> bool:
        late = time.monotonic() - self.since > SOON
        return late or len(self.waiting) >= OFTEN or sum(one.size for one in self.waiting) > ENOUGH

    def _commit(self) -> None:
        """Make what waits part of the dataset, in one version."""
        taken, self.waiting, self.since = self.waiting, [], time.monotonic()
        try:
            if taken:
                self._add(taken)
        except BaseException:  # what was not told is not certain any more
            self.outcomes = {place: one for place, one in self.outcomes.items() if place in self.told}
            raise
        for place, outcome in self.outcomes.items():
            if self.tell and place not in self.told:
                self.tell(outcome)
            self.told.add(place)

    def _add(self, taken: Sequence[Extracted]) -> None:
        self._prepare(taken)
        parts = [Part(one.part, one.size, one.source) for one in taken if one.part]
        with snapshot.storage(self.place):
            (self.place / "events").make_folder()
            for part in parts:
                (self.stage.parts / part.name).move(self.place / "events" / part.name)
        sources = [one.source for one in taken]
        self.events_at = commit.commit(self.place, parts, sources, after=self.events_at)

    def _exchange(self, old: Sequence[Source], new: Extracted) -> None:
        """Put a file's rows in the place of those that it had, in one version."""
        self._commit()
        self._prepare([new])
        rows = pa.RecordBatchReader.from_batches(EVENTS, iter(()))
        if new.part:
            part = self.stage.parts / new.part
            batches = pq.ParquetFile(part.files.open_input_file(part.path)).iter_batches()
            rows = pa.RecordBatchReader.from_batches(EVENTS, (batch.cast(EVENTS) for batch in batches))
        self.events_at = commit.exchange(self.place, old, rows, new.source, after=self.events_at)
        self.ledger = self.ledger.without(old)
        self.ledger.add(new.source)

    def _prepare(self, taken: Sequence[Extracted]) -> None:
        """What a commit to the events refers to."""
        if self.order.look_up:
            for lookup in LOOKUPS:
                self._look_up(lookup, {text for one in taken for text in one.texts[lookup.table]})
        sources = as_table([one.source for one in taken])
        rejects = pa.concat_tables([one.rejects for one in taken])
        # The sources first: a run that is killed here has used up its numbers, and what follows is nobody's.
        self.sources_at = commit.append(self.place, "sources", sources, after=self.sources_at)
        commit.append(self.place, "rejects", rejects, after=snapshot.version(self.place, "rejects"))

    def _look_up(self, lookup: Lookup, distinct: set[str]) -> None:
        """Parse what the dataset's table does not have yet; all of it anew where the parser has changed."""
        before, after = snapshot.rows(self.place, lookup.table)
        had = set(before[lookup.key].to_pylist()) if before is not None else set()
        stale = before is not None and bool(set(before["parser"].to_pylist()) - {lookup.parser})
        wanted = sorted(had | distinct if stale else distinct - had)
        with self.progress.step(f"Looking up {lookup.table}", len(wanted), "strings"):
            parse = self.aside.parse if self.aside and lookup.table == "agents" else lookup.parse
            parsed = parse(wanted)
            commit.append(self.place, lookup.table, parsed, "overwrite" if stale else "append", after=after)


def _bytes(export: str) -> int:
    """Bytes of an export as far as that is known; one that is gone meanwhile is refused in its turn."""
    try:
        return exports_module.size(export) or 0
    except (InputError, OSError):
        return 0


def _everywhere(export: str) -> str:
    """The name of an export for workers, who are in folders of their own."""
    path = Location.of(export).local
    return str(path.absolute()) if path else export


def _alike(answers: Mapping[int, Extracted | Unchanged | CoursetrailError]) -> list[int]:
    """The places of files that begin as a shorter one among them: once that is in the ledger, they are read again."""
    shortest: set[str] = set()
    again = []
    new = {
        place: one
        for place, one in answers.items()
        if isinstance(one, Extracted) and one.source.lines > one.source.blank
    }
    for place, one in sorted(new.items(), key=lambda item: item[1].source.begin + item[1].source.lines):
        if shortest & one.heads:
            again.append(place)
        elif one.source.beginning:
            shortest.add(Fingerprint.read(one.source.source, one.source.beginning).head)
    return again


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


def take_on_worker(order: bytes, file: bytes) -> bytes:
    """`take` as a worker of Spark runs it: errors that are ours are answers, for Spark would try again.

    What the orders for all files have in common is sent once; `file` is the name of one, and its number.
    """
    answer: Extracted | Unchanged | CoursetrailError
    try:
        with TemporaryDirectory(prefix="coursetrail-") as scratch:
            asked = pickle.loads(order).of(*pickle.loads(file))  # noqa: S301 - made by our own driver
            answer = take(asked, Path(scratch), Silent())
    except CoursetrailError as error:
        answer = error
    return pickle.dumps(answer)
