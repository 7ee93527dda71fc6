"""A dataset: five Delta tables, their columns and versions, and the ledger of what was read.

The commit to `events` is the one that counts. It is made last and names the versions of the other tables that
belong to it, so a reader sees one state of all five, and a run killed before it has changed nothing.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from coursetrail.errors import DatasetError, StorageError, UsageError
from coursetrail.ledger import MOMENT, SOURCES, Source
from coursetrail.place import Place

VERSION = 2
"""Of the layout; a dataset of another one is refused."""

WRITTEN = WriterProperties(compression="ZSTD", compression_level=1)
"""How Delta's own writer writes what is exchanged or compacted."""

EVENTS = pa.schema(
    [
        ("source", pa.int32()),
        ("line", pa.int64()),
        ("platform", pa.string()),
        ("course", pa.string()),
        ("time", MOMENT),
        ("learner", pa.string()),
        ("action", pa.string()),
        ("area", pa.string()),
        ("item", pa.string()),
        ("url", pa.string()),
        ("referrer", pa.string()),
        ("cookie", pa.string()),
        ("user_agent", pa.string()),
        ("accept_language", pa.string()),
        ("network", pa.string()),
        ("country", pa.string()),
        ("region", pa.string()),
        ("timezone", pa.string()),
        ("position", pa.float64()),
        ("position_from", pa.float64()),
        ("rate", pa.float64()),
        ("weight", pa.int32()),
        ("extra", pa.string()),
    ]
)

REJECTS = pa.schema([("source", pa.int32()), ("line", pa.int64()), ("reason", pa.string()), ("raw", pa.binary())])

TABLES = ("events", "agents", "languages", "sources", "rejects")


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset: the files of each table, as they were when it was opened."""

    place: Place
    version: int
    tables: Mapping[str, DeltaTable]

    @classmethod
    def open(cls, place: Place, as_of: int | datetime | None = None) -> "Dataset":
        """The newest version, or that of a number or a time; `DatasetError` when there is none that can be read."""
        events = _events(place)
        if events is None:
            hint = "It holds files, but no ingest was completed; run it again." if _started(place) else ""
            raise DatasetError(
                f"{place}: no dataset here. {hint or 'Make one: coursetrail ingest ' + str(place) + ' EXPORT'}"
            )
        if as_of is not None:
            _load(events, as_of, place)
        versions = _sisters(events)
        try:
            tables = {name: DeltaTable(_uri(place, name), version=at) for name, at in versions.items()}
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise DatasetError(
                f"{place}: part of the dataset is missing or damaged ({_first_line(error)}). Restore the folder "
                "from a copy, or ingest the exports into a new one."
            ) from error
        return cls(place, events.version(), {"events": events, **tables})

    def files(self, table: str) -> list[str]:
        """The Parquet files of a table; empty when it has no rows."""
        names = sorted(uri.rpartition("/")[2] for uri in self.tables[table].file_uris())
        folder = self.place / table
        return [str(file.local.absolute()) if file.local else file.address for file in map(folder.__truediv__, names)]

    def sources(self) -> pa.Table:
        """The ledger: one row a source that is part of this version, in the order of their numbers."""
        rows = _read(self.place / "sources", self.tables["sources"]).select(SOURCES.names).cast(SOURCES)
        named = zip(rows["digest"].to_pylist(), rows["source"].to_pylist(), strict=True)
        mine = [self.tables["events"].transaction_version(digest) == number for digest, number in named]
        return rows.filter(pa.array(mine, pa.bool_())).sort_by("source")


def check(place: Place) -> None:
    """Raise UsageError for a folder whose name Delta Lake's library cannot take."""
    if found := re.search(r"[#%?\[\]\\^{}|\x00-\x1f\x7f\ud800-\udfff]", place.path):
        raise UsageError(f"{place.path}: a dataset's path cannot hold '{found[0]}'; choose another name.")


def exists(place: Place) -> bool:
    """Whether an ingest into `place` was ever completed."""
    return _events(place) is not None


def next_source(place: Place) -> tuple[int, int | None]:
    """A source number that no earlier ingest, completed or not, has used, and the version of `sources` that says so."""
    table, at = rows(place, "sources")
    highest = pc.max(table["source"]).as_py() if table is not None else None
    return (highest or 0) + 1, at


def rows(place: Place, name: str) -> tuple[pa.Table | None, int | None]:
    """All rows of a small table at its newest version, and that version; Nones when it is not there yet."""
    table = _table(place, name)
    return (None, None) if table is None else (_read(place / name, table), table.version())


def _read(place: Place, table: DeltaTable) -> pa.Table:
    try:
        return table.to_pyarrow_table()
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(
            f"{place}: a file of the table cannot be read ({_first_line(error)}). Restore the folder from a copy, "
            "or ingest the exports into a new one."
        ) from error


def version(place: Place, name: str) -> int | None:
    """The newest version of a table; None when it is not there yet."""
    table = _table(place, name)
    return None if table is None else table.version()


def append(place: Place, name: str, rows: pa.Table, mode: str = "append", *, after: int | None) -> None:
    """Add rows to a table other than `events`; seen by readers only with the next commit to `events`.

    `after` is the version that the rows were worked out from: a table that has changed since is a StorageError,
    for another run may have added the same.
    """
    table = _table(place, name)
    if table is not None and not rows.num_rows and mode == "append":
        return
    with storage(place):
        if table is None:  # empty at first: only from a version on does Delta notice a rival
            DeltaTable.create(_uri(place, name), rows.schema, mode="ignore", name=f"coursetrail {name}")
            table, after = DeltaTable(_uri(place, name)), after or 0
        if table.version() != after:
            raise CommitFailedError(f"'{name}' has a new version")
        write_deltalake(
            table,
            rows,
            mode="overwrite" if mode == "overwrite" else "append",
            commit_properties=CommitProperties(app_transactions=[Transaction("coursetrail", after + 1)]),
        )


@dataclass(frozen=True)
class Part:
    """A Parquet file in the folder of `events`, and of which source it has how many rows."""

    name: str
    size: int
    source: Source


def commit(place: Place, parts: Sequence[Part], sources: Sequence[Source]) -> None:
    """Make Parquet files and what they are read from part of the dataset, in one version, each digest only once.

    The files lie in the folder of `events` already. The commit names the newest versions of the other tables.
    """
    with storage(place):
        events = _events(place)
        properties = _properties(place, events, {source.digest: source.source for source in sources})
        adds = [_add(part) for part in parts]
        if events is None:
            _create(place, adds, properties)
            return
        if twice := [source.uri for source in sources if events.transaction_version(source.digest)]:
            raise CommitFailedError(f"{twice[0]} came in meanwhile")
        events.create_write_transaction([*adds], "append", Schema.from_arrow(EVENTS), commit_properties=properties)


def exchange(place: Place, old: Sequence[Source], rows: pa.RecordBatchReader, new: Source) -> None:
    """Take the rows of some sources out of the events and put those of another in, in one version."""
    numbers = ", ".join(str(source.source) for source in (*old, new))
    with storage(place):
        events = _events(place)
        if events is None:
            raise CommitFailedError("the dataset is gone")
        gone = {source.digest: 0 for source in old}
        write_deltalake(
            events,
            rows,
            mode="overwrite",
            predicate=f"source in ({numbers})",
            writer_properties=WRITTEN,
            commit_properties=_properties(place, events, {**gone, new.digest: new.source}),
        )


def sizes(place: Place) -> list[int]:
    """Bytes of each file of the events."""
    events = _events(place)
    return [] if events is None else pa.table(events.get_add_actions(flatten=True))["size_bytes"].to_pylist()


def rewrite(place: Place, full: int) -> None:
    """Write small files of every table anew, as large ones of about `full` bytes; that of `events` comes last."""
    for name in TABLES[1:]:
        table = _table(place, name)
        if table is not None:
            mark = Transaction("coursetrail", table.version() + 1)
            table.optimize.compact(
                target_size=full,
                writer_properties=WRITTEN,
                commit_properties=CommitProperties(app_transactions=[mark]),
            )
    events = _events(place)
    if events is not None:
        properties = _properties(place, events, {})
        found = events.optimize.compact(target_size=full, writer_properties=WRITTEN, commit_properties=properties)
        if not found["numFilesAdded"]:  # the versions of the other tables are to be named all the same
            events.create_write_transaction([], "append", Schema.from_arrow(EVENTS), commit_properties=properties)


def clear(place: Place, kept: timedelta) -> int:
    """Remove files that only versions need which were replaced longer ago than `kept`; how many those were."""
    hours = int(kept.total_seconds() // 3600)
    cleared = 0
    for name in TABLES:
        table = _table(place, name)
        if table is not None and table.vacuum(retention_hours=hours, full=True):  # which removes nothing yet
            cleared += len(table.vacuum(retention_hours=hours, full=True, dry_run=False))
    return cleared


def _create(place: Place, adds: list[AddAction], properties: CommitProperties) -> None:
    try:
        create_table_with_add_actions(
            _uri(place, "events"),
            Schema.from_arrow(EVENTS),
            adds,
            mode="error",
            name="coursetrail events",
            commit_properties=properties,
        )
    except DeltaError as error:
        if _table(place, "events") is None:
            raise
        raise CommitFailedError("another run made the dataset") from error


def _properties(place: Place, events: DeltaTable | None, digests: Mapping[str, int]) -> CommitProperties:
    """What a commit to `events` says: the versions of the other tables, and the number of the source of each digest.

    It fails if another run was faster: its versions of the other tables may be older than those of that run.
    """
    versions = {name: version(place, name) or 0 for name in TABLES[1:]}
    return CommitProperties(
        custom_metadata={"coursetrail": json.dumps({"layout": VERSION, "tables": versions})},
        app_transactions=[
            Transaction("coursetrail", events.version() + 1 if events else 0),
            *(Transaction(digest, number) for digest, number in digests.items()),
        ],
    )


def _add(part: Part) -> AddAction:
    lowest: dict[str, Any] = {"source": part.source.source}
    highest = dict(lowest)
    if part.source.first_time and part.source.last_time:
        lowest["time"], highest["time"] = part.source.first_time.isoformat(), part.source.last_time.isoformat()
    stats = {"numRecords": part.source.events, "minValues": lowest, "maxValues": highest}
    return AddAction(part.name, part.size, {}, int(time.time() * 1000), True, json.dumps(stats))


@contextmanager
def storage(place: Place | Path) -> Iterator[None]:
    """Turn what a disk or an object store refuses into one line."""
    try:
        yield
    except CommitFailedError as error:
        raise StorageError(
            f"{place}: another run changed the dataset at the same moment; run this again. ({_first_line(error)})"
        ) from error
    except (OSError, DeltaError) as error:
        raise StorageError(
            f"{place}: cannot write ({_first_line(error)}). Free some space, or check permissions (in a cluster: "
            "its health), then run this again; what was committed before is safe."
        ) from error


def _uri(place: Place, table: str) -> str:
    """deltalake takes a plain path for an address too, and stumbles over its spaces, `#`, `%` and `ü`."""
    check(place)
    return (place / table).uri


def _started(place: Place) -> bool:
    return any((place / table / "_delta_log").is_folder() for table in TABLES)


def _table(place: Place, name: str) -> DeltaTable | None:
    try:
        if not (place / name / "_delta_log").is_folder():
            return None
        return DeltaTable(_uri(place, name))
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise DatasetError(
            f"{place / name}: the table's log is damaged ({_first_line(error)}). Restore the folder from a copy, "
            "or ingest the exports into a new one."
        ) from error


def _events(place: Place) -> DeltaTable | None:
    table = _table(place, "events")
    if table is not None and (missing := set(EVENTS.names) - {column.name for column in table.schema().fields}):
        if missing == {"weight"}:
            raise DatasetError(f"{place}: made by coursetrail before its first release. Ingest the exports anew.")
        raise DatasetError(f"{place / 'events'}: a Delta table, but not one of coursetrail's. Choose another folder.")
    return table


def _load(events: DeltaTable, as_of: int | datetime, place: Place) -> None:
    newest = events.version()
    try:
        events.load_as_version(as_of)
    except (DeltaError, OSError, ValueError) as error:
        raise DatasetError(
            f"{place}: no version {as_of} ({_first_line(error)}). There are 0 to {newest}, as far as they were not "
            "cleared away; try another --as-of, or leave it out for the newest."
        ) from error


def _commits(events: DeltaTable) -> Iterator[dict[str, Any]]:
    """What the commits say, newest first; the newest alone mostly is enough, and there may be thousands."""
    for count in (1, 10, None):
        yield from events.history(count)


def _sisters(events: DeltaTable) -> dict[str, int]:
    """The versions of the other tables that belong to this version of `events`."""
    for entry in _commits(events):  # other programs may have compacted the table since
        note = entry.get("coursetrail")
        if note:
            found = json.loads(note) if isinstance(note, str) else note
            if found.get("layout", 0) > VERSION:
                raise DatasetError(
                    f"{events.table_uri}: written by a newer coursetrail (layout {found['layout']}, this one reads "
                    f"up to {VERSION}). Upgrade: pip install -U coursetrail."
                )
            return {name: int(at) for name, at in found["tables"].items()}
    raise DatasetError(f"{events.table_uri}: a Delta table, but not one of coursetrail's. Choose another folder.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
