"""The Delta tables of a dataset: opened, or found not to be there."""

import re

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from coursetrail.dataset import newest
from coursetrail.dataset.errors import unreadable_table
from coursetrail.dataset.manifest import EMPTY, manifest_of
from coursetrail.dataset.part import parts_of
from coursetrail.dataset.schema import EVENT_COLUMNS, EVENTS
from coursetrail.errors import DatasetError, UsageError
from coursetrail.filesystem.location import Location

REQUIRED = {column.name for column in EVENT_COLUMNS if column.required}
"""Columns by which a table of events is recognised; a dataset of an older release may lack any other."""
LATER = "coursetrail.later"
"""Marks, in the table's metadata, a column that was added after the first files were written: these lack it."""


def check_path(location: Location) -> None:
    """Raise UsageError for a folder whose name Delta Lake's library cannot take."""
    if found := re.search(r"[#%?\[\]\\^{}|\x00-\x1f\x7f\ud800-\udfff]", location.path):
        raise UsageError(f"{location.path}: a dataset's path cannot hold '{found[0]}'; choose another name.")


def uri(location: Location, name: str) -> str:
    """The address of a table: deltalake parses a plain path as an address and fails on its spaces, `#`, `%` and `ü`."""
    check_path(location)
    return (location / name).uri


def table_at(location: Location, name: str) -> DeltaTable | None:
    """A table at its newest version; None when it is not there yet."""
    try:
        if not (location / name / "_delta_log").is_folder():
            return None
        return DeltaTable(uri(location, name))
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise unreadable_table(f"{location / name}: the table's log is damaged", error) from error


def events_at(location: Location, *, any_version: bool = False) -> DeltaTable | None:
    """The table of events, which makes a folder a dataset; None where nothing was ever committed to it.

    Raises DatasetError for one that is not ours, and where the newest version is missing, unless `any_version` will do.
    """
    known = newest.recorded(location)  # read first: another run may commit after the table is opened
    table = table_at(location, EVENTS.name)
    if known is not None and not any_version and known > (at := table.version() if table else -1):
        older = f"ask an older one (--as-of {at}), " if table else ""
        raise DatasetError(
            f"{location}: the newest version ({known}) is missing from the log of events"
            f"{f', which ends with {at}' if table else ''}. Restore the folder from a copy, {older}or ingest the "
            f"exports into a new folder. To go on from what is there, remove {location / newest.NAME}."
        )
    if table is None and (location / "_delta_log").is_folder():
        raise DatasetError(f"{location}: a Delta table itself, and no folder of coursetrail's. Choose another folder.")
    if table is not None and not {column.name for column in table.schema().fields} >= REQUIRED:
        raise DatasetError(
            f"{location / EVENTS.name}: a Delta table, but not one of coursetrail's. Choose another folder."
        )
    if table is not None and not table.file_uris() and manifest_of(location, table) == EMPTY:
        return None
    return table


def version(location: Location, name: str) -> int | None:
    """The newest version of a table; None when it is not there yet."""
    table = table_at(location, name)
    return None if table is None else table.version()


def rows(location: Location, name: str) -> tuple[pa.Table | None, int | None]:
    """All rows of a small table at its newest version, and that version; Nones when it is not there yet."""
    table = table_at(location, name)
    return (None, None) if table is None else (read_rows(location / name, table), table.version())


def read_rows(location: Location, table: DeltaTable) -> pa.Table:
    """All rows of a table that is open, at its own `location`; DatasetError where they are not what was written."""
    schema = pa.schema(table.schema())
    batches = [with_columns(batch, schema) for part in parts_of(location, table) for batch in part.batches()]
    return pa.Table.from_batches(batches, schema)


def with_columns(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows in the columns of `schema`, null in those that an older release did not write."""
    known = {*batch.schema.names}
    columns = [
        batch[field.name].cast(field.type) if field.name in known else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
