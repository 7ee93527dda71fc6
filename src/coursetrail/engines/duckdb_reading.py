"""Records of an export → a Parquet file of events, or a table of raw fields, by DuckDB."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from coursetrail.engines.duckdb import DuckDB, refused
from coursetrail.engines.duckdb_statement import events_sql, fields_in, raw_sql
from coursetrail.formats.lines import Lines
from coursetrail.formats.records import Reading
from coursetrail.formats.scan import Kind, Layout
from coursetrail.literals import literal, parquet

PARQUET = "format parquet, compression zstd, compression_level 1, row_group_size 40960, write_bloom_filter false"
"""Rows of a group are copied before they are written; of this size they stay in the processor's cache."""
CSV = "format csv, header"


def read(
    engine: DuckDB, reading: Reading, lines: Lines, out: Path, schema: pa.Schema, values: Mapping[str, str]
) -> None:
    """Write the events of `lines` to the Parquet file `out`.

    `values` are SQL expressions that replace a column's own (`null` leaves it out).
    """
    form = reading.format
    sql = events_sql(form, schema, values)
    addresses = set() if values.get("network") == "null" else {form.address}
    layout = form.layout.only({*fields_in(sql), *form.needed, *addresses}, rest=values.get("extra") != "null")
    _copy(engine, reading, reading.records(lines, layout), sql, out, PARQUET)


def convert(engine: DuckDB, reading: Reading, lines: Lines, out: Path, columns: Sequence[str], header: bool) -> None:
    """Write the raw fields of `lines`, in their order, to the CSV (also .gz) or Parquet file `out`."""
    engine.connection.execute("set preserve_insertion_order = true")
    parquet = out.suffix == ".parquet"
    packed = ", compression gzip" if out.suffix == ".gz" else ""
    known = reading.format.layout
    asked = {name: Kind.ANY for name in columns if name not in known.fields}
    layout = Layout({**known.fields, **asked}, {}).only({*columns, *reading.format.needed}, rest=False)
    sql = raw_sql(columns, spreadsheet=not parquet)
    options = PARQUET if parquet else f"{CSV} {header}{packed}"
    _copy(engine, reading, reading.records(lines, layout, ordered=True), sql, out, options)


def join(engine: DuckDB, parts: Sequence[Path], out: Path) -> None:
    """Parquet files in one, in their order."""
    engine.connection.execute("set preserve_insertion_order = true")
    try:
        engine.connection.execute(f"copy (select * from {parquet(*parts)}) to {literal(str(out))} ({PARQUET})")
    except duckdb.Error as error:
        raise refused(error) from error


def _copy(engine: DuckDB, reading: Reading, records: pa.RecordBatchReader, sql: str, out: Path, options: str) -> None:
    engine.connection.register("records", records)
    try:
        engine.connection.execute(f"copy ({sql}) to {literal(str(out))} ({options})")
    except duckdb.Error as error:
        if reading.failed:
            raise reading.failed from error
        raise refused(error) from error
    finally:
        engine.connection.unregister("records")
