"""The scanner of lines, held to Python's own `json` on valid, damaged and hostile lines."""

import json
import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from coursetrail.reading import _scan
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind, Scanned
from lines_of_json import FIELDS, VIDEO, Doubtful, judged, line

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
WRONG = ("a", 9, False, False, "", -1)


def one(text: str | bytes, spec: FieldSpec = LAYOUT) -> Scanned:
    return spec.scan((text.encode() if isinstance(text, str) else text) + b"\n")


def is_right(scanned: Scanned, row: int, text: bytes) -> None:
    """A valid row says what `json` says; a suspect one is one that `json` refuses or the spec does not take."""
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


@pytest.mark.parametrize("seed", range(8))
def test_any_line_says_what_json_says_or_is_left_to_python(seed):
    draw = random.Random(seed)
    texts = [line(draw) for _ in range(2_000)]
    scanned = LAYOUT.scan(b"".join(texts))
    assert len(scanned.valid) == len(texts)
    assert 0.2 < scanned.valid.mean() < 0.95
    for row, text in enumerate(texts):
        is_right(scanned, row, text)
    assert [bytes(b"".join(texts)[a:b]) for a, b in zip(scanned.begins[:-1], scanned.begins[1:], strict=True)] == texts


def test_a_line_alone_and_among_others_is_the_same():
    draw = random.Random(99)
    texts = [line(draw) for _ in range(300)]
    together = LAYOUT.scan(b"".join(texts))
    for row, text in enumerate(texts):
        alone = LAYOUT.scan(text)
        assert alone.valid[0] == together.valid[row]
        assert alone.hashes[0] == together.hashes[row]
        assert (alone.r[0], alone.v[0], alone.rest[0]) == (together.r[row], together.v[row], together.rest[row])


def test_every_beginning_of_a_line_is_suspect_and_harms_nothing():
    text = json.dumps({"key": VIDEO, "value": '{"at":1.25e1,"type":"é\\n"}', "time": -12, "more": [1, {"a": None}]})
    whole = text.encode()
    for size in range(len(whole)):
        assert not one(whole[:size]).valid[0]
    assert one(whole).v[0].as_py() == {"type": "é\n", "at": 12.5, "strict": True}


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-0",
        "0.1",
        "1.7976931348623157e308",
        "5e-324",
        "123456789012345",
        "1234567890123456789",
        "9" * 300,
        "0.1e-7",
    ],
)
def test_numbers_are_the_doubles_that_python_reads(number):
    scanned = one(json.dumps({"key": VIDEO, "value": f'{{"at":{number}}}'}))
    assert scanned.v.field("at")[0].as_py() == float(number)
    quoted = one(json.dumps({"key": VIDEO, "value": f'{{"at":"{number}"}}'}))
    assert quoted.v.field("at")[0].as_py() == float(number)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", '"x"', '""', "true", "null", "[1]", "{}"])
def test_what_is_no_finite_number_is_null_and_the_object_stays(word):
    inner = one(json.dumps({"key": VIDEO, "value": f'{{"type":"play","at":{word}}}'})).v[0].as_py()
    assert (inner["type"], inner["at"]) == ("play", None)
    assert inner["strict"] == (word not in ("NaN", "Infinity", "-Infinity"))


def test_what_is_kept_stands_in_the_rest_as_it_came():
    text = '{"key":"video","value":"{\\"at\\": 1}","note":"n","é":[1, 2],"gone":5,"big":12345678901234567890.50}'
    assert one(text).rest[0].as_py() == '{"é":[1, 2],"big":12345678901234567890.50,"key":"video","value":{"at": 1}}'
    assert one('{"key":"other","value":"n","note":"n"}').rest[0].as_py() is None
    assert one('{"key":null,"value":null,"note":null}').rest[0].as_py() is None
    assert one(text, LAYOUT.only(("note",), rest=False)).rest[0].as_py() is None


def test_a_nesting_of_thousands_is_left_to_python():
    assert one('{"a":' + "[" * 4_000 + "]" * 4_000 + "}").valid[0]
    assert not one('{"a":' + "[" * 100_000 + "]" * 100_000 + "}").valid[0]


def test_more_unknown_fields_than_it_compares_are_left_to_python_once():
    text = json.dumps({f"f{number}": number for number in range(100)})
    assert not one(text).valid[0]
    assert LAYOUT.scan(text.encode() + b"\n", repaired=True).valid[0]


def test_equal_lines_have_equal_hashes_and_one_byte_makes_another():
    draw = random.Random(5)
    for size in (0, 1, 7, 8, 9, 31, 32, 33, 63, 64, 65, 500):
        data = bytes(draw.randrange(32, 127) for _ in range(size))
        hashes = {int(one(data).hashes[0])}
        for at in range(size):
            changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            hashes.add(int(one(changed).hashes[0]))
        assert len(hashes) == size + 1
        assert one(data).hashes[0] in hashes


def test_arrays_outlive_what_is_scanned_after_them():
    first = one('{"note":"first"}')
    for number in range(50):
        one(f'{{"note":"later {number}"}}')
    assert first.r.field("note").to_pylist() == ["first"]
    first.r.validate(full=True)


def test_buffers_are_valid_arrow():
    draw = random.Random(3)
    scanned = LAYOUT.scan(b"".join(line(draw) for _ in range(500)))
    for array in (scanned.r, scanned.v, scanned.rest):
        array.validate(full=True)
    assert scanned.hashes.dtype == np.uint64


def test_coded_texts_say_the_same_and_each_comes_once():
    draw = random.Random(4)
    block = b"".join(line(draw) for _ in range(2_000))
    block += b"".join(b'{"key":"%d","note":"%d"}\n' % (number % 7, number * number % 3_001) for number in range(9_000))
    plain, coded = LAYOUT.scan(block), CODED.scan(block)
    assert coded.r.to_pylist() == plain.r.to_pylist()
    assert coded.v.to_pylist() == plain.v.to_pylist()
    assert coded.rest == plain.rest
    coded.r.validate(full=True)
    notes = coded.r.field("note")
    assert pa.types.is_dictionary(notes.type)
    assert len(notes.dictionary) == len(notes.dictionary.unique()) > 1_500
    assert set(notes.dictionary.to_pylist()) == set(plain.r.field("note").drop_null().to_pylist())
    assert not pa.types.is_dictionary(coded.r.field("time").type)


def test_an_empty_block_has_no_rows():
    assert len(CODED.scan(b"").r.field("note")) == 0
    scanned = LAYOUT.scan(b"")
    assert (len(scanned.valid), len(scanned.r), scanned.begins.tolist()) == (0, 0, [0])
    assert isinstance(scanned.r, pa.StructArray)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: LAYOUT.scan(b"no newline"), "whole lines"),
        (lambda: FieldSpec({f"f{n}": Kind.TEXT for n in range(65)}, {}).scan(b"\n"), "at most 64"),
        (lambda: FieldSpec({"a": Kind.TEXT}, {}, inside="a").scan(b"\n"), "nested"),
        (lambda: _scan.scan(b"\n", (WRONG,), (), -1, -1, "", True, False), "no such field or kind"),
    ],
)
def test_a_wrong_call_is_an_error_of_python(call, told):
    with pytest.raises(ValueError, match=told):
        call()
