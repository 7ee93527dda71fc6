"""A dataset: five Delta tables, their columns and versions, and the ledger of what was read.

The commit to `events` is the one that counts. It is made last and names the versions of the other tables that
belong to it, so a reader sees one state of all five, and a run killed before it has changed nothing.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from coursetrail.errors import DatasetError, StorageError, UsageError
from coursetrail.place import Place

VERSION = 1
"""Of the layout; a dataset of a higher one is refused."""

MOMENT = pa.timestamp("us", tz="UTC")

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

SOURCES = pa.schema(
    [
        ("source", pa.int32()),
        ("uri", pa.string()),
        ("format", pa.string()),
        ("digest", pa.string()),
        ("bytes", pa.int64()),
        ("lines", pa.int64()),
        ("events", pa.int64()),
        ("duplicates", pa.int64()),
        ("rejected", pa.int64()),
        ("blank", pa.int64()),
        ("mended", pa.string()),
        ("fault", pa.string()),
        ("first_time", MOMENT),
        ("last_time", MOMENT),
        ("ingested", MOMENT),
        ("version", pa.string()),
    ]
)

REJECTS = pa.schema([("source", pa.int32()), ("line", pa.int64()), ("reason", pa.string()), ("raw", pa.binary())])

TABLES = ("events", "agents", "languages", "sources", "rejects")


@dataclass(frozen=True)
class Source:
    """One ingested file: a row of the ledger.

    `lines = events + duplicates + rejected + blank`, always. `mended` is a JSON object of what was mended and
    how often; `fault` says what ended the file early. Times are UTC, `bytes` those on disk, `digest` BLAKE3.
    """

    source: int
    uri: str
    format: str
    digest: str
    bytes: int
    lines: int
    events: int
    duplicates: int
    rejected: int
    blank: int
    mended: str | None
    fault: str | None
    first_time: datetime | None
    last_time: datetime | None
    ingested: datetime
    version: str

    def __post_init__(self) -> None:
        counted = self.events + self.duplicates + self.rejected + self.blank
        if self.lines != counted:
            raise DatasetError(
                f"{self.uri}: {self.lines:,} lines were read but {counted:,} accounted for. This is a defect of "
                "coursetrail; nothing was committed. Please report it with the file's first lines."
            )


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset: the files of each table, as they were when it was opened."""

    place: Place
    version: int
    tables: Mapping[str, DeltaTable]

    @classmethod
    def open(cls, place: Place) -> "Dataset":
        """The newest version; `DatasetError` when there is none, or one that this release cannot read."""
        events = _events(place)
        if events is None:
            hint = "It holds files, but no ingest was completed; run it again." if _started(place) else ""
            raise DatasetError(
                f"{place}: no dataset here. {hint or 'Make one: coursetrail ingest ' + str(place) + ' EXPORT'}"
            )
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
        rows = _read(self.place / "sources", self.tables["sources"])
        rows = rows.select(SOURCES.names).cast(SOURCES).sort_by("source")
        seen = [self.has(digest) for digest in rows["digest"].to_pylist()]
        latest = dict(zip(*_columns(rows, "digest", "source"), strict=True))
        mine = [number == latest[digest] for digest, number in zip(*_columns(rows, "digest", "source"), strict=True)]
        return rows.filter(pc.and_(pa.array(seen, pa.bool_()), pa.array(mine, pa.bool_())))

    def has(self, digest: str) -> bool:
        """Whether a file of these bytes is part of this version."""
        return self.tables["events"].transaction_version(digest) is not None


def _columns(table: pa.Table, *names: str) -> list[list[Any]]:
    return [table[name].to_pylist() for name in names]


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
    versions = {name: version(place, name) or 0 for name in TABLES[1:]}
    properties = CommitProperties(
        custom_metadata={"coursetrail": json.dumps({"layout": VERSION, "tables": versions})},
        app_transactions=[Transaction(source.digest, 1) for source in sources],
    )
    adds = [_add(part) for part in parts]
    with storage(place):
        events = _events(place)
        if events is None:
            create_table_with_add_actions(
                _uri(place, "events"),
                Schema.from_arrow(EVENTS),
                adds,
                mode="error",
                name="coursetrail events",
                commit_properties=properties,
            )
            return
        if twice := [source.uri for source in sources if events.transaction_version(source.digest) is not None]:
            raise CommitFailedError(f"{twice[0]} came in meanwhile")
        events.create_write_transaction([*adds], "append", Schema.from_arrow(EVENTS), commit_properties=properties)


def _add(part: Part) -> AddAction:
    stats: dict[str, Any] = {"numRecords": part.source.events}
    if part.source.first_time and part.source.last_time:
        stats["minValues"] = {"time": part.source.first_time.isoformat()}
        stats["maxValues"] = {"time": part.source.last_time.isoformat()}
    return AddAction(part.name, part.size, {}, int(time.time() * 1000), True, json.dumps(stats))


def ledger(rows: Sequence[Source]) -> pa.Table:
    """Sources as an Arrow table."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=SOURCES)


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
    if table is not None and set(EVENTS.names) - {column.name for column in table.schema().fields}:
        raise DatasetError(f"{place / 'events'}: a Delta table, but not one of coursetrail's. Choose another folder.")
    return table


def _sisters(events: DeltaTable) -> dict[str, int]:
    """The versions of the other tables that belong to this version of `events`."""
    for entry in events.history():
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
