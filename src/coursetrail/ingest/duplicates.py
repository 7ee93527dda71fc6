"""Lines that say the same again: found by their hashes, proved by their bytes, left out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from coursetrail.engines.duckdb import DuckDB, refused
from coursetrail.engines.sql import literal, parquet
from coursetrail.errors import InputError
from coursetrail.ingest.raw_fields import PARQUET
from coursetrail.reading.lines import SCHEMA, Lines
from coursetrail.reading.records import Reading


def duplicates(
    engine: DuckDB, reading: Reading, again: Callable[[], AbstractContextManager[Lines]]
) -> np.ndarray[Any, Any]:
    """Line numbers whose bytes equal an earlier line's; blank lines are never duplicates.

    Hashes name the candidates; only if there are any is the file read again and their bytes compared. Lines that were
    passed over may be the earlier ones, and are not named again.
    """
    if not reading.hashes:
        return np.zeros(0, np.int64)
    passed = reading.prefix.skipped
    begins = np.cumsum([1, *map(len, passed)])
    all_hashes = [*passed, *reading.hashes]
    all_lines = [range(begin, begin + len(one)) for begin, one in zip(begins, passed, strict=False)] + reading.lines
    ordered = np.concatenate(all_hashes)
    ordered.sort()
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(twice):
        return np.zeros(0, np.int64)
    found = [
        np.asarray(lines, np.int64)[twice[np.searchsorted(twice, hashes).clip(max=len(twice) - 1)] == hashes]
        for lines, hashes in zip(all_lines, all_hashes, strict=True)
    ]
    suspects = np.setdiff1d(np.concatenate(found), np.array(reading.blank, np.int64))
    with again() as lines:
        repeated = _repeated(engine.connection, lines, suspects)
    found_again = np.asarray(repeated["line"].to_numpy())
    return found_again[found_again > reading.prefix.lines]


def _repeated(connection: duckdb.DuckDBPyConnection, lines: Lines, suspects: Any) -> pa.Table:
    failed: list[InputError] = []
    connection.register("lines", pa.RecordBatchReader.from_batches(SCHEMA, _noting(lines.batches(), failed)))
    connection.register("suspects", pa.table({"line": suspects}))
    try:
        return connection.sql("""
            select line from (
                select line, row_number() over (partition by sha256(encode(text)) order by line) as nth
                from lines semi join suspects using (line)
            ) where nth > 1 order by line
        """).to_arrow_table()
    except duckdb.Error as error:
        raise (failed[0] if failed else refused(error)) from error
    finally:
        connection.unregister("lines")
        connection.unregister("suspects")


def _noting(batches: Iterator[pa.RecordBatch], failed: list[InputError]) -> Iterator[pa.RecordBatch]:
    """The batches; an error of the file is noted, for DuckDB hands on only its text."""
    try:
        yield from batches
    except InputError as error:
        failed.append(error)
        raise


def without(engine: DuckDB, part: Path, lines: np.ndarray[Any, Any], out: Path) -> None:
    """Copy a Parquet file of events, leaving these lines out."""
    connection = engine.connection
    connection.register("left_out", pa.table({"line": lines}))
    try:
        connection.execute(
            f"copy (select * from {parquet(part)} anti join left_out using (line)) to {literal(str(out))} ({PARQUET})"
        )
    except duckdb.Error as error:
        raise refused(error) from error
    finally:
        connection.unregister("left_out")
