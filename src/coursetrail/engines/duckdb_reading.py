"""Lines of an export → a Parquet file of events, by DuckDB, in one pass.

DuckDB parses every line at full speed (`try(from_json(…))`). What it refuses, or what the format calls
unsound, goes line by line to the format's `mend`, and what cannot be mended becomes a reject. A line is never
skipped: each is an event, a duplicate, a reject or blank. docs/adr/0002-reading-lines.md has the reasons and
the measurements.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from coursetrail.engines.duckdb import DuckDB, refused
from coursetrail.engines.duckdb_statement import PAGE, events_sql, raw_sql
from coursetrail.formats.format import Format, Reject
from coursetrail.formats.lines import Lines
from coursetrail.formats.network import network
from coursetrail.literals import literal, parquet

MEMORY = 4_000
"""Megabytes that may be reserved while reading: for a line of 10 MB every JSON function takes 64. Of these few
are touched, and nothing else here grows with the file.
"""
REMEMBERED = 200_000
"""Distinct strings whose parsed form is kept while reading."""


class Stop(Exception):  # noqa: N818 - asked for, not an error
    """Raised inside a run to end it; `Reading.stop` says why."""


@dataclass
class Reading:
    """What happens to lines on their way; the engine's threads call in, one at a time."""

    format: Format
    allowed: Callable[[int, int], bool]
    lines: list[Any] = field(default_factory=list)
    hashes: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    mended: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    stopped: bool = False

    def observe(self, line: pa.Array, hashed: pa.Array) -> pa.Array:
        """Note the hash of every line, to find duplicates by; gives `line` back."""
        numbers = _flat(line).to_numpy()
        run = len(numbers) == numbers[-1] - numbers[0] + 1
        self.lines.append(range(numbers[0], numbers[-1] + 1) if run else numbers)
        self.hashes.append(_flat(hashed).to_numpy())
        return line

    def mend(self, line: pa.Array, text: pa.Array) -> pa.Array:
        """Sound JSON for each doubtful line, or null for one that is no event."""
        out: list[str | None] = []
        for number, raw in zip(_flat(line).to_pylist(), _flat(text).view(pa.binary()).to_pylist(), strict=True):
            try:
                found = self.format.mend(raw)
            except Reject as reason:
                self._reject(number, str(reason), raw)
                out.append(None)
                continue
            if found is None:
                self.blank.append(number)
                out.append(None)
                continue
            if found.kinds:
                self.mended.append((number, found.kinds))
            out.append(found.text)
        return pa.array(out, pa.string())

    def _reject(self, number: int, reason: str, raw: bytes) -> None:
        self.rejects.append((number, reason, raw.rstrip(b"\n")))
        if not self.allowed(len(self.rejects), number):
            self.stopped = True
            raise Stop


PARQUET = "format parquet, compression zstd, compression_level 1"
CSV = "format csv, header"


def read(
    engine: DuckDB, reading: Reading, lines: Lines, out: Path, schema: pa.Schema, values: Mapping[str, str]
) -> None:
    """Write the events of `lines` to the Parquet file `out`.

    `values` are SQL expressions that replace a column's own (`null` leaves it out).
    """
    _copy(engine, reading, lines, events_sql(reading.format, schema, values), out, PARQUET)


def convert(engine: DuckDB, reading: Reading, lines: Lines, out: Path, columns: Sequence[str], header: bool) -> None:
    """Write the raw fields of `lines`, in their order, to the CSV (also .gz) or Parquet file `out`."""
    engine.connection.execute("set preserve_insertion_order = true")
    parquet = out.suffix == ".parquet"
    packed = ", compression gzip" if out.suffix == ".gz" else ""
    sql = raw_sql(reading.format, columns, spreadsheet=not parquet)
    _copy(engine, reading, lines, sql, out, PARQUET if parquet else f"{CSV} {header}{packed}")


def join(engine: DuckDB, parts: Sequence[Path], out: Path) -> None:
    """Parquet files in one, in their order."""
    engine.connection.execute("set preserve_insertion_order = true")
    try:
        engine.connection.execute(f"copy (select * from {parquet(*parts)}) to {literal(str(out))} ({PARQUET})")
    except duckdb.Error as error:
        raise refused(error) from error


def _copy(engine: DuckDB, reading: Reading, lines: Lines, sql: str, out: Path, options: str) -> None:
    connection = engine.connection
    before = connection.sql("select current_setting('memory_limit')").fetchall()[0][0]
    connection.execute(f"set memory_limit = '{MEMORY}MB'")
    connection.execute("set disabled_optimizers = 'filter_pushdown'")  # it would parse every line twice
    connection.register("lines", lines.reader())
    page = _remembering(reading.format.page, ("course", "area", "item", "action"))
    prefix = _remembering(lambda address: (network(address),), ("network",))
    functions: tuple[tuple[str, Callable[..., Any], list[Any], str], ...] = (
        ("observe", reading.observe, ["BIGINT", "UBIGINT"], "BIGINT"),
        ("mend", reading.mend, ["BIGINT", "VARCHAR"], "VARCHAR"),
        ("page", page, ["VARCHAR"], PAGE),
        ("prefix", prefix, ["VARCHAR"], "STRUCT(network VARCHAR)"),
    )
    for name, function, takes, gives in functions:
        notes = name in ("observe", "mend")
        connection.create_function(
            name,
            function,
            takes,
            gives,
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=notes,
        )
    try:
        connection.execute(f"copy ({sql}) to {literal(str(out))} ({options})")
    except duckdb.Error as error:
        if reading.stopped:
            raise Stop from error
        raise refused(error) from error
    finally:
        for name, *_ in functions:
            connection.remove_function(name)
        connection.unregister("lines")
        connection.execute(f"set memory_limit = '{before}'")


class _Remembered(dict[bytes, tuple[str | None, ...]]):
    """Parsed forms by the bytes of their string; parses what it does not know, and never grows without end."""

    def __init__(self, parse: Callable[[str], tuple[str | None, ...]]) -> None:
        self._parse = parse

    def __missing__(self, raw: bytes) -> tuple[str | None, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[raw] = self._parse(raw.decode(errors="replace"))
        return found


def _remembering(
    parse: Callable[[str], tuple[str | None, ...]], names: tuple[str, ...]
) -> Callable[[pa.Array], pa.Array]:
    """`parse` for a whole array, called once for each distinct string."""
    known = _Remembered(parse)

    def all_of(strings: pa.Array) -> pa.Array:
        coded = _flat(strings).dictionary_encode()
        rows = list(map(known.__getitem__, coded.dictionary.view(pa.binary()).to_pylist()))
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        arrays = [pa.DictionaryArray.from_arrays(coded.indices, pa.array(column, pa.string())) for column in columns]
        return pa.StructArray.from_arrays(arrays, names=list(names))

    return all_of


def _flat(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def tally(mended: list[tuple[int, tuple[str, ...]]]) -> dict[str, int]:
    """How often each kind of mending was done."""
    return dict(sorted(Counter(kind for _, kinds in mended for kind in kinds).items()))
