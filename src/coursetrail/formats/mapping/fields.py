"""Reads the fields that a mapping names from a scanned block, and repairs suspect lines."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.dataset.schema import EVENTS
from coursetrail.formats.mapping.spec import NUMBERS, MappingSpec
from coursetrail.formats.mapping.time_texts import names_zone
from coursetrail.formats.mapping.times import has_clock, is_coarse, moments_of, numbers
from coursetrail.reading.columns import member_of, plain, scan_texts
from coursetrail.reading.format import Reject, Repaired
from coursetrail.reading.repair import REPEATED, is_repeated, object_of, repaired, text_of
from coursetrail.reading.scan import FieldSpec, Kind, Scanned
from coursetrail.reading.times import must_be_plausible, plausible

UNREAD = "unread"
"""Member of `extra` with the texts of number columns that are not numbers; no field of the mapping has this name."""
FieldPath = tuple[str, ...]
"""The name of a field, and the names of members below it."""


@dataclass(frozen=True)
class Fields:
    """Reads what a mapping names from the fields `r` of a block. With `whole_names`, a dot is part of a name."""

    mapping: MappingSpec
    whole_names: bool

    @property
    def time_columns(self) -> FieldPath:
        """The names of the columns that make a time."""
        time = self.mapping.time
        return (*time.columns, time.origin_column) if time.origin_column else time.columns

    @property
    def needed(self) -> FieldPath:
        """The fields that show whether a row is valid."""
        numeric = [name for ours in NUMBERS for name in self.mapping.columns.get(ours, ())]
        return self.tops((*self.time_columns, *numeric))

    def paths(self, names: Iterable[str]) -> list[FieldPath]:
        """The paths of named columns."""
        return [(name,) if self.whole_names else _path(name) for name in names]

    def tops(self, names: Iterable[str]) -> FieldPath:
        """The fields of the line that hold the named columns."""
        return tuple(dict.fromkeys(path[0] for path in self.paths(names)))

    def texts(self, r: pa.StructArray, names: Iterable[str], between: str = " ") -> pa.Array:
        """The texts of a column, or of several columns joined by `between`; null where one of them is null."""
        found = [_at(r, path) for path in self.paths(names)]
        return found[0] if len(found) == 1 else pc.binary_join_element_wise(*map(plain, found), between)

    def time(self, r: pa.StructArray) -> pa.TimestampArray:
        """The moments, null where no time can be read."""
        time = self.mapping.time
        origins = self.texts(r, (time.origin_column,)) if time.origin_column else None
        return moments_of(time, self.texts(r, time.columns), origins)

    def is_coarse(self, r: pa.StructArray) -> bool:
        """Whether times are no finer than a minute, so that equal lines are different events."""
        return is_coarse(self.mapping.time, self.texts(r, self.mapping.time.columns), self.time(r))

    def has_clock(self, r: pa.StructArray) -> bool:
        """Whether times have a time of day, so that rules about minutes and hours apply."""
        return has_clock(self.mapping.time, self.texts(r, self.mapping.time.columns), self.time(r))

    def misread(self, r: pa.StructArray) -> dict[str, Any]:
        """For each numeric column of events, a mask of the rows with a text that is not a valid number."""
        found = {}
        for ours in self.mapping.columns.keys() & set(NUMBERS):
            texts = plain(self.texts(r, self.mapping.columns[ours]))
            read = numbers(texts)
            valid = fits(ours, read)
            filled = pc.fill_null(pc.not_equal(texts, ""), False)
            found[ours] = pc.and_not(filled, pc.fill_null(valid, False)).to_numpy(zero_copy_only=False)
        return found

    def broken(self, r: pa.StructArray) -> Any:
        """A mask of the rows with an object on a path that cannot be scanned, such as one with a repeated name."""
        bad = np.zeros(len(r), np.bool_)
        for path in self.paths(self.mapping.read):
            found = member_of(r, path[0])
            for name in path[1:]:
                inner = _into(found, name)
                opened = pc.fill_null(pc.starts_with(plain(found), "{"), False).to_numpy(zero_copy_only=False)
                bad |= opened & ~inner.valid
                found = member_of(inner.r, name)
        return bad

    def suspect(self, r: pa.StructArray) -> Any:
        """A mask of the rows without a plausible time, with text for a number, or with an object to repair."""
        bad = ~plausible(self.time(r)) | self.broken(r)
        for rows in self.misread(r).values():
            bad = bad | rows
        return bad


def repair(read: Fields, spec: FieldSpec, line: bytes) -> Repaired | None:
    """The line as valid JSON, checked like every other line; text that should be a number is stored as text."""
    kinds: list[str] = []
    text = text_of(line, kinds)
    if text is None:
        return None
    event = object_of(text, kinds)
    if is_repeated(event):
        dropped = read.tops(read.mapping.dropped)
        event[REPEATED] = [[name, value] for name, value in event[REPEATED] if name not in dropped]
    first = repaired(event, kinds)
    r = spec.scan(first.text.encode() + b"\n", repaired=True).r
    if not read.time(r)[0].is_valid:
        filled = all(read.texts(r, (name,))[0].is_valid for name in read.time_columns)
        raise Reject(_why_no_time(read, r) if filled else "no time")
    must_be_plausible(read.time(r)[0].as_py())
    misread = [ours for ours, rows in read.misread(r).items() if rows[0]]
    if "weight" in misread:
        raise Reject("the weight is no whole number")
    if not misread:
        return first
    columns = {ours: read.mapping.columns[ours] for ours in sorted(misread)}
    event[UNREAD] = {ours: read.texts(r, names)[0].as_py() for ours, names in columns.items()}
    again = repaired(event, kinds)
    return replace(again, kinds=(*again.kinds, "number expected"))


def _why_no_time(read: Fields, r: pa.StructArray) -> str:
    text = plain(read.texts(r, read.mapping.time.columns))[0].as_py()
    if any(names_zone(text, form) for form in read.mapping.time.formats):
        return "the time names a zone other than UTC: write the name into format, and what it means into zone"
    is_number = read.mapping.time.unit and not read.mapping.time.origin_column and text.strip().isdigit()
    return f"the time cannot be read{': is its unit the right one?' if is_number else ''}"


def _path(name: str) -> FieldPath:
    """The names between dots; a dot that is part of a name follows a backslash."""
    names = name.replace("\\.", "\0").split(".")
    return tuple(part.replace("\0", ".") for part in names)


def _at(r: pa.StructArray, path: FieldPath) -> pa.Array:
    found = member_of(r, path[0])
    for name in path[1:]:
        found = member_of(_into(found, name).r, name)
    return found


def _into(texts: pa.Array, name: str) -> Scanned:
    """One member of the objects in these texts."""
    return scan_texts(texts, FieldSpec({name: Kind.ANY}, {}, rest=False))


def fits(ours: str, found: pa.DoubleArray) -> pa.BooleanArray:
    """Whether a column of events can hold each number; a weight is a number of clicks, so it is not negative."""
    kind = EVENTS.schema.field(ours).type
    if not pa.types.is_integer(kind):
        return found.is_valid()
    limit = 2.0 ** (kind.bit_width - 1)
    inside = pc.and_(pc.greater_equal(found, 0 if ours == "weight" else -limit), pc.less(found, limit))
    return pc.and_(inside, pc.equal(found, pc.floor(found)))
