"""How a dataset changes: rows are added to its tables, then one commit to `events` makes them part of it.

Each commit is marked with its number, so that of two simultaneous runs the slower one notices, whatever it appends.
"""

import errno
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction, create_table_with_add_actions

from coursetrail.dataset import newest
from coursetrail.dataset.delta import LATER, events_at, table_at, uri, version
from coursetrail.dataset.errors import storage
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.manifest import EMPTY, OURS, Manifest, contents, manifest_of
from coursetrail.dataset.part import columns_of, part_names, parts_of, sealed_bytes
from coursetrail.dataset.rewriting import added, all_rows, removed, together, without, write_again
from coursetrail.dataset.schema import EVENTS, REPLACED, TABLES
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location

Actions = list[AddAction | RemoveAction]
BESIDE_EVENTS = tuple(table.name for table in TABLES if table is not EVENTS)
"""Tables whose versions the manifest names."""


def append(
    location: Location,
    name: str,
    rows: pa.Table,
    mode: Literal["append", "overwrite"] = "append",
    *,
    based_on: int | None,
) -> int:
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
        adds: Actions = [_part(location / name, rows)] if rows.num_rows else []
        table.create_write_transaction(adds, mode, table.schema(), commit_properties=_numbered(table))
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
            _create(location, adds, _properties(location, None, adds, added=sources))
            newest.record(location, 0)
            return 0
        if events is None:
            events = _create_empty(location)
        properties = _properties(location, events, adds, added=sources)
        at = events.version() + 1
        events.create_write_transaction([*adds], "append", events.schema(), commit_properties=properties)
        newest.record(location, at)
        return at


def exchange(
    location: Location,
    old: Sequence[Source],
    files: Sequence[EventsFile],
    new: Source,
    scratch: Path,
    *,
    based_on: int | None,
) -> int:
    """Take the rows of some sources out of the events and put those of another in, as `commit` does.

    Parts that have rows of other sources too are written again without those of the old, in the folder `scratch` first.
    """
    numbers = [source.source for source in old]
    with storage(location):
        events = _with_all_columns(location, _events_at_version(location, based_on))
        if events is None:
            raise CommitFailedError("the dataset is gone")
        at = events.version() + 1
        folder, schema = location / EVENTS.name, pa.schema(events.schema())
        parts = [part for part in parts_of(folder, events) if part.may_hold(numbers)]
        _check_space(location, sum(part.size for part in parts))
        actions: Actions = [*map(_add, files), *removed(parts, data_change=True)]
        for part in parts:
            actions += write_again([part], schema, without(numbers), scratch, folder)
        properties = _properties(location, events, actions, added=[new], gone=old)
        events.create_write_transaction(actions, "append", events.schema(), commit_properties=properties)
        newest.record(location, at)
        return at


def share_ids(location: Location, shared: bool) -> None:
    """Record in a version of its own whether the same id on several platforms is one learner.

    DatasetError where there is no dataset.
    """
    events = events_at(location)
    if events is None:
        raise DatasetError(f"{location}: no dataset here that could record whether ids are shared. Ingest an export.")
    if manifest_of(location, events).shared_ids == shared:
        return
    with storage(location):
        properties = _properties(location, events, shared_ids=shared)
        at = events.version() + 1
        events.create_write_transaction([], "append", events.schema(), commit_properties=properties)
        newest.record(location, at)


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


def rewrite(location: Location, full: int, scratch: Path) -> None:
    """Write the small parts of every table as large ones of about `full` bytes; `events` comes last."""
    _check_space(location, sum(size for size in sizes(location) if size < full))
    for name in BESIDE_EVENTS:
        table = table_at(location, name)
        if table is not None and (actions := _merged(location / name, table, full, scratch)):
            table.create_write_transaction(actions, "append", table.schema(), commit_properties=_numbered(table))
    events = events_at(location)
    if events is not None:
        actions = _merged(location / EVENTS.name, events, full, scratch)
        properties = _properties(location, events, actions)  # also without actions: it names the other tables' versions
        at = events.version() + 1
        events.create_write_transaction(actions, "append", events.schema(), commit_properties=properties)
        newest.record(location, at)


def _merged(folder: Location, table: DeltaTable, full: int, scratch: Path) -> Actions:
    actions: Actions = []
    for parts in together(parts_of(folder, table), full):
        actions += write_again(parts, pa.schema(table.schema()), all_rows, scratch, folder)
        actions += removed(parts, data_change=False)
    return actions


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
    if (at := version(location, EVENTS.name)) is not None:
        newest.record(location, at)
    return cleared


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
        manifest = manifest_of(location, events)
        names = {*columns_of(events), *EVENTS.schema.names}
        after = {**manifest.contents, EVENTS.name: contents(names, part_names(events))}
        _add_columns(events, EVENTS.schema, _recorded(manifest._replace(contents=after)))
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
    actions: Sequence[AddAction | RemoveAction] = (),
    added: Sequence[Source] = (),
    gone: Sequence[Source] = (),
    shared_ids: bool | None = None,
) -> CommitProperties:
    """What a commit to `events` records: the versions and contents of all tables, and which sources count from then on.

    It fails if another run was faster: its versions of the other tables may be older than those of that run.
    """
    tables = {name: table for name in BESIDE_EVENTS if (table := table_at(location, name)) is not None}
    versions = {name: table.version() for name, table in tables.items()}
    before = manifest_of(location, events) if events else EMPTY
    after = before.sources - {source.source for source in gone} | {source.source for source in added}
    shared = before.shared_ids if shared_ids is None else shared_ids
    made_of = {name: contents(columns_of(table), part_names(table)) for name, table in tables.items()}
    parts = {*part_names(events)} if events else set()
    parts -= {action.path for action in actions if isinstance(action, RemoveAction)}
    parts |= {action.path for action in actions if isinstance(action, AddAction)}
    made_of[EVENTS.name] = contents(columns_of(events) if events else EVENTS.schema.names, parts)
    return _numbered(events, _recorded(Manifest(versions, after, shared, made_of)))


def _recorded(manifest: Manifest) -> dict[str, str]:
    return {OURS: manifest._replace(time=int(time.time() * 1000)).to_json()}


def _numbered(table: DeltaTable | None, metadata: dict[str, str] | None = None) -> CommitProperties:
    """Marks a commit with its number, and with what it records of the dataset."""
    number = table.version() + 1 if table else 0
    return CommitProperties(custom_metadata=metadata, app_transactions=[Transaction(OURS, number)])


def _add(file: EventsFile) -> AddAction:
    one = file.source
    times = {"time": (one.first_time, one.last_time)} if one.first_time and one.last_time else {}
    ranges = {"source": (one.source, one.source), **times}
    return added(file.name, file.size, one.events, ranges, data_change=True)


def _part(folder: Location, rows: pa.Table) -> AddAction:
    """Rows of a small table, written as a part of it."""
    sink = BytesIO()
    pq.write_table(rows, sink, compression="zstd", compression_level=1, store_schema=False, write_page_checksum=True)
    data = sink.getvalue()
    name = sealed_bytes(data)
    (folder / name).write_new(data)
    return added(name, len(data), rows.num_rows, {}, data_change=True)
