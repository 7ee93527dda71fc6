"""Texts of times as a mapping says they are written → moments, a block at a time."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.mapping.toml import EPOCH, UNITS, Time
from coursetrail.reading.columns import each, plain
from coursetrail.reading.times import MOMENT, moments

NUMBER = r"^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE](?:\+?\d{1,2}|-\d{1,3}))?$"
FIRST, LAST = (round((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) * 10**6 for year in (1, 9999))
"""What a moment may be, in microseconds since 1970."""
PARTS = {"%Y": r"(\d{4})", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), r"(\d{2})")}
"""Directives of strptime whose texts can be put in another order as they are."""


def numbers(texts: pa.Array) -> pa.DoubleArray:
    """The numbers that texts are; null for any other text."""
    if pa.types.is_dictionary(texts.type):
        return numbers(texts.dictionary).take(texts.indices)
    trimmed = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.match_substring_regex(trimmed, NUMBER), trimmed, None).cast(pa.float64())


def moments_of(time: Time, texts: pa.Array, origins: pa.Array | None) -> pa.TimestampArray:
    """The moments of n texts, `origins` being the n values that choose where numbers count from; null if none."""
    if time.unit:
        return _counted(time, numbers(texts), origins)
    return _formatted(texts, time.format, time.zone) if time.format else moments(texts, time.zone)


def _counted(time: Time, counts: pa.DoubleArray, origins: pa.Array | None) -> pa.TimestampArray:
    begin: Any = _microseconds(time.origin)
    if origins is not None:
        known = {name: float(_microseconds(origin)) for name, origin in time.origins.items()}
        begin = each(origins, lambda name: known.get(name, np.nan), missing=np.nan)
    found = np.rint(counts.to_numpy(zero_copy_only=False) * UNITS[time.unit or "s"]) + begin
    with np.errstate(invalid="ignore"):
        outside = ~((found >= FIRST) & (found < LAST))
    whole = np.where(outside, 0, found).astype(np.int64)
    return pa.array(whole, mask=outside).view(MOMENT)


def _formatted(texts: pa.Array, form: str, zone: tzinfo) -> pa.TimestampArray:
    """By way of ISO 8601 where the format only puts numbers in another order; else each distinct text by itself."""
    strings = plain(texts)
    if (rule := _as_iso(form)) is not None:
        fits = pc.match_substring_regex(strings, rule[0])
        iso = pc.replace_substring_regex(pc.if_else(fits, strings, None), *rule)
        if iso.null_count == strings.null_count:
            return moments(iso, zone)
    distinct = strings.dictionary_encode()
    found = pa.array([_parsed(text, form, zone) for text in distinct.dictionary.to_pylist()], MOMENT)
    return found.take(distinct.indices)


def _as_iso(form: str) -> tuple[str, str] | None:
    """A pattern for texts of the format, and what makes ISO 8601 of them; None if there is more than numbers in it."""
    pieces = re.split("(%.)", form)
    words = pieces[1::2]
    if any(word not in PARTS for word in words) or len(set(words)) < len(words):
        return None
    at = {word: f"\\{place}" for place, word in enumerate(words, 1)}
    if not {"%Y", "%m", "%d"} <= at.keys():
        return None
    clock = ":".join(at.get(word, "00") for word in ("%H", "%M", "%S"))
    pattern = "".join(PARTS[piece] if piece in PARTS else re.escape(piece) for piece in pieces)
    return f"^{pattern}$", f"{at['%Y']}-{at['%m']}-{at['%d']}T{clock}"


def _parsed(text: str, form: str, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - the next line gives it a zone
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _microseconds(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 10**6)
