"""A format by a mapping file: what it says, as a `Format` like those that have a module."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.errors import InputError, UsageError, did_you_mean
from coursetrail.formats.columns import (
    Column,
    Records,
    coded,
    constant,
    each,
    filled,
    member_of,
    plain,
    scan_texts,
    without_empty,
)
from coursetrail.formats.format import Format, Mended, Reject
from coursetrail.formats.mapping_times import moments_of, numbers
from coursetrail.formats.mapping_toml import LISTS, NUMBERS, Mapping, parse
from coursetrail.formats.mending import mended, object_of, text_of
from coursetrail.formats.network import network
from coursetrail.formats.scan import Kept, Kind, Layout
from coursetrail.formats.tables import Table

DELIMITERS = ",\t;|"
MOST = 64
"""Columns that a table may have: the scanner's limit."""
HEAVIEST = 2**31 - 1
UNREAD = "unread"
"""Where the text is kept that stands in a column of numbers and is none; it is no field, so `extra` has it."""
BESIDE = "-"
"""Between texts of several columns that are one of ours."""
Place = tuple[str, ...]
"""The name of a field, and of members below it."""


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


def _table(mapping: Mapping, first: bytes) -> Table:
    """How a table lies whose first line is this; InputError where a column is missing."""
    dialect = mapping.dialect
    text = first.decode(errors="replace").removeprefix("\ufeff").rstrip("\r\n")
    wanted = mapping.read
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
    return Table(names, delimiter, dialect.backslash, dialect.nulls, header)


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


def _form(mapping: Mapping, table: Table | None) -> Format:
    read = _Reader(mapping, whole_names=table is not None)
    fields = {place[0] for name in mapping.read for place in read.places((name,))}
    inner = {place[0] for name in mapping.read for place in read.places((name,)) if len(place) > 1}
    many = {place[0] for place in read.places(mapping.time.columns)} if mapping.time.unit != "days" else set()
    raw = table.names if table else tuple(sorted(fields))
    layout = Layout(
        fields=dict.fromkeys(sorted(fields), Kind.ANY) | dict.fromkeys(mapping.dropped, Kind.SKIP),
        nested={},
        kept=dict.fromkeys(inner | {place[0] for place in read.places(mapping.kept)}, Kept()),
        coded=frozenset(fields - inner - many),
    )
    return Format(
        name=mapping.name,
        title=mapping.title,
        fit=partial(_fit, mapping),
        layout=layout,
        raw=tuple(name for name in raw if name not in mapping.dropped),
        needed=tuple(read.needed),
        doubtful=read.doubtful,
        mend=partial(_mend, read, layout),
        url=lambda r: pa.nulls(len(r), pa.string()),
        page=lambda _: (None,) * 4,
        address="",
        columns=dict(_columns(mapping, read)),
        table=table,
        repeats=mapping.repeats,
        keepable=(lambda _: b"") if mapping.dropped or "network" in mapping.columns else bytes,
    )


def _columns(mapping: Mapping, read: "_Reader") -> Iterable[tuple[str, Column]]:
    yield "platform", constant(mapping.name)
    yield "course", Column((), lambda records: coded(np.full(len(records), -1), []))
    for ours, text in mapping.constants.items():
        yield ours, constant(text)
    yield "time", Column(read.tops(read.time_columns), lambda records: read.time(records.scanned.r))
    for ours, names in mapping.columns.items():
        yield ours, Column(read.tops(names), partial(_MAKE.get(ours, _text), read, names))
    for ours, one in mapping.translations.items():
        words = (*LISTS[ours],)
        numbers = {value: words.index(word) for value, word in one.values.items()}
        other = words.index(one.default) if one.default else -1
        yield (
            ours,
            Column(
                read.tops((one.column,)),
                partial(_translated, read, one.column, words, numbers, other),
            ),
        )


def _text(read: "_Reader", names: Place, records: Records) -> pa.Array:
    return without_empty(read.texts(records.scanned.r, names, BESIDE))


def _platform(read: "_Reader", names: Place, records: Records) -> pa.Array:
    found = _text(read, names, records)
    strings = found if pa.types.is_dictionary(found.type) else found.dictionary_encode()
    return filled(strings, read.mapping.name)


def _network(read: "_Reader", names: Place, records: Records) -> pa.Array:
    strings = plain(_text(read, names, records)).dictionary_encode()
    return pa.array(map(network, strings.dictionary.to_pylist()), pa.string()).take(strings.indices)


def _number(read: "_Reader", names: Place, records: Records) -> pa.Array:
    return numbers(read.texts(records.scanned.r, names, BESIDE))


def _weight(read: "_Reader", names: Place, records: Records) -> pa.Array:
    found = _number(read, names, records)
    return pc.if_else(_weighs(found), found, None).cast(pa.int32())


_MAKE: dict[str, Callable[["_Reader", Place, Records], pa.Array]] = {
    "platform": _platform,
    "network": _network,
    "weight": _weight,
    **dict.fromkeys(set(NUMBERS) - {"weight"}, _number),
}


def _translated(
    read: "_Reader", name: str, words: Place, numbers: dict[str, int], other: int, records: Records
) -> pa.Array:
    codes = each(read.texts(records.scanned.r, (name,)), lambda value: numbers.get(value, other), missing=other)
    return coded(codes, words)


def _weighs(found: pa.DoubleArray) -> pa.BooleanArray:
    """Whether each is a whole number of clicks."""
    inside = pc.and_(pc.greater_equal(found, 0), pc.less_equal(found, HEAVIEST))
    return pc.and_(inside, pc.equal(found, pc.floor(found)))


@dataclass(frozen=True)
class _Reader:
    """Reads what a mapping names from the fields `r` of a block, n rows; `whole_names` have no paths in them."""

    mapping: Mapping
    whole_names: bool

    @property
    def time_columns(self) -> Place:
        time = self.mapping.time
        return (*time.columns, time.origin_column) if time.origin_column else time.columns

    @property
    def needed(self) -> Place:
        """The fields that tell whether a row is sound."""
        numeric = [name for ours in NUMBERS for name in self.mapping.columns.get(ours, ())]
        return self.tops((*self.time_columns, *numeric))

    def places(self, names: Iterable[str]) -> list[Place]:
        return [(name,) if self.whole_names else _path(name) for name in names]

    def tops(self, names: Iterable[str]) -> Place:
        return tuple(dict.fromkeys(place[0] for place in self.places(names)))

    def texts(self, r: pa.StructArray, names: Iterable[str], between: str = " ") -> pa.Array:
        """The texts of a column, or of several with something in between: null where one is."""
        found = [_at(r, place) for place in self.places(names)]
        return found[0] if len(found) == 1 else pc.binary_join_element_wise(*map(plain, found), between)

    def time(self, r: pa.StructArray) -> pa.TimestampArray:
        time = self.mapping.time
        origins = self.texts(r, (time.origin_column,)) if time.origin_column else None
        return moments_of(time, self.texts(r, time.columns), origins)

    def misread(self, r: pa.StructArray) -> dict[str, Any]:
        """By column of ours, the rows in which something stands that is no such number."""
        found = {}
        for ours in self.mapping.columns.keys() & set(NUMBERS):
            texts = without_empty(self.texts(r, self.mapping.columns[ours]))
            read = numbers(texts)
            fine = _weighs(read) if ours == "weight" else read.is_valid()
            found[ours] = pc.and_not(texts.is_valid(), pc.fill_null(fine, False)).to_numpy(zero_copy_only=False)
        return found

    def doubtful(self, r: pa.StructArray) -> Any:
        bad = self.time(r).is_null().to_numpy(zero_copy_only=False)
        for rows in self.misread(r).values():
            bad = bad | rows
        return bad


def _mend(read: _Reader, layout: Layout, line: bytes) -> Mended | None:
    """The line as sound JSON, looked at as all others are; a number that is none is kept as text."""
    kinds: list[str] = []
    text = text_of(line, kinds)
    if text is None:
        return None
    event = object_of(text, kinds)
    made = mended(event, kinds)
    r = layout.scan(made.text.encode() + b"\n", mended=True).r
    if not read.time(r)[0].is_valid:
        said = all(read.texts(r, (name,))[0].is_valid for name in read.time_columns)
        raise Reject("the time cannot be read" if said else "no time")
    misread = [ours for ours, rows in read.misread(r).items() if rows[0]]
    if "weight" in misread:
        raise Reject("the weight is no whole number")
    if not misread:
        return made
    places = {ours: read.mapping.columns[ours] for ours in sorted(misread)}
    event[UNREAD] = {ours: read.texts(r, names)[0].as_py() for ours, names in places.items()}
    again = mended(event, kinds)
    return replace(again, kinds=(*again.kinds, "number expected"))


def _path(name: str) -> Place:
    """The names between dots; a dot that belongs to a name has a backslash before it."""
    names = name.replace("\\.", "\0").split(".")
    return tuple(part.replace("\0", ".") for part in names)


def _at(r: pa.StructArray, place: Place) -> pa.Array:
    found = member_of(r, place[0])
    for name in place[1:]:
        found = member_of(scan_texts(found, Layout({name: Kind.ANY}, {}, rest=False)).r, name)
    return found
