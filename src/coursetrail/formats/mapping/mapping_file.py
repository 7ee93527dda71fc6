"""A mapping file as a `Format`, like the formats that have a package of their own."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import pyarrow as pa

from coursetrail.errors import InputError, UsageError
from coursetrail.formats.mapping.columns import columns
from coursetrail.formats.mapping.fields import Fields, repair
from coursetrail.formats.mapping.private import snake
from coursetrail.formats.mapping.spec import MAX_COLUMNS, MappingSpec, parse
from coursetrail.reading.bounded_toml import MAX_LENGTH
from coursetrail.reading.format import Format
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind
from coursetrail.reading.tables import DELIMITERS, DelimitedTable


@dataclass(frozen=True)
class MappingFile:
    """The name and the text of a mapping file. It is sent to workers, which may not be able to read the file."""

    file: str
    text: str

    @classmethod
    def read(cls, path: str) -> "MappingFile":
        """Read a file of this machine. Raises InputError if it cannot be read, UsageError if it is not text."""
        try:
            if Path(path).exists() and not Path(path).is_file():
                raise InputError(f"{path} is not a regular file. --mapping takes a TOML file.")
            with Path(path).open(encoding="utf-8-sig") as file:
                return cls(path, file.read(MAX_LENGTH + 1))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}. --mapping takes a TOML file.") from error
        except ValueError as error:
            raise UsageError(
                f"{path} is not text in UTF-8, so it is not a mapping. Pass the export as the file to read."
            ) from error

    def format(self) -> Format:
        """The format that the file describes. Raises UsageError for a mistake in it."""
        mapping = parse(self.text, self.file)
        return _form(mapping, _table(mapping, b"") if mapping.dialect.names else None, [])


def _fit(mapping: MappingSpec, head: list[bytes]) -> Format:
    """The format for a file with this head: JSON lines if it begins with an object, else a table. Raises InputError."""
    first = next((line for line in head if line.strip(b"\xef\xbb\xbf\0 \t\r\n")), None)
    if first is None:
        raise InputError("there are only blank lines at its beginning.")
    if first.lstrip(b"\xef\xbb\xbf\0 \t").startswith(b"{"):
        return _form(mapping, None, head)
    return _form(mapping, _table(mapping, first), head)


def _table(mapping: MappingSpec, first: bytes) -> DelimitedTable:
    """How the table with this first line is written. Raises InputError if a column is missing."""
    dialect = mapping.dialect
    text = first.decode(errors="replace").removeprefix("\ufeff").rstrip("\r\n")
    wanted = mapping.read | dict.fromkeys(mapping.dropped, "drop")
    if mapping.event_id:
        wanted.setdefault(mapping.event_id, "event_id")
    found = {mark: split(text, mark, dialect.backslash) for mark in dialect.delimiter or DELIMITERS}
    names: tuple[str, ...]
    if dialect.names:
        names = dialect.names
        delimiter = max(found, key=lambda mark: len(found[mark]) == len(names))
        header = first if found[delimiter] == names else None
    else:
        delimiter = max(found, key=lambda mark: len(wanted.keys() & set(found[mark])))
        names, header = found[delimiter], first
    for name, ours in wanted.items():
        if name not in names:
            what = "there is no column" if dialect.names else "its first line names no column"
            raise InputError(f"{what} '{name}', which {mapping.file} needs for {ours}.{_hint(name, names)}")
    if len(names) > MAX_COLUMNS:
        raise InputError(
            f"it has {len(names)} columns; at most {MAX_COLUMNS} can be read. Remove those that you do not need."
        )
    return DelimitedTable(names, delimiter, dialect.backslash, dialect.nulls, header)


def _hint(name: str, names: Iterable[str]) -> str:
    """A name that is nearly the same, if it is made of words; no other names, because a first line may be data."""
    words = [one for one in names if re.fullmatch(r"[^\W\d_]+(?:[ _-][^\W\d_]+){0,5}", one)]
    spelled = [one for one in words if snake(one) == snake(name)]
    near = spelled or get_close_matches(name[:100], words[:MAX_COLUMNS], n=1, cutoff=0.8)
    return f" Did you mean '{near[0]}'?" if near else " coursetrail sniff lists the columns of a file."


def split(line: str, delimiter: str, backslash: bool = False) -> tuple[str, ...]:
    """The fields of a line as column names, each unique and not empty."""
    try:
        fields = next(csv.reader([line], delimiter=delimiter, escapechar="\\" if backslash else None), [])
    except csv.Error:
        fields = line.split(delimiter)
    names: dict[str, None] = {}
    for number, given in enumerate(fields, 1):
        name = given.strip() or f"column_{number}"
        names[name if name not in names else f"{name}_{number}"] = None
    return tuple(names)


def _form(mapping: MappingSpec, table: DelimitedTable | None, head: list[bytes]) -> Format:
    read = Fields(mapping, whole_names=table is not None)
    paths = read.paths([*mapping.read, *([mapping.event_id] if mapping.event_id else [])])
    fields = {path[0] for path in paths}
    inner = {path[0] for path in paths if len(path) > 1}
    ids = set(read.tops((mapping.event_id,))) - set(read.tops(mapping.read)) if mapping.event_id else set()
    many = {path[0] for path in read.paths(mapping.time.columns)} if mapping.time.unit != "days" else set()
    raw = table.names if table else tuple(sorted(fields))
    others = {*raw} - fields
    dropped = read.tops(mapping.dropped)
    spec = FieldSpec(
        fields=dict.fromkeys(dropped, Kind.SKIP) | dict.fromkeys(sorted(fields | others - {*dropped}), Kind.ANY),
        nested={},
        also_in_rest=dict.fromkeys((inner | others | ids | set(read.tops(mapping.stored))) - {*dropped}, AlsoInRest()),
        coded=frozenset(fields - inner - many - ids),
    )
    first = _first_times(read, spec, table, head)
    return Format(
        name=mapping.name,
        title=mapping.title,
        fit=partial(_fit, mapping),
        spec=spec,
        raw=tuple(name for name in raw if name not in dropped),
        needed=(*read.needed, *(read.tops((mapping.event_id,)) if mapping.event_id else ())),
        suspect=read.suspect,
        repair=partial(repair, read, spec),
        url=lambda r: pa.nulls(len(r), pa.string()),
        page=lambda _: (None,) * 4,
        columns=dict(columns(mapping, read)),
        table=table,
        watched={} if table else {name: (ours, partial(_texts, read, name)) for name, ours in mapping.read.items()},
        event_id=partial(_texts, read, mapping.event_id) if mapping.event_id else None,
        repeats=read.is_coarse(first) if mapping.repeats is None else mapping.repeats,
        clock=read.has_clock(first),
        encoding=mapping.encoding,
        keepable=(lambda _: b"") if mapping.dropped or "network" in mapping.columns else bytes,
    )


def _texts(read: Fields, name: str, r: pa.StructArray) -> pa.Array:
    return read.texts(r, (name,))


def _first_times(read: Fields, spec: FieldSpec, table: DelimitedTable | None, head: list[bytes]) -> pa.StructArray:
    """The fields of the time in the first lines: these show how fine the times of a file are."""
    text = b"".join(head)
    text += b"" if text.endswith(b"\n") else b"\n"
    times = spec.only(read.tops(read.time_columns), rest=False)
    return times.scan(table.records(text, True).json if table else text).r
