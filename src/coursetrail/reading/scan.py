"""A block of JSON lines → Arrow columns of their fields; `_scan.c` does it, without the interpreter.

The scanner is strict, and makes no attempt at lines that are not plainly sound: it says which those are. A format
then looks at them one by one. docs/adr/0006-a-scanner-in-c.md has the reasons and the measurements.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.reading import _scan


class Kind(IntEnum):
    """What a field holds, and what becomes of it."""

    SKIP = _scan.SKIP
    """Known, but not wanted: checked and passed over."""
    TEXT = _scan.TEXT
    """A string or null; any other value makes the line doubtful."""
    ANY = _scan.ANY
    """A string as its text, null, or any other value as the JSON it is."""
    JSON = _scan.JSON
    """The JSON text of the value, whatever it is."""
    INTEGER = _scan.INTEGER
    """A whole number of up to 18 digits, or null; any other value makes the line doubtful."""
    NUMBER = _scan.NUMBER
    """A number, also in quotes, as a double; any other value is null."""


TYPES = {
    Kind.TEXT: pa.string(),
    Kind.ANY: pa.string(),
    Kind.JSON: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
}


@dataclass(frozen=True)
class Scanned:
    """The lines of a block, n of them: row i is the line at `block[begins[i] : begins[i + 1]]`.

    `r` has the fields and `v` the members of the nested object, with `strict`: whether it is JSON to the letter
    (NaN and Infinity are taken as null). `rest` is a JSON object of all other fields and of those that are kept,
    null where there are none. Rows that are not `sound` are null throughout. `hashes` are of the lines' bytes.
    """

    r: pa.StructArray
    v: pa.StructArray
    rest: pa.StringArray
    valid: np.ndarray[Any, np.dtype[np.bool_]]
    begins: np.ndarray[Any, np.dtype[np.int32]]
    hashes: np.ndarray[Any, np.dtype[np.uint64]]

    def taken(self, rows: pa.Array) -> "Scanned":
        """These rows, null for null; without what only whole blocks have."""
        none = np.zeros(0)
        valid = pc.fill_null(pa.array(self.valid).take(rows), False).to_numpy(zero_copy_only=False)
        r, v, rest = (array.take(rows) for array in (self.r, self.v, self.rest))
        return Scanned(r, v, rest, valid, none.astype(np.int32), none.astype(np.uint64))


@dataclass(frozen=True)
class AlsoInRest:
    """A field that `rest` gets too, unless it is this JSON or the same as another field; null it never gets."""

    unless: str = ""
    same_as: str | None = None


@dataclass(frozen=True)
class FieldSpec:
    """Which fields to look for: in a line, and in the object that the field `inside` holds as text.

    The inner object is looked for where the field `where` equals `when`, or everywhere if `where` is None. It is
    `kept` as an object, not as text. Without `rest` nothing is kept and other fields are passed over. Texts
    that are `coded` are stored once a block, as a dictionary array: it pays where each distinct one is looked at.
    """

    fields: Mapping[str, Kind]
    nested: Mapping[str, Kind]
    inside: str | None = None
    where: str | None = None
    when: str = ""
    kept: Mapping[str, AlsoInRest] = field(default_factory=dict)
    coded: frozenset[str] = frozenset()
    rest: bool = True

    def only(self, wanted: Iterable[str], *, rest: bool) -> "FieldSpec":
        """The same layout with all other fields passed over."""
        taken = {*wanted, self.inside, self.where}
        fields = {name: kind if name in taken else Kind.SKIP for name, kind in self.fields.items()}
        return replace(self, fields=fields, rest=rest)

    def scan(self, block: Any, *, repaired: bool = False) -> Scanned:
        """Scan whole lines. `mended` lines have passed a JSON parser: a name with a backslash is just unknown."""
        region, rows, begins, states, hashes, columns, inner, held, strict, rest = _scan.scan(
            block,
            tuple(self._described()),
            tuple((name, kind, name in self.coded, False, "", -1) for name, kind in self.nested.items()),
            self._place(self.inside),
            self._place(self.where),
            self.when,
            self.rest,
            repaired,
        )
        memory = _Memory(pa.py_buffer(region), rows)
        return Scanned(
            r=memory.struct(self.fields, columns),
            v=memory.struct(self.nested, inner, held, {"strict": memory.flags(strict)}),
            rest=memory.array(Kind.JSON, rest) if rest else pa.nulls(rows, pa.string()),
            valid=np.frombuffer(region, np.uint8, rows, states) == 0,
            begins=np.frombuffer(region, np.int32, rows + 1, begins),
            hashes=np.frombuffer(region, np.uint64, rows, hashes).copy(),
        )

    def _described(self) -> Iterator[tuple[str, Kind, bool, bool, str, int]]:
        """The fields as `_scan` takes them."""
        for name, kind in self.fields.items():
            kept = self.kept.get(name)
            same = self._place(kept.same_as if kept else None)
            yield name, kind, name in self.coded, kept is not None, kept.unless if kept else "", same

    def _place(self, name: str | None) -> int:
        return list(self.fields).index(name) if name else -1


ColumnPlace = tuple[int, int, int, int, int, int]
"""Where a column's validity, values and data begin in a region and how long its data is; where the numbers of its
texts begin, if it has them, and how many texts."""


@dataclass(frozen=True)
class _Memory:
    """The region that the scanner filled, and how many rows it has."""

    region: pa.Buffer
    rows: int

    def array(self, kind: Kind, place: ColumnPlace) -> pa.Array:
        valid, values, data, size, codes, words = place
        if codes:
            numbers = pa.Array.from_buffers(pa.int32(), self.rows, [self.region.slice(valid), self.region.slice(codes)])
            texts = [None, self.region.slice(values), self.region.slice(data, size)]
            return pa.DictionaryArray.from_arrays(numbers, pa.Array.from_buffers(pa.string(), words, texts), safe=False)
        buffers = [self.region.slice(valid), self.region.slice(values)]
        if TYPES[kind] == pa.string():
            buffers.append(self.region.slice(data, size))
        return pa.Array.from_buffers(TYPES[kind], self.rows, buffers)

    def flags(self, place: ColumnPlace) -> pa.BooleanArray:
        return pa.Array.from_buffers(pa.bool_(), self.rows, [None, self.region.slice(place[0])])

    def struct(
        self,
        kinds: Mapping[str, Kind],
        places: Sequence[ColumnPlace | None],
        held: ColumnPlace | None = None,
        more: Mapping[str, pa.Array] | None = None,
    ) -> pa.StructArray:
        named = zip(kinds.items(), places, strict=True)
        arrays = {name: self.array(kind, place) for (name, kind), place in named if place is not None}
        arrays |= more or {}
        form = pa.struct([pa.field(name, array.type) for name, array in arrays.items()])
        valid = self.region.slice(held[0]) if held else None
        return pa.StructArray.from_buffers(form, self.rows, [valid], children=list(arrays.values()))
