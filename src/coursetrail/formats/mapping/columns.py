"""The columns of events that a mapping fills."""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.dataset.schema import EVENTS
from coursetrail.formats.mapping.fields import FieldPath, Fields, fits
from coursetrail.formats.mapping.spec import LISTS, NUMBERS, MappingSpec
from coursetrail.formats.mapping.times import numbers
from coursetrail.reading.columns import Column, Records, coded, constant, each, filled, plain, without_empty
from coursetrail.reading.network import network

SEPARATOR = "-"
"""Joins the texts of several columns that fill one of ours."""


def columns(mapping: MappingSpec, read: Fields) -> Iterable[tuple[str, Column]]:
    """Each column that the mapping fills, with its name."""
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


def _text(read: Fields, names: FieldPath, records: Records) -> pa.Array:
    return without_empty(read.texts(records.scanned.r, names, SEPARATOR))


def _platform(read: Fields, names: FieldPath, records: Records) -> pa.Array:
    return filled(_text(read, names, records), read.mapping.name)


def _network(read: Fields, names: FieldPath, records: Records) -> pa.Array:
    strings = plain(_text(read, names, records)).dictionary_encode()
    return pa.array(map(network, strings.dictionary.to_pylist()), pa.string()).take(strings.indices)


def _number(ours: str, read: Fields, names: FieldPath, records: Records) -> pa.Array:
    """Numbers of the column's type; null for one that it cannot hold."""
    found = numbers(read.texts(records.scanned.r, names, SEPARATOR))
    return pc.if_else(fits(ours, found), found, None).cast(EVENTS.schema.field(ours).type)


_MAKE: dict[str, Callable[[Fields, FieldPath, Records], pa.Array]] = {
    **{ours: partial(_number, ours) for ours in NUMBERS},
    "platform": _platform,
    "network": _network,
}


def _translated(
    read: Fields, name: str, words: FieldPath, numbers: dict[str, int], other: int, records: Records
) -> pa.Array:
    codes = each(read.texts(records.scanned.r, (name,)), lambda value: numbers.get(value, other), missing=other)
    return coded(codes, words)
