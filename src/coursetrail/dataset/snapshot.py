"""A dataset: Delta tables, their columns and versions, and the ledger of what was read.

The commit to `events` is the one that counts. It is made last and names the versions of the other tables that
belong to it, so a reader sees one state of all, and a run killed before it has changed nothing.
"""

import errno
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow import fs

from coursetrail.dataset.ledger import SOURCES
from coursetrail.errors import DatasetError, StorageError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.reading.times import MOMENT

VERSION = 2
"""Of the layout; a dataset of another one is refused."""

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

REPLACED = ("syllabus", "members", "grades")
"""Tables whose rows are replaced, course by course; to the others rows are only added."""

RESTORE = "Restore the folder from a copy, or ingest the exports into a new one."
"""What helps where a dataset is damaged."""

TABLES = ("events", "agents", "languages", "sources", "rejects", *REPLACED)
"""All that there may be. A dataset without sources, or without tables about the course, has not all of them."""


@dataclass(frozen=True)
class Snapshot:
    """One version of a dataset: the files of each table, as they were when it was opened, and its sources' numbers."""

    place: Location
    version: int
    tables: Mapping[str, DeltaTable]
    numbers: frozenset[int]

    @classmethod
    def open(cls, place: Location, as_of: int | datetime | None = None) -> "Snapshot":
        """The newest version, or that of a number or a time; `DatasetError` when there is none that can be read."""
        events = events_at(place)
        if events is None:
            hint = "It holds files, but no ingest was completed; run it again." if _started(place) else ""
            raise DatasetError(
                f"{place}: no dataset here. {hint or 'Make one: coursetrail ingest ' + str(place) + ' EXPORT'}"
            )
        if as_of is not None:
            _load(events, as_of, place)
        note = note_of(place, events)
        try:
            tables = {name: DeltaTable(uri(place, name), version=at) for name, at in note.tables.items()}
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise _unreadable(f"{place}: part of the dataset is missing or damaged", error) from error
        opened = cls(place, events.version(), {"events": events, **tables}, note.sources)
        if as_of is not None and not all(Location.of(file).is_file() for name in TABLES for file in opened.files(name)):
            raise DatasetError(
                f"{place}: files of version {opened.version} were cleared away, as they are a week after a compaction "
                "or a replacement. Try a newer --as-of, or leave it out for the newest."
            )
        opened._verify()
        return opened

    def files(self, table: str) -> list[str]:
        """The Parquet files of a table; empty when it has no rows, or is not there."""
        if table not in self.tables:
            return []
        names = sorted(uri.rpartition("/")[2] for uri in self.tables[table].file_uris())
        folder = self.place / table
        return [str(file.local.absolute()) if file.local else file.address for file in map(folder.__truediv__, names)]

    def _verify(self) -> None:
        """Raise DatasetError where the log of a table has a hole, or the ledger does not account for the events.

        Delta takes a commit without bytes, as a power cut leaves it, for one that changed nothing.
        """
        for name in self.tables:
            if holes := [one for one in (self.place / name / "_delta_log").empty_files() if one.endswith(".json")]:
                raise DatasetError(f"{self.place / name}: the table's log is damaged ({holes[0]} is empty). {RESTORE}")
        if lost := sorted(self.numbers - set(self.sources["source"].to_pylist())):
            raise DatasetError(f"{self.place}: the ledger has lost {len(lost)} sources (first: {lost[0]}). {RESTORE}")
        told = pa.table(self.tables["events"].get_add_actions(flatten=True))
        counts = told["num_records"] if "num_records" in told.column_names else pa.array([], pa.int64())
        there, known = pc.sum(counts).as_py() or 0, pc.sum(self.sources["events"]).as_py() or 0
        if there != known and not counts.null_count:
            raise DatasetError(
                f"{self.place}: the ledger accounts for {known:,} events, but the table holds {there:,}: some other "
                f"program has changed it. Ask an older version (--as-of {max(self.version - 1, 0)}). {RESTORE}"
            )

    @cached_property
    def sources(self) -> pa.Table:
        """The ledger: one row a source that is part of this version, in the order of their numbers."""
        if "sources" not in self.tables:
            return SOURCES.empty_table()
        rows = _read(self.place / "sources", self.tables["sources"]).select(SOURCES.names).cast(SOURCES)
        return rows.filter(pc.is_in(rows["source"], pa.array(self.numbers, pa.int32()))).sort_by("source")


def check(place: Location) -> None:
    """Raise UsageError for a folder whose name Delta Lake's library cannot take."""
    if found := re.search(r"[#%?\[\]\\^{}|\x00-\x1f\x7f\ud800-\udfff]", place.path):
        raise UsageError(f"{place.path}: a dataset's path cannot hold '{found[0]}'; choose another name.")


def exists(place: Location) -> bool:
    """Whether an ingest into `place` was ever completed."""
    return events_at(place) is not None


def next_source(place: Location) -> tuple[int, int | None]:
    """A source number that no earlier ingest, completed or not, has used, and the version of `sources` that says so."""
    table, at = rows(place, "sources")
    highest = pc.max(table["source"]).as_py() if table is not None else None
    return (highest or 0) + 1, at


def rows(place: Location, name: str) -> tuple[pa.Table | None, int | None]:
    """All rows of a small table at its newest version, and that version; Nones when it is not there yet."""
    table = table_at(place, name)
    return (None, None) if table is None else (_read(place / name, table), table.version())


def _read(place: Location, table: DeltaTable) -> pa.Table:
    # Delta Lake's own is written in Python; a thread of Arrow's that enters it while Python ends aborts the process.
    files = fs.SubTreeFileSystem(place.path, place.files)
    try:
        return table.to_pyarrow_table(filesystem=files)
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(f"{place}: a file of the table cannot be read ({first_line(error)}). {RESTORE}") from error


def version(place: Location, name: str) -> int | None:
    """The newest version of a table; None when it is not there yet."""
    table = table_at(place, name)
    return None if table is None else table.version()


@contextmanager
def storage(place: Location | Path) -> Iterator[None]:
    """Turn what a disk or an object store refuses into one line."""
    try:
        yield
    except CommitFailedError as error:
        raise StorageError(
            f"{place}: another run changed the dataset at the same moment; run this again. ({first_line(error)})"
        ) from error
    except (OSError, DeltaError) as error:
        raise StorageError(
            f"{place}: cannot write ({first_line(error)}). Free some space, or check permissions (in a cluster: "
            "its health), then run this again; what was committed before is safe."
        ) from error


def uri(place: Location, table: str) -> str:
    """deltalake takes a plain path for an address too, and stumbles over its spaces, `#`, `%` and `ü`."""
    check(place)
    return (place / table).uri


def _started(place: Location) -> bool:
    return any((place / table / "_delta_log").is_folder() for table in TABLES)


def table_at(place: Location, name: str) -> DeltaTable | None:
    """A table at its newest version; None when it is not there yet."""
    try:
        if not (place / name / "_delta_log").is_folder():
            return None
        return DeltaTable(uri(place, name))
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise _unreadable(f"{place / name}: the table's log is damaged", error) from error


def _unreadable(what: str, error: Exception) -> DatasetError:
    """The error for a table that cannot be opened, unless it is one of a Delta Lake that is newer than ours."""
    why = first_line(error)
    if "Unsupported" in why:
        return DatasetError(
            f"{what.partition(':')[0]}: written by a newer Delta Lake ({why}): pip install -U deltalake"
        )
    if "Permission denied" in why:
        return DatasetError(f"{what.partition(':')[0]}: may not be read (Permission denied). Check who owns it.")
    return DatasetError(f"{what} ({why}). {RESTORE}")


def events_at(place: Location) -> DeltaTable | None:
    """The table of events, which makes a folder a dataset; None where nothing was ever committed to it.

    Raises DatasetError for one that is not ours.
    """
    table = table_at(place, "events")
    if table is None and (place / "_delta_log").is_folder():
        raise DatasetError(f"{place}: a Delta table itself, and no folder of coursetrail's. Choose another folder.")
    if table is not None and (missing := set(EVENTS.names) - {column.name for column in table.schema().fields}):
        if missing == {"weight"}:
            raise DatasetError(f"{place}: made by coursetrail before its first release. Ingest the exports anew.")
        raise DatasetError(f"{place / 'events'}: a Delta table, but not one of coursetrail's. Choose another folder.")
    if table is not None and not table.file_uris() and note_of(place, table) == NOTHING:
        return None
    return table


def _load(events: DeltaTable, as_of: int | datetime, place: Location) -> None:
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
            f"{place}: no version {as_of} ({why}). There are 0 to {newest}, as far as they were not cleared away; try "
            "another --as-of, or leave it out for the newest."
        )


def _version_at(events: DeltaTable, moment: datetime) -> int | None:
    """The newest version that was committed by then, as the commits say: files are dated anew when they are copied."""
    told = events.history()
    return max((one["version"] for one in told if one.get("timestamp", 0) <= moment.timestamp() * 1000), default=None)


class Manifest(NamedTuple):
    """What a commit to `events` says of the dataset: the versions of the other tables, and the sources that count."""

    tables: Mapping[str, int]
    sources: frozenset[int]

    def written(self) -> str:
        """The note as text; the numbers of sources as ranges, for there may be thousands."""
        ranges: list[list[int]] = []
        for number in sorted(self.sources):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        return json.dumps({"layout": VERSION, "tables": dict(self.tables), "sources": ranges})

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Manifest":
        """From what `written` gave."""
        numbers = (range(first, last + 1) for first, last in told["sources"])
        tables = {name: int(at) for name, at in told["tables"].items()}
        return cls(tables, frozenset(chain.from_iterable(numbers)))


NOTHING = Manifest({}, frozenset())
"""What belongs to a table of events that was only created."""


def note_of(place: Location, events: DeltaTable) -> Manifest:
    """What belongs to this version of `events`. DatasetError where it is not ours, or newer than this release."""
    for at in range(events.version(), -1, -1):  # other programs may have compacted the table since
        try:
            note = _commit(place, at).get("coursetrail")
        except FileNotFoundError:
            break
        if note:
            found = json.loads(note) if isinstance(note, str) else note
            if found.get("layout", 0) > VERSION:
                raise DatasetError(
                    f"{place}: written by a newer coursetrail (layout {found['layout']}, this one reads up to "
                    f"{VERSION}). Upgrade: pip install -U coursetrail."
                )
            return Manifest.read(found)
    if not events.file_uris():
        return NOTHING
    raise DatasetError(f"{place / 'events'}: a Delta table, but not one of coursetrail's. Choose another folder.")


def _commit(place: Location, at: int) -> dict[str, Any]:
    """What a commit says of itself; Delta's own history is of the newest version, whichever was opened."""
    with (place / "events" / "_delta_log" / f"{at:020}.json").open() as file:
        for line in file.read().splitlines():
            if told := json.loads(line).get("commitInfo"):
                return dict(told)
    return {}


def first_line(error: Exception) -> str:
    """What an error says, in one line; a full disk comes in many wrappings."""
    if full := re.search(os.strerror(errno.ENOSPC), str(error)):
        return full[0]
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
