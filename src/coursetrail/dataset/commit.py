"""How a dataset changes: rows are added to its tables, then one commit to `events` makes them part of it.

Each commit is marked with its number, so that of two runs at once the slower one notices, whatever it appends.
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
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, create_table_with_add_actions

from coursetrail.dataset.ledger import Source
from coursetrail.dataset.snapshot import (
    EVENTS,
    NOTHING,
    REPLACED,
    TABLES,
    Manifest,
    events_at,
    note_of,
    storage,
    table_at,
    uri,
    version,
)
from coursetrail.filesystem.location import Location

WRITTEN = WriterProperties(compression="ZSTD", compression_level=1)
"""How Delta's own writer writes what is exchanged or compacted."""


def append(place: Location, name: str, rows: pa.Table, mode: str = "append", *, after: int | None) -> int:
    """Add rows to a table other than `events`, and say its version then; readers see them with the next of `events`.

    `after` is the version that the rows were worked out from: a table that has changed since is a StorageError,
    for another run may have added the same.
    """
    table = table_at(place, name)
    if table is not None and not rows.num_rows and mode == "append":
        return table.version()
    with storage(place):
        if table is None:  # empty at first: only from a version on does Delta notice a rival
            DeltaTable.create(uri(place, name), rows.schema, mode="ignore", name=f"coursetrail {name}")
            table, after = DeltaTable(uri(place, name)), after or 0
        if table.version() != after:
            raise CommitFailedError(f"'{name}' has a new version")
        write_deltalake(
            table,
            rows,
            mode="overwrite" if mode == "overwrite" else "append",
            commit_properties=CommitProperties(app_transactions=[Transaction("coursetrail", after + 1)]),
        )
        return after + 1


@dataclass(frozen=True)
class Part:
    """A Parquet file in the folder of `events`, and of which source it has how many rows."""

    name: str
    size: int
    source: Source


def commit(place: Location, parts: Sequence[Part], sources: Sequence[Source], *, after: int | None) -> int:
    """Make Parquet files and what they are read from part of the dataset, in one version, and say which that is.

    The files lie in the folder of `events` already. The commit names the newest versions of the other tables. `after`
    is the version that the run knows, None where there was no dataset: another one is a StorageError.
    """
    with storage(place):
        events = _events_as_known(place, after)
        adds = [_add(part) for part in parts]
        if events is None and place.local:  # no rival: one run at a time has the stage
            _create(place, adds, _properties(place, None, added=sources))
            return 0
        if events is None:
            events = _begun(place)
        properties = _properties(place, events, added=sources)
        at = events.version()
        events.create_write_transaction([*adds], "append", Schema.from_arrow(EVENTS), commit_properties=properties)
        return at + 1


def exchange(
    place: Location, old: Sequence[Source], rows: pa.RecordBatchReader, new: Source, *, after: int | None
) -> int:
    """Take the rows of some sources out of the events and put those of another in, as `commit` does."""
    numbers = ", ".join(str(source.source) for source in (*old, new))
    with storage(place):
        events = _events_as_known(place, after)
        if events is None:
            raise CommitFailedError("the dataset is gone")
        at = events.version()
        _room(place, _held(events, [source.source for source in old]))
        write_deltalake(
            events,
            rows,
            mode="overwrite",
            predicate=f"source in ({numbers})",
            writer_properties=WRITTEN,
            commit_properties=_properties(place, events, added=[new], gone=old),
        )
        return at + 1


def settle(place: Location) -> None:
    """Take back what a run that was killed did to tables that are replaced: the next commit would make it count.

    Only for one who has the stage, and so knows that no other run is at it.
    """
    tables = {name: table for name in REPLACED if (table := table_at(place, name))}
    if not tables:  # as in most datasets: nothing is read
        return
    events = events_at(place)
    noted = note_of(place, events).tables if events else {}
    for name, table in tables.items():
        with storage(place):
            if name not in noted:
                if table.file_uris():
                    rows = pa.schema(table.schema()).empty_table()
                    append(place, name, rows, "overwrite", after=table.version())
            elif set(table.file_uris()) != set(DeltaTable(uri(place, name), version=noted[name]).file_uris()):
                table.restore(noted[name])


def sizes(place: Location) -> list[int]:
    """Bytes of each file of the events."""
    events = events_at(place)
    return [] if events is None else pa.table(events.get_add_actions(flatten=True))["size_bytes"].to_pylist()


def rewrite(place: Location, full: int) -> None:
    """Write small files of every table anew, as large ones of about `full` bytes; that of `events` comes last."""
    _room(place, sum(size for size in sizes(place) if size < full))
    for name in TABLES[1:]:
        table = table_at(place, name)
        if table is not None:
            mark = Transaction("coursetrail", table.version() + 1)
            table.optimize.compact(
                target_size=full,
                writer_properties=WRITTEN,
                commit_properties=CommitProperties(app_transactions=[mark]),
            )
    events = events_at(place)
    if events is not None:
        properties = _properties(place, events)
        found = events.optimize.compact(target_size=full, writer_properties=WRITTEN, commit_properties=properties)
        if not found["numFilesAdded"]:  # the versions of the other tables are to be named all the same
            events.create_write_transaction([], "append", Schema.from_arrow(EVENTS), commit_properties=properties)


def clear(place: Location, kept: timedelta) -> int:
    """Remove files that only versions need which were replaced longer ago than `kept`; how many those were."""
    hours = int(kept.total_seconds() // 3600)
    cleared = 0
    for name in TABLES:
        table = table_at(place, name)
        if table is None:
            continue
        for dry in (True, False):  # each time that is not is a version
            gone = table.vacuum(hours, dry_run=dry, enforce_retention_duration=False, full=True)
            if not gone:
                break
            cleared += 0 if dry else len(gone)
    return cleared


def _held(events: DeltaTable, sources: Sequence[int]) -> int:
    """Bytes of the files that may hold events of these sources."""
    files = pa.table(events.get_add_actions(flatten=True)).to_pylist()
    lowest, highest = min(sources), max(sources)
    return sum(
        file["size_bytes"]
        for file in files
        if (file.get("min.source") or 0) <= highest and (file.get("max.source") or lowest) >= lowest
    )


def _room(place: Location, size: int) -> None:
    """Raise OSError where a disk of this machine has not so much left: Delta Lake's library panics when it is full."""
    if place.local and shutil.disk_usage(place.local).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))


def _events_as_known(place: Location, after: int | None) -> DeltaTable | None:
    events = events_at(place)
    if (events.version() if events else None) != after:
        raise CommitFailedError("'events' has a new version")
    return events


def _begun(place: Location) -> DeltaTable:
    """The table of events with nothing in it. CommitFailedError where another run has put something there.

    Without a lock two runs may create a table at once, and Delta Lake's library takes both for done: the second one's
    commit follows unchecked. So what is created must be empty, and the commit after it tells who was faster.
    """
    DeltaTable.create(uri(place, "events"), Schema.from_arrow(EVENTS), mode="ignore", name="coursetrail events")
    events = DeltaTable(uri(place, "events"))
    if note_of(place, events) != NOTHING:
        raise CommitFailedError("another run made the dataset")
    return events


def _create(place: Location, adds: list[AddAction], properties: CommitProperties) -> None:
    try:
        create_table_with_add_actions(
            uri(place, "events"),
            Schema.from_arrow(EVENTS),
            adds,
            mode="error",
            name="coursetrail events",
            commit_properties=properties,
        )
    except DeltaError as error:
        if table_at(place, "events") is None:
            raise
        raise CommitFailedError("another run made the dataset") from error


def _properties(
    place: Location, events: DeltaTable | None, added: Sequence[Source] = (), gone: Sequence[Source] = ()
) -> CommitProperties:
    """What a commit to `events` says: the versions of the other tables, and which sources count from then on.

    It fails if another run was faster: its versions of the other tables may be older than those of that run.
    """
    versions = {name: at for name in TABLES[1:] if (at := version(place, name)) is not None}
    before = note_of(place, events).sources if events else frozenset()
    after = before - {source.source for source in gone} | {source.source for source in added}
    return CommitProperties(
        custom_metadata={"coursetrail": Manifest(versions, after).written()},
        app_transactions=[Transaction("coursetrail", events.version() + 1 if events else 0)],
    )


def _add(part: Part) -> AddAction:
    lowest: dict[str, Any] = {"source": part.source.source}
    highest = dict(lowest)
    if part.source.first_time and part.source.last_time:
        lowest["time"], highest["time"] = part.source.first_time.isoformat(), part.source.last_time.isoformat()
    stats = {"numRecords": part.source.events, "minValues": lowest, "maxValues": highest}
    return AddAction(part.name, part.size, {}, int(time.time() * 1000), True, json.dumps(stats))
