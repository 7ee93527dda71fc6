"""Lines of a legacy Coursera export that the engine's reader refuses or doubts: mended, or given a reason.

Here is every quirk of the format. A line costs a hundred times what a sound one costs, so only the few that
need it come here.
"""

import json
import math
import re
from typing import Any

from coursetrail.formats.format import Mended, Reject
from coursetrail.formats.network import network

TEXT = ("key", "value", "username", "page_url", "from", "session", "language", "user_ip", "user_agent")
REPEATED = "repeated"
"""Where earlier values of a name that comes twice are kept; it is no field of the format, so `extra` has it."""
EARLIEST = 1_262_304_000_000
LATEST = 1_893_456_000_000
"""2010 and 2030: a rescaled time stamp must fall between them, or its unit is a guess."""
UNITS = {"seconds": 1000.0, "microseconds": 1e-3, "nanoseconds": 1e-6}
_SURROGATE = re.compile("[\ud800-\udfff]")


def mend(line: bytes) -> Mended | None:
    """The line as sound JSON; None when it is blank; `Reject` with the reason when it is no event."""
    kinds: list[str] = []
    text = _text(line, kinds)
    if text is None:
        return None
    event = _unwrap(_object(text, kinds), kinds)
    if REPEATED in event:
        kinds.append("repeated field")
        event[REPEATED] = [[name, _without_address(name, value)] for name, value in event[REPEATED]]
    for name in TEXT:
        if name in event:
            event[name] = _scalar(event[name], name, kinds)
    if event.get("timestamp") is None:
        raise Reject("no time stamp")
    event["timestamp"] = _milliseconds(event["timestamp"], kinds)
    if event.get("key") is None and event.get("page_url") is None:
        raise Reject("neither key nor page_url")
    mended = json.dumps(event, ensure_ascii=False)
    if _SURROGATE.search(mended):
        kinds.append("lone surrogate")
        mended = _SURROGATE.sub("\ufffd", mended)
    return Mended(mended, tuple(kinds))


def _without_address(name: str, value: Any) -> Any:
    return network(str(value)) if name == "user_ip" else value


def _text(line: bytes, kinds: list[str]) -> str | None:
    line = line.strip(b"\r\n")
    if line.startswith(b"\xef\xbb\xbf"):
        kinds.append("byte order mark")
        line = line[3:]
    if b"\0" in line:
        kinds.append("NUL bytes")
        line = line.replace(b"\0", b"")
    if not line.strip():
        return None
    try:
        return line.decode()
    except UnicodeDecodeError:
        kinds.append("invalid UTF-8")
        return line.decode(errors="replace")


def _object(text: str, kinds: list[str]) -> dict[str, Any]:
    try:
        found = _parse(text)
    except ValueError:
        try:
            found = _parse(text.replace("\\'", "'"))
        except ValueError as error:
            raise Reject(_why(text, error)) from error
        kinds.append("escaped apostrophe")
    if not isinstance(found, dict):
        raise Reject("not a JSON object")
    return found


def _parse(text: str) -> Any:
    try:
        return json.loads(text, strict=False, object_pairs_hook=_members, parse_constant=str)
    except RecursionError as error:
        raise Reject("JSON nested too deeply") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a name that comes twice the last value counts, and the earlier ones are kept beside it."""
    found = dict(pairs)
    if len(found) < len(pairs):
        last = {name: place for place, (name, _) in enumerate(pairs)}
        found[REPEATED] = [[name, value] for place, (name, value) in enumerate(pairs) if last[name] != place]
    return found


def _why(text: str, error: ValueError) -> str:
    if not text.lstrip().startswith("{"):
        return "not JSON"
    if isinstance(error, json.JSONDecodeError):
        if error.msg == "Extra data":
            return "something follows the JSON object"
        if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
            return "JSON cut off"
        return f"malformed JSON: {error.msg} at character {error.pos + 1}"
    return "malformed JSON"


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


def _scalar(value: Any, name: str, kinds: list[str]) -> str | None:
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
        kinds.append("list of one")
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    if name != "value":
        kinds.append("text expected")
    return json.dumps(value, ensure_ascii=False)


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
    if 1e11 <= number <= 1e14:
        return round(number)
    for unit, factor in UNITS.items():
        if EARLIEST <= number * factor <= LATEST:
            kinds.append(f"time in {unit}")
            return round(number * factor)
    raise Reject("the time stamp is in no unit that gives a plausible time")
