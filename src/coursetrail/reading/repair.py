"""What is mended in a line of any format: its bytes, its JSON, values that are packed in another way than usual.

Each function adds to `kinds` the names of what it mended.
"""

import json
import re
from typing import Any

from coursetrail.reading.format import Reject, Repaired

REPEATED = "repeated"
"""Where earlier values of a name that comes twice are kept; it is no field of a format, so `extra` has it."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def text_of(line: bytes, kinds: list[str]) -> str | None:
    """The text of a line's bytes; None when it is blank."""
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


def object_of(text: str, kinds: list[str]) -> dict[str, Any]:
    """The object that a text is; of a name that comes twice the earlier values are under `REPEATED`. Raises Reject."""
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


def is_repeated(event: dict[str, Any]) -> bool:
    """Whether an object has names that came twice, and not a field of its own that is called so."""
    earlier = event.get(REPEATED)
    return isinstance(earlier, list) and all(isinstance(one, list) and len(one) == 2 for one in earlier)


def scalar(value: Any, kinds: list[str], *, json_is_fine: bool = False) -> str | None:
    """A value where text is expected: that in a list of one, or any other as its JSON."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
        kinds.append("list of one")
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    if not json_is_fine:
        kinds.append("text expected")
    return json.dumps(value, ensure_ascii=False)


def repaired(event: dict[str, Any], kinds: list[str]) -> Repaired:
    """The line for an event made good."""
    text = json.dumps(event, ensure_ascii=False)
    if _SURROGATE.search(text):
        kinds.append("lone surrogate")
        text = _whole(text)
    return Repaired(text, tuple(kinds))


def written(value: Any) -> str:
    """A value as JSON that can be encoded."""
    return _whole(json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)
