"""What may be kept of what an edX event carries: never what a form was sent with.

`event.POST` holds passwords, names and e-mails in clear. A payload is taken for a request's where the event's type is a
path, or where a member is called POST or GET, at any depth and however often it is packed as text in text. Of a
request only GET is kept. What looks like JSON and is none (logs cut it at 512 characters) is not kept at all.
"""

import json
import math
import re
from typing import Any

from coursetrail.reading.repair import written

MARK = r'(?i)(?:post|get)\\*"[\s\\nrt]*:|\\u00[0-7]'
"""In JSON without it, no member is called POST or GET; it may be a letter that is written as an escape."""
ASKED = r'(?i)get\\*"[\s\\nrt]*:[\s\\nrt]*\{[\s\\nrt]*"'
"""Without it, a request's payload has no GET, or an empty one."""
_MARK = re.compile(MARK)
_KNOWN = re.compile(
    rb"(?<![A-Za-z0-9_])(?:username|event_type|event_source|event|name|context|data|timestamp|time|page|referer|session"
    rb"|ip|host|agent|accept_language|course_id|org_id|user_id|path|POST|GET|server|browser|mobile|task)"
    rb"(?![A-Za-z0-9_])|[{}\[\]\",:\\ ]"
)
_HIDDEN = "…".encode()


def kept(text: str, request: bool) -> str | None:
    """A payload's text → the JSON to be kept of it; None where nothing is.

    >>> kept('{"POST": {"password1": ["secret"]}, "GET": {"next": ["/"]}}', True)
    '{"GET": {"next": ["/"]}}'
    """
    value = cleaned(text, request, unpack=True)
    if value is None or (request and (not isinstance(value, dict) or not value.get("GET"))):
        return None
    return written(value)


def cleaned(value: Any, request: bool = False, unpack: bool = False) -> Any:
    """A JSON value without what requests sent; None for what cannot be judged.

    `unpack` gives JSON that is packed as text as what it is.
    """
    try:
        return _cleaned(value, request, unpack)
    except RecursionError:
        return None


def _cleaned(value: Any, request: bool, unpack: bool = False) -> Any:
    if isinstance(value, dict):
        if request or "GET" in value or any(name.strip().upper() == "POST" for name in value):
            return {"GET": _cleaned(value["GET"], False)} if "GET" in value else {}
        return {name: _cleaned(one, False) for name, one in value.items()}
    if isinstance(value, list):
        return [_cleaned(one, request) for one in value]
    return _text(value, request, unpack) if isinstance(value, str) else value


def _text(text: str, request: bool, unpack: bool) -> Any:
    if '"' not in text and "{" not in text:
        return text
    try:
        inside = _JSON.decode(text)
    except ValueError:
        return None if request or _MARK.search(text) or text.lstrip(' \t\r\n"\\').startswith("{") else text
    found = _cleaned(inside, request, unpack)
    if unpack:
        return found
    return text if found == inside else written(found)


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


_JSON = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_finite)


def parsed(text: str) -> Any:
    """What JSON text says, numbers that are not finite as text; None where it is none."""
    try:
        return _JSON.decode(text)
    except (ValueError, RecursionError):
        return None


def keepable(line: bytes) -> bytes:
    """Of a line that cannot be read: punctuation and the names of known fields, `…` for all else.

    In a broken line nobody can tell what belongs to a form. The line's number leads to the file itself.
    """
    parts = []
    at = 0
    for match in _KNOWN.finditer(line):
        if match.start() > at:
            parts.append(_HIDDEN)
        parts.append(match[0])
        at = match.end()
    if at < len(line):
        parts.append(_HIDDEN)
    return b"".join(parts)
