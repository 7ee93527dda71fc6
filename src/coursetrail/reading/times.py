"""ISO 8601 texts, with or without a zone → timestamps; and the times that events can have."""

import re
from datetime import UTC, datetime, tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.reading.columns import MOMENT, plain
from coursetrail.reading.format import Reject

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""An event is not before the first, and before the second: any other time has a wrong unit, or is that of no clock."""
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?"
_PLAIN = f"^{_DAY}[T ]{_CLOCK}$"
_ZONED = f"^{_DAY}[T ]{_CLOCK}(?:Z|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d)$"
_UTC_NAME = r"^(.*?\d)(?: ?[+-]00:?00)? ?(?:UTC|GMT)$"
"""How databases and Go write UTC: its name behind the time, which ISO 8601 does not know."""
_SPACED = re.compile(r"(?<=\d) (?=[+-]\d\d:?\d\d$)")
"""The blank that Ruby, git and SQL Server write before an offset."""


def moments(texts: pa.Array, zone: tzinfo = UTC) -> pa.TimestampArray:
    """The times of ISO 8601 texts; a text without a zone is in `zone`. Null for any other text.

    The zone may also be written as UTC or GMT, or after a blank.

    >>> moments(pa.array(["2016-06-20 14:03:25.118", "2017-09-20T07:08:07+02:00", "soon"])).to_pylist()[1]
    datetime.datetime(2017, 9, 20, 5, 8, 7, tzinfo=datetime.timezone.utc)
    """
    strings = plain(texts)
    if any(pc.any(pc.ends_with(strings, name)).as_py() for name in ("UTC", "GMT")):
        strings = pc.replace_substring_regex(strings, _UTC_NAME, r"\1Z")
    zoned = _cast(strings, _ZONED, MOMENT)
    bare = _cast(strings, _PLAIN, pa.timestamp("us"))
    if zoned is not None and bare is not None and (localized := _in_utc(bare, zone)) is not None:
        usual = pc.coalesce(zoned, localized)
        if usual.null_count == strings.null_count:
            return usual
        return pc.coalesce(usual, _one_by_one(pc.if_else(usual.is_null(), strings, None), zone))
    return _one_by_one(strings, zone)


def moment(text: str, zone: tzinfo = UTC) -> datetime | None:
    """The time of one text as Python's `fromisoformat` reads it, or None."""
    try:
        text = _SPACED.sub("", re.sub(_UTC_NAME, r"\1Z", text.strip()))
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def plausible(times: pa.TimestampArray) -> Any:
    """A mask of the times that an event can have; false for null."""
    inside = pc.and_(pc.greater_equal(times, EARLIEST), pc.less(times, LATEST))
    return inside.fill_null(False).to_numpy(zero_copy_only=False)


def must_be_plausible(at: datetime) -> None:
    """Raise Reject, with the year, for a time that an event cannot have."""
    if not EARLIEST <= at < LATEST:
        raise Reject(f"the time is in the year {at.year}: is its unit, or its format, the right one?")


def _one_by_one(strings: pa.StringArray, zone: tzinfo) -> pa.TimestampArray:
    distinct = strings.dictionary_encode()
    found = pa.array([moment(text, zone) for text in distinct.dictionary.to_pylist()], MOMENT)
    return found.take(distinct.indices)


def _in_utc(bare: pa.TimestampArray, zone: tzinfo) -> pa.TimestampArray | None:
    """Local times of a zone in UTC; the earlier of two where clocks go back, None if one falls in a gap."""
    if zone is UTC:
        return bare.cast(pa.int64()).cast(MOMENT)
    try:
        return pc.assume_timezone(bare, str(zone), ambiguous="earliest").cast(MOMENT)
    except pa.ArrowInvalid:
        return None


def _cast(strings: pa.StringArray, pattern: str, kind: pa.DataType) -> pa.Array | None:
    """The texts that match, cast, and null for others; None if one is not a date, for example the 31st of June."""
    fits = pc.match_substring_regex(strings, pattern)
    try:
        return pc.if_else(fits, strings, None).cast(kind)
    except pa.ArrowInvalid:
        return None
