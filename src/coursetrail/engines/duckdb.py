"""DuckDB in this process: the default engine."""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from coursetrail.dataset.errors import unreadable_part
from coursetrail.engines import prelude, reading_only
from coursetrail.engines.sql import literal, parquet
from coursetrail.errors import DatasetError, QueryError, StorageError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
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
"""Megabytes that DuckDB may hold, by the number of cores, before it spills; each core above two adds 150. With what
Python and Arrow hold it is under 0.6 GB on one core, which a task on a cluster has, and under 1.5 GB on two."""

MOST_BYTES, ROWS_AT_ONCE = 512 << 20, 2_048
"""Bytes of the answer to a user's own query, and the rows of it that are taken at a time."""

STREAM = re.compile(r"reading the stream registered as '(?:stored_|all_)?(\w+)_files' failed")
PARQUET = re.compile(r"parquet|zstd|snappy|thrift|magic bytes", re.IGNORECASE)
"""How DuckDB's messages show that Arrow, or DuckDB itself, could not read a file of a table."""


@dataclass(frozen=True)
class DuckDB:
    """A connection with coursetrail's settings and prelude; a context manager."""

    connection: duckdb.DuckDBPyConnection
    own_folder: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()
        self.own_folder.close()

    def register(
        self,
        name: str,
        content: Sequence[str] | pa.Table,
        schema: pa.Schema,
        title: str | None = None,
        opened: bool = False,
    ) -> None:
        """Make Parquet files or an Arrow table a relation; no files make an empty one of `schema`.

        An error calls it `title`, by default its name. Files that are `opened` here need no access to their folder when
        they are read.
        """
        if isinstance(content, pa.Table) or not content:
            rows = content if isinstance(content, pa.Table) else schema.empty_table()
            self.connection.register(name, rows)
            return
        rows = parquet(*content)
        try:
            if opened or Location.of(content[0]).local is None:
                rows = f"{name}_files"
                self.connection.register(rows, _through_arrow(content, schema))
            try:
                columns = ", ".join(map(_column, schema))
                self.connection.execute(f"create view {name} as select {columns} from {rows}")
            except duckdb.BinderException:  # the first file lacks a column
                rows = parquet(*content, union_by_name=True)
                columns = self._null_where_absent(rows, schema)
                self.connection.execute(f"create view {name} as select {columns} from {rows}")
        except (duckdb.Error, OSError) as error:
            raise unreadable_part(title or name, message(error)) from error

    def _null_where_absent(self, rows: str, schema: pa.Schema) -> str:
        """The columns of `schema` in SQL, null for one that no row has."""
        known = set(self.connection.sql(f"select * from {rows} limit 0").columns)
        kinds = dict(zip(schema.names, self.connection.from_arrow(schema.empty_table()).types, strict=True))
        absent = {name: f'cast(null as {kind}) as "{name}"' for name, kind in kinds.items() if name not in known}
        return ", ".join(absent.get(field.name) or _column(field) for field in schema)

    def view(self, name: str, sql: str) -> None:
        """Make a query over relations a relation."""
        self.connection.execute(f"create view {name} as {sql}")

    def materialize(self, name: str, sql: str) -> None:
        """Make the rows of a query a relation, computed once."""
        try:
            self.connection.execute(f"create temp table {name} as {sql}")
        except duckdb.Error as error:
            raise _failed(f"relation '{name}'", error) from error

    @contextmanager
    def stream(self, name: str, batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[None]:
        """Make Arrow batches a relation that can be read once, as a context.

        What `batches` raises is raised here again: DuckDB itself passes on only the text of an error.
        """
        failures: list[Exception] = []
        reader = pa.RecordBatchReader.from_batches(schema, _remember_failure(batches, failures))
        self.connection.register(name, reader)
        try:
            yield
        except Exception as error:
            if failures:
                raise failures[0] from error
            raise
        finally:
            self.connection.unregister(name)

    def read(self, sql: str) -> pa.Table:
        """The rows of a query over streams; StorageError where memory and disk do not suffice."""
        try:
            return self.connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise _refused(error) from error

    def write(self, sql: str, file: Path, options: str) -> None:
        """Write the rows of a query to a file, with the `options` of `copy … to`; StorageError where that fails."""
        try:
            self.connection.execute(f"copy ({sql}) to {literal(str(file))} ({options})")
        except duckdb.Error as error:
            raise _refused(error) from error

    def query(self, sql: str, what: str = "query") -> pa.Table:
        """Run one SQL text; `what` names it in a QueryError. Times come without a zone, and are UTC."""
        try:
            return self.connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            raise _failed(what, error) from error

    def queries(self, texts: Sequence[tuple[str, str]]) -> Generator[pa.Table]:
        """Run several, each an SQL text and its `what`, one after the other when asked for; the answers in order."""
        return (self.query(sql, what) for sql, what in texts)

    def restrict(self) -> None:
        """From here on: no file, no network, no variable of Python, no change of settings."""
        self.connection.execute("set python_enable_replacements = false")
        self.connection.execute("set enable_external_access = false")
        self.connection.execute("set lock_configuration = true")

    def query_readonly(self, sql: str) -> pa.Table:
        """Run a user's own query: one statement that only reads, with an answer that fits into memory."""
        reading_only.check(self.connection, sql)
        batches: list[pa.RecordBatch] = []
        size = 0
        try:
            reader: pa.RecordBatchReader = self.connection.sql(sql).to_arrow_reader(
                ROWS_AT_ONCE
            )  # executed as it is read
            for batch in reader:
                batches.append(batch)
                size += batch.nbytes
                if size > MOST_BYTES:
                    raise QueryError(
                        f"The answer has more than {MOST_BYTES >> 20} MiB. Count or group in the query, or end it with "
                        "limit."
                    )
            return pa.Table.from_batches(batches, reader.schema)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise _failed("query", error) from error


def connect(settings: Mapping[str, str] | None = None, spill: Path | None = None, threads: int = 0) -> DuckDB:
    """A new engine in memory, on `threads` cores, by default on all.

    It spills into the folder `spill`, by default into a folder of its own, which goes with it.
    """
    threads = threads or cores()
    connection = duckdb.connect(":memory:")
    for setting in SETTINGS:
        connection.execute(setting)
    connection.execute(f"set threads = {threads}")
    connection.execute(f"set memory_limit = '{MEMORY[min(threads, 2)] + 150 * max(0, threads - 2)}MB'")
    own = ExitStack()
    folder = str(spill or own.enter_context(private_folder()))
    connection.execute(f"set temp_directory = '{folder.replace(chr(39), chr(39) * 2)}'")
    for name, value in (settings or {}).items():
        connection.execute(f"set {name} = '{value}'")
    for macro in prelude.DUCKDB:
        connection.execute(macro)
    return DuckDB(connection, own)


def message(error: Exception) -> str:
    """DuckDB's message in one line; without our SQL where a file cannot be read."""
    text = " ".join(str(error).split())
    return (text.partition(" LINE ")[0] if isinstance(error, duckdb.IOException) else text)[:400]


def _failed(what: str, error: Exception) -> QueryError | DatasetError:
    """The error for a query that failed; a DatasetError where a file of the dataset could not be read."""
    text = message(error)
    through_arrow = STREAM.search(text)
    if through_arrow or (isinstance(error, duckdb.InvalidInputException | duckdb.IOException) and PARQUET.search(text)):
        return unreadable_part(through_arrow[1] if through_arrow else None, text)
    return QueryError(f"The {what} failed on DuckDB: {text}")


def _remember_failure(batches: Iterable[pa.RecordBatch], failures: list[Exception]) -> Iterator[pa.RecordBatch]:
    """The same batches; an error that they raise is also put into `failures`."""
    try:
        yield from batches
    except Exception as error:
        failures.append(error)
        raise


def _refused(error: duckdb.Error) -> StorageError | QueryError:
    """The error for a statement that DuckDB could not finish."""
    text = message(error)
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return StorageError(
            f"Cannot write: {text}. Free some space (or set TMPDIR to a larger disk) and run this again; "
            "nothing was committed."
        )
    return QueryError(f"Reading failed on DuckDB: {text}")


def _through_arrow(files: Sequence[str], schema: pa.Schema) -> Any:
    """Parquet files that Arrow reads: elsewhere DuckDB would have to download an extension."""
    from pyarrow import dataset

    locations = [Location.of(file) for file in files]
    reading = dataset.ParquetFileFormat(
        default_fragment_scan_options=dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
    )
    return dataset.dataset([one.path for one in locations], schema, reading, locations[0].files)


def _column(field: pa.Field) -> str:
    if pa.types.is_timestamp(field.type):
        return f'make_timestamp(epoch_us("{field.name}")) as "{field.name}"'
    return f'"{field.name}"'
