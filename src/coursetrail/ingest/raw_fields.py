"""Records of an export → a CSV or Parquet file of their raw fields, by DuckDB."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from coursetrail.engines.duckdb import DuckDB, refused
from coursetrail.engines.sql import literal, parquet
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.scan import FieldSpec, Kind

PARQUET = "format parquet, compression zstd, compression_level 1"
CSV = "format csv, header"
FORMULA = "^[=+@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}-]"


def convert(
    engine: DuckDB, reading: Reading, lines: Lines, out: Path, columns: Sequence[str], header: bool
) -> set[str]:
    """Write the raw fields of `lines`, in their order, to the CSV (also .gz) or Parquet file `out`.

    Returns those of the columns that have a value anywhere.
    """
    connection = engine.connection
    connection.execute("set preserve_insertion_order = true")
    parquet = out.suffix == ".parquet"
    packed = ", compression gzip" if out.suffix == ".gz" else ""
    known = reading.format.spec
    asked = {name: Kind.ANY for name in columns if name not in known.fields}
    spec = FieldSpec({**known.fields, **asked}, {}).only({*columns, *reading.format.needed}, rest=False)
    chosen = ", ".join(_column(name, spreadsheet=not parquet) for name in columns)
    options = PARQUET if parquet else f"{CSV} {header}{packed}"
    records, met = reading.fields(lines, spec), set[str]()
    noted = pa.RecordBatchReader.from_batches(records.schema, _noted(records, columns, met))
    connection.register("records", noted)
    try:
        connection.execute(f"copy (select {chosen} from records) to {literal(str(out))} ({options})")
    except duckdb.Error as error:
        if reading.failed:
            raise reading.failed from error
        raise refused(error) from error
    finally:
        connection.unregister("records")
    return met


def _noted(records: Iterable[pa.RecordBatch], columns: Sequence[str], met: set[str]) -> Iterator[pa.RecordBatch]:
    """The same batches; the columns that have a value in them are put into `met`."""
    for batch in records:
        fields = batch["r"]
        met.update(name for name in set(columns) - met if fields.field(name).null_count < len(fields))
        yield batch


def join(engine: DuckDB, parts: Sequence[Path], out: Path) -> None:
    """Parquet files in one, in their order."""
    engine.connection.execute("set preserve_insertion_order = true")
    try:
        engine.connection.execute(f"copy (select * from {parquet(*parts)}) to {literal(str(out))} ({PARQUET})")
    except duckdb.Error as error:
        raise refused(error) from error


def _column(name: str, spreadsheet: bool) -> str:
    """A raw field; for a spreadsheet no cell may begin a formula."""
    quoted = name.replace('"', '""')
    cell = f'cast(r."{quoted}" as varchar)'
    if spreadsheet:
        cell = f"case when regexp_matches({cell}, '{FORMULA}') then concat('''', {cell}) else {cell} end"
    return f'{cell} as "{quoted}"'
