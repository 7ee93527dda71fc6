"""Columns of events, made from the records of a block: Arrow in, Arrow out.

Each distinct string of a block is parsed once; repeated strings stay numbers into a dictionary.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.reading import _scan
from coursetrail.reading.scan import FieldSpec, Scanned

Meaning = TypeVar("Meaning")
Parsed = Sequence[pa.DictionaryArray]
MOMENT = pa.timestamp("us", tz="UTC")
"""The type of every time: microseconds, UTC."""


@dataclass(frozen=True)
class Records:
    """The n records of a block: the scanned fields, and the parsed addresses of pages and clients."""

    scanned: Scanned
    within: Mapping[str, FieldSpec]
    parse_pages: Callable[["Records"], Parsed]
    parse_networks: Callable[["Records"], Parsed]

    def __len__(self) -> int:
        return len(self.scanned.valid)

    @cached_property
    def pages(self) -> Parsed:
        """Course, area, item and action of the page."""
        return self.parse_pages(self)

    @cached_property
    def network(self) -> pa.DictionaryArray:
        """The client's network."""
        return self.parse_networks(self)[0]

    def field(self, name: str) -> pa.Array:
        """A field of the line; nulls if it was skipped."""
        return member_of(self.scanned.r, name)

    def inner(self, name: str) -> pa.Array:
        """A member of the nested object."""
        return member_of(self.scanned.v, name)

    def member(self, field: str, name: str) -> pa.Array:
        """A member of the object that a field holds, as JSON or as text of JSON; null if it holds no object."""
        return member_of(self.object(field).r, name)

    def object(self, field: str) -> Scanned:
        """The scanned object that a field holds; each distinct text is scanned once if the field is coded."""
        if field not in self._objects:
            self._objects[field] = scan_texts(self.field(field), self.within[field])
        return self._objects[field]

    def once(self, make: Callable[["Records"], Meaning]) -> Meaning:
        """The result of `make` for these records, computed once."""
        if make not in self._made:
            self._made[make] = make(self)
        return self._made[make]  # type: ignore[no-any-return]

    @cached_property
    def _objects(self) -> dict[str, Scanned]:
        return {}

    @cached_property
    def _made(self) -> dict[Callable[["Records"], Any], Any]:
        return {}


@dataclass(frozen=True)
class Column:
    """How one column is made, and which fields of a line it reads."""

    reads: tuple[str, ...]
    make: Callable[[Records], pa.Array]


def constant(text: str) -> Column:
    """The same text in every row."""
    return Column((), lambda records: coded(np.zeros(len(records), np.int32), [text]))


def field(name: str) -> Column:
    """A field as it is."""
    return Column((name,), lambda records: records.field(name))


def text(name: str) -> Column:
    """A field in which an empty string means null."""
    return Column((name,), lambda records: without_empty(records.field(name)))


def either(name: str, other: str) -> Column:
    """A field, or another one where it is null."""
    return Column((name, other), lambda records: first(records.field(name), records.field(other)))


def inner(name: str) -> Column:
    """A member of the nested object as it is."""
    return Column((), lambda records: records.inner(name))


def member(field: str, name: str) -> Column:
    """A member of the object that a field holds."""
    return Column((field,), lambda records: records.member(field, name))


def milliseconds(name: str) -> Column:
    """A field that counts milliseconds since 1970."""
    return Column((name,), lambda records: pc.multiply(records.field(name), 1000).view(MOMENT))


def first(one: pa.Array, other: pa.Array) -> pa.Array:
    """`one`, or `other` where it is null."""
    if not one.null_count or other.null_count == len(other):
        return one
    return pc.coalesce(plain(one), plain(other))


def plain(strings: pa.Array) -> pa.Array:
    """The strings themselves, if they are numbers into a dictionary."""
    return strings.dictionary_decode() if pa.types.is_dictionary(strings.type) else strings


def without_empty(strings: pa.Array) -> pa.Array:
    """The strings, null for empty ones."""
    there = each(strings, bool, missing=False)
    if there.sum() == len(strings) - strings.null_count:
        return strings
    return pc.if_else(pa.array(there), plain(strings), None)


def coded(codes: Any, words: Sequence[str]) -> pa.DictionaryArray:
    """Numbers into a list of distinct words as Arrow's dictionary array; -1 is null."""
    numbers = np.asarray(codes, np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(words, pa.string()))


def filled(strings: pa.Array, default: str | None) -> pa.Array:
    """The strings, `default` where they are null."""
    if default is None or not strings.null_count:
        return strings
    if not pa.types.is_dictionary(strings.type):
        strings = strings.dictionary_encode()
    words = strings.dictionary.to_pylist()
    if default not in words:
        words.append(default)
    return coded(strings.indices.fill_null(words.index(default)).to_numpy(), words)


def each(strings: pa.Array, meaning: Callable[[str], Meaning], missing: Meaning) -> Any:
    """`meaning` of each string as a numpy array, called once for each distinct string; `missing` for null."""
    if not pa.types.is_dictionary(strings.type):
        strings = strings.dictionary_encode()
    meanings = np.array([*map(meaning, strings.dictionary.to_pylist()), missing])
    return meanings[strings.indices.fill_null(len(meanings) - 1).to_numpy()]


def scan_texts(texts: pa.Array, spec: FieldSpec) -> Scanned:
    """The objects in texts, one a row; the row of null, or of a text that is not an object, is not valid."""
    if pa.types.is_dictionary(texts.type):
        return scan_texts(texts.dictionary, spec).take(texts.indices)
    block = _lines(texts)
    if _scan.tally(block)[0] != len(texts):
        block = _lines(pc.replace_substring(texts, "\n", " "))
    return spec.scan(block, repaired=True)


def _lines(texts: pa.StringArray) -> pa.Buffer:
    joined = pc.binary_join_element_wise(texts.fill_null(""), "", "\n")
    offsets, data = joined.buffers()[1:]
    return (
        data.slice(0, int(np.frombuffer(offsets, np.int32, len(joined) + 1)[-1])) if len(joined) else pa.py_buffer(b"")
    )


def member_of(struct: pa.StructArray, name: str) -> pa.Array:
    """A field of a struct; nulls if it was skipped."""
    return struct.field(name) if struct.type.get_field_index(name) >= 0 else pa.nulls(len(struct), pa.string())
