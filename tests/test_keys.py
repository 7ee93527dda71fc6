"""Who is who: keys that differ only in what surrounds them are one, and keys that differ otherwise stay apart."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.reading.keys import trimmed, whole_numbers
from support.exports import export, line

MAPPING = """name = "mine"
[columns]
learner = "who"
course = "course"
item = "item"
[constants]
action = "page_view"
[time]
column = "at"
"""
AROUND = ("", " ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", " \u200b ")


def ingested(folder: Path, data: bytes, **options: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The keys of the events of a table, in the order of lines, and its row in the ledger."""
    (folder / "my.toml").write_text(MAPPING)
    file = export(folder, b"who,course,item,at\n", data, name="t.csv")
    ct.ingest(folder / "d", [file], mapping=folder / "my.toml", **options)
    opened = ct.open(folder / "d")
    return opened.sql("select learner, course, item from events order by line").to_pylist(), opened.sources.to_pylist()[
        0
    ]


def edx(**fields: Any) -> bytes:
    known = {"event_type": "play_video", "event_source": "browser", "username": "ada", "event": {}, "context": {}}
    return json.dumps({**known, **fields}).encode() + b"\n"


def test_what_surrounds_a_key_is_no_part_of_it(tmp_path):
    rows = [
        f'"{around}u1{around}","{around}C 1{around}","{around}i{around}",2024-03-01 10:00:0{number}\n'
        for number, around in enumerate(AROUND)
    ]
    found, source = ingested(tmp_path, "".join(rows).encode())
    assert found == [{"learner": "u1", "course": "C 1", "item": "i"}] * len(AROUND)
    changed = len(AROUND) - 1
    assert json.loads(source["mended"]) == {f"trimmed {key}": changed for key in ("course", "item", "learner")}
    assert ct.open(tmp_path / "d").analyze("browsers", course="C 1").scope.events == len(AROUND)


def test_a_key_of_blanks_only_is_no_key(tmp_path):
    found, _ = ingested(tmp_path, b'" ",C,i,2024-03-01 10:00:00\n')
    assert found == [{"learner": None, "course": "C", "item": "i"}]


def test_lines_of_json_are_trimmed_too(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, line(username="ann "), line(username="ann", n=2))])
    opened = ct.open(tmp_path / "d")
    assert opened.sql("select distinct learner from events")["learner"].to_pylist() == ["ann"]
    assert json.loads(opened.sources["mended"][0].as_py()) == {"trimmed learner": 1}


def test_names_that_differ_in_bytes_that_are_not_utf_8_stay_apart(tmp_path):
    """As in Latin-1, which is not what the file is read as: their bytes are written as numbers."""
    names = ["Müller", "Møller", "Maller", "Måller", "M%FCller"]
    rows = b"".join(f"{name},C,i,2024-03-01 10:00:00\n".encode("latin-1") for name in names)
    found, source = ingested(tmp_path, rows)
    assert [row["learner"] for row in found] == [
        "M\ufffdFCller",
        "M\ufffdF8ller",
        "Maller",
        "M\ufffdE5ller",
        "M%FCller",
    ]
    assert json.loads(source["mended"]) == {"invalid UTF-8": 3}


def test_halves_of_surrogates_stay_apart(tmp_path):
    lines = [
        json.dumps({**json.loads(line()), "username": f"x{half}"}).encode() + b"\n"
        for half in ("\ud83d", "\ud83e", "%uD83D")
    ]
    ct.ingest(tmp_path / "d", [export(tmp_path, *lines)])
    found = ct.open(tmp_path / "d").sql("select learner from events order by 1")["learner"].to_pylist()
    assert found == ["x%uD83D", "x\ufffduD83D", "x\ufffduD83E"]


@given(st.lists(st.none() | st.text(st.sampled_from(["a", "é", *AROUND[1:-1]]), max_size=5)), st.booleans())
def test_keys_are_trimmed_as_by_hand(keys, coded):
    array = pa.array(keys, pa.string())
    found, changed = trimmed(array.dictionary_encode() if coded else array)
    blanks = "".join(AROUND[1:-1])
    by_hand = [key if key is None else key.strip(blanks) or (None if key else "") for key in keys]
    assert found.to_pylist() == by_hand
    assert np.asarray(changed).tolist() == [one != other for one, other in zip(keys, by_hand, strict=True)]


@pytest.mark.parametrize(
    ("written", "learner"),
    [
        ("3000.0", "3000"),
        ("3000.00", "3000"),
        ("0.0", "0"),
        ("007.0", "007.0"),
        ("1.2345678E7", "12345678"),
        ("1.2345e+4", "12345"),
        ("3e3", "3e3"),
        ("1.0E7", "1.0E7"),
        ("1.23457E+11", "1.23457E+11"),
        ("3000.5", "3000.5"),
        ("1.2.0", "1.2.0"),
        ("9" * 16 + ".0", "9" * 16 + ".0"),
        ("1e999", "1e999"),
        ("0x3e3", "0x3e3"),
        ("v3.0", "v3.0"),
        ("-3.0", "-3.0"),
        ("1." + "0" * 50, "1." + "0" * 50),
    ],
)
@pytest.mark.parametrize("coded", [False, True])
def test_a_number_is_one_id_where_no_digit_can_be_lost(written, learner, coded):
    array = pa.array([None, written, "ada", written])
    found, changed = whole_numbers(array.dictionary_encode() if coded else array)
    assert found.to_pylist() == [None, learner, "ada", learner]
    assert changed.tolist() == [False, written != learner, False, written != learner]


def test_ids_that_a_spreadsheet_wrote_are_one_learner_or_a_warning(tmp_path):
    data = b"".join(
        b"%s,1.0,2.10,2024-03-01 10:00:0%d\n" % (who, n) for n, who in enumerate([b"3000", b"3e3", b"3000.0"])
    )
    found, source = ingested(tmp_path, data)
    assert [row["learner"] for row in found] == ["3000", "3e3", "3000"]
    assert {(row["course"], row["item"]) for row in found} == {("1.0", "2.10")}
    assert json.loads(source["mended"]) == {"decimals removed from learner": 1}
    assert [text.partition(" look like")[0] for text in json.loads(source["warnings"])] == [
        "3 values of course",
        "1 values of learner",
    ]


def test_numbers_of_json_are_one_learner_whatever_they_look_like(tmp_path):
    (tmp_path / "my.toml").write_text(MAPPING)
    rows = [
        f'{{"who": {who}, "course": "C", "item": "i", "at": "2024-03-01T10:00:0{n}"}}\n'
        for n, who in enumerate(["123", "123.0", '"123"', "1.23e2"])
    ]
    file = export(tmp_path, "".join(rows).encode())
    ct.ingest(tmp_path / "d", [file], mapping=tmp_path / "my.toml")
    assert set(ct.open(tmp_path / "d").sql("select learner from events")["learner"].to_pylist()) == {"123"}


@pytest.mark.parametrize("year", [1970, 1989, 2100, 2150])
def test_times_in_which_nothing_was_logged_are_rejected_in_every_format(tmp_path, year):
    moment = datetime(year, 3, 1, tzinfo=UTC)
    _, source = ingested(tmp_path, f"u,C,i,{moment:%Y-%m-%d} 10:00:00\n".encode(), max_rejects="100%")
    assert (source["events"], source["rejected"]) == (0, 1)
    for number, text in enumerate([line(timestamp=int(moment.timestamp() * 1000)), edx(time=moment.isoformat())]):
        folder = tmp_path / f"d{number}"
        ct.ingest(folder, [export(tmp_path, text, name=f"{number}.json")], max_rejects="100%")
        assert ct.open(folder).sources["rejected"].to_pylist() == [1]


@pytest.mark.parametrize("unit", ["s", "days", "us"])
def test_a_unit_that_cannot_be_right_is_asked_for(tmp_path, unit):
    (tmp_path / "my.toml").write_text(f'{MAPPING}unit = "{unit}"\n')
    file = export(tmp_path, b"who,course,item,at\nu,C,i,1375249001234\n", name="t.csv")
    with pytest.raises(ct.InputError, match=r"is its unit\b"):
        ct.ingest(tmp_path / "d", [file], mapping=tmp_path / "my.toml")
