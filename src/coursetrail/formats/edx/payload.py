"""Redacts the payloads of edX events: the contents of submitted forms are never stored.

`event.POST` holds passwords, names and e-mail addresses in plain text. A payload counts as a request if the event's
type is a path, or if a member is called POST or GET, at any depth and however often JSON is nested as text in JSON.
Only the GET of a request is stored. Invalid JSON (logs cut it at 512 characters) is not stored.
"""

import json
import math
import re
from typing import Any

from coursetrail.reading.repair import written

FORM_PATTERN = r'(?i)(?:post|get)\\*"[\s\\nrt]*:|\\u00[0-7]'
"""JSON that does not match has no member called POST or GET. It also matches letters written as escapes."""
GET_PATTERN = r'(?i)get\\*"[\s\\nrt]*:[\s\\nrt]*\{[\s\\nrt]*"'
"""A request's payload that does not match has no GET, or an empty one."""
_FORM_PATTERN = re.compile(FORM_PATTERN)
_KNOWN_NAMES = re.compile(
    rb"(?<![A-Za-z0-9_])(?:username|event_type|event_source|event|name|context|data|timestamp|time|page|referer|session"
    rb"|ip|host|agent|accept_language|course_id|org_id|user_id|path|POST|GET|server|browser|mobile|task)"
    rb"(?![A-Za-z0-9_])|[{}\[\]\",:\\ ]"
)
_HIDDEN = "…".encode()


def redact(text: str, request: bool) -> str | None:
    """The JSON that may be stored of a payload's text; None if there is none.

    >>> redact('{"POST": {"password1": ["secret"]}, "GET": {"next": ["/"]}}', True)
    '{"GET": {"next": ["/"]}}'
    """
    value = redact_value(text, request, unpack=True)
    if value is None or (request and (not isinstance(value, dict) or not value.get("GET"))):
        return None
    return written(value)


def redact_value(value: Any, request: bool = False, unpack: bool = False) -> Any:
    """A JSON value without the contents of forms; None if it is nested too deeply to be checked.

    With `unpack`, text that holds JSON becomes the JSON value.
    """
    try:
        return _redacted(value, request, unpack)
    except RecursionError:
        return None


def _redacted(value: Any, request: bool, unpack: bool = False) -> Any:
    if isinstance(value, dict):
        if request or "GET" in value or any(name.strip().upper() == "POST" for name in value):
            return {"GET": _redacted(value["GET"], False)} if "GET" in value else {}
        return {name: _redacted(one, False) for name, one in value.items()}
    if isinstance(value, list):
        return [_redacted(one, request) for one in value]
    return _redacted_text(value, request, unpack) if isinstance(value, str) else value


def _redacted_text(text: str, request: bool, unpack: bool) -> Any:
    if '"' not in text and "{" not in text:
        return text
    try:
        inside = _JSON.decode(text)
    except ValueError:
        return None if request or _FORM_PATTERN.search(text) or text.lstrip(' \t\r\n"\\').startswith("{") else text
    found = _redacted(inside, request, unpack)
    if unpack:
        return found
    return text if found == inside else written(found)


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_JSON = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_finite)


def parsed(text: str) -> Any:
    """The value of JSON text, with numbers that are not finite as text; None if the text is not valid JSON."""
    try:
        return _JSON.decode(text)
    except (ValueError, RecursionError):
        return None


def redact_line(line: bytes) -> bytes:
    """What may be stored of a line that cannot be read: punctuation and known field names; all else becomes `…`.

    In a broken line it is impossible to tell what belongs to a form. The line's number leads to the original.
    """
    parts = []
    at = 0
    for match in _KNOWN_NAMES.finditer(line):
        if match.start() > at:
            parts.append(_HIDDEN)
        parts.append(match[0])
        at = match.end()
    if at < len(line):
        parts.append(_HIDDEN)
    return b"".join(parts)
