"""One version of a dataset, open for reading: its tables, their files, and the ledger of what was read.

The commit to `events` is the one that counts. It is made last, and its manifest names the versions of the other tables
that belong to it. So a reader sees one state of all tables, and a run that is killed before it has changed nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from coursetrail.dataset.delta import LATER, events_at, read_rows, rows, uri
from coursetrail.dataset.errors import RESTORE, unreadable_table
from coursetrail.dataset.ledger import COUNTS
from coursetrail.dataset.manifest import contents, damaged_log, is_ours, manifest_at, time_of
from coursetrail.dataset.part import Part, check, columns_of, damaged, lost, part_names, parts_of
from coursetrail.dataset.schema import EVENTS, SOURCES, TABLES
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.storage import first_line


@dataclass(frozen=True)
class Snapshot:
    """One version of a dataset: the files of each table, as they were when it was opened, and its sources' numbers.

    With `shared_ids`, the same id on several platforms is one learner.
    """

    location: Location
    version: int
    tables: Mapping[str, DeltaTable]
    numbers: frozenset[int]
    shared_ids: bool = False

    @classmethod
    def open(cls, location: Location, as_of: int | datetime | None = None, *, checked: bool = True) -> "Snapshot":
        """The newest version, or that of a number or a time; `DatasetError` when there is none that can be read.

        If not `checked`, parts of it may be missing, and it need not add up.
        """
        events = events_at(location, any_version=isinstance(as_of, int))
        if events is None:
            hint = "It holds files, but no ingest was completed; run it again." if _is_started(location) else ""
            raise DatasetError(
                f"{location}: no dataset here. {hint or 'Make one: coursetrail ingest ' + str(location) + ' EXPORT'}"
            )
        if as_of is not None:
            _load(events, as_of, location)
        manifest, at = manifest_at(location, events)
        try:
            tables = {name: DeltaTable(uri(location, name), version=at) for name, at in manifest.tables.items()}
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise unreadable_table(f"{location}: part of the dataset is missing or damaged", error) from error
        named = {EVENTS.name: events, **tables}
        if at != events.version() and not _is_as_recorded(events, manifest.contents.get(EVENTS.name)):
            events_then = DeltaTable(uri(location, EVENTS.name), version=at)  # other programs have changed it since
            _check_logs(location, {**named, EVENTS.name: events_then}, manifest.contents)
        else:
            _check_logs(location, named, manifest.contents)
        opened = cls(location, events.version(), named, manifest.sources, manifest.shared_ids)
        if checked:
            opened._check_parts(is_older=as_of is not None)
            opened.check_sums()
        return opened

    def parts(self, table: str) -> list[Part]:
        """The parts of a table, by their names; none when it has no rows, or is not there."""
        return parts_of(self.location / table, self.tables[table]) if table in self.tables else []

    def files(self, table: str, *, whole: bool = True) -> list[str]:
        """The addresses of the parts of a table.

        DatasetError where one is not what was written. On this machine all bytes are compared with the digests, because
        DuckDB does not verify checksums of pages; elsewhere, or if not `whole`, the footers. Parts that lack a column,
        because an older release wrote them, come first: DuckDB looks for a table's columns in its first file.
        """
        parts = self.parts(table)
        check(parts, whole=whole and self.location.local is not None)
        files = [part.file for part in parts]
        if files and any(LATER in field.metadata for field in self.tables[table].schema().fields):
            files.sort(key=lambda file: len(pq.read_schema(file.path, filesystem=file.files)))
        return [str(file.local.absolute()) if file.local else file.address for file in files]

    def rows(self, table: str) -> pa.Table | None:
        """All rows of a small table; None where it is not there."""
        found = self.tables.get(table)
        return None if found is None else read_rows(self.location / table, found)

    def lost_parts(self) -> list[tuple[Part, str]]:
        """The parts of all tables that are missing or have another size, and what is wrong with each."""
        sizes = {name: (self.location / name).sizes() for name in self.tables}
        return [found for name in self.tables for found in lost(self.parts(name), sizes[name])]

    def _check_parts(self, *, is_older: bool) -> None:
        """Raise DatasetError where parts are missing or have another size."""
        found = self.lost_parts()
        if not found:
            return
        (first, why), *more = found
        if is_older and "missing" in why:
            raise DatasetError(
                f"{self.location}: files of version {self.version} were cleared away, as they are a week after a "
                "compaction or a replacement. Try a newer --as-of, or leave it out for the newest."
            )
        raise damaged(first.file, f"{why}; {len(more):,} more are missing or damaged" if more else why)

    def check_sums(self) -> None:
        """Raise DatasetError where the log of a table has a hole, or the ledger does not account for the events.

        Delta takes a commit without bytes, as a power cut leaves it, for one that changed nothing.
        """
        for name in self.tables:
            _check_holes(self.location / name)
        if lost := sorted(self.numbers - set(self.sources["source"].to_pylist())):
            raise DatasetError(
                f"{self.location}: the ledger has lost {len(lost)} sources (first: {lost[0]}). {RESTORE}"
            )
        counts = [part.rows for part in self.parts(EVENTS.name)]
        stored, known = sum(count or 0 for count in counts), pc.sum(self.sources["events"]).as_py() or 0
        if stored != known and None not in counts:
            raise DatasetError(
                f"{self.location}: the ledger accounts for {known:,} events, but the table holds {stored:,}: "
                "some other program has changed it. "
                f"Ask an older version (--as-of {max(self.version - 1, 0)}). {RESTORE}"
            )

    @cached_property
    def sources(self) -> pa.Table:
        """The ledger: one row a source that is part of this version, in the order of their numbers."""
        if SOURCES.name not in self.tables:
            return SOURCES.schema.empty_table()
        table = read_rows(self.location / SOURCES.name, self.tables[SOURCES.name])
        lacking = [name for name in SOURCES.columns if name not in table.column_names]  # of an older release
        for name in lacking:
            table = table.append_column(name, pa.nulls(len(table), SOURCES.schema.field(name).type))
        found = table.select(SOURCES.schema.names).cast(SOURCES.schema)
        for name in COUNTS:
            at = found.schema.get_field_index(name)
            found = found.set_column(at, SOURCES.schema.field(name), pc.fill_null(found[name], 0))
        return found.filter(pc.is_in(found["source"], pa.array(self.numbers, pa.int32()))).sort_by("source")


def _is_as_recorded(table: DeltaTable, recorded: str | None) -> bool:
    """Whether a table has the columns and parts that the manifest says; older releases do not record them."""
    return recorded is None or contents(columns_of(table), part_names(table)) == recorded


def _check_logs(location: Location, tables: Mapping[str, DeltaTable], recorded: Mapping[str, str]) -> None:
    """Raise DatasetError where the log of a table does not give what was written."""
    for name, table in tables.items():
        if not _is_as_recorded(table, recorded.get(name)):
            _check_holes(location / name)
            raise damaged_log(location / name, table.version())


def _check_holes(table: Location) -> None:
    """Raise DatasetError where a commit in the log of a table has no bytes."""
    sizes = (table / "_delta_log").sizes()
    if holes := sorted(file for file, size in sizes.items() if file.endswith(".json") and not size):
        raise DatasetError(f"{table}: the table's log is damaged ({holes[0]} is empty). {RESTORE}")


def exists(location: Location) -> bool:
    """Whether an ingest into `location` was ever completed."""
    return events_at(location) is not None


def next_source(location: Location) -> tuple[int, int | None]:
    """A source number that no earlier ingest, completed or not, has used, and the version of `sources` that says so."""
    table, at = rows(location, SOURCES.name)
    highest = pc.max(table["source"]).as_py() if table is not None else None
    return (highest or 0) + 1, at


def _is_started(location: Location) -> bool:
    return any((location / table.name / "_delta_log").is_folder() for table in TABLES)


def _load(events: DeltaTable, as_of: int | datetime, location: Location) -> None:
    """Set the table to an older version."""
    newest = events.version()
    try:
        at = _version_at(events, as_of) if isinstance(as_of, datetime) else as_of
        why = "all are later" if at is None else ""
        if at is not None:
            events.load_as_version(at)
    except (DeltaError, OSError, ValueError) as error:
        why = "later than the newest" if isinstance(as_of, int) and as_of > newest else first_line(error)
    if why:
        raise DatasetError(
            f"{location}: no version {as_of} ({why}). There are 0 to {newest}, as far as they were not cleared away; "
            "try another --as-of, or leave it out for the newest."
        )


def _version_at(events: DeltaTable, moment: datetime) -> int | None:
    """The newest version that was committed by then, by the commits' own times: copying gives files new dates.

    A version without a manifest counts as made after the one before, whatever time it has.
    """
    found, before = None, 0
    for commit in sorted(events.history(), key=lambda one: int(one["version"])):
        at = time_of(commit)
        at = at if is_ours(commit) else max(at, before)
        if at <= moment.timestamp() * 1000:
            found = int(commit["version"])
        before = at
    return found
