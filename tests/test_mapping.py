"""Formats by a mapping file: what comes out of tables and lines of JSON, and what is said of a mapping that is none."""

import contextlib
import csv
import gzip
import io
import json
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.cli.main import cli
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.config import EngineConfig
from coursetrail.filesystem.location import Location
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.formats.mapping.spec import MappingSpec, parse
from coursetrail.ingestion.convert import convert
from coursetrail.ingestion.events import events as formed
from coursetrail.ingestion.file_start import FileStart
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.tables import DelimitedTable
from support.mapping_texts import FULL

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
OULAD = ROOT.parent / "shared" / "data" / "oulad" / "studentVle_first1048575.tsv.gz"
SMALL = """
name = "mine"
[columns]
learner = "who"
[constants]
action = "page_view"
[time]
column = "at"
"""
ZONE_REASON = "the time names a zone other than UTC: write the name into format, and what it means into zone"


def ingested(folder: Path, mapping: str, export: str | bytes, **options: Any) -> list[dict[str, Any]]:
    """The events of an export by a mapping, in the order of its lines."""
    (folder / "my.toml").write_text(mapping)
    (folder / "export").write_bytes(export if isinstance(export, bytes) else export.encode())
    ct.ingest(folder / "d", [folder / "export"], mapping=folder / "my.toml", **options)
    return events(folder / "d")


def read(folder: Path, mapping: str, export: bytes) -> tuple[list[dict[str, Any]], Reading, Lines]:
    """The same without a dataset, which takes longer."""
    (folder / "export").write_bytes(export)
    place = Location.of(folder / "export")
    form = MappingFile("my.toml", mapping).format().fit(FileStart.read(place).lines)
    assert form is not None
    reading, lines = Reading(form, lambda _, __: True), Lines(place, table=form.table)
    made = [
        row
        for batch in formed(reading, lines, EVENTS.schema, 1, None, EVENTS.schema.names)
        for row in batch.to_pylist()
    ]
    return sorted(made, key=lambda row: row["line"]), reading, lines


def events(dataset: Path) -> list[dict[str, Any]]:
    return ct.open(dataset).sql("select * from events order by source, line").to_pylist()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_table_becomes_events_and_what_has_no_column_stays_in_extra(tmp_path: Path) -> None:
    rows = (
        "at,who,event,course,what,ip,second,clicks,email,note\r\n"
        '2020-01-02T03:04:05Z,u1,play,c1,v1,203.0.113.77,12.5,2,a@example.org,"x, ""y"""\r\n'
        "2020-01-02 03:04:06.5,u2,odd,NULL,,,,,,\r\n"
    )
    first, second = ingested(tmp_path, FULL, rows)
    assert json.loads(first.pop("extra")) == {"event": "play", "note": 'x, "y"'}
    assert first == {
        **dict.fromkeys(first),
        "source": 1,
        "line": 2,
        "platform": "mine",
        "course": "c1",
        "time": at("2020-01-02T03:04:05"),
        "learner": "u1",
        "action": "video_play",
        "area": "lecture",
        "item": "v1",
        "network": "203.0.113.0/24",
        "position": 12.5,
        "weight": 2,
    }
    assert second == {
        **dict.fromkeys(second),
        "source": 1,
        "line": 3,
        "platform": "mine",
        "time": at("2020-01-02T03:04:06.5"),
        "learner": "u2",
        "action": "other",
        "extra": '{"event":"odd"}',
    }
    (source,) = ct.open(tmp_path / "d").sources.to_pylist()
    assert (source["format"], source["header"], source["blank"]) == ("mine", 1, 0)


def test_the_course_on_the_command_line_is_for_events_without_one(tmp_path: Path) -> None:
    (event,) = ingested(tmp_path, SMALL, "at,who\n2020-01-02,u\n", course="c9")
    assert event["course"] == "c9"


def test_lines_of_json_are_read_by_paths(tmp_path: Path) -> None:
    mapping = r"""
name = "mine"
[columns]
learner = "actor.account.name"
course = 'context.course\.id'
item = "object"
position = "result.second"
[time]
column = "at"
unit = "ms"
[action]
column = "verb.id"
[action.values]
played = "video_play"
"""
    lines = [
        {
            "actor": {"account": {"name": 7, "mbox": "m"}},
            "context": {"course.id": "c1"},
            "object": ["a"],
            "result": {"second": "1.5"},
            "at": 1577934245123,
            "verb": {"id": "played"},
            "more": {"x": None},
        },
        {"actor": {"account": "none"}, "at": "1577934245124", "result": {"second": "soon"}, "verb": 3},
    ]
    first, second = ingested(tmp_path, mapping, "".join(json.dumps(line) + "\n" for line in lines))
    assert [first[name] for name in ("learner", "course", "item", "position", "action")] == [
        "7",
        "c1",
        '["a"]',
        1.5,
        "video_play",
    ]
    assert first["time"] == at("2020-01-02T03:04:05.123")
    extra = json.loads(first["extra"])
    assert extra["actor"] == {"account": {"name": 7, "mbox": "m"}}
    assert extra["more"] == {"x": None}
    assert (second["learner"], second["action"], second["position"]) == (None, "other", None)
    assert json.loads(second["extra"])["unread"] == {"position": "soon"}
    assert json.loads(ct.open(tmp_path / "d").sources["mended"][0].as_py()) == {"number expected": 1}


@pytest.mark.parametrize(
    ("time", "text", "moment"),
    [
        ("", "2020-06-01T00:00:00+02:00", "2020-05-31T22:00:00"),
        ("", "2020-06-01", "2020-06-01"),
        ("zone = 'Asia/Shanghai'", "2014-06-14T09:38:29", "2014-06-14T01:38:29"),
        ("zone = 'Asia/Shanghai'", "2014-06-14T09:38:29Z", "2014-06-14T09:38:29"),
        ("zone = 'Europe/Berlin'", "2020-03-29 02:30:00", "2020-03-29T01:30:00"),  # in the gap
        ("zone = 'Europe/Berlin'", "2020-10-25 02:30:00", "2020-10-25T00:30:00"),  # the first of two
        ("format = '%d.%m.%Y %H:%M'", "24.12.2013 18:05", "2013-12-24T18:05"),
        ("format = '%d.%m.%Y %H:%M'", "1.2.2013 8:05", "2013-02-01T08:05"),
        ("format = '%d %b %Y'", "24 Dec 2013", "2013-12-24"),
        ("", "2024-03-01 10:00:00 UTC", "2024-03-01T10:00"),
        ("", "2024-03-01 10:00:00.123456 UTC", "2024-03-01T10:00:00.123456"),
        ("", "2024-03-01 10:00:00 +0100", "2024-03-01T09:00"),
        ("format = '%Y-%m-%d %H:%M:%S %Z'", "2024-03-01 10:00:00 UTC", "2024-03-01T10:00"),
        ("format = '%Y-%m-%d %H:%M:%S %Z'", "2024-03-01 10:00:00 GMT", "2024-03-01T10:00"),
        ("format = '%Y-%m-%d %H:%M:%S%Z'\nzone = 'Asia/Shanghai'", "2024-03-01 10:00:00Z", "2024-03-01T10:00"),
        ("format = '%Y-%m-%d %H:%M:%S EST'\nzone = 'America/New_York'", "2024-03-01 10:00:00 EST", "2024-03-01T15:00"),
        ("format = '%a, %d %b %Y %H:%M:%S %Z'", "Fri, 01 Mar 2024 10:00:00 +0100", "2024-03-01T09:00"),
        ("format = '%a %b %d %Y %H:%M:%S %Z%z'", "Fri Mar 01 2024 10:00:00 GMT+0800 (CST)", "2024-03-01T02:00"),
        ("format = '%d/%b/%Y:%H:%M:%S %z'", "01/Mar/2024:10:00:00 -0500", "2024-03-01T15:00"),
        ("format = ['%d.%m.%Y %H:%M', '%d/%m/%y, %H:%M']", "3/05/24, 14:07", "2024-05-03T14:07"),
        ("format = ['%d.%m.%Y %H:%M', '%d/%m/%y, %H:%M']", "03.05.2024 14:07", "2024-05-03T14:07"),
        ("format = '%m/%d/%Y %H:%M:%S'\nzone = 'Asia/Shanghai'", "06/14/2014 09:38:29", "2014-06-14T01:38:29"),
        ("unit = 's'", "1577934245", "2020-01-02T03:04:05"),
        ("unit = 's'", "1577934245.25", "2020-01-02T03:04:05.25"),
        ("unit = 's'", " 1.577934245e9 ", "2020-01-02T03:04:05"),
        ("unit = 'ms'", "1577934245001", "2020-01-02T03:04:05.001"),
        ("unit = 'us'", "1577934245000001", "2020-01-02T03:04:05.000001"),
        ("unit = 's'\norigin = 2015-01-01", "90", "2015-01-01T00:01:30"),
        ("unit = 'days'\norigin = '2013-10-01'", "-10", "2013-09-21"),
        ("unit = 'days'\norigin = 2013-10-01T12:00:00+02:00", "0.5", "2013-10-01T22:00:00"),
        ("unit = 'days'\norigin = 2013-10-01\nzone = 'Asia/Shanghai'", "1", "2013-10-01T16:00:00"),
    ],
)
def test_a_time_is_read_as_the_mapping_says(tmp_path: Path, time: str, text: str, moment: str) -> None:
    (event,) = ingested(tmp_path, f"{SMALL}{time}\n", f"at;who\n{text};u\n")
    assert event["time"] == at(moment)


@pytest.mark.parametrize(
    ("time", "text", "reason"),
    [
        ("", "", "no time"),
        ("", "soon", "the time cannot be read"),
        ("", "2020-02-30 10:00:00", "the time cannot be read"),
        ("format = '%d.%m.%Y'", "31.02.2020", "the time cannot be read"),
        ("format = ['%d.%m.%Y', '%Y%m%d']", "31.02.2020", "the time cannot be read"),
        ("format = '%Y-%m-%d %H:%M %Z'", "2024-03-01 10:00 EST", ZONE_REASON),
        ("format = '%Y-%m-%d %H:%M %Z'", "2024-03-01 10:00 CET", ZONE_REASON),
        ("unit = 's'", "1e99", "the time cannot be read"),
        ("unit = 's'", "2020-01-01", "the time cannot be read"),
        ("unit = 's'", "nan", "the time cannot be read"),
        ("unit = 'days'", "9" * 39, "the time cannot be read: is its unit the right one?"),
        ("unit = 'days'\norigin_column = 'who'\norigins = {a = 2020-01-01}", "3", "the time cannot be read"),
    ],
)
def test_a_line_without_a_time_is_rejected(tmp_path: Path, time: str, text: str, reason: str) -> None:
    assert ingested(tmp_path, f"{SMALL}{time}\n", f"at;who\n{text};u\n", max_rejects="100%") == []
    assert ct.open(tmp_path / "d").sql("select reason, raw from rejects").to_pylist() == [
        {"reason": reason, "raw": f"{text};u\n".rstrip("\n").encode()}
    ]


@pytest.mark.parametrize("machine", ["America/New_York", "Europe/Berlin", "UTC"])
def test_names_of_zones_do_not_depend_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        rows = b"at,who\n2024-03-01 10:00 EST,u\n2024-07-01 10:00 CEST,u\n2024-03-01 10:00 UTC,u\n"
        made, reading, _ = read(tmp_path, f"{SMALL}format = '%Y-%m-%d %H:%M %Z'\n", rows)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [row["time"] for row in made] == [datetime(2024, 3, 1, 10, tzinfo=UTC)]
    assert [reason for _, reason, _ in reading.rejects] == [ZONE_REASON] * 2


def test_a_time_may_stand_in_two_columns_and_one_of_ours_too(tmp_path: Path) -> None:
    mapping = """
name = "mine"
[file]
names = ["day", "clock", "a", "b"]
delimiter = "|"
[columns]
course = ["a", "b"]
[constants]
action = "page_view"
area = "wiki"
platform = "somewhere"
[time]
column = ["day", "clock"]
"""
    first, second = ingested(tmp_path, mapping, "2020-01-02|03:04:05|x|y\n2020-01-02|03:04:06|x|\n")
    assert [first[name] for name in ("time", "course", "area", "platform")] == [
        at("2020-01-02T03:04:05"),
        "x-y",
        "wiki",
        "somewhere",
    ]
    assert second["course"] is None


@pytest.mark.parametrize(("text", "weight"), [("3", 3), ("", None), ("0", 0), ("2.0", 2)])
def test_a_weight_is_a_whole_number(tmp_path: Path, text: str, weight: int | None) -> None:
    mapping = SMALL.replace("[constants]", 'weight = "clicks"\n[constants]')
    assert ingested(tmp_path, mapping, f"at,who,clicks\n2020-01-01,u,{text}\n")[0]["weight"] == weight


@pytest.mark.parametrize("text", ["-1", "1.5", "many", str(2**31), "1e999"])
def test_a_weight_that_is_none_would_be_a_wrong_sum_so_the_line_is_rejected(tmp_path: Path, text: str) -> None:
    mapping = SMALL.replace("[constants]", 'weight = "clicks"\n[constants]')
    assert ingested(tmp_path, mapping, f"at,who,clicks\n2020-01-01,u,{text}\n", max_rejects="1") == []
    assert ct.open(tmp_path / "d").sql("select reason from rejects")["reason"].to_pylist() == [
        "the weight is no whole number"
    ]


def test_the_same_row_twice_is_a_duplicate_unless_the_mapping_keeps_both(tmp_path: Path) -> None:
    for folder, more, count in (("one", "", 1), ("two", 'duplicates = "keep"\n', 2)):
        (tmp_path / folder).mkdir()
        rows = ingested(tmp_path / folder, more + SMALL, "at,who\n" + "2020-01-01T00:00:07Z,u\n" * 2)
        assert len(rows) == count
        (source,) = ct.open(tmp_path / folder / "d").sources.to_pylist()
        assert source["lines"] == 3
        assert source["duplicates"] == 2 - count


WHOLE_MINUTES = "".join(f"2020-01-01 10:{minute:02}:00,u\n" for minute in range(10))


@pytest.mark.parametrize(
    ("time", "rows", "count"),
    [
        ("", "2020-01-01,u\n" * 2, 2),
        ("", "2020-01-01 10:00,u\n" * 2, 2),
        ("", "2020-01-01 10:00:00,u\n" * 2, 1),  # a single time may be a whole minute by chance
        ("", WHOLE_MINUTES * 2, 20),
        ("", f"{WHOLE_MINUTES * 2}2020-01-01 10:00:01,u\n", 11),
        ("format = '%d.%m.%Y %H:%M'", "01.02.2020 10:00,u\n" * 2, 2),
        ("format = '%d.%m.%Y'", "01.02.2020,u\n" * 2, 2),
        ("format = '%d.%m.%Y %H:%M:%S'", "01.02.2020 10:00:00,u\n" * 2, 1),
        ("format = ['%d.%m.%Y', '%d.%m.%Y %H:%M:%S']", "01.02.2020,u\n" * 2, 1),
        ("unit = 'days'", "18300,u\n" * 2, 2),
        ("unit = 's'", "1577934240,u\n" * 2, 1),
    ],
)
def test_equal_lines_of_times_without_seconds_are_events_of_their_own(
    tmp_path: Path, time: str, rows: str, count: int
) -> None:
    assert len(ingested(tmp_path, f"{SMALL}{time}\n", f"at,who\n{rows}")) == count
    drop = f'duplicates = "drop"\n{SMALL}{time}\n'
    (tmp_path / "dropped").mkdir()
    assert len(ingested(tmp_path / "dropped", drop, f"at,who\n{rows}")) == len(set(rows.splitlines()))


def test_what_is_dropped_is_kept_nowhere(tmp_path: Path) -> None:
    names = "at,who,event,course,what,ip,second,clicks"
    rows = f"{names},email\n2020-01-01,u,,,,,,,a@example.org\nnever,u,,,,,,,b@example.org\n"
    ingested(tmp_path, FULL, rows, max_rejects="1")
    answer = ct.open(tmp_path / "d").sql("select raw from rejects").to_pylist()
    assert answer == [{"raw": b""}]
    assert "example" not in str(events(tmp_path / "d"))
    convert([tmp_path / "export"], tmp_path / "o.csv", mapping=tmp_path / "my.toml", max_rejects="1")
    assert (tmp_path / "o.csv").read_text().splitlines() == [
        ",".join(f'"{name}"' for name in names.split(",")),
        '"2020-01-01","u",,,,,,',
    ]


@pytest.mark.parametrize(
    "line",
    [
        '{"at": "2020-01-01", "user": {"id": "u", "mail": "a@example.org", "name": "Ann"}, "left": 1}',
        '{"at": "2020-01-01", "user": {"id": "u", "mail": "a@example.org", "mail": "b@example.org"}, "left": 1}',
        '{"user": {"id": "u", "mail": "a@example.org"}, "at": "2020-01-01", "user": {"id": "u"}, "left": 1}',
        r'{"at": "2020-01-01", "user": {"id": "u", "mail": "a@example.org", "quote": "it\'s"}, "left": 1}',
        '{"at": "2020-01-01", "user": {"id": "u", "mail": {"is": ["a@example.org"]}}, "left": 1}',
    ],
)
def test_what_is_dropped_inside_an_object_is_kept_nowhere(tmp_path: Path, line: str) -> None:
    mapping = "drop = ['user.mail']\n" + SMALL.replace('"who"', '"user.id"')
    (event,) = ingested(tmp_path, mapping, line + "\n", max_rejects="1")
    assert event["learner"] == "u"
    assert "left" in event["extra"]
    assert "example" not in str(event)


def test_a_column_to_drop_that_a_table_has_not_is_no_typo_to_pass_over(tmp_path: Path) -> None:
    with pytest.raises(ct.InputError, match=r"no column 'emial', which .* needs for drop.* Did you mean 'email'"):
        ingested(tmp_path, "drop = ['emial']\n" + SMALL, "at,who,email\n2020-01-01,u,a@example.org\n")
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "name is missing"),
        ("name = 3", "name must be a text in quotes"),
        ("name = 'Not So'", "name must be lower-case letters"),
        ("name = [", "is not valid TOML"),
        ("nam = 'x'", "there is no key 'nam'. Did you mean 'name'?"),
        ("name = 'x'", "nothing says what was done"),
        (SMALL.replace("learner", "lerner"), "[columns] there is no key 'lerner'. Did you mean 'learner'?"),
        (SMALL.replace("learner", "time"), "It has a section of its own: [time]"),
        (SMALL.replace("page_view", "page_vew"), "Did you mean 'page_view'?"),
        (SMALL.replace('column = "at"', ""), "[time] column is missing"),
        (SMALL + "zone = 'Asia/Shanghay'", "Did you mean 'Asia/Shanghai'?"),
        (SMALL + "unit = 'seconds'", "[time] unit must be one of a closed list"),
        (SMALL + "format = '%Q'", "[time] format must be a format of Python's strptime"),
        (SMALL + "format = '%H:%M'", "[time] format must be a format of Python's strptime that has a date"),
        (SMALL + "origin = 2020-01-01", "[time] origin must be used only with unit"),
        (SMALL + "unit = 's'\norigin = 'soon'", "[time] origin must be a date such as 2013-10-01"),
        (SMALL + "unit = 's'\norigin_column = 'x'", "a section [time.origins] together with origin_column"),
        (SMALL + "[time.origins]\na = 2020-01-01", "used only with unit"),
        (SMALL + "[file]\ndelimiter = ';;'", "[file] delimiter must be one character"),
        (SMALL + "[file]\nnames = ['a', 'a']", "[file] names must be names that are all different"),
        (SMALL + "[action]\ncolumn = 'x'", "[constants] action must be left out, because a column"),
        (SMALL + "[area]\ncolumn = 'x'\nvalues = {a = 'lectures'}", "Did you mean 'lecture'?"),
        (SMALL + "[area]\nvalues = {a = 'lecture'}", "[area] column is missing"),
        ("drop = ['who']\n" + SMALL, "drop must be without 'who', which is read for learner"),
        ("duplicates = true\n" + SMALL, "duplicates must be one of a closed list, not True"),
        ("name = 'coursera-legacy'\n" + SMALL.replace("name =", "title ="), "the name of a known format"),
    ],
)
def test_an_invalid_mapping_is_refused_with_the_key_and_the_allowed_values(
    tmp_path: Path, mapping: str, said: str
) -> None:
    (tmp_path / "my.toml").write_text(mapping)
    (tmp_path / "export").write_text("at,who\n2020-01-01,u\n")
    with pytest.raises(ct.UsageError) as raised:
        ct.ingest(tmp_path / "d", [tmp_path / "export"], mapping=tmp_path / "my.toml")
    assert said in str(raised.value)
    assert "my.toml" in str(raised.value)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ("time,who\n2020-01-01,u\n", "no column 'at', which"),
        ("At,who\n2020-01-01,u\n", "Did you mean 'At'?"),
        ("u1,u2\n2020-01-01,u\n", "needs for learner. coursetrail sniff lists the columns of a file."),
        ("\n\n", "only blank lines"),
        (",".join(["at", "who", *(f"c{number}" for number in range(63))]) + "\n", "it has 65 columns; at most 64"),
    ],
)
def test_a_file_that_does_not_fit_its_mapping_is_named(tmp_path: Path, export: str, said: str) -> None:
    with pytest.raises(ct.InputError) as raised:
        ingested(tmp_path, SMALL, export)
    assert said in str(raised.value)
    assert str(tmp_path / "export") in str(raised.value)


@pytest.mark.parametrize(
    "text", [f"a{'.a' * 40_000} = 1", f"a = {'[' * 40_000}", f"a = {'{a = ' * 20_000}", "#" * (1 << 21)]
)
def test_a_mapping_that_would_take_forever_to_parse_is_refused(text: str) -> None:
    with pytest.raises(ct.UsageError, match=r"^my\.toml.{0,200}$"):
        parse(text, "my.toml")


def test_a_mapping_is_a_regular_file(tmp_path: Path) -> None:
    (tmp_path / "clicks.csv").write_text("a,b\n")
    for path in ("/dev/zero", str(tmp_path)):
        with pytest.raises(ct.InputError, match="not a regular file"):
            ct.ingest(tmp_path / "d", [tmp_path / "clicks.csv"], mapping=path)


def test_a_mapping_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    (tmp_path / "export").write_text("at,who\n")
    with pytest.raises(ct.InputError, match=r"none\.toml: No such file"):
        ct.ingest(tmp_path / "d", [tmp_path / "export"], mapping=tmp_path / "none.toml")
    (tmp_path / "my.toml").write_bytes(b"\x1f\x8b\xff")
    with pytest.raises(ct.UsageError, match="is not text in UTF-8"):
        ct.ingest(tmp_path / "d", [tmp_path / "export"], mapping=tmp_path / "my.toml")
    with pytest.raises(ct.UsageError, match="Give only one of them"):
        ct.ingest(tmp_path / "d", [tmp_path / "export"], mapping=tmp_path / "my.toml", format="coursera-legacy")


KEYS = st.sampled_from(
    [
        *("name", "title", "duplicates", "drop", "file", "columns", "constants", "time", "action", "area"),
        *("column", "values", "default", "format", "unit", "zone", "origin", "origin_column", "origins"),
        *("delimiter", "names", "nulls", "backslash", "learner", "course", "weight", "x y"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(["a", "", "page_view", "lecture", "UTC", "Europe/Berlin", "../UTC", "s", "days", "%d.%m.%Y", "%"]),
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.times(),
)
TREES = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5)
)


def toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{toml(str(key))} = {toml(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
        case bool():
            return str(value).lower()
        case str():
            return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(KEYS, TREES, max_size=8), st.booleans())
def test_any_toml_is_a_mapping_or_a_usage_error(tree: dict[str, Any], complete: bool) -> None:
    if complete:
        tree = {"name": "x", "constants": {"action": "page_view"}, "time": {"column": "at", "unit": "s"}} | tree
    text = "\n".join(f"{key} = {toml(value)}" for key, value in tree.items())
    try:
        assert isinstance(parse(text, "my.toml"), MappingSpec)
        MappingFile("my.toml", text).format()
    except ct.UsageError:
        return


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_mapping_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(ct.UsageError):
        parse(text, "my.toml")


def expected(text: str) -> list[dict[str, Any]]:
    """What FULL makes of a valid CSV, by Python's own csv."""
    made = []
    for row in csv.DictReader(io.StringIO(text, newline="")):
        said = {name: value if value not in ("", "NULL") else None for name, value in row.items()}
        action = {"play": "video_play", "view": "page_view"}.get(said["event"] or "", "other")
        made.append(
            {
                "time": at(said["at"] or ""),
                "learner": said["who"],
                "item": said["what"],
                "action": action,
                "area": "lecture" if said["event"] == "play" else None,
                "position": float(said["second"]) if said["second"] else None,
                "weight": int(said["clicks"]) if said["clicks"] else None,
                "extra": {name: said[name] for name in ("event", "note") if said[name] is not None} or None,
            }
        )
    return made


LETTERS = st.characters(codec="utf-8", exclude_characters="\0\r")
TEXT = st.text(LETTERS, max_size=8).filter(lambda text: text == text.strip())
ROW = st.tuples(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(str),  # noqa: DTZ001
    TEXT,
    st.sampled_from(["play", "view", "odd", "NULL", ""]),
    TEXT,
    st.floats(0, 1e6).map(str) | st.just(""),
    st.integers(0, 99).map(str) | st.just(""),
    TEXT,
)
CUT = st.tuples(st.integers(0, 400), st.binary(max_size=3))
NAMES = ("at", "who", "event", "what", "second", "clicks", "note")
SHORT = FULL.replace('course = "course"\n', "").replace('network = "ip"\n', "").replace('drop = ["email"]', "")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, max_size=8), delimiter=st.sampled_from(",\t;|"))
def test_what_a_csv_writer_wrote_is_read_as_python_reads_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str
) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([NAMES, *rows])
    folder = tmp_path_factory.mktemp("csv")
    found, _, _ = read(folder, SHORT, out.getvalue().encode())
    for row in found:
        row["time"] = row["time"].replace(tzinfo=None)
    same = io.StringIO()
    csv.writer(same).writerows([NAMES, *rows])
    wanted = expected(same.getvalue())
    names = wanted[0].keys() if wanted else ()
    shown = [
        {name: json.loads(row["extra"]) if name == "extra" and row["extra"] else row[name] for name in names}
        for row in found
    ]
    assert shown == wanted


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(ROW, min_size=1, max_size=5),
    cuts=st.lists(CUT, max_size=4),
)
def test_a_damaged_table_is_accounted_for_line_by_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], cuts: list[tuple[int, bytes]]
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    data = out.getvalue().encode()
    for place, more in cuts:
        place %= len(data)
        data = data[:place] + more + data[place + 1 :]
    folder = tmp_path_factory.mktemp("damaged")
    found, reading, lines = read(folder, SHORT, ",".join(NAMES).encode() + b"\n" + data)
    assert all(row["time"] and row["action"] and row["platform"] for row in found)
    accounted = [row["line"] for row in found] + [line for line, _, _ in reading.rejects] + [*reading.ignored]
    assert sorted(accounted) == list(range(1, lines.lines + 1))
    assert "cannot be read" not in {reason for _, reason, _ in reading.rejects}


def test_a_table_of_as_many_lines_as_a_sheet_of_excel_is_suspected(tmp_path: Path) -> None:
    for count, suspected in ((1_048_576, True), (1_048_575, False), (1_048_577, False)):
        (tmp_path / "t").write_bytes(b"1,2\n" * count)
        lines = Lines(tmp_path / "t", table=DelimitedTable(("a", "b")))
        assert sum(len(block.hashes) for block in lines.blocks()) == count
        assert bool(lines.fault) is suspected
    plain = Lines(tmp_path / "t")
    assert sum(1 for _ in plain.blocks())
    assert not plain.fault


def test_clicks_of_a_day_are_summed_by_their_weight(tmp_path: Path) -> None:
    rows = "code_module,code_presentation,id_student,id_site,date,sum_click\n" + "".join(
        f'"{module}","{run}",{learner},1,{day},{clicks}\r\n'
        for module, run, learner, day, clicks in (
            ("AAA", "2013J", 1, -10, 4),
            ("AAA", "2013J", 1, -10, 4),
            ("BBB", "2014B", 2, 0, 1),
        )
    )
    (tmp_path / "studentVle.csv").write_text(rows, newline="")
    ct.ingest(tmp_path / "d", [tmp_path / "studentVle.csv"], mapping=EXAMPLES / "oulad.toml")
    course = ct.open(tmp_path / "d")
    assert [(row["course"], row["time"], row["weight"]) for row in events(tmp_path / "d")] == [
        ("AAA-2013J", at("2013-09-21"), 4),
        ("AAA-2013J", at("2013-09-21"), 4),
        ("BBB-2014B", at("2014-02-01"), 1),
    ]
    clicks = course.analyze("learners").table.to_pylist()
    assert {row["learner"]: row["clicks"] for row in clicks} == {"1": 8, "2": 1}


def test_kdd_cup_times_are_of_china(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(
        "enrollment_id,time,source,event,object\n"
        "1,2014-06-14T09:38:39,server,access,3T6XwoiMKgol57cm29Rjy8FXVFcIomxl\n"
        "1,2014-06-14T09:38:40,browser,page_close,\n"
        "2,2014-06-14T09:38:41,server,discussion,x\n"
    )
    ct.ingest(tmp_path / "d", [tmp_path / "log.csv"], mapping=EXAMPLES / "kdd2015.toml")
    found = events(tmp_path / "d")
    local = datetime(2014, 6, 14, 9, 38, 39, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert found[0]["time"] == local.astimezone(UTC).replace(tzinfo=None)
    assert [(row["learner"], row["action"], row["area"], row["item"]) for row in found] == [
        ("1", "page_view", None, "3T6XwoiMKgol57cm29Rjy8FXVFcIomxl"),
        ("1", "other", None, None),
        ("2", "page_view", "forum", "x"),
    ]
    assert json.loads(found[1]["extra"]) == {"source": "browser", "event": "page_close"}


def test_act_mooc_counts_seconds_from_its_first_action(tmp_path: Path) -> None:
    (tmp_path / "mooc_actions.tsv").write_text("ACTIONID\tUSERID\tTARGETID\tTIMESTAMP\n0\t0\t0\t0.0\n1\t0\t1\t6.0\n")
    ct.ingest(tmp_path / "d", [tmp_path / "mooc_actions.tsv"], mapping=EXAMPLES / "act-mooc.toml")
    first, second = events(tmp_path / "d")
    assert second["time"] - first["time"] == timedelta(seconds=6)
    assert (second["learner"], second["item"], second["extra"]) == ("0", "1", '{"ACTIONID":"1"}')


def test_the_totals_of_oulad_are_those_of_the_file(tmp_path: Path) -> None:
    if not OULAD.exists():
        pytest.skip("NO OULAD: the click table of the Open University is not here")
    wanted: dict[str, list[Any]] = defaultdict(lambda: [0, 0, set()])
    starts = {"B": (2, 1), "J": (10, 1)}
    days: list[datetime] = []
    with gzip.open(OULAD, "rt", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            of = wanted[f"{row['code_module']}-{row['code_presentation']}"]
            of[0] += 1
            of[1] += int(row["sum_click"])
            of[2].add(row["id_student"])
            run = row["code_presentation"]
            if len(days) < 1000:
                days.append(datetime(int(run[:4]), *starts[run[4]]) + timedelta(int(row["date"])))  # noqa: DTZ001
    ((outcome),) = ct.ingest(tmp_path / "d", [OULAD], mapping=EXAMPLES / "oulad.toml")
    assert (outcome.source.lines, outcome.source.events) == (1_048_576, 1_048_575)
    assert "Excel" in (outcome.source.fault or "")
    course = ct.open(tmp_path / "d")
    found = course.sql("""
        select course, count(*) as n, sum(weight) as clicks, count(distinct learner) as people
        from events group by course
    """)
    assert {row["course"]: (row["n"], row["clicks"], row["people"]) for row in found.to_pylist()} == {
        name: (rows, clicks, len(people)) for name, (rows, clicks, people) in wanted.items()
    }
    first = course.sql("select time from events where line <= 1001 order by line")["time"].to_pylist()
    assert first == days


def test_workers_of_spark_get_what_the_mapping_says_and_not_its_path(
    java: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.toml").write_text(SMALL)
    Path("log.csv").write_text("at,who\n2020-01-01,u\n2020-01-02,v\nsoon,w\n")
    for name, choice in (("spark", EngineConfig("spark", master="local[1]")), ("duckdb", None)):
        ct.ingest(name, ["log.csv"], mapping="my.toml", engine=choice, max_rejects="1")
    assert events(Path("spark")) == events(Path("duckdb"))
    assert len(events(Path("spark"))) == 2
    Path("my.toml").write_text("name =")
    with pytest.raises(ct.UsageError, match="not valid TOML"):
        ct.ingest("spark", ["log.csv"], mapping="my.toml", engine=EngineConfig("spark", master="local[1]"))


def test_commands_that_read_exports_take_a_mapping(tmp_path: Path) -> None:
    export, mapping = tmp_path / "log.csv", tmp_path / "my.toml"
    export.write_text('"at","who"\n"2020-01-01","u"\n"2020-01-02","v"\n')
    mapping.write_text(SMALL)
    run = CliRunner()
    options = [str(export), "--mapping", str(mapping)]
    for words in (
        ["ingest", str(tmp_path / "d"), *options],
        ["report", *options, "-o", str(tmp_path / "out")],
        ["convert", options[0], str(tmp_path / "o.csv"), *options[1:]],
    ):
        done = run.invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "o.csv").read_text() == '"at","who"\n"2020-01-01","u"\n"2020-01-02","v"\n'
    assert (tmp_path / "out" / "report.html").exists()


def test_of_a_folder_the_files_that_fit_are_taken(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(SMALL)
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "log.csv").write_text("at,who\n2020-01-01,u\n")
    (tmp_path / "all" / "pages.csv").write_text("page,title\n1,x\n")
    outcomes = ct.ingest(tmp_path / "d", [tmp_path / "all"], mapping=tmp_path / "my.toml")
    assert [Path(outcome.source.uri).name for outcome in outcomes] == ["log.csv"]


BY_ID = SMALL.replace('name = "mine"', 'name = "mine"\nevent_id = "id"')


def test_an_event_that_was_sent_twice_is_one_event_by_its_id(tmp_path: Path) -> None:
    lines = (
        '{"id": "a", "at": "2020-01-01T00:00:01Z", "who": "u"}\n'
        '{"who": "u", "id": "a", "at": "2020-01-01T00:00:02Z"}\n'
        '{"at": "never", "id": "b"}\n'
        '{"at": "2020-01-01T00:00:03Z", "id": "b"}\n'
        '{"at": "2020-01-01T00:00:04Z", "id": ""}\n'
        '{"at": "2020-01-01T00:00:05Z", "id": ""}\n'
        '{"at": "2020-01-01T00:00:06Z"}\n'
        '{"at": "2020-01-01T00:00:06Z"}\n'
    )
    rows = ingested(tmp_path, BY_ID, lines, max_rejects="1")
    assert [row["line"] for row in rows] == [1, 4, 5, 6, 7]
    assert json.loads(rows[0]["extra"]) == {"id": "a"}
    (source,) = ct.open(tmp_path / "d").sources.to_pylist()
    assert (source["lines"], source["events"], source["duplicates"], source["rejected"]) == (8, 5, 2, 1)
    (tmp_path / "export").write_text(lines + '{"at": "2020-01-02T00:00:00Z", "id": "a"}\n')
    ct.ingest(tmp_path / "d", [tmp_path / "export"], mapping=tmp_path / "my.toml", max_rejects="1")
    second = ct.open(tmp_path / "d").sources.to_pylist()[1]
    assert (second["lines"], second["events"], second["duplicates"]) == (1, 0, 1)


def test_ids_of_a_table_decide_where_equal_rows_are_kept(tmp_path: Path) -> None:
    mapping = 'duplicates = "keep"\n' + BY_ID
    rows = ingested(tmp_path, mapping, "at,who,id\n2020-01-01,u,1\n2020-01-01,u,1\n2020-01-01,u,\n2020-01-01,u,\n")
    assert [row["line"] for row in rows] == [2, 4, 5]
    with pytest.raises(ct.UsageError, match="drop must be without 'id', which is read for event_id"):
        parse(f"drop = 'id'\n{BY_ID}", "my.toml")
    with pytest.raises(ct.InputError, match=r"no column 'id', which .* needs for event_id"):
        read(tmp_path, BY_ID, b"at,who\n2020-01-01,u\n")


def test_a_path_that_occurs_in_no_line_is_a_warning(tmp_path: Path) -> None:
    mapping = SMALL.replace('learner = "who"', 'learner = "actor.id"\nitem = "what"\ncourse = "course"')
    lines = (
        b'{"at": "2020-01-01", "actor": {"name": "u"}, "what": "i"}\n{"at": "2020-01-01", "actor": {"id": ""}}\n' * 2
    )
    made, reading, _ = read(tmp_path, mapping, lines)
    assert len(made) == 4
    assert reading.warnings == [
        "no line has a value for 'actor.id', which fills learner: 4 lines were read",
        "no line has a value for 'course', which fills course: 4 lines were read",
    ]
    assert read(tmp_path, SMALL, b'{"at": "2020-01-01", "who": "u"}\n{"at": "2020-01-01"}\n')[1].warnings == []
    assert read(tmp_path, SMALL, b"at,who\n2020-01-01,\n")[1].warnings == []
