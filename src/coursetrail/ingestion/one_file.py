"""One export file → a Parquet file of its events and a full account of its lines; nothing is committed yet.

It needs no dataset and no cluster, so it runs here, or on a worker of a cluster.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coursetrail import lookups
from coursetrail.dataset import events_file
from coursetrail.dataset.errors import storage
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.part import sealed
from coursetrail.dataset.schema import EVENTS, REJECTS
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.errors import InputError
from coursetrail.filesystem.location import Location
from coursetrail.ingestion import duplicates
from coursetrail.ingestion.events import events
from coursetrail.ingestion.inputs import Input, Opener, ReadyInput, changed_meanwhile, size_of
from coursetrail.ingestion.reject_limit import too_many, whole_file
from coursetrail.ingestion.resume import KnownContent
from coursetrail.ingestion.task import Extracted, IngestTask, SameContent
from coursetrail.lookups.background import BackgroundParser
from coursetrail.progress import Progress
from coursetrail.reading.encodings import UTF_8
from coursetrail.reading.fingerprint import PrefixMismatch, SkippedPrefix, fingerprint_of, heads
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.repair import INVALID

SHARE_OF_DAMAGED = 0.01
"""Share of lines with invalid bytes above which the encoding is probably another one."""


class Extractor:
    """Reads the exports of one run, or of one worker's task; a context manager.

    `opener.scratch` is a folder of this machine. `parser`, if there is one, parses user agents while files are read.
    """

    def __init__(
        self, task: IngestTask, opener: Opener, progress: Progress, parser: BackgroundParser | None = None
    ) -> None:
        self._task = task
        self._opener = opener
        self._progress = progress
        self._parser = parser
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    @cached_property
    def _engine(self) -> DuckDB:
        """One connection for all files, opened when a file needs it."""
        engine = connect(spill=self._opener.scratch / "spill", threads=self._task.cores)
        return self._opened.enter_context(engine)

    def extract(self, found: Input, number: int, known: KnownContent) -> Extracted | SameContent:
        """Read one export, from where it is not known, as source `number`; or say that nothing in it is new.

        Raises InputError, TooManyRejects, StorageError; then nothing is left in the task's folder.
        """
        file = self._opener.ready(found)
        size = size_of(file.location)
        if digests := known.digests.get(size):
            with self._progress.step(f"Checking {file.location.name}", size) as step:
                digest = Lines(file.location, step.advance).digest()
            if digest in digests:
                return SameContent(file.name, number, digest, size, file.modified, file.format.encoding)
        fingerprints = known.fingerprints
        while True:
            skipped = SkippedPrefix(fingerprints)
            reading = Reading(file.format, self._task.limit.may_go_on, self._task.cores, skipped)
            try:
                return self._read(file, number, reading)
            except PrefixMismatch as mismatch:
                fingerprints = [mismatch.fingerprint] if mismatch.fingerprint else []

    def _read(self, file: ReadyInput, number: int, reading: Reading) -> Extracted | SameContent:
        task = self._task
        path = self._opener.scratch / events_file.name()
        texts: dict[str, set[str]] = {lookup.name: set() for lookup in lookups.ALL}
        course = task.course or _course_in(file.location.name)
        with storage(task.into), whole_file(file, reading, task.limit, self._progress) as lines:
            found = events(reading, lines, EVENTS.schema, number, course, task.columns or EVENTS.schema.names)
            batches = self._with_texts(found, texts) if task.look_up else found
            events_file.write(batches, EVENTS.schema, path, packed=task.packed)
        before = reading.prefix.matched
        if before and before.is_all([*reading.prefix.skipped, *reading.hashes], lines.lines):
            return SameContent(
                file.name, number, lines.digest(), lines.size, file.modified, file.format.encoding, before.source
            )
        path, repeated = self._without_duplicates(file, path, reading, lines)
        new = lines.lines - reading.prefix.lines
        if not task.limit.allows(len(reading.rejects), new):
            raise too_many(file, reading, new, task.limit)
        if not reading.prefix.lines and not pq.read_metadata(path).num_rows:
            _note_no_event(file, reading, lines.lines)
        _note_encoding(file, reading, new)
        source = _source(number, file, path, reading, lines, repeated)
        size = path.stat().st_size
        name = sealed(Location.of(path)) if source.events else None
        if name:
            with storage(task.into):
                (task.into / name).put_file(path)
        return Extracted(
            source,
            name,
            size,
            _rejects(number, reading),
            {table: sorted(distinct) for table, distinct in texts.items()},
            heads([*reading.prefix.skipped, *reading.hashes]),
        )

    def _with_texts(self, batches: Iterable[pa.RecordBatch], texts: Mapping[str, set[str]]) -> Iterator[pa.RecordBatch]:
        """The same batches; the strings in them that are to be looked up are put into `texts`."""
        for batch in batches:
            for lookup in lookups.ALL:
                strings = batch[lookup.key]
                distinct = strings.dictionary.take(strings.indices.unique().drop_null())
                new = set(distinct.to_pylist()) - texts[lookup.name]
                texts[lookup.name].update(new)
                if self._parser and lookup.name == self._parser.table:
                    self._parser.begin(new)
            yield batch

    @contextmanager
    def _again(self, file: ReadyInput, lines: Lines) -> Iterator[Lines]:
        """A second pass over the same bytes: the file may have grown meanwhile. InputError if these have changed."""
        with closing(
            Lines(file.location, table=file.format.table, first=lines.size, encoding=file.format.encoding)
        ) as again:
            yield again
            if again.digest() != lines.digest():
                raise changed_meanwhile(file.name)

    def _without_duplicates(self, file: ReadyInput, path: Path, reading: Reading, lines: Lines) -> tuple[Path, int]:
        """The Parquet file without lines that came before, and how many those were."""
        form = reading.format
        nothing = np.zeros(0, np.int64)
        suspects = nothing if form.repeats else duplicates.suspects(reading)
        repeated = known = nothing
        if len(suspects):
            with self._again(file, lines) as again:
                repeated = duplicates.repeated(self._engine, again, suspects)
        if form.event_id:
            with self._again(file, lines) as again:
                known = duplicates.of_known_events(self._engine, form, again)
        repeated = np.union1d(repeated, known)
        repeated = repeated[repeated > reading.prefix.lines]  # those skipped were counted before
        if not len(repeated):
            return path, 0
        thinner = path.with_name(events_file.name())
        duplicates.leave_out(path, repeated, thinner, packed=self._task.packed)
        path.unlink()
        reading.leave_out(repeated)
        return thinner, len(repeated)


def _note_no_event(file: ReadyInput, reading: Reading, lines: int) -> None:
    """Warn of a file in which no line is an event; InputError where all are blank."""
    if lines and len(reading.blank) == lines:
        raise InputError(
            f"{file.name}: all {lines:,} lines are blank. Is it the right file, and complete? coursetrail sniff shows "
            "what it begins with."
        )
    counts = {kind: len(getattr(reading, kind)) for kind in ("blank", "header", "unfinished")}
    found = ", ".join(
        f"{count:,} {kind}" for kind, count in {"rejected": len(reading.rejects), **counts}.items() if count
    )
    number = f"{lines:,} line{'' if lines == 1 else 's'}"
    reading.warn(f"No event in {number}{f' ({found})' if found else ''}. Is it the right file?")


def _note_encoding(file: ReadyInput, reading: Reading, lines: int) -> None:
    """Warn of a file that is probably in another encoding than it was read in."""
    invalid = reading.kinds().get(INVALID, 0)
    if invalid > lines * SHARE_OF_DAMAGED:
        reading.warn(
            f"{invalid:,} lines have bytes that are not {file.format.encoding or UTF_8}: they were written as numbers. "
            "coursetrail sniff says which encoding it may be; --encoding reads it"
        )


def _source(number: int, file: ReadyInput, path: Path, reading: Reading, lines: Lines, repeated: int) -> Source:
    """The row of the ledger; creating it checks that no line is missing."""
    skipped = reading.prefix
    hashes = [*skipped.skipped, *reading.hashes]
    known = None if lines.overlong else fingerprint_of(number, hashes, lines.lines - len(reading.unfinished))
    count, first, last = _count_and_span(path)
    kinds = reading.kinds()
    return Source(
        source=number,
        uri=file.name,
        format=reading.format.name,
        digest=lines.digest(),
        bytes=lines.size,
        modified=file.modified,
        lines=lines.lines - skipped.lines,
        events=count,
        duplicates=repeated,
        rejected=len(reading.rejects),
        blank=len(reading.blank),
        header=len(reading.header),
        unfinished=len(reading.unfinished),
        physical_lines=reading.physical,
        mended=json.dumps(kinds) if kinds else None,
        warnings=json.dumps(reading.warnings) if reading.warnings else None,
        fault=lines.fault,
        first_time=first,
        last_time=last,
        clock=reading.format.clock,
        continues=skipped.matched.source if skipped.matched else None,
        begin=skipped.lines,
        beginning=known.written() if known else None,
        ingested=datetime.now(UTC),
        version=version("coursetrail"),
        encoding=file.format.encoding,
    )


def _count_and_span(path: Path) -> tuple[int, datetime | None, datetime | None]:
    """How many events a Parquet file has, and the times of the first and the last, from its own statistics."""
    metadata = pq.read_metadata(path)
    column = EVENTS.schema.get_field_index("time")
    groups = [metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)]
    spans = [(found.min, found.max) for found in groups if found and found.has_min_max]
    first, last = min((one for one, _ in spans), default=None), max((one for _, one in spans), default=None)
    return metadata.num_rows, first, last


def _rejects(number: int, reading: Reading) -> pa.Table:
    rows = [(number, *reject) for reject in sorted(reading.rejects)]
    columns = zip(*rows, strict=True) if rows else ((),) * len(REJECTS.columns)
    return pa.table(dict(zip(REJECTS.columns, columns, strict=True)), schema=REJECTS.schema)


def _course_in(name: str) -> str | None:
    match = re.match(r"([A-Za-z0-9][\w-]*?)_clickstream", name)
    return match[1] if match else None
