"""The keys of events (course, learner, item) in one form each.

A blank behind a name is not another name, and a program that takes ids for numbers writes 3000 as 3000.0 or 3e3.
"""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from blake3 import blake3

SURROUNDING = re.compile(r"^[\s\u200b-\u200f\u2060\ufeff]+|[\s\u200b-\u200f\u2060\ufeff]+$")
"""White space of any script, and characters without a width, for example a byte order mark."""

NUMBER = r"^(0|[1-9]\d*)(\.0+|(\.\d+)?[eE]\+?\d{1,3})$"
"""A key that a program may have written which takes keys for numbers."""
EXACT_DIGITS = 15
"""Digits of a whole number that survive in a spreadsheet, whose numbers are those of IEEE 754, binary64."""


LONGEST = 1024
"""Characters of a key that are stored as they are."""


def trimmed(keys: pa.Array) -> tuple[pa.Array, Any]:
    """The keys without what surrounds them, null where nothing is left; and a mask of those that were changed."""
    if pa.types.is_dictionary(keys.type):
        words, changed = trimmed(keys.dictionary)
        if not changed.any():
            return keys, np.zeros(len(keys), np.bool_)
        codes = keys.indices.fill_null(len(changed)).to_numpy()
        distinct = words.dictionary_encode()  # trimmed words may be equal now
        return distinct.take(keys.indices), np.append(changed, False)[codes]
    rows = _suspects(keys)
    changed = np.zeros(len(keys), np.bool_)
    if not len(rows):
        return keys, changed
    values = keys.to_pylist()
    for row in rows.tolist():
        short = SURROUNDING.sub("", values[row])
        changed[row] = short != values[row]
        values[row] = short or None
    return pa.array(values, keys.type), changed


def shortened(keys: pa.Array, *, with_digest: bool = True) -> tuple[pa.Array, Any]:
    """The keys, of those that are longer than `LONGEST` the first characters; and a mask of these.

    A query that groups by keys must hold them in memory. Different keys stay different by a digest, unless nothing
    reads what is behind the first characters.
    """
    is_coded = pa.types.is_dictionary(keys.type)
    words = keys.dictionary if is_coded else keys
    long = pc.greater(pc.utf8_length(words), LONGEST).fill_null(False)
    if not pc.any(long).as_py():
        return keys, np.zeros(len(keys), np.bool_)
    values = words.to_pylist()
    for row in np.flatnonzero(long):
        digest = f"\ufffd{blake3(values[row].encode()).hexdigest()}" if with_digest else ""
        values[row] = values[row][:LONGEST] + digest
    short = pa.array(values, words.type)
    if is_coded:
        mask = np.asarray(long.take(keys.indices).fill_null(False))
        distinct = short.dictionary_encode()  # without a digest, words may be equal now
        return pa.DictionaryArray.from_arrays(distinct.indices.take(keys.indices), distinct.dictionary), mask
    return short, np.asarray(long)


def _suspects(keys: pa.StringArray) -> Any:
    """Rows whose first or last byte is a blank, or of a character beyond ASCII: few keys need a closer look."""
    _, offsets, data = keys.buffers()
    if not len(keys) or data is None or not data.size:
        return np.zeros(0, np.int64)
    ends = np.frombuffer(offsets, np.int32)[keys.offset : keys.offset + len(keys) + 1]
    text = np.frombuffer(data, np.uint8)
    filled = np.flatnonzero(ends[1:] > ends[:-1])
    first, last = text[ends[:-1][filled]], text[ends[1:][filled] - 1]
    return filled[((first <= 32) | (first > 127)) | ((last <= 32) | (last > 127))]


def whole_numbers(keys: pa.Array) -> tuple[pa.Array, Any]:
    """Keys that are whole numbers without doubt, written so (3000.0 as 3000); and a mask of those that were changed.

    What a key of few digits and an exponent (3e3) was before it was rounded, no one can say: it stays as it is.
    """
    found = like_numbers(keys)
    changed = np.zeros(len(keys), np.bool_)
    if not found.any():
        return keys, changed
    values = keys.to_pylist()
    for row in np.flatnonzero(found).tolist():
        whole = _whole(values[row])
        changed[row] = whole != values[row]
        values[row] = whole
    return pa.array(values, keys.type), changed


def like_numbers(keys: pa.Array) -> Any:
    """A mask of the keys that look like whole numbers with decimals or an exponent."""
    if pa.types.is_dictionary(keys.type):
        codes = keys.indices.fill_null(len(keys.dictionary)).to_numpy()
        return np.append(like_numbers(keys.dictionary), False)[codes]
    matches = pc.match_substring_regex(keys, NUMBER)
    return matches.fill_null(False).to_numpy(zero_copy_only=False)


def _whole(key: str) -> str:
    """The key without `.0`, or without an exponent where it has as many digits as the number: 1.2345E4, but not 1e4."""
    mantissa, _, exponent = key.lower().partition("e")
    digits = len(mantissa) - 1
    if "." not in mantissa or len(mantissa.partition(".")[0]) > EXACT_DIGITS or digits > 2 * EXACT_DIGITS:
        return key
    number = Decimal(key)
    is_exact = number == int(number) < 10**EXACT_DIGITS and (not exponent or digits > int(exponent))
    return str(int(number)) if is_exact else key
