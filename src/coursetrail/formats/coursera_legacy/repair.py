"""Repairs suspect lines of a legacy Coursera export, or rejects them with a reason.

All known faults of the format are here. A repair takes a hundred times as long as reading a valid line, so only lines
that the scanner refuses or finds suspect are repaired.
"""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from coursetrail.reading.format import Reject, Repaired
from coursetrail.reading.network import network
from coursetrail.reading.repair import REPEATED, is_repeated, object_of, repaired, scalar, text_of
from coursetrail.reading.times import EARLIEST, LATEST, must_be_plausible

TEXT = ("key", "value", "username", "page_url", "from", "session", "language", "user_ip", "user_agent")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, BEHIND_LAST = (limit.timestamp() * 1000 for limit in (EARLIEST, LATEST))
RESCALED_EARLIEST = 1_262_304_000_000
RESCALED_LATEST = 1_893_456_000_000
"""2010 and 2030: a rescaled time stamp must lie between them; otherwise its unit is a guess."""
WRONG_UNITS = {"seconds": 1000.0, "microseconds": 1e-3, "nanoseconds": 1e-6}


def repair(line: bytes) -> Repaired | None:
    """The line as valid JSON; None if it is blank. Raises Reject with the reason if it is not an event."""
    kinds: list[str] = []
    text = text_of(line, kinds)
    if text is None:
        return None
    event = _unwrap(object_of(text, kinds), kinds)
    if is_repeated(event):
        kinds.append("repeated field")
        event[REPEATED] = [[name, _without_address(name, value)] for name, value in event[REPEATED]]
    for name in TEXT:
        if name in event:
            event[name] = scalar(event[name], kinds, json_is_fine=name == "value")
    if event.get("timestamp") is None:
        raise Reject("no time stamp")
    event["timestamp"] = _milliseconds(event["timestamp"], kinds)
    if event.get("key") is None and event.get("page_url") is None:
        raise Reject("neither key nor page_url")
    return repaired(event, kinds)


def _without_address(name: str, value: Any) -> Any:
    return network(str(value)) if name == "user_ip" else value


def _unwrap(event: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    key = event.get("key")
    if isinstance(key, str) and key.lstrip().startswith("{"):
        try:
            inner = json.loads(key, strict=False)
        except (ValueError, RecursionError):
            return event
        if isinstance(inner, dict):
            kinds.append("key inside JSON")
            return {**inner, **event, "key": inner.get("key")}
    return event


def _milliseconds(value: Any, kinds: list[str]) -> int:
    if isinstance(value, list) and len(value) == 1:
        kinds.append("list of one")
        value = value[0]
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Reject("the time stamp is no number")
    if isinstance(value, str):
        kinds.append("number as text")
    if FIRST <= number < BEHIND_LAST:
        return round(number)
    for unit, factor in WRONG_UNITS.items():
        if RESCALED_EARLIEST <= number * factor <= RESCALED_LATEST:
            kinds.append(f"time in {unit}")
            return round(number * factor)
    if 1e11 <= number <= 1e14:
        must_be_plausible(EPOCH + timedelta(milliseconds=number))
    raise Reject("the time stamp is in no unit that gives a plausible time")
