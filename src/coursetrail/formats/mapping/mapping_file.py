"""A format by a mapping file: what it says, as a `Format` like those that have a module."""

import csv
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from coursetrail.errors import InputError, UsageError, did_you_mean
from coursetrail.formats.mapping.columns import columns
from coursetrail.formats.mapping.fields import Fields, repair
from coursetrail.formats.mapping.toml import MOST, Mapping, parse
from coursetrail.reading.format import Format
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind
from coursetrail.reading.tables import DELIMITERS, DelimitedTable


@dataclass(frozen=True)
class MappingFile:
    """The name of a mapping file and its text: what travels to a worker, who may not reach the file."""

    file: str
    text: str

    @classmethod
    def read(cls, path: str) -> "MappingFile":
        """From a file of this machine; InputError if it cannot be read."""
        try:
            return cls(path, Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise InputError(f"{path}: {error.strerror or error}. --mapping takes a TOML file.") from error
        except ValueError as error:
            raise UsageError(f"{path} is no text in UTF-8, so no mapping. Which file is the export?") from error

    def format(self) -> Format:
        """The format that it describes; UsageError where it cannot be understood."""
        mapping = parse(self.text, self.file)
        return _form(mapping, _table(mapping, b"") if mapping.dialect.names else None)


def _fit(mapping: Mapping, head: list[bytes]) -> Format:
    """The format fitted to a file: lines of JSON if it begins with an object, else a table. Raises InputError."""
    first = next((line for line in head if line.strip(b"\xef\xbb\xbf\0 \t\r\n")), None)
    if first is None:
        raise InputError("there are only blank lines at its beginning.")
    if first.lstrip(b"\xef\xbb\xbf\0 \t").startswith(b"{"):
        return _form(mapping, None)
    return _form(mapping, _table(mapping, first))


def _table(mapping: Mapping, first: bytes) -> DelimitedTable:
    """How a table lies whose first line is this; InputError where a column is missing."""
    dialect = mapping.dialect
    text = first.decode(errors="replace").removeprefix("\ufeff").rstrip("\r\n")
    wanted = mapping.read | dict.fromkeys(mapping.dropped, "drop")
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
            raise InputError(
                f"{what} '{name}', which {mapping.file} wants for {ours}.{did_you_mean(name, list(names)[:MOST])}"
            )
    if len(names) > MOST:
        raise InputError(f"it has {len(names)} columns; at most {MOST} can be read. Cut it to those you need.")
    return DelimitedTable(names, delimiter, dialect.backslash, dialect.nulls, header)


def split(line: str, delimiter: str, backslash: bool = False) -> tuple[str, ...]:
    """The fields of a line, all different and none empty, as names."""
    try:
        fields = next(csv.reader([line], delimiter=delimiter, escapechar="\\" if backslash else None), [])
    except csv.Error:
        fields = line.split(delimiter)
    names: dict[str, None] = {}
    for place, given in enumerate(fields, 1):
        name = given.strip() or f"column_{place}"
        names[name if name not in names else f"{name}_{place}"] = None
    return tuple(names)


def _form(mapping: Mapping, table: DelimitedTable | None) -> Format:
    read = Fields(mapping, whole_names=table is not None)
    fields = {place[0] for name in mapping.read for place in read.places((name,))}
    inner = {place[0] for name in mapping.read for place in read.places((name,)) if len(place) > 1}
    many = {place[0] for place in read.places(mapping.time.columns)} if mapping.time.unit != "days" else set()
    raw = table.names if table else tuple(sorted(fields))
    others = {*raw} - fields
    dropped = read.tops(mapping.dropped)
    spec = FieldSpec(
        fields=dict.fromkeys(dropped, Kind.SKIP) | dict.fromkeys(sorted(fields | others - {*dropped}), Kind.ANY),
        nested={},
        also_in_rest=dict.fromkeys((inner | others | set(read.tops(mapping.kept))) - {*dropped}, AlsoInRest()),
        coded=frozenset(fields - inner - many),
    )
    return Format(
        name=mapping.name,
        title=mapping.title,
        fit=partial(_fit, mapping),
        spec=spec,
        raw=tuple(name for name in raw if name not in dropped),
        needed=tuple(read.needed),
        suspect=read.suspect,
        repair=partial(repair, read, spec),
        url=lambda r: pa.nulls(len(r), pa.string()),
        page=lambda _: (None,) * 4,
        columns=dict(columns(mapping, read)),
        table=table,
        repeats=mapping.repeats,
        keepable=(lambda _: b"") if mapping.dropped or "network" in mapping.columns else bytes,
    )
