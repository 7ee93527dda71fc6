"""A run of ingest: export files → a dataset. Each file is added as a whole or not at all."""

import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from coursetrail import formats
from coursetrail.dataset import delta, maintenance, snapshot
from coursetrail.dataset.commit import share_ids
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.schema import SOURCES
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.dataset.staging import StagingArea, staging
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.engine import WorkerEngine
from coursetrail.errors import CoursetrailError, InputError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.ingestion import reference_tables, refusals
from coursetrail.ingestion.commit_queue import CommitQueue, unparsed
from coursetrail.ingestion.expand import expand
from coursetrail.ingestion.inputs import Input, Opener, check
from coursetrail.ingestion.on_spark import extract_all
from coursetrail.ingestion.one_file import Extractor
from coursetrail.ingestion.reference_tables import ReplacedTable
from coursetrail.ingestion.reject_limit import DEFAULT_LIMIT, RejectLimit
from coursetrail.ingestion.resume import (
    Conflict,
    Continues,
    New,
    OtherEncoding,
    SourceIndex,
    Unchanged,
    to_read_again,
)
from coursetrail.ingestion.task import Extracted, IngestTask, SameContent
from coursetrail.ingestion.worker_results import WorkerResult
from coursetrail.lookups.background import BackgroundParser
from coursetrail.progress import Progress, Silent
from coursetrail.reading.processors import cores

LARGE = 32 << 20
"""Bytes of exports that take so long to read that a second process can have parsed their user agents meanwhile."""


@dataclass(frozen=True)
class Outcome:
    """The result for the export of that name: its row in the ledger, and whether nothing in it was new.

    Of a file with nothing new the row may be that of another file with the same content.
    """

    name: str
    source: Source
    already: bool


def _ignore(*_: object) -> None:
    """Do nothing: the default for what is reported."""


def ingest(
    path: str | os.PathLike[str],
    exports: Sequence[str | os.PathLike[str] | Input],
    *,
    format: str | None = None,  # noqa: A002 - the word users know
    mapping: str | os.PathLike[str] | None = None,
    encoding: str | None = None,
    course: str | None = None,
    max_rejects: str | RejectLimit = DEFAULT_LIMIT,
    replace: bool = False,
    tables: Sequence[str | os.PathLike[str]] = (),
    columns: Sequence[str] | None = None,
    packed: bool = True,
    look_up: bool = True,
    shared_ids: bool | None = None,
    engine: EngineConfig | None = None,
    progress: Progress | None = None,
    on_outcome: Callable[[Outcome], None] = _ignore,
    on_table: Callable[[ReplacedTable], None] = _ignore,
    on_refused: Callable[[str, InputError], None] | None = None,
) -> list[Outcome]:
    """Add export files to the dataset at `path`, which is created if it is not there.

    Paths may be of this machine or addresses (hdfs://…, s3://…); an `Input` is an export that is recognised already.
    With Spark as `engine`, its workers read the files, a task each. A file that was read before is left alone; one that
    has grown is read from where it ended. One that has changed otherwise is refused; with `replace` its new rows
    replace the old ones. `format` names a format where content would mislead, `mapping` is a TOML file that describes
    any other (docs/mapping.md), `encoding` is that of text which is not UTF-8. `course` is the course of events whose
    page names none, by default taken from the file's name. `columns` fills only these columns of events; the rest are
    null. Without `packed`, files are larger and written faster, which suits a dataset that is removed soon. `-` is
    standard input. A folder, a pattern (`logs/*.gz`) and an archive (zip, tar) stand for the exports in them; the log
    names the files that are skipped. `tables` are folders or archives of Coursera's tables, which become the dataset's
    syllabus, members and grades; they are read first. `shared_ids` records in the dataset that the same id on several
    platforms is one learner, or with False that it is not; None changes nothing.

    `on_outcome` is called with every outcome as soon as it is certain, `on_table` with every table. Raises InputError,
    TooManyRejects, DatasetError, StorageError. A file that cannot be read changes nothing: the other files are read,
    and then its error is raised, unless `on_refused` is given; that is called with its name and the error.
    """
    location = Location.of(path)
    if location.is_file():
        raise UsageError(f"{location} is a file, but a dataset is a folder. The dataset comes first, then the exports.")
    delta.check_path(location)
    named = [export if isinstance(export, Input) else os.fspath(export) for export in exports]
    for name in named:
        if isinstance(name, str):
            check(name)
    given = formats.asked(format, mapping)
    text_encoding = formats.encoding_asked(encoding)
    limit = RejectLimit.parse(max_rejects)
    shown = progress or Silent()
    with staging(location, shown) as area:
        for table in reference_tables.add(location, tables, area.scratch, limit, shown) if tables else ():
            on_table(table)
        task = IngestTask(area.files, given, text_encoding, course, limit, columns, packed, look_up, cores())
        run = _Run(location, area, task, replace, shown, on_outcome, on_refused)
        run.inputs = expand(named, run.opener, run.index.states)
        if named and engine and engine.is_distributed:
            run.read_on_workers(engine)
        else:
            run.read_here()
        return run.finish(shared_ids)


class _Run:
    """One run: its inputs, what the dataset has, and the result for each input, by its position."""

    def __init__(
        self,
        location: Location,
        area: StagingArea,
        task: IngestTask,
        replacing: bool,
        progress: Progress,
        on_outcome: Callable[[Outcome], None],
        on_refused: Callable[[str, InputError], None] | None,
    ) -> None:
        opened = Snapshot.open(location) if snapshot.exists(location) else None
        self.inputs: Sequence[Input] = ()
        self.opener = Opener.of(area.scratch, task.format, task.encoding)
        sources = opened.sources if opened else SOURCES.schema.empty_table()
        self.index = SourceIndex.of(sources, self.opener.text_encoding)
        self._location = location
        self._task = task
        self._replacing = replacing
        self._progress = progress
        self._on_outcome = on_outcome
        self._on_refused = on_refused
        self._next_number, sources_at = snapshot.next_source(location)
        events_at = opened.version if opened else None
        lacking = unparsed(opened) if opened and task.look_up else {}
        self._queue = CommitQueue(location, area, task.look_up, progress, events_at, sources_at, lacking)
        self._uncertain: dict[int, Outcome] = {}
        self._certain: dict[int, Outcome] = {}
        self._refused: list[InputError] = []

    def read_here(self) -> None:
        """Read the inputs in this process; names that were seen before last, for the file may have another one now."""
        names = [one.state.name for one in self.inputs]
        with (
            self._background_parser() as self._queue.parser,
            Extractor(self._task, self.opener, self._progress, self._queue.parser) as extractor,
        ):
            try:
                for position in sorted(range(len(names)), key=lambda position: self.index.is_named(names[position])):
                    self._accept({position: self._result(extractor, self.inputs[position])})
                    if self._queue.is_due():
                        self._commit()
            finally:
                self._commit()

    def read_on_workers(self, config: EngineConfig) -> None:
        """Read the inputs on the engine's workers, and commit those that could be read.

        Of files that begin alike, one may be what another was before: they are read one after the other.
        """
        if any(one.is_stream for one in self.inputs):
            raise UsageError("Spark's workers cannot read standard input or a pipe: give files that all of them reach.")
        found = {position: one.error or self.index.unchanged(one.state) for position, one in enumerate(self.inputs)}
        self._accept({position: result for position, result in found.items() if result})
        self._commit()
        wanted = [position for position, result in found.items() if not result]
        if not wanted:
            return
        with config.connect() as engine:
            assert isinstance(engine, WorkerEngine)  # noqa: S101 - for mypy: it is distributed
            task = dataclasses.replace(self._task, cores=engine.cores)
            while wanted:
                numbers = {self._number(): position for position in wanted}
                files = {number: self.inputs[position] for number, position in numbers.items()}
                extracted = extract_all(engine, task, self.index.known, files, self._progress)
                results = {numbers[number]: result for number, result in extracted.items()}
                wanted = to_read_again(results)
                self._accept({position: result for position, result in results.items() if position not in wanted})
                self._commit()

    def finish(self, shared_ids: bool | None) -> list[Outcome]:
        """The outcomes in the order of the inputs; raises for those that were refused.

        Before that it is recorded whether ids are shared, and the dataset is compacted, if that is due: a file that is
        refused every night must not prevent it.
        """
        if shared_ids is not None and (snapshot.exists(self._location) or not self._refused):
            share_ids(self._location, shared_ids)
        if maintenance.is_due(self._location):
            maintenance.compact_within(self._location, self.opener.scratch, self._progress)
        outcomes = [self._certain[position] for position in sorted(self._certain)]
        if self._refused:
            raise refusals.one_error(self._refused, [outcome.already for outcome in outcomes])
        return outcomes

    def _result(self, extractor: Extractor, one: Input) -> WorkerResult | Unchanged:
        try:
            return self.index.unchanged(one.state) or extractor.extract(one, self._number(), self.index.known)
        except InputError as error:
            return error

    def _number(self) -> int:
        """The next source number."""
        self._next_number += 1
        return self._next_number - 1

    @contextmanager
    def _background_parser(self) -> Iterator[BackgroundParser | None]:
        """A second process for user agents, where all of them are new and files are large enough."""
        is_worth_it = self._task.look_up and self._task.cores > 1 and not self.index.by_number
        if is_worth_it and any(total > LARGE for total in accumulate(one.state.size or 0 for one in self.inputs)):
            with BackgroundParser() as parser:
                yield parser
        else:
            yield None

    def _accept(self, results: Mapping[int, WorkerResult | Unchanged]) -> None:
        """Decide what each result means, by the position of its input."""
        self.index.note_moves(one for one in results.values() if isinstance(one, Extracted | SameContent))
        for position, result in results.items():
            try:
                if isinstance(result, CoursetrailError):
                    raise result
                self._uncertain[position] = self._outcome(result, self.inputs[position])
            except InputError as error:
                if self._on_refused:
                    self._on_refused(self.inputs[position].address, error)
                else:
                    self._refused.append(error)

    def _outcome(self, result: Extracted | SameContent | Unchanged, one: Input) -> Outcome:
        """The outcome for a result; what is new in it waits for the next commit."""
        verdict = result if isinstance(result, Unchanged) else self.index.verdict(result, is_stream=one.is_stream)
        if isinstance(verdict, Unchanged):
            if verdict.alias:
                self._queue.add_alias(verdict.alias)
                self.index.add(verdict.alias)
            return Outcome(one.state.name, verdict.source, already=True)
        assert isinstance(result, Extracted)  # noqa: S101 - for mypy: the other verdicts are on these
        source = result.source
        match verdict:
            case New() | Continues():
                self._queue.add(result)
            case Conflict() if self._replacing:
                self._commit()
                self._queue.exchange(verdict.outdated, result)
                self.index = self.index.without(verdict.outdated)
            case OtherEncoding():
                raise refusals.other_encoding(source, verdict.source)
            case Conflict():
                raise refusals.conflict(source, verdict.source)
        self.index.add(source)
        return Outcome(one.state.name, source, already=False)

    def _commit(self) -> None:
        """Commit what waits, and report the outcomes that are certain by this."""
        outcomes, self._uncertain = self._uncertain, {}
        self._queue.commit()
        self._certain |= outcomes
        for outcome in outcomes.values():
            self._on_outcome(outcome)
