"""Lines of an export → a Parquet file of events, by DuckDB, in one pass.

DuckDB parses every line at full speed (`try(from_json(…))`). What it refuses, or what the format calls
unsound, goes line by line to the format's `mend`, and what cannot be mended becomes a reject. A line is never
skipped: each is an event, a duplicate, a reject or blank. docs/adr/0002-reading-lines.md has the reasons and
the measurements.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from coursetrail.engines.duckdb import DuckDB, refused
from coursetrail.formats.format import Format, Reject
from coursetrail.formats.lines import Lines
from coursetrail.formats.network import network
from coursetrail.literals import literal

SQL_TYPES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.string(): "varchar",
    pa.float64(): "double",
}
IPV4 = r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PAGE = "STRUCT(course VARCHAR, area VARCHAR, item VARCHAR, action VARCHAR)"
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
        self.lines.append(_flat(line).to_numpy())
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
FORMULA = "^[=+@\\t\\r-]"


def read(
    engine: DuckDB, reading: Reading, lines: Lines, out: Path, schema: pa.Schema, values: Mapping[str, str]
) -> None:
    """Write the events of `lines` to the Parquet file `out`.

    `values` are SQL expressions that replace a column's own (`null` leaves it out).
    """
    _copy(engine, reading, lines, _select(reading.format, schema, values), out, PARQUET)


def convert(engine: DuckDB, reading: Reading, lines: Lines, out: Path, columns: Sequence[str], header: bool) -> None:
    """Write the raw fields of `lines`, in their order, to the CSV (also .gz) or Parquet file `out`."""
    engine.connection.execute("set preserve_insertion_order = true")
    parquet = out.suffix == ".parquet"
    packed = ", compression gzip" if out.suffix == ".gz" else ""
    sql = _raw(reading.format, columns, spreadsheet=not parquet)
    _copy(engine, reading, lines, sql, out, PARQUET if parquet else f"{CSV} {header}{packed}")


def join(engine: DuckDB, parts: Sequence[Path], out: Path) -> None:
    """Parquet files in one, in their order."""
    names = ", ".join(literal(str(part)) for part in parts)
    try:
        engine.connection.execute(f"copy (select * from read_parquet([{names}])) to {literal(str(out))} ({PARQUET})")
    except duckdb.Error as error:
        raise refused(error) from error


def _copy(engine: DuckDB, reading: Reading, lines: Lines, sql: str, out: Path, options: str) -> None:
    connection = engine.connection
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


def _select(form: Format, schema: pa.Schema, values: Mapping[str, str]) -> str:
    """The one statement that makes events of lines."""
    inner = json.dumps(dict(form.nested)).replace("'", "''")
    columns = {name: values.get(name) or form.columns.get(name, "null") for name in schema.names}
    columns["line"] = "line"
    columns["extra"] = values.get("extra") or _extra(form)
    placed = any("page." in columns[name] for name in ("course", "area", "item"))
    pages = f"page({form.url})" if placed else f"cast(null as {PAGE})"
    prefix = _network(form.address) if columns["network"] == "network" else "null"
    chosen = ", ".join(f'{_typed(schema.field(name), columns[name])} as "{name}"' for name in schema.names)
    return f"""
        with {_parsed(form)}, nested as (
            select
                line, text, r, accounted, {pages} as page, {prefix} as network,
                case when {form.nested_if} then try(from_json(r."{form.nested_in}", '{inner}')) end as v
            from parsed
        )
        select {chosen} from nested where text is not null
    """


def _raw(form: Format, columns: Sequence[str], spreadsheet: bool) -> str:
    """The one statement that lists the raw fields; for a spreadsheet no cell may begin a formula."""
    chosen = []
    for name in columns:
        path = literal('$."' + name.replace('"', "") + '"')
        known = f'cast(r."{name}" as varchar)' if name in form.fields else f"json_extract_string(text, {path})"
        if spreadsheet:
            known = f"case when regexp_matches({known}, '{FORMULA}') then concat('''', {known}) else {known} end"
        quoted = name.replace('"', '""')
        chosen.append(f'{known} as "{quoted}"')
    return f"with {_parsed(form)} select {', '.join(chosen)} from parsed where text is not null"


def _parsed(form: Format) -> str:
    """Steps that each add to the one before; the last has `line`, `text` (null: no event) and the struct `r`.

    A line is `accounted` for when the known fields, none of them escaped, explain its every byte: then it has
    no field that is unknown or comes twice. Only of the others are the keys looked at, one by one.
    """
    struct = json.dumps(dict(form.fields)).replace("'", "''")
    sizes = " + ".join(_size(name, kind, name == form.nested_in) for name, kind in form.fields.items())
    ending = "case when suffix(text, chr(13) || chr(10)) then 2 when suffix(text, chr(10)) then 1 else 0 end"
    return f"""seen as (
            select observe(line, hash(text)) as line, text, try(from_json(text, '{struct}')) as r from lines
        ), measured as (
            select line, text, r, strlen(text) - {ending} = 1 + {sizes} as accounted from seen
        ), judged as (
            select
                line, text, r, accounted,
                case
                    when not coalesce({form.sound}, false) then false
                    when accounted then true
                    else len(json_keys(text)) = len(list_distinct(json_keys(text)))
                end as sound
            from measured
        ), mended as (
            select
                line, r, sound, accounted and sound as accounted,
                case when sound then text else mend(line, text) end as text
            from judged
        ), parsed as (
            select
                line, text, accounted,
                case when sound then r when text is not null then from_json(text, '{struct}') end as r
            from mended
        )"""


def _network(address: str) -> str:
    """Prefix of a plain IPv4 address without leaving SQL; of anything else by `formats.network`."""
    return (
        f"case when regexp_full_match({address}, '{IPV4}') then rtrim({address}, '0123456789') || '0/24' "
        f"else (prefix({address})).network end"
    )


def _typed(column: pa.Field, expression: str) -> str:
    if pa.types.is_timestamp(column.type):
        return f"make_timestamp(1000 * {expression})::timestamptz"
    if pa.types.is_floating(column.type) and expression != "null":
        return f"case when isfinite({expression}) then {expression} end"
    return f"cast({expression} as {SQL_TYPES[column.type]})"


def _extra(form: Format) -> str:
    """JSON of what has no column: the format's known members, and every field it does not know."""
    (first, plain), *members = form.kept.items()
    known = "".join(f""", ',"{name}":' || {text}""" for name, text in members)
    ours = json.dumps(dict.fromkeys(form.fields)).replace("'", "''")
    unknown = f"cast(json_merge_patch(text, '{ours}') as varchar)"
    careful = f"""concat('{{"{first}":', coalesce(cast(to_json({plain}) as varchar), 'null'){known},
        nullif(',' || substr({unknown}, 2, len({unknown}) - 2), ','), '}}')"""
    return f"""case when accounted then concat('{{"{first}":"', {plain}, '"'{known}, '}}') else {careful} end"""


def _size(name: str, kind: str, escaped: bool) -> str:
    """Bytes that a field takes in a line at the least: name, quotes, colon, comma, and the value."""
    value = f'strlen(to_json(r."{name}")) - 2' if escaped else f'strlen(cast(r."{name}" as varchar))'
    return f"coalesce({value} + {len(name) + (6 if kind == 'VARCHAR' else 4)}, 0)"


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


def duplicates(engine: DuckDB, reading: Reading, again: Callable[[], Lines]) -> np.ndarray[Any, Any]:
    """Line numbers whose bytes equal an earlier line's; blank lines are never duplicates.

    Hashes name the candidates; only if there are any is the file read again and their bytes compared.
    """
    if not reading.hashes:
        return np.zeros(0, np.int64)
    hashes = np.concatenate(reading.hashes)
    ordered = np.sort(hashes)
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(twice):
        return np.zeros(0, np.int64)
    at = np.searchsorted(twice, hashes).clip(max=len(twice) - 1)
    suspects = np.setdiff1d(np.concatenate(reading.lines)[twice[at] == hashes], np.array(reading.blank, np.int64))
    connection = engine.connection
    connection.register("lines", again().reader())
    connection.register("suspects", pa.table({"line": suspects}))
    try:
        found = connection.sql("""
            select line from (
                select line, row_number() over (partition by sha256(encode(text)) order by line) as nth
                from lines semi join suspects using (line)
            ) where nth > 1 order by line
        """).to_arrow_table()
    except duckdb.Error as error:
        raise refused(error) from error
    finally:
        connection.unregister("lines")
        connection.unregister("suspects")
    return np.asarray(found["line"].to_numpy())


def without(engine: DuckDB, part: Path, lines: np.ndarray[Any, Any], out: Path) -> None:
    """Copy a Parquet file of events, leaving these lines out."""
    connection = engine.connection
    connection.register("left_out", pa.table({"line": lines}))
    try:
        connection.execute(
            f"copy (select * from read_parquet({literal(str(part))}) anti join left_out using (line)) "
            f"to {literal(str(out))} ({PARQUET})"
        )
    except duckdb.Error as error:
        raise refused(error) from error
    finally:
        connection.unregister("left_out")


def tally(mended: list[tuple[int, tuple[str, ...]]]) -> dict[str, int]:
    """How often each kind of mending was done."""
    return dict(sorted(Counter(kind for _, kinds in mended for kind in kinds).items()))
