"""Records of an export → a CSV or Parquet file of their raw fields."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from coursetrail.engines.duckdb import DuckDB
from coursetrail.engines.sql import literal, parquet
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.scan import FieldSpec, Kind
from coursetrail.render.csv import EXCEL_CELL
from coursetrail.render.spreadsheet import ARMED, CONTROLS, DISARMED, HARMFUL

PARQUET = "format parquet, compression zstd, compression_level 1"
CSV = "format csv, force_quote *, header"


def write_fields(
    engine: DuckDB, reading: Reading, lines: Lines, out: Path, columns: Sequence[str], header: bool, excel: bool = False
) -> set[str]:
    """Write the raw fields of `lines`, in their order, to the CSV (also .gz) or Parquet file `out`.

    The engine must keep the order of rows. Returns those of the columns that have a value anywhere.
    """
    is_parquet = out.suffix == ".parquet"
    packed = ", compression gzip" if out.suffix == ".gz" else ""
    spec = reading.format.spec
    unknown = {name: Kind.ANY for name in columns if name not in spec.fields}
    wanted = FieldSpec({**spec.fields, **unknown}, {}).only({*columns, *reading.format.needed}, rest=False)
    cells = ", ".join(
        _cell(name, spreadsheet=not is_parquet, longest=EXCEL_CELL if excel else None) for name in columns
    )
    options = PARQUET if is_parquet else f"{CSV} {header}{packed}"
    records, filled = reading.fields(lines, wanted), set[str]()
    with engine.stream("records", _note_filled(records, columns, filled), records.schema):
        engine.write(f"select {cells} from records", out, options)
    return filled


def _note_filled(
    records: Iterable[pa.RecordBatch], columns: Sequence[str], filled: set[str]
) -> Iterator[pa.RecordBatch]:
    """The same batches; the columns that have a value in them are put into `filled`."""
    for batch in records:
        fields = batch["r"]
        filled.update(name for name in set(columns) - filled if fields.field(name).null_count < len(fields))
        yield batch


def join(engine: DuckDB, files: Sequence[Path], out: Path) -> None:
    """Write several Parquet files as one, in their order, which the engine must keep."""
    engine.write(f"select * from {parquet(*files)}", out, PARQUET)


def _cell(name: str, spreadsheet: bool, longest: int | None) -> str:
    """A raw field in SQL; for a spreadsheet no cell may begin a formula, or be longer than that."""
    quoted = name.replace('"', '""')
    cell = f'cast(r."{quoted}" as varchar)'
    if spreadsheet:
        harmless = cell
        for found, put in ((CONTROLS, ""), (ARMED, DISARMED)):
            cell = f"regexp_replace({cell}, {literal(found)}, {literal(put)}, 'g')"
        cell = f"case when regexp_matches({harmless}, {literal(HARMFUL)}) then {cell} else {harmless} end"
    if longest:
        cell = f"left({cell}, {longest})"
    return f'{cell} as "{quoted}"'
