"""Repairs suspect lines of an Open edX tracking log, or rejects them with a reason."""

from typing import Any

from coursetrail.formats.edx.events import is_request
from coursetrail.formats.edx.payload import redact, redact_value
from coursetrail.reading.format import Reject, Repaired
from coursetrail.reading.network import network
from coursetrail.reading.repair import REPEATED, object_of, repaired, scalar, text_of
from coursetrail.reading.times import moment, must_be_plausible

TIMES = ("time", "timestamp")
TEXT = (
    "username",
    "event_type",
    "event_source",
    "name",
    "page",
    "referer",
    "session",
    "ip",
    "host",
    "agent",
    "accept_language",
)
PAYLOADS = ("event", "data")


def repair(line: bytes) -> Repaired | None:
    """The line as valid JSON; None if it is blank. Raises Reject with the reason if it is not an event."""
    kinds: list[str] = []
    text = text_of(line, kinds)
    if text is None:
        return None
    before, brace, rest = text.partition("{")
    if brace and before.strip():
        kinds.append("text before the object")
        text = brace + rest
    event = object_of(text, kinds)
    if REPEATED in event:
        kinds.append("repeated field")
    for name in TEXT:
        if name in event:
            event[name] = scalar(event[name], kinds)
    if not (event.get("event_type") or event.get("name")):
        raise Reject("neither event_type nor name")
    return repaired(_redacted(_timed(event, kinds)), kinds)


def _timed(event: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    found = next((event[name] for name in TIMES if event.get(name) is not None), None)
    if found is None:
        raise Reject("no time")
    at = moment(text) if (text := scalar(found, kinds)) else None
    if at is None:
        raise Reject("the time cannot be read")
    must_be_plausible(at)
    return {**{name: value for name, value in event.items() if name not in TIMES}, "time": at.isoformat()}


def _redacted(event: dict[str, Any]) -> dict[str, Any]:
    """The event without the contents of forms, and without full addresses in repeated fields."""
    request = any(is_request(event.get(name) or "") for name in ("event_type", "name"))
    found = {name: value if name in (*TEXT, "time") else redact_value(value) for name, value in event.items()}
    for name in PAYLOADS:
        if isinstance(event.get(name), str):
            found[name] = redact(event[name], request)
        elif name in event:
            found[name] = redact_value(event[name], request)
    if isinstance(event.get(REPEATED), list):
        found[REPEATED] = [_earlier(one, request) for one in event[REPEATED]]
    return found


def _earlier(one: Any, request: bool) -> Any:
    """An earlier value of a repeated field, with its name, redacted."""
    match one:
        case [str(name), value]:
            return [name, network(str(value)) if name == "ip" else redact_value(value, request)]
    return redact_value(one, request)
