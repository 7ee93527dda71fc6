"""Repairs that lines of any format may need: of their bytes, of their JSON, of values of an unexpected type.

Each function adds the names of its repairs to `kinds`.
"""

import json
import re
from typing import Any

from coursetrail.reading.format import Reject, Repaired

REPEATED = "repeated"
"""The name under which earlier values of a repeated name are stored; no format has such a field, so `extra` gets it."""
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"([\s\0]*:)?', re.DOTALL)
"""A string in JSON; with a colon it is the name of a member."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDECODED = re.compile("[\udc80-\udcff]")
"""What Python makes of the bytes that are not UTF-8. They are written as U+FFFD and their number: two learners whose
ids differ in such a byte must not become one, nor one of them another whose id has `%FC` in it."""


INVALID = "invalid UTF-8"
"""The name of the repair of bytes that are not UTF-8, or not of the encoding that the file has."""
NUL = "\ufffd00".encode()
"""What a NUL inside of a value is written as, for the same reason; between values it is dropped."""


def text_of(line: bytes, kinds: list[str]) -> str | None:
    """The text of a line; None if it is blank."""
    line = line.strip(b"\r\n")
    if line.startswith(b"\xef\xbb\xbf"):
        kinds.append("byte order mark")
        line = line[3:]
    if b"\0" in line:
        kinds.append("NUL bytes")
        line = _STRING.sub(lambda one: one[0] if one[1] else one[0].replace(b"\0", NUL), line).replace(b"\0", b"")
    if not line.strip():
        return None
    try:
        return line.decode()
    except UnicodeDecodeError:
        kinds.append(INVALID)
        return _UNDECODED.sub(lambda byte: f"\ufffd{ord(byte[0]) - 0xDC00:02X}", line.decode(errors="surrogateescape"))


def object_of(text: str, kinds: list[str]) -> dict[str, Any]:
    """The object in a text; earlier values of a repeated name are under `REPEATED`. Raises Reject."""
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
    """An object; of a repeated name the last value counts, and the earlier ones are stored under `REPEATED`."""
    found = dict(pairs)
    if len(found) < len(pairs):
        last = {name: index for index, (name, _) in enumerate(pairs)}
        found[REPEATED] = [[name, value] for index, (name, value) in enumerate(pairs) if last[name] != index]
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
    """Whether an object has repeated names, and not a field of its own with the name `REPEATED`."""
    earlier = event.get(REPEATED)
    return isinstance(earlier, list) and all(isinstance(one, list) and len(one) == 2 for one in earlier)


def scalar(value: Any, kinds: list[str], *, json_is_fine: bool = False) -> str | None:
    """A value where text is expected: the value in a list of one, and any other value as its JSON."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], list | dict):
        kinds.append("list of one")
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    if not json_is_fine:
        kinds.append("text expected")
    return json.dumps(value, ensure_ascii=False)


def repaired(event: dict[str, Any], kinds: list[str]) -> Repaired:
    """The line of a repaired event."""
    text = json.dumps(event, ensure_ascii=False)
    if _SURROGATE.search(text):
        kinds.append("lone surrogate")
        text = _whole(text)
    return Repaired(text, tuple(kinds))


def written(value: Any) -> str:
    """A value as JSON that can be encoded as UTF-8."""
    return _whole(json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    return _SURROGATE.sub(lambda half: f"\ufffdu{ord(half[0]):04X}", text)
