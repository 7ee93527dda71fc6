"""Field specs for the scanner, and whether what it found is what Python's own `json` finds."""

import json
import math
from dataclasses import replace
from typing import Any

from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind, Scanned
from support.lines_of_json import FIELDS, VIDEO, Doubtful, judged

LAYOUT = FieldSpec(
    fields={
        "key": Kind.TEXT,
        "value": Kind.ANY,
        "time": Kind.INTEGER,
        "note": Kind.TEXT,
        "raw": Kind.JSON,
        "gone": Kind.SKIP,
    },
    nested={"type": Kind.ANY, "at": Kind.NUMBER},
    inside="value",
    where="key",
    when=VIDEO,
    also_in_rest={"key": AlsoInRest(unless='"other"'), "value": AlsoInRest(same_as="note")},
)
CODED = replace(LAYOUT, coded=frozenset({"key", "value", "note", "raw", "type"}))


def is_right(scanned: Scanned, row: int, text: bytes) -> None:
    """A sound row says what `json` says; a doubtful one is one that `json` refuses or the layout does not take."""
    try:
        top = judged(text)
        taken = all(top.get(name) is None or isinstance(top[name], str) for name in ("key", "note"))
        time = top.get("time")
        taken &= time is None or (type(time) is int and len(str(abs(time))) <= 18)
        # a name that is written with an escape is left to Python, and so are numbers that json reads as the same
        taken &= all("\\" not in json.dumps(name, ensure_ascii=False) for name in top)
    except Doubtful:
        taken = False
    if not scanned.valid[row]:
        assert not taken or b"\\" in text or len(text) > 5_000, text
        assert scanned.r[row].as_py() == dict.fromkeys(scanned.r.type.names), text
        assert scanned.rest[row].as_py() is None
        return
    assert taken, text
    found = scanned.r[row].as_py()
    assert found["key"] == top.get("key")
    assert found["note"] == top.get("note")
    assert found["time"] == top.get("time")
    value = top.get("value")
    assert found["value"] == value if value is None or isinstance(value, str) else json.loads(found["value"]) == value
    if "raw" in top:
        assert same(json.loads(found["raw"]), top["raw"])
    rest = json.loads(scanned.rest[row].as_py() or "{}")
    unknown = {name: value for name, value in top.items() if name not in FIELDS}
    assert same({name: value for name, value in rest.items() if name not in FIELDS}, unknown), text
    inner = scanned.v[row].as_py()
    if inner is not None:
        assert found["key"] == VIDEO
        object_ = json.loads(found["value"])
        assert isinstance(object_, dict)
        assert inner["at"] is None or math.isfinite(inner["at"])
        if isinstance(object_.get("at"), float) and math.isfinite(object_["at"]) and '"at"' in found["value"]:
            assert found["value"].count('"at"') > 1 or inner["at"] == object_["at"]


def same(one: Any, other: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
