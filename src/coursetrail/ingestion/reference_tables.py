"""Reference tables, which Coursera exports beside its clickstream → syllabus, members and grades of a dataset.

Each is replaced as a whole for the courses that are read again. They become part of the dataset with a commit to its
events, as all tables do.
"""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from coursetrail.dataset import commit, delta
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.errors import InputError, TooManyRejects
from coursetrail.filesystem import archives, folders
from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import Location
from coursetrail.formats.coursera.reference_files import read
from coursetrail.formats.coursera.reference_sql import READ, SQL, ReferenceTable
from coursetrail.ingestion.reject_limit import RejectLimit
from coursetrail.progress import Progress

ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True)
class ReplacedTable:
    """A table of the dataset that was written again: how many rows it got, of how many courses."""

    table: str
    rows: int
    courses: int


def add(
    location: Location, sources: Sequence[str | os.PathLike[str]], scratch: Path, limit: RejectLimit, progress: Progress
) -> list[ReplacedTable]:
    """Read tables from folders or archives into the dataset at `location`, made if it is not there.

    What is not among them stays as it was. Raises InputError, TooManyRejects, StorageError; then nothing is changed.
    """
    files: dict[str, list[Location]] = defaultdict(list)
    for source in sources:
        for file in _files(Path(source), scratch):
            if (name := _table(file.name)) in READ:
                files[name].append(file)
    if not files:
        raise InputError(
            f"{', '.join(map(str, sources))}: none of the tables that are read. They are CSV files called "
            f"{', '.join(f'{name}.csv' for name in READ)}."
        )
    found = {name: _read(name, paths, limit, progress) for name, paths in files.items()}
    with connect(spill=scratch / "spill") as engine:
        for name, columns in READ.items():
            schema = pa.schema([(column, pa.string()) for column in columns])
            engine.register(name, found.get(name, schema.empty_table()), schema)
        made = {one.table.name: _made(one, engine) for one in SQL if one.needs & set(found)}
    courses = set(found["courses"]["course_id"].to_pylist()) if "courses" in found else set()
    replaced = [_replace(location, name, rows, courses) for name, rows in made.items()]
    commit.commit(location, [], [], based_on=delta.version(location, EVENTS.name))
    return replaced


def _files(folder: Path, scratch: Path) -> Iterator[Location]:
    """The files of a folder, or those in an archive that are tables."""
    location = Location.of(folder.absolute())
    try:
        if folder.is_dir():
            yield from (file for file, passed in folders.below(location) if not passed)
            return
        found = archives.archive(location.address, scratch) if archives.is_archive(location) else None
    except (OSError, ValueError) as error:
        raise unreadable(folder, error) from error
    if not found:
        raise InputError(f"{folder}: neither a folder nor an archive (zip, tar) of tables.")
    if found.fault:
        raise InputError(f"{folder}: {found.fault}. Tables are read as a whole; get the archive again.")
    yield from (found.file(name) for name in found.files if _table(Path(name).name) in READ)


def _table(name: str) -> str:
    """The name of the table in a file: `users_courses__course_memberships.csv.gz` is one of course_memberships."""
    name = name.lower()
    ending = next((ending for ending in ENDINGS if name.endswith(ending)), None)
    return name.removesuffix(ending).rpartition("__")[2] if ending else ""


def _read(name: str, files: Sequence[Location], limit: RejectLimit, progress: Progress) -> pa.Table:
    parts = []
    with progress.step(f"Reading {name}", len(files), "files") as step:
        for file in files:
            part = read(file, READ[name])
            if not limit.allows(len(part.rejects), part.records):
                line, reason = min(part.rejects)
                raise TooManyRejects(
                    f"{file.name}: {len(part.rejects):,} of {part.records:,} records could not be read, more than "
                    f"{limit} (record {line:,}: {reason}). Nothing was written; to take the good ones, raise "
                    "--max-rejects."
                )
            parts.append(part.rows)
            step.advance(1)
    return pa.concat_tables(parts)


def _made(one: ReferenceTable, engine: DuckDB) -> pa.Table:
    """The rows of one of our tables."""
    return engine.query(one.sql, f"making of '{one.table.name}'").select(one.table.schema.names).cast(one.table.schema)


def _replace(location: Location, name: str, rows: pa.Table, courses: set[str]) -> ReplacedTable:
    """Replace the rows of the same courses."""
    before, at = delta.rows(location, name)
    read = courses | set(rows["course"].to_pylist())
    if before is not None:
        unread = pa.array([course not in read for course in before["course"].to_pylist()], pa.bool_())
        whole = pa.concat_tables([before.select(rows.schema.names).cast(rows.schema).filter(unread), rows])
    else:
        whole = rows
    commit.append(location, name, whole, "overwrite", based_on=at)
    return ReplacedTable(name, rows.num_rows, len(read))
