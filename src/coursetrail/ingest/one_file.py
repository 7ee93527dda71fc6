"""One export file → a Parquet file of its events and a full account of its lines; nothing is committed yet.

It needs no dataset and no cluster, so it runs here, or on whatever worker of a cluster is given the order.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from coursetrail import formats
from coursetrail.dataset import events_file as parts
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.snapshot import EVENTS, REJECTS, storage
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.engines.sql import parquet
from coursetrail.filesystem.location import Location
from coursetrail.ingest import duplicates, inputs
from coursetrail.ingest.events import events
from coursetrail.ingest.inputs import Inputs, Limit, changed, look
from coursetrail.lookups import agents, languages
from coursetrail.progress import Progress
from coursetrail.reading.fingerprint import (
    Fingerprint,
    PrefixMismatch,
    SkippedPrefix,
    candidates,
    fingerprint_of,
    heads,
)
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading


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


@dataclass(frozen=True)
class IngestTask:
    """What to read, and how; `into` is the folder for the Parquet file.

    `known` are digests of files that are there, by their size, `beginnings` what files that are there begin with.
    `cores` is how many of the machine's it may use.
    """

    export: str
    number: int
    into: Location
    known: Mapping[int, Collection[str]]
    beginnings: Sequence[Fingerprint]
    format: formats.Asked | None
    course: str | None
    limit: Limit
    columns: Sequence[str] | None
    packed: bool
    look_up: bool
    cores: int

    def of(self, export: str, number: int) -> "IngestTask":
        """The same for another file."""
        return replace(self, export=export, number=number)


@dataclass(frozen=True)
class Extracted:
    """An export as it was read; `part` is its file's name in the folder, None where there is no event.

    `texts` are the distinct strings to be looked up, by table; `heads` what a shorter file may be known by that begins
    alike.
    """

    source: Source
    part: str | None
    size: int
    rejects: pa.Table
    texts: Mapping[str, Sequence[str]]
    heads: frozenset[str]


@dataclass(frozen=True)
class Unchanged:
    """An export in which nothing is new: its lines are those of a source, or its digest is that of one (source None).

    `bytes`, `digest` and `modified` are the file's own; it might have been source `number`.
    """

    name: str
    number: int
    digest: str
    bytes: int
    modified: datetime | None
    source: int | None = None


Meet = Callable[[str, Collection[str]], None]
"""What is told of a table's strings to be looked up, as they are met."""


def _nobody(table: str, texts: Collection[str]) -> None:
    """Nobody wants to know."""


def take(order: IngestTask, scratch: Path, progress: Progress, meet: Meet = _nobody) -> Extracted | Unchanged:
    """Read one export, from where it is not known; or, if there is nothing new in it, say what it is.

    `scratch` is a folder of this machine. `meet` is told of strings to be looked up, by table, while the file is being
    read. Raises InputError, TooManyRejects, StorageError; then nothing is left in `order.into`.
    """
    opening = Inputs.of(scratch, order.limit, order.format, progress)
    name, file = opening.file(order.export)
    if known_digests := order.known.get(look(file)[0]):
        with progress.step(f"Checking {file.name}", look(file)[0]) as step:
            digest = Lines(file, step.advance).digest()
        if digest in known_digests:
            return Unchanged(name, order.number, digest, look(file)[0], inputs.modified(order.export))
    form = opening.format(name, file)
    known: Sequence[Fingerprint] = ()
    if order.beginnings:
        with closing(Lines(file, table=form.table)) as lines:
            known = candidates(order.beginnings, next(lines.blocks(), None))
    while True:
        reading = Reading(form, order.limit.may_go_on, order.cores, SkippedPrefix(known))
        try:
            return _taken(order, scratch, opening, name, file, reading, meet)
        except PrefixMismatch as told:
            known = [told.fingerprint] if told.fingerprint else []


def _taken(
    order: IngestTask,
    scratch: Path,
    opening: Inputs,
    name: str,
    file: Location,
    reading: Reading,
    meet: Meet,
) -> Extracted | Unchanged:
    part = scratch / parts.name()
    course = order.course or _course_in(file.name)
    modified = inputs.modified(order.export)  # of an archive, not of what it is unpacked into
    texts: dict[str, set[str]] = {lookup.table: set() for lookup in LOOKUPS}

    def read(lines: Lines) -> None:
        found = events(reading, lines, EVENTS, order.number, course, order.columns or EVENTS.names)
        parts.write(_noted(found, texts, meet) if order.look_up else found, EVENTS, part, packed=order.packed)

    with storage(order.into):
        lines = opening.read(name, file, reading, read)
    before = reading.prefix.matched
    if before and before.is_all([*reading.prefix.skipped, *reading.hashes], lines.lines):
        return Unchanged(name, order.number, lines.digest(), lines.size, modified, before.source)
    with connect(spill=scratch / "spill", threads=order.cores) as engine:
        part, again = _without_duplicates(engine, name, file, part, reading, lines)
        new = lines.lines - reading.prefix.lines
        if not order.limit.allows(len(reading.rejects), new):
            raise opening.too_many(name, reading, new)
        source = _account(engine, order.number, name, part, reading, lines, again, modified)
    size = part.stat().st_size
    if source.events:
        with storage(order.into):
            (order.into / part.name).put_file(part)
    begins = heads([*reading.prefix.skipped, *reading.hashes])
    distinct = {table: sorted(found) for table, found in texts.items()}
    return Extracted(
        source, part.name if source.events else None, size, _rejects(order.number, reading), distinct, begins
    )


def _noted(batches: Iterable[pa.RecordBatch], texts: Mapping[str, set[str]], meet: Meet) -> Iterator[pa.RecordBatch]:
    """The same batches; the strings in them that are to be looked up are put into `texts`, and told at once."""
    for batch in batches:
        for lookup in LOOKUPS:
            strings = batch[lookup.key]
            new = set(strings.dictionary.take(strings.indices.unique().drop_null()).to_pylist()) - texts[lookup.table]
            texts[lookup.table].update(new)
            meet(lookup.table, new)
        yield batch


def _without_duplicates(
    engine: DuckDB, name: str, file: Location, part: Path, reading: Reading, lines: Lines
) -> tuple[Path, int]:
    """The Parquet file without lines that came before, and how many those were."""
    if reading.format.repeats:
        return part, 0

    @contextmanager
    def once_more() -> Iterator[Lines]:
        with closing(Lines(file, table=reading.format.table, first=lines.size)) as found:  # it may have grown meanwhile
            yield found
            if found.digest() != lines.digest():
                raise changed(name)

    again = duplicates.duplicates(engine, reading, once_more)
    if not len(again):
        return part, 0
    thinner = part.with_name(parts.name())
    duplicates.without(engine, part, again, thinner)
    part.unlink()
    doubled = set(again.tolist())
    reading.rejects = [reject for reject in reading.rejects if reject[0] not in doubled]
    reading.repaired = [repaired for repaired in reading.repaired if repaired[0] not in doubled]
    return thinner, len(again)


def _account(
    engine: DuckDB,
    number: int,
    name: str,
    part: Path,
    reading: Reading,
    lines: Lines,
    again: int,
    modified: datetime | None,
) -> Source:
    """The row of the ledger; its making checks that no line is missing."""
    passing = reading.prefix
    # What a live file ends with may be half a line, which was rejected: it will be read when it is whole.
    half = lines.unended and any(line == lines.lines for line, _, _ in reading.rejects)
    known = None if lines.overlong else fingerprint_of(number, [*passing.skipped, *reading.hashes], lines.lines - half)
    row = engine.query(f"select count(*), min(time), max(time) from {parquet(part)}")
    count, first, last = (column[0].as_py() for column in row.columns)
    kinds = reading.kinds()
    return Source(
        source=number,
        uri=name,
        format=reading.format.name,
        digest=lines.digest(),
        bytes=lines.size,
        modified=modified,
        lines=lines.lines - passing.lines,
        events=count,
        duplicates=again,
        rejected=len(reading.rejects),
        blank=len(reading.blank),
        mended=json.dumps(kinds) if kinds else None,
        fault=lines.fault,
        first_time=first,
        last_time=last,
        continues=passing.matched.source if passing.matched else None,
        begin=passing.lines,
        beginning=known.written() if known else None,
        ingested=datetime.now(UTC),
        version=version("coursetrail"),
    )


def _rejects(number: int, reading: Reading) -> pa.Table:
    return pa.table(
        {
            "source": pa.array([number] * len(reading.rejects), pa.int32()),
            "line": pa.array([line for line, _, _ in reading.rejects], pa.int64()),
            "reason": pa.array([reason for _, reason, _ in reading.rejects], pa.string()),
            "raw": pa.array([raw for _, _, raw in reading.rejects], pa.binary()),
        },
        schema=REJECTS,
    ).sort_by("line")


def _course_in(name: str) -> str | None:
    match = re.match(r"([A-Za-z0-9][\w-]*?)_clickstream", name)
    return match[1] if match else None
