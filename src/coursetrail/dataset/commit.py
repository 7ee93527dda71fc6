"""How a dataset changes: rows are added to its tables, then one commit to `events` makes them part of it.

Each commit is marked with its number, so that of two simultaneous runs the slower one notices, whatever it appends.
"""

import errno
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from coursetrail.dataset.delta import LATER, events_at, table_at, uri, version
from coursetrail.dataset.errors import storage
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.manifest import EMPTY, Manifest, manifest_of
from coursetrail.dataset.schema import EVENTS, REPLACED, TABLES
from coursetrail.filesystem.location import Location

WRITER = WriterProperties(compression="ZSTD", compression_level=1)
"""How Delta's own writer writes what is exchanged or compacted."""
BESIDE_EVENTS = tuple(table.name for table in TABLES if table is not EVENTS)
"""Tables whose versions the manifest names."""


def append(location: Location, name: str, rows: pa.Table, mode: str = "append", *, based_on: int | None) -> int:
    """Add rows to a table other than `events`, and return its new version; the next commit to `events` shows them.

    `based_on` is the version that the rows were worked out from. A table that has changed since is a StorageError,
    because another run may have added the same.
    """
    table = table_at(location, name)
    if table is not None and not rows.num_rows and mode == "append":
        return table.version()
    with storage(location):
        if table is None:  # empty at first: Delta notices another run only once there is a version
            DeltaTable.create(uri(location, name), rows.schema, mode="ignore", name=f"coursetrail {name}")
            table, based_on = DeltaTable(uri(location, name)), based_on or 0
        if table.version() != based_on:
            raise CommitFailedError(f"'{name}' has a new version")
        _add_columns(table, rows.schema, {})
        at = table.version() + 1
        write_deltalake(
            table,
            rows,
            mode="overwrite" if mode == "overwrite" else "append",
            schema_mode="merge",  # a later release may have added columns
            commit_properties=_numbered(table),
        )
        return at


@dataclass(frozen=True)
class EventsFile:
    """A Parquet file in the folder of `events`; all its rows are events of `source`."""

    name: str
    size: int
    source: Source


def commit(location: Location, files: Sequence[EventsFile], sources: Sequence[Source], *, based_on: int | None) -> int:
    """Add Parquet files and their sources to the dataset in one version, and return the number of that version.

    The files lie in the folder of `events` already. The manifest names the newest versions of the other tables.
    `based_on` is the version that the run knows, None where there was no dataset. Any other is a StorageError.
    """
    with storage(location):
        events = _with_all_columns(location, _events_at_version(location, based_on))
        adds = [_add(file) for file in files]
        if events is None and location.local:  # no other run: one at a time has the staging area
            _create(location, adds, _properties(location, None, added=sources))
            return 0
        if events is None:
            events = _create_empty(location)
        properties = _properties(location, events, added=sources)
        at = events.version()
        events.create_write_transaction(
            [*adds], "append", Schema.from_arrow(EVENTS.schema), commit_properties=properties
        )
        return at + 1


def exchange(
    location: Location, old: Sequence[Source], rows: pa.RecordBatchReader, new: Source, *, based_on: int | None
) -> int:
    """Take the rows of some sources out of the events and put those of another in, as `commit` does."""
    numbers = ", ".join(str(source.source) for source in (*old, new))
    with storage(location):
        events = _with_all_columns(location, _events_at_version(location, based_on))
        if events is None:
            raise CommitFailedError("the dataset is gone")
        at = events.version()
        _check_space(location, _bytes_of(events, [source.source for source in old]))
        write_deltalake(
            events,
            rows,
            mode="overwrite",
            predicate=f"source in ({numbers})",
            writer_properties=WRITER,
            commit_properties=_properties(location, events, added=[new], gone=old),
        )
        return at + 1


def share_ids(location: Location, shared: bool) -> None:
    """Record in a version of its own whether the same id on several platforms is one learner."""
    events = events_at(location)
    if events is None or manifest_of(location, events).shared_ids == shared:
        return
    with storage(location):
        properties = _properties(location, events, shared_ids=shared)
        events.create_write_transaction([], "append", Schema.from_arrow(EVENTS.schema), commit_properties=properties)


def undo_uncommitted(location: Location) -> None:
    """Take back what a run that was killed did to tables that are replaced: the next commit would make it count.

    The caller must have the staging area, and so know that no other run is writing.
    """
    tables = {table.name: found for table in REPLACED if (found := table_at(location, table.name))}
    if not tables:  # as in most datasets: nothing is read
        return
    events = events_at(location)
    committed = manifest_of(location, events).tables if events else {}
    for name, table in tables.items():
        with storage(location):
            if name not in committed:
                if table.file_uris():
                    rows = pa.schema(table.schema()).empty_table()
                    append(location, name, rows, "overwrite", based_on=table.version())
            elif set(table.file_uris()) != set(DeltaTable(uri(location, name), version=committed[name]).file_uris()):
                table.restore(committed[name])


def sizes(location: Location) -> list[int]:
    """Bytes of each file of the events."""
    events = events_at(location)
    return [] if events is None else pa.table(events.get_add_actions(flatten=True))["size_bytes"].to_pylist()


def rewrite(location: Location, full: int) -> None:
    """Write the small files of every table as large ones of about `full` bytes; `events` comes last."""
    _check_space(location, sum(size for size in sizes(location) if size < full))
    for name in BESIDE_EVENTS:
        table = table_at(location, name)
        if table is not None:
            table.optimize.compact(
                target_size=full,
                writer_properties=WRITER,
                commit_properties=_numbered(table),
            )
    events = events_at(location)
    if events is not None:
        properties = _properties(location, events)
        found = events.optimize.compact(target_size=full, writer_properties=WRITER, commit_properties=properties)
        if not found["numFilesAdded"]:  # nothing was committed, but the manifest must name the other tables' versions
            events.create_write_transaction(
                [], "append", Schema.from_arrow(EVENTS.schema), commit_properties=properties
            )


def clear(location: Location, retention: timedelta) -> int:
    """Remove files that only versions need which were replaced before `retention`, and return how many these were."""
    hours = int(retention.total_seconds() // 3600)
    cleared = 0
    for name in (EVENTS.name, *BESIDE_EVENTS):
        table = table_at(location, name)
        if table is None:
            continue
        for dry in (True, False):  # a real vacuum makes a version, so first see whether there is anything
            gone = table.vacuum(hours, dry_run=dry, enforce_retention_duration=False, full=True)
            if not gone:
                break
            cleared += 0 if dry else len(gone)
    return cleared


def _bytes_of(events: DeltaTable, sources: Sequence[int]) -> int:
    """Bytes of the files that may hold events of these sources."""
    files = pa.table(events.get_add_actions(flatten=True)).to_pylist()
    lowest, highest = min(sources), max(sources)
    return sum(
        file["size_bytes"]
        for file in files
        if (file.get("min.source") or 0) <= highest and (file.get("max.source") or lowest) >= lowest
    )


def _check_space(location: Location, size: int) -> None:
    """Raise OSError where a disk of this machine has less than `size` bytes left: Delta Lake panics on a full disk."""
    if location.local and shutil.disk_usage(location.local).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(location))


def _events_at_version(location: Location, based_on: int | None) -> DeltaTable | None:
    events = events_at(location)
    if (events.version() if events else None) != based_on:
        raise CommitFailedError("'events' has a new version")
    return events


def _with_all_columns(location: Location, events: DeltaTable | None) -> DeltaTable | None:
    """The table of events, with a column of null for each that an older release did not know."""
    if events is not None:
        _add_columns(events, EVENTS.schema, _recorded(manifest_of(location, events)))
    return events


def _add_columns(table: DeltaTable, schema: pa.Schema, metadata: dict[str, str]) -> None:
    """Add the columns of `schema` that a table of an older release lacks, null in every row: a version of its own."""
    known = {field.name for field in table.schema().fields}
    new = [field for field in Schema.from_arrow(schema).fields if field.name not in known]
    if new:
        table.alter.add_columns(
            [Field(field.name, field.type, metadata={LATER: "true"}) for field in new],
            commit_properties=_numbered(table, metadata),
        )


def _create_empty(location: Location) -> DeltaTable:
    """The table of events with nothing in it. CommitFailedError where another run has put something there.

    Without a lock two runs may create a table at the same time, and Delta Lake's library reports success to both: the
    second one's commit follows unchecked. So what is created must be empty, and the commit after it shows which was
    faster.
    """
    DeltaTable.create(
        uri(location, EVENTS.name), Schema.from_arrow(EVENTS.schema), mode="ignore", name="coursetrail events"
    )
    events = DeltaTable(uri(location, EVENTS.name))
    if manifest_of(location, events) != EMPTY:
        raise CommitFailedError("another run made the dataset")
    return events


def _create(location: Location, adds: list[AddAction], properties: CommitProperties) -> None:
    try:
        create_table_with_add_actions(
            uri(location, EVENTS.name),
            Schema.from_arrow(EVENTS.schema),
            adds,
            mode="error",
            name="coursetrail events",
            commit_properties=properties,
        )
    except DeltaError as error:
        if table_at(location, EVENTS.name) is None:
            raise
        raise CommitFailedError("another run made the dataset") from error


def _properties(
    location: Location,
    events: DeltaTable | None,
    added: Sequence[Source] = (),
    gone: Sequence[Source] = (),
    shared_ids: bool | None = None,
) -> CommitProperties:
    """What a commit to `events` records: the versions of the other tables, and which sources count from then on.

    It fails if another run was faster: its versions of the other tables may be older than those of that run.
    """
    versions = {name: at for name in BESIDE_EVENTS if (at := version(location, name)) is not None}
    before = manifest_of(location, events) if events else EMPTY
    after = before.sources - {source.source for source in gone} | {source.source for source in added}
    shared = before.shared_ids if shared_ids is None else shared_ids
    return _numbered(events, _recorded(Manifest(versions, after, shared)))


def _recorded(manifest: Manifest) -> dict[str, str]:
    return {"coursetrail": manifest.to_json()}


def _numbered(table: DeltaTable | None, metadata: dict[str, str] | None = None) -> CommitProperties:
    """Marks a commit with its number, and with what it records of the dataset."""
    number = table.version() + 1 if table else 0
    return CommitProperties(custom_metadata=metadata, app_transactions=[Transaction("coursetrail", number)])


def _add(file: EventsFile) -> AddAction:
    lowest: dict[str, Any] = {"source": file.source.source}
    highest = dict(lowest)
    if file.source.first_time and file.source.last_time:
        lowest["time"], highest["time"] = file.source.first_time.isoformat(), file.source.last_time.isoformat()
    stats = {"numRecords": file.source.events, "minValues": lowest, "maxValues": highest}
    return AddAction(file.name, file.size, {}, int(time.time() * 1000), True, json.dumps(stats))
