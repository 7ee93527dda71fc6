"""DuckDB in this process: the default engine."""

import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from coursetrail.engines.sql import parquet
from coursetrail.errors import DatasetError, QueryError, StorageError
from coursetrail.filesystem.location import Location
from coursetrail.reading.processors import cores

SETTINGS = (
    "set TimeZone = 'UTC'",
    "set default_null_order = 'nulls_first_on_asc_last_on_desc'",  # Spark's order
    "set enable_progress_bar = false",
    "set preserve_insertion_order = false",
    "set autoinstall_known_extensions = false",
    "set autoload_known_extensions = false",
)
MEMORY = (0, 300, 700)
"""Megabytes that DuckDB may hold on so many cores before it spills, and 150 more on each further one. With what Python
and Arrow hold it is under 0.6 GB on one core, which a task on a cluster has, and under 1.5 GB on two."""

PRELUDE = ("create macro microseconds(t) as epoch_us(t)",)


@dataclass(frozen=True)
class DuckDB:
    """A connection with coursetrail's settings and prelude; a context manager."""

    connection: duckdb.DuckDBPyConnection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def register(self, name: str, content: Sequence[str] | pa.Table, schema: pa.Schema) -> None:
        """Make Parquet files or an Arrow table a relation; no files make an empty one of `schema`."""
        if isinstance(content, pa.Table) or not content:
            rows = content if isinstance(content, pa.Table) else schema.empty_table()
            self.connection.register(name, rows)
            return
        columns = ", ".join(_column(field) for field in schema)
        rows = parquet(*content)
        try:
            if Location.of(content[0]).local is None:
                rows = f"{name}_files"
                self.connection.register(rows, _remote(content, schema))
            self.connection.execute(f"create view {name} as select {columns} from {rows}")
        except (duckdb.Error, OSError) as error:
            raise DatasetError(
                f"A file of the table '{name.removeprefix('all_')}' cannot be read ({message(error)}). Restore the "
                "dataset from a copy, or ingest the exports into a new folder."
            ) from error

    def view(self, name: str, sql: str) -> None:
        """Make a query over relations a relation."""
        self.connection.execute(f"create view {name} as {sql}")

    def keep(self, name: str, sql: str) -> None:
        """Make the rows of a query a relation, computed once."""
        try:
            self.connection.execute(f"create temp table {name} as {sql}")
        except duckdb.Error as error:
            raise QueryError(f"The fold of events failed on DuckDB: {message(error)}") from error

    def query(self, sql: str, what: str = "query") -> pa.Table:
        """Run one SQL text; `what` names it in a QueryError. Times come without a zone, and are UTC."""
        try:
            return self.connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise QueryError(f"The {what} failed on DuckDB: {message(error)}") from error

    def queries(self, texts: Sequence[tuple[str, str]]) -> Generator[pa.Table]:
        """Run several, each an SQL text and its `what`, one after the other when asked for; the answers in order."""
        return (self.query(sql, what) for sql, what in texts)

    def restrict(self, folder: Path | None) -> None:
        """From here on: no file outside `folder`, if there is one, no network, no change of settings."""
        if folder:
            quoted = str(folder.absolute()).replace("'", "''")
            self.connection.execute(f"set allowed_directories = ['{quoted}']")
        self.connection.execute("set enable_external_access = false")
        self.connection.execute("set lock_configuration = true")

    def ask(self, sql: str) -> pa.Table:
        """Run a user's own query: one statement that only reads."""
        try:
            statements = self.connection.extract_statements(sql)
        except duckdb.Error as error:
            raise QueryError(f"This is no SQL that DuckDB reads: {message(error)}") from error
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise QueryError("Only one statement that reads is allowed: select …, with … select, or describe.")
        return self.query(sql)


def connect(settings: Mapping[str, str] | None = None, spill: Path | None = None, threads: int = 0) -> DuckDB:
    """A new engine in memory, on all cores or on so many.

    It spills into `spill`, else into the system's folder for temporary files.
    """
    threads = threads or cores()
    connection = duckdb.connect(":memory:")
    for setting in SETTINGS:
        connection.execute(setting)
    connection.execute(f"set threads = {threads}")
    connection.execute(f"set memory_limit = '{MEMORY[min(threads, 2)] + 150 * max(0, threads - 2)}MB'")
    folder = str(spill or Path(os.environ.get("TMPDIR", "/tmp")) / f"coursetrail-{os.getuid()}")  # noqa: S108
    connection.execute(f"set temp_directory = '{folder.replace(chr(39), chr(39) * 2)}'")
    for name, value in (settings or {}).items():
        connection.execute(f"set {name} = '{value}'")
    for macro in PRELUDE:
        connection.execute(macro)
    return DuckDB(connection)


def message(error: Exception) -> str:
    """An engine's message as one line; of a file that cannot be read, without our SQL."""
    text = " ".join(str(error).split())
    return (text.partition(" LINE ")[0] if isinstance(error, duckdb.IOException) else text)[:400]


def refused(error: duckdb.Error) -> StorageError | QueryError:
    """The error for a write that DuckDB could not finish."""
    text = message(error)
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return StorageError(
            f"Cannot write: {text}. Free some space (or set TMPDIR to a larger disk) and run this again; "
            "nothing was committed."
        )
    return QueryError(f"Reading failed on DuckDB: {text}")


def _remote(files: Sequence[str], schema: pa.Schema) -> Any:
    """Parquet files elsewhere, read through Arrow: DuckDB's own way there would have to be downloaded."""
    from pyarrow import dataset

    places = [Location.of(file) for file in files]
    return dataset.dataset([place.path for place in places], schema, "parquet", places[0].files)


def _column(field: pa.Field) -> str:
    if pa.types.is_timestamp(field.type):
        return f'make_timestamp(epoch_us("{field.name}")) as "{field.name}"'
    return f'"{field.name}"'
