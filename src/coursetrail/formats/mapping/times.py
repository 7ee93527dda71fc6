"""Texts of times → moments, in the format that a mapping gives, a block at a time."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from datetime import time as clock
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.mapping.spec import EPOCH, UNITS, TimeSpec
from coursetrail.formats.mapping.time_texts import FINE, directives, parsed
from coursetrail.reading.columns import MOMENT, each, plain
from coursetrail.reading.times import moments, plausible

NUMBER = r"^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE](?:\+?\d{1,2}|-\d{1,3}))?$"
FIRST, LAST = (round((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 10**6 for year in (1, 9999))
"""Limits of a moment, in microseconds since 1970."""
PARTS = {"%Y": r"(\d{4})", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), r"(\d{2})")}
"""Directives of strptime that match digits only, so that their texts can be reordered into ISO 8601."""

MINUTE, DAY = 60_000_000, 86_400_000_000
ENOUGH = 10
"""That many different moments, all of whole minutes or days, show that a file with seconds has no finer ones."""
ONLY_DAY = r"^\s*\d{4}-?(?:\d\d-?\d\d|W\d\d(?:-?\d)?)\s*$"
"""Dates of ISO 8601 without a time of day."""
CLOCK = frozenset(("%M", "%c", "%X"))
"""Directives that tell moments of the same hour apart."""


def numbers(texts: pa.Array) -> pa.DoubleArray:
    """Texts as numbers; null for a text that is not a number."""
    if pa.types.is_dictionary(texts.type):
        return numbers(texts.dictionary).take(texts.indices)
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.match_substring_regex(trimmed, NUMBER), trimmed, None).cast(pa.float64())


def moments_of(time: TimeSpec, texts: pa.Array, origins: pa.Array | None) -> pa.TimestampArray:
    """The moments of n texts, null where there is none. `origins` are n values that name the origin of each number."""
    if time.unit:
        return _counted(time, numbers(texts), origins)
    return _formatted(texts, time.formats, time.zone) if time.formats else moments(texts, time.zone)


def _counted(time: TimeSpec, counts: pa.DoubleArray, origins: pa.Array | None) -> pa.TimestampArray:
    begin: Any = _microseconds(time.origin)
    if origins is not None:
        known = {name: float(_microseconds(origin)) for name, origin in time.origins.items()}
        begin = each(origins, lambda name: known.get(name, np.nan), missing=np.nan)
    found = np.rint(counts.to_numpy(zero_copy_only=False) * UNITS[time.unit or "s"]) + begin
    with np.errstate(invalid="ignore"):
        outside = ~((found >= FIRST) & (found < LAST))
    whole = np.where(outside, 0, found).astype(np.int64)
    return pa.array(whole, mask=outside).view(MOMENT)


def _formatted(texts: pa.Array, forms: Sequence[str], zone: tzinfo) -> pa.TimestampArray:
    """The moments of texts in the first of the formats that fits."""
    strings = plain(texts)
    found = pa.nulls(len(strings), MOMENT)
    for form in forms:
        left = pc.if_else(found.is_null(), strings, None)
        if left.null_count == len(left):
            break
        found = pc.coalesce(found, _in_format(left, form, zone))
    return found


def _in_format(strings: pa.StringArray, form: str, zone: tzinfo) -> pa.TimestampArray:
    """Rewrites the texts as ISO 8601 if the format has only digits; parses each distinct text of the rest."""
    found = None
    if (rule := _as_iso(form)) is not None:
        fits = pc.match_substring_regex(strings, rule[0])
        found = moments(pc.replace_substring_regex(pc.if_else(fits, strings, None), *rule), zone)
        strings = pc.if_else(fits, None, strings)
        if strings.null_count == len(strings):
            return found
    distinct = strings.dictionary_encode()
    slow = pa.array([parsed(text, form, zone) for text in distinct.dictionary.to_pylist()], MOMENT)
    slow = slow.take(distinct.indices)
    return slow if found is None else pc.coalesce(found, slow)


def _as_iso(form: str) -> tuple[str, str] | None:
    """A pattern for texts of the format and its ISO 8601 replacement; None if the format has more than digits."""
    pieces = re.split("(%.)", form)
    words = pieces[1::2]
    if any(word not in PARTS for word in words) or len(set(words)) < len(words):
        return None
    at = {word: f"\\{group}" for group, word in enumerate(words, 1)}
    if not {"%Y", "%m", "%d"} <= at.keys():
        return None
    clock = ":".join(at.get(word, "00") for word in ("%H", "%M", "%S"))
    pattern = "".join(PARTS[piece] if piece in PARTS else re.escape(piece) for piece in pieces)
    return f"^{pattern}$", f"{at['%Y']}-{at['%m']}-{at['%d']}T{clock}"


def is_coarse(time: TimeSpec, texts: pa.Array, found: pa.TimestampArray) -> bool:
    """Whether times are no finer than a minute, as their format says, or the first texts and moments of a file."""
    if time.unit == "days":
        return True
    if time.formats:
        return all(FINE.isdisjoint(directives(form)) for form in time.formats)
    read = found.drop_null()
    if not len(read) or pc.any(pc.not_equal(pc.modulo(read.cast(pa.int64()), MINUTE), 0)).as_py():
        return False
    shown = not time.unit and pc.any(pc.match_substring_regex(plain(texts), r":\d\d:\d\d")).as_py()
    return not (time.unit or shown) or len(read.unique()) >= ENOUGH


def has_clock(time: TimeSpec, texts: pa.Array, found: pa.TimestampArray) -> bool:
    """Whether times have a time of day, as their format says, or the first texts and moments of a file."""
    if time.unit == "days":
        days = numbers(texts).drop_null()
        return bool(pc.any(pc.not_equal(days, pc.floor(days))).as_py())
    if time.formats:
        declared = not all(CLOCK.isdisjoint(directives(form)) for form in time.formats)
    else:
        read = plain(texts).filter(found.is_valid())
        declared = bool(time.unit or not len(read) or not pc.all(pc.match_substring_regex(read, ONLY_DAY)).as_py())
    distinct = found.filter(pa.array(plausible(found))).unique().to_pylist()
    midnights = all(one.astimezone(time.zone).time() == clock() for one in distinct)
    return declared and not (midnights and len(distinct) >= ENOUGH)


def _microseconds(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 10**6)
