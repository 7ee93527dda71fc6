"""The fields of records that a mapping names, read from a scanned block, and what is made good of a line in doubt."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.mapping.times import moments_of, numbers
from coursetrail.formats.mapping.toml import NUMBERS, Mapping
from coursetrail.reading.columns import member_of, plain, scan_texts
from coursetrail.reading.format import Reject, Repaired
from coursetrail.reading.repair import REPEATED, is_repeated, object_of, repaired, text_of
from coursetrail.reading.scan import FieldSpec, Kind, Scanned

HEAVIEST = 2**31 - 1
UNREAD = "unread"
"""Where the text is kept that stands in a column of numbers and is none; it is no field, so `extra` has it."""
FieldPath = tuple[str, ...]
"""The name of a field, and of members below it."""


@dataclass(frozen=True)
class Fields:
    """Reads what a mapping names from the fields `r` of a block, n rows; `whole_names` have no paths in them."""

    mapping: Mapping
    whole_names: bool

    @property
    def time_columns(self) -> FieldPath:
        """The names of what a time is made of."""
        time = self.mapping.time
        return (*time.columns, time.origin_column) if time.origin_column else time.columns

    @property
    def needed(self) -> FieldPath:
        """The fields that tell whether a row is sound."""
        numeric = [name for ours in NUMBERS for name in self.mapping.columns.get(ours, ())]
        return self.tops((*self.time_columns, *numeric))

    def places(self, names: Iterable[str]) -> list[FieldPath]:
        """Where what is named stands."""
        return [(name,) if self.whole_names else _path(name) for name in names]

    def tops(self, names: Iterable[str]) -> FieldPath:
        """The fields of the line in which what is named stands."""
        return tuple(dict.fromkeys(place[0] for place in self.places(names)))

    def texts(self, r: pa.StructArray, names: Iterable[str], between: str = " ") -> pa.Array:
        """The texts of a column, or of several with something in between: null where one is."""
        found = [_at(r, place) for place in self.places(names)]
        return found[0] if len(found) == 1 else pc.binary_join_element_wise(*map(plain, found), between)

    def time(self, r: pa.StructArray) -> pa.TimestampArray:
        """The moments, null where none can be read."""
        time = self.mapping.time
        origins = self.texts(r, (time.origin_column,)) if time.origin_column else None
        return moments_of(time, self.texts(r, time.columns), origins)

    def misread(self, r: pa.StructArray) -> dict[str, Any]:
        """By column of ours, the rows in which something stands that is no such number."""
        found = {}
        for ours in self.mapping.columns.keys() & set(NUMBERS):
            texts = plain(self.texts(r, self.mapping.columns[ours]))
            read = numbers(texts)
            fine = weighs(read) if ours == "weight" else read.is_valid()
            said = pc.fill_null(pc.not_equal(texts, ""), False)
            found[ours] = pc.and_not(said, pc.fill_null(fine, False)).to_numpy(zero_copy_only=False)
        return found

    def broken(self, r: pa.StructArray) -> Any:
        """A mask of the rows in which an object that is read into cannot be, as where a name comes twice."""
        bad = np.zeros(len(r), np.bool_)
        for place in self.places(self.mapping.read):
            found = member_of(r, place[0])
            for name in place[1:]:
                inner = _into(found, name)
                opened = pc.fill_null(pc.starts_with(plain(found), "{"), False).to_numpy(zero_copy_only=False)
                bad |= opened & ~inner.valid
                found = member_of(inner.r, name)
        return bad

    def suspect(self, r: pa.StructArray) -> Any:
        """A mask of the rows without a time, with text where a number is due, or with an object that must be mended."""
        bad = self.time(r).is_null().to_numpy(zero_copy_only=False) | self.broken(r)
        for rows in self.misread(r).values():
            bad = bad | rows
        return bad


def repair(read: Fields, spec: FieldSpec, line: bytes) -> Repaired | None:
    """The line as sound JSON, looked at as all others are; a number that is none is kept as text."""
    kinds: list[str] = []
    text = text_of(line, kinds)
    if text is None:
        return None
    event = object_of(text, kinds)
    if is_repeated(event):
        dropped = read.tops(read.mapping.dropped)
        event[REPEATED] = [[name, value] for name, value in event[REPEATED] if name not in dropped]
    made = repaired(event, kinds)
    r = spec.scan(made.text.encode() + b"\n", repaired=True).r
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
    again = repaired(event, kinds)
    return replace(again, kinds=(*again.kinds, "number expected"))


def _path(name: str) -> FieldPath:
    """The names between dots; a dot that belongs to a name has a backslash before it."""
    names = name.replace("\\.", "\0").split(".")
    return tuple(part.replace("\0", ".") for part in names)


def _at(r: pa.StructArray, place: FieldPath) -> pa.Array:
    found = member_of(r, place[0])
    for name in place[1:]:
        found = member_of(_into(found, name).r, name)
    return found


def _into(texts: pa.Array, name: str) -> Scanned:
    """The objects that texts are, with nothing but one member."""
    return scan_texts(texts, FieldSpec({name: Kind.ANY}, {}, rest=False))


def weighs(found: pa.DoubleArray) -> pa.BooleanArray:
    """Whether each is a whole number of clicks."""
    inside = pc.and_(pc.greater_equal(found, 0), pc.less_equal(found, HEAVIEST))
    return pc.and_(inside, pc.equal(found, pc.floor(found)))
