"""A block of JSON lines → Arrow columns of their fields. `native/scan.c` does the work, without the interpreter's lock.

The scanner is strict: it only marks a line that is not valid. A format then reads these lines one by one.
docs/adr/0006-a-scanner-in-c.md has the reasons and the measurements.
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
    """What a field holds, and what its column gets."""

    SKIP = _scan.SKIP
    """A known field that is not needed: checked and skipped."""
    TEXT = _scan.TEXT
    """A string or null; any other value makes the line suspect."""
    ANY = _scan.ANY
    """A string as its text, null, or any other value as its JSON."""
    JSON = _scan.JSON
    """The JSON text of the value, whatever it is."""
    INTEGER = _scan.INTEGER
    """A whole number of up to 18 digits, or null; any other value makes the line suspect."""
    NUMBER = _scan.NUMBER
    """A number, also in quotes, as a double; null for any other value."""


TYPES = {
    Kind.TEXT: pa.string(),
    Kind.ANY: pa.string(),
    Kind.JSON: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
}


@dataclass(frozen=True)
class Scanned:
    """The n lines of a block; row i is the line `block[begins[i] : begins[i + 1]]`.

    `r` has the fields and `v` the members of the nested object, with `strict`: whether it is strict JSON (NaN and
    Infinity are read as null). `rest` is a JSON object of all other fields and of those that are also in it, null
    where there are none. A row that is not `valid` is null in every column. `hashes` are of the lines' bytes.
    """

    r: pa.StructArray
    v: pa.StructArray
    rest: pa.StringArray
    valid: np.ndarray[Any, np.dtype[np.bool_]]
    begins: np.ndarray[Any, np.dtype[np.int32]]
    hashes: np.ndarray[Any, np.dtype[np.uint64]]

    def take(self, rows: pa.Array) -> "Scanned":
        """The rows of these numbers, null for null; without `begins` and `hashes`, which only a whole block has."""
        none = np.zeros(0)
        valid = pc.fill_null(pa.array(self.valid).take(rows), False).to_numpy(zero_copy_only=False)
        r, v, rest = (array.take(rows) for array in (self.r, self.v, self.rest))
        return Scanned(r, v, rest, valid, none.astype(np.int32), none.astype(np.uint64))


@dataclass(frozen=True)
class AlsoInRest:
    """A field that is also in `rest`, unless it is null, has this JSON, or has the value of another field."""

    unless: str = ""
    same_as: str | None = None


@dataclass(frozen=True)
class FieldSpec:
    """Which fields to read: those of a line, and those of the object that the field `inside` holds as text.

    The inner object is read where the field `where` equals `when`, or in every line if `where` is None. In `rest` it
    is an object, not text. Without `rest` other fields are skipped, and `also_in_rest` has no effect. A `coded` field
    becomes a dictionary array with each text of the block once, which is faster where each distinct text is parsed.
    """

    fields: Mapping[str, Kind]
    nested: Mapping[str, Kind]
    inside: str | None = None
    where: str | None = None
    when: str = ""
    also_in_rest: Mapping[str, AlsoInRest] = field(default_factory=dict)
    coded: frozenset[str] = frozenset()
    rest: bool = True

    def only(self, wanted: Iterable[str], *, rest: bool) -> "FieldSpec":
        """The same spec, with all other fields skipped."""
        taken = {*wanted, self.inside, self.where}
        fields = {name: kind if name in taken else Kind.SKIP for name, kind in self.fields.items()}
        return replace(self, fields=fields, rest=rest)

    def scan(self, block: Any, *, repaired: bool = False) -> Scanned:
        """Scan whole lines. A JSON parser wrote `repaired` lines: a name with a backslash is unknown."""
        region, rows, begins, states, hashes, columns, inner, held, strict, rest = _scan.scan(
            block,
            tuple(self._described()),
            tuple((name, kind, name in self.coded, False, "", -1) for name, kind in self.nested.items()),
            self._index(self.inside),
            self._index(self.where),
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
            also = self.also_in_rest.get(name)
            same = self._index(also.same_as if also else None)
            yield name, kind, name in self.coded, also is not None, also.unless if also else "", same

    def _index(self, name: str | None) -> int:
        return list(self.fields).index(name) if name else -1


ColumnPosition = tuple[int, int, int, int, int, int]
"""Of a column in a region: where its validity, values and data begin, how long the data is, where the numbers of its
texts begin if it is coded, and how many texts there are."""


@dataclass(frozen=True)
class _Memory:
    """The region that the scanner filled, and its number of rows."""

    region: pa.Buffer
    rows: int

    def array(self, kind: Kind, position: ColumnPosition) -> pa.Array:
        valid, values, data, size, codes, words = position
        if codes:
            numbers = pa.Array.from_buffers(pa.int32(), self.rows, [self.region.slice(valid), self.region.slice(codes)])
            texts = [None, self.region.slice(values), self.region.slice(data, size)]
            return pa.DictionaryArray.from_arrays(numbers, pa.Array.from_buffers(pa.string(), words, texts), safe=False)
        buffers = [self.region.slice(valid), self.region.slice(values)]
        if TYPES[kind] == pa.string():
            buffers.append(self.region.slice(data, size))
        return pa.Array.from_buffers(TYPES[kind], self.rows, buffers)

    def flags(self, position: ColumnPosition) -> pa.BooleanArray:
        return pa.Array.from_buffers(pa.bool_(), self.rows, [None, self.region.slice(position[0])])

    def struct(
        self,
        kinds: Mapping[str, Kind],
        positions: Sequence[ColumnPosition | None],
        held: ColumnPosition | None = None,
        more: Mapping[str, pa.Array] | None = None,
    ) -> pa.StructArray:
        named = zip(kinds.items(), positions, strict=True)
        arrays = {name: self.array(kind, position) for (name, kind), position in named if position is not None}
        arrays |= more or {}
        form = pa.struct([pa.field(name, array.type) for name, array in arrays.items()])
        valid = self.region.slice(held[0]) if held else None
        return pa.StructArray.from_buffers(form, self.rows, [valid], children=list(arrays.values()))
