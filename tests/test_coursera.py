"""Research exports of on-demand Coursera courses: every quirk, and a plain reading with Python's own csv beside it."""

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail import formats
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import InputError
from coursetrail.formats.coursera import definition
from coursetrail.formats.coursera.pages import PAGES, page
from coursetrail.ingestion.events import events
from coursetrail.reading.format import Reject
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from support.coursera_rows import LECTURE, SITE, VIEW, again, pristine

MOMENT = datetime(2016, 6, 20, 14, 3, 25, 118000)  # noqa: DTZ001 - the engine's times are UTC without saying so
COLUMNS = list(VIEW)
ELEVEN = {
    "playback_rate_delta": "",
    "module_id": "rRVTk",
    "playback_rate": "1.5",
    "timecode": "125.02",
    "video_name": 'Lecture 2,1: "Größe"',
    "language_code": "",
    "subtitle_language": "en",
    "volume": "1",
    "volume_delta": "",
    "tech": "html5",
    "item_id": "gpUXO",
}


def video(key: str, value: Any = None, **fields: str) -> dict[str, str]:
    """A record of the player's."""
    return {**VIEW, "key": key, "value": json.dumps(ELEVEN if value is None else value), **fields}


class Read(NamedTuple):
    events: list[dict[str, Any]]
    rejects: list[tuple[int, str]]
    source: dict[str, Any]


@pytest.fixture
def read(tmp_path):
    """The bytes of an export → what became of them."""

    def read(data: bytes, name: str = "video-2016-06-20.csv.gz") -> Read:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / name).write_bytes(data)
        ct.ingest(folder / "dataset", [folder / name], max_rejects="100%")
        course = ct.open(folder / "dataset")
        rows = course.sql("select * replace (extra::varchar as extra) from events order by line").to_pylist()
        rejects = course.sql("select line, reason from rejects order by line").to_pylist()
        source = course.sources.to_pylist()[0]
        assert source["format"] == "coursera"
        return Read(
            [{**row, "extra": json.loads(row["extra"])} for row in rows],
            [(reject["line"], reject["reason"]) for reject in rejects],
            {**source, "mended": json.loads(source["mended"] or "{}")},
        )

    return read


def batch(folder: Path, data: bytes) -> tuple[list[dict[str, Any]], Reading]:
    """The events of an export, in the order of its records, and what the reading counted; no dataset."""
    file = folder / "access.csv"
    file.write_bytes(data)
    form = formats.recognise(data.splitlines(keepends=True)[:200], "access.csv")
    assert form.name == "coursera"
    reading = Reading(form, lambda rejects, line: True)
    found = [*events(reading, Lines(file, table=form.table), EVENTS.schema, 1, None, EVENTS.schema.names)]
    rows = (
        pa.Table.from_batches([part.select(EVENTS.schema.names) for part in found])
        if found
        else EVENTS.schema.empty_table()
    )
    return sorted(rows.to_pylist(), key=lambda row: row["line"]), reading


# What a record says


def test_a_page_view_fills_the_columns(read):
    (event,) = read(pristine(VIEW)).events
    assert event == {
        "source": 1,
        "line": 1,
        "platform": "coursera",
        "course": "-Rl53_BWEeW4_wr--Yv6Aw",
        "time": MOMENT,
        "learner": VIEW["hashed_user_id"],
        "action": "page_view",
        "area": "lecture",
        "item": "gpUXO",
        "url": LECTURE,
        "referrer": "https://www.google.com/",
        "cookie": VIEW["hashed_session_cookie_id"],
        "user_agent": VIEW["user_agent"],
        "accept_language": "en-US,en;q=0.8",
        "network": None,
        "country": "NA",
        "region": "07",
        "timezone": "Africa/Windhoek",
        "position": None,
        "position_from": None,
        "rate": None,
        "weight": None,
        "extra": {"hashed_ip": "0aa1bb2cc3dd4ee5ff66", "os": "Windows 10", "browser": "Chrome", "key": "pageview"},
    }


@pytest.mark.parametrize("write", [pristine, again])
def test_a_video_event_has_its_numbers_as_texts_and_all_it_says_in_extra(read, write):
    (event,) = read(write(video("heartbeat"))).events
    shown = {name: event[name] for name in ("action", "area", "item", "position", "position_from", "rate")}
    assert shown == {
        "action": "video_heartbeat",
        "area": "lecture",
        "item": "gpUXO",
        "position": 125.02,
        "position_from": None,
        "rate": 1.5,
    }
    assert event["extra"]["value"] == ELEVEN


ACTIONS = {
    "pageview": "page_view",
    "page_requested": "other",
    "page_preloaded": "other",
    "start": "video_load",
    "play": "video_play",
    "pause": "video_pause",
    "seek": "video_seek",
    "wait": "video_wait",
    "heartbeat": "video_heartbeat",
    "end": "video_end",
    "volume_change": "video_other",
    "subtitle_change": "video_other",
    "playback_rate_change": "video_rate",
    "download_subtitle": "download",
    "download_video": "download",
    "something_new": "other",
}


def test_every_key_is_an_action_and_its_own_word_is_kept(tmp_path):
    found, _ = batch(tmp_path, pristine(*[{**VIEW, "key": key} for key in ACTIONS]))
    assert {json.loads(row["extra"])["key"]: row["action"] for row in found} == ACTIONS


def test_an_unknown_event_is_of_the_player_if_it_has_a_timecode(tmp_path):
    (row,), _ = batch(tmp_path, pristine(video("chapter_change")))
    assert (row["action"], row["position"]) == ("video_other", 125.02)


@pytest.mark.parametrize(
    ("value", "position", "rate", "item"),
    [
        ({"timecode": 3, "playback_rate": 2.0, "item_id": "abc12"}, 3.0, 2.0, "abc12"),
        ({"timecode": "", "playback_rate": None, "item_id": ""}, None, None, None),
        ({"timecode": "soon", "playback_rate": [1], "item_id": None}, None, None, None),
        ({"module_id": "x"}, None, None, None),
        ({}, None, None, None),
    ],
)
def test_a_value_may_lack_anything(tmp_path, value, position, rate, item):
    (row,), _ = batch(tmp_path, pristine(video("seek", value, url=f"{SITE}/home/welcome")))
    assert (row["action"], row["position"], row["rate"], row["item"]) == ("video_seek", position, rate, item)


@pytest.mark.parametrize("value", ["", "NULL", "{broken", '"text"', "[1]"])
def test_a_value_that_is_no_object_is_an_event_all_the_same(tmp_path, value):
    (row,), reading = batch(tmp_path, pristine({**VIEW, "key": "pause", "value": value}))
    assert (row["action"], row["position"], reading.rejects) == ("video_pause", None, [])
    assert json.loads(row["extra"]).get("value", "") == ("" if value == "NULL" else value)


# Addresses


@pytest.mark.parametrize(
    ("path", "area", "item"),
    [
        ("", "home", None),
        ("/", "home", None),
        ("?authMode=login#x", "home", None),
        ("/home/welcome", "home", None),
        ("/home/week/3", "home", None),
        ("/home/assignments", "home", None),
        ("/outline", "home", None),
        ("/module/rRVTk", "home", "rRVTk"),
        ("/lecture/gpUXO", "lecture", "gpUXO"),
        ("/lecture/gpUXO/a-title?t=1", "lecture", "gpUXO"),
        ("/lecture", "lecture", None),
        ("/lectures/gpUXO", "other", None),
        ("/Lecture/gpUXO", "other", None),
        ("/supplement/aB1cD/read", "wiki", "aB1cD"),
        ("/resources/mUIFo", "wiki", "mUIFo"),
        ("/quiz/aB1cD/t/attempt", "quiz", "aB1cD"),
        ("/exam/aB1cD/t", "quiz", "aB1cD"),
        ("/programming/aB1cD/t/submission", "assignment", "aB1cD"),
        ("/gradedLti/aB1cD", "assignment", "aB1cD"),
        ("/ungradedLti/aB1cD", "assignment", "aB1cD"),
        ("/peer/aB1cD/t/review/x", "peer", "aB1cD"),
        ("/discussions", "forum", None),
        ("/discussions/weeks/2", "forum", None),
        ("/discussions/weeks/2/threads/Ah-7Ee_xx?sort=1", "forum", "Ah-7Ee_xx"),
        ("/discussions/forums/Zz12", "forum", "Zz12"),
        ("/discussions/forums/Zz12/threads/Ah7", "forum", "Ah7"),
        ("/forum/threads/9", "forum", "9"),
        ("/discussionPrompt/aB1cD/t", "other", "aB1cD"),
        ("/something/new", "other", None),
    ],
)
def test_an_address_says_course_area_and_item(path, area, item):
    for host in ("www.coursera.org", "es.coursera.org", "www-cloudfront-alias.coursera.org", "WWW.Coursera.org:443"):
        assert page(f"https://{host}/learn/data-patterns{path}") == ("data-patterns", area, item, "page_view")


def test_what_is_no_page_of_a_course_is_other_and_what_is_no_address_is_nothing():
    for address in (
        "https://www.coursera.org/",
        "https://www.coursera.org/learn",
        "https://coursera.org.evil.com/learn/x",
    ):
        assert page(address) == (None, "other", None, "page_view")
    for address in ("", "/learn/x", "about:blank", "NA"):
        assert page(address) == (None, None, None, None)


def test_the_table_of_pages_has_each_step_once():
    assert len({rule.path for rule in PAGES}) == len(PAGES)


def test_without_a_course_id_the_address_names_the_course(tmp_path):
    (row,), _ = batch(tmp_path, pristine({**VIEW, "course_id": ""}))
    assert row["course"] == "data-patterns"


# What stands for nothing


@pytest.mark.parametrize("nothing", ["", "NULL"])
def test_a_visitor_without_a_name_is_no_learner(tmp_path, nothing):
    (row,), _ = batch(tmp_path, pristine({**VIEW, **dict.fromkeys(("hashed_user_id", "country_cd", "url"), nothing)}))
    assert (row["learner"], row["country"], row["url"], row["area"]) == (None, None, None, None)


def test_a_backslash_and_n_is_nothing_in_quotes_and_without(tmp_path):
    data = pristine(VIEW).replace(b'"NA"', b"\\N").replace(b'"07"', b'"\\N"')
    (row,), _ = batch(tmp_path, data)
    assert (row["country"], row["region"]) == (None, None)


def test_na_is_a_country_but_no_person(tmp_path):
    found, _ = batch(tmp_path, again(VIEW, {**VIEW, "hashed_user_id": "NA", "hashed_session_cookie_id": "NA"}))
    assert [(row["learner"], row["country"]) for row in found] == [(VIEW["hashed_user_id"], "NA"), (None, "NA")]
    assert found[1]["cookie"] is None


# How a file is written


def test_a_header_names_the_partner_and_may_name_more(read):
    named = {"jhu_user_id" if name == "hashed_user_id" else name: text for name, text in video("play").items()}
    named = {**named, "eventing_central_ts": "2016-06-20 09:03:25"}
    for write in (pristine, again):
        found = read(write(named, header=True))
        (event,) = found.events
        assert (found.source["lines"], found.source["header"], event["line"]) == (2, 1, 2)
        assert (event["learner"], event["action"], event["position"]) == (VIEW["hashed_user_id"], "video_play", 125.02)
        assert event["extra"]["eventing_central_ts"] == "2016-06-20 09:03:25"


def test_a_header_may_name_the_columns_in_another_order_and_come_again(tmp_path):
    turned = dict(reversed({"x_user_id" if name == "hashed_user_id" else name: VIEW[name] for name in VIEW}.items()))
    data = pristine(turned, header=True)
    found, reading = batch(tmp_path, b"\xef\xbb\xbf" + data + data)
    assert [row["learner"] for row in found] == [VIEW["hashed_user_id"]] * 2
    assert (reading.rejects, list(reading.header)) == ([], [1, 3])


def test_newlines_and_commas_in_quotes_belong_to_their_record(read):
    first = {**VIEW, "user_agent": "one,\r\ntwo\n"}
    found = read(pristine(first, VIEW))
    assert [event["user_agent"] for event in found.events] == ["one,\r\ntwo\n", VIEW["user_agent"]]
    assert (found.source["lines"], [event["line"] for event in found.events]) == (2, [1, 2])


def test_a_raw_newline_in_the_title_of_a_video_costs_nothing(read):
    raw = json.dumps(ELEVEN).replace("Lecture 2", "Lecture\n2")
    found = read(pristine({**video("pause"), "value": raw}))
    (event,) = found.events
    assert (event["position"], event["extra"]["value"]["video_name"]) == (125.02, 'Lecture\n2,1: "Größe"')
    assert found.source["mended"] == {"control characters in value": 1}


def test_a_raw_newline_in_a_value_that_is_no_json_stays(tmp_path):
    (row,), reading = batch(tmp_path, pristine({**VIEW, "value": "no\njson"}))
    assert (json.loads(row["extra"])["value"], reading.repaired) == ("no\njson", {})


def test_backslashes_of_a_file_that_was_saved_again_stay_what_they_are(tmp_path):
    name = {**ELEVEN, "video_name": 'a \\ b "c"'}
    for write in (pristine, again):
        found, _ = batch(tmp_path, write(video("play", name), {**VIEW, "user_agent": "C:\\new \\\\ x"}))
        assert json.loads(found[0]["extra"])["value"] == name
        assert found[1]["user_agent"] == "C:\\new \\\\ x"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2016-06-20 14:03:25", datetime(2016, 6, 20, 14, 3, 25, tzinfo=UTC)),
        ("2016-06-20T14:03:25.5Z", datetime(2016, 6, 20, 14, 3, 25, 500000, tzinfo=UTC)),
        ("2016-06-20 16:03:25+02:00", datetime(2016, 6, 20, 14, 3, 25, tzinfo=UTC)),
        ("2016-06-20", datetime(2016, 6, 20, tzinfo=UTC)),  # as R saves midnight
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(tmp_path, text, time):
    (row,), reading = batch(tmp_path, pristine({**VIEW, "server_timestamp": text}))
    assert (row["time"], reading.repaired) == (time, {})


# Recognition


@pytest.mark.parametrize(
    "data",
    [
        pristine({**VIEW, "key": "new", "value": "text"}),
        pristine({**VIEW, "server_timestamp": "soon"}),
        pristine(dict(list(VIEW.items())[:15])),
        pristine({**VIEW, "more": "x"}),
        pristine(dict.fromkeys(["x_user_id", *COLUMNS[1:14]], "x"), header=True),
        b"course_id,course_slug\nx,y\n",
        b"\n\n",
    ],
)
def test_other_tables_are_not_taken_for_it(data):
    with pytest.raises(InputError, match="Known formats"):
        formats.recognise(data.splitlines(keepends=True), "x.csv")


def test_damage_at_the_beginning_does_not_hide_the_format():
    data = b'junk\n"open\n' + pristine(VIEW)
    assert formats.recognise(data.splitlines(keepends=True), "x").name == "coursera"


def test_a_file_without_a_known_word_is_read_when_it_is_named(tmp_path):
    (tmp_path / "x.csv").write_bytes(pristine({**VIEW, "key": "new", "value": "text"}))
    (outcome,) = ct.ingest(tmp_path / "d", [tmp_path / "x.csv"], format="coursera")
    assert (outcome.source.events, outcome.source.format) == (1, "coursera")


# Damage


def test_every_damaged_record_is_one_reject_with_a_reason(read):
    damaged = [
        b'"a","b"',
        pristine({**VIEW, "more": "x"}).strip(),
        pristine({**VIEW, "server_timestamp": ""}).strip(),
        pristine({**VIEW, "server_timestamp": "yesterday"}).strip(),
        pristine({**VIEW, "server_timestamp": "1016-06-20 14:03:25"}).strip(),
        pristine({**VIEW, "server_timestamp": "0000-06-20 14:03:25"}).strip(),
        pristine({**VIEW, "key": "", "url": ""}).strip(),
        pristine(VIEW).strip()[:-1],
        b"x" * 70_000 + b',"never closed',
    ]
    valid = [pristine({**VIEW, "os": str(number)}) for number in range(len(damaged) + 1)]
    found = read(valid[0] + b"".join(bad + b"\n" + good for bad, good in zip(damaged, valid[1:], strict=True)))
    assert [event["extra"]["os"] for event in found.events] == [str(number) for number in range(len(valid))]
    assert found.rejects == [
        (2, "2 fields where there should be 16"),
        (4, "17 fields where there should be 16"),
        (6, "no time"),
        (8, "the time cannot be read"),
        (10, "the time is in the year 1016: is its unit, or its format, the right one?"),
        (12, "the time cannot be read"),
        (14, "neither key nor url"),
        (16, "a quote is never closed"),
        (18, "a quote is never closed"),
    ]


def test_nul_bytes_and_bytes_that_are_not_utf8_are_repaired(read):
    data = pristine(video("play", {**ELEVEN, "video_name": "ABC"}))
    found = read(data + data.replace(b"ABC", b"A\0C") + data.replace(b"ABC", b"A\xffC"))
    assert [event["extra"]["value"]["video_name"] for event in found.events] == ["ABC", "A\ufffd00C", "A\ufffdFFC"]
    assert [event["position"] for event in found.events] == [125.02] * 3
    assert found.source["mended"] == {"NUL bytes": 1, "invalid UTF-8": 1}


def test_a_gzip_stream_that_is_cut_off_gives_what_came_before(read):
    whole = b"".join(pristine({**VIEW, "hashed_ip": f"{number:040}"}) for number in range(20_000))
    found = read(gzip.compress(whole)[:-5_000])
    assert 1_000 < len(found.events) < 20_000
    assert "cut off" in found.source["fault"]
    assert [event["extra"]["hashed_ip"] for event in found.events] == [
        f"{number:040}" for number in range(len(found.events))
    ]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_mending_takes_any_bytes(data):
    try:
        found = definition.repair(data)
    except Reject:
        return
    assert found is None or isinstance(json.loads(found.text), dict)


@settings(max_examples=100, deadline=None)
@given(cuts=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 30), st.binary(max_size=4)), max_size=5))
def test_every_record_is_accounted_for_after_any_damage(tmp_path_factory, cuts):
    data = pristine(*[video("play", {**ELEVEN, "timecode": str(number)}) for number in range(5)])
    for at, length, piece in cuts:
        data = data[:at] + piece + data[at + length :]
    data += pristine(VIEW)
    rows, reading = batch(tmp_path_factory.mktemp("damage"), data)
    lines = sum(map(len, reading.lines))
    assert lines == len(rows) + len(reading.rejects) + len(reading.blank)
    assert all(row["time"] and row["action"] and row["platform"] for row in rows)


# A plain reading

NOTHING = {"", "NULL"}
AREAS = {"lecture": "lecture", "quiz": "quiz", "exam": "quiz", "supplement": "wiki", "peer": "peer", "home": "home"}
SAID = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
TEXT = SAID.filter(lambda text: text != "\\N") | st.sampled_from(
    ["NULL", "NA", 'say "hi"', "a\\", '\\"', '","', "\n", '",\n"']
)
NUMBER = st.sampled_from(["", None, "7", 7, "12.5", 0.25, "1e2", "x"])
VALUE = st.fixed_dictionaries(
    {"timecode": NUMBER},
    optional={"playback_rate": NUMBER, "item_id": st.sampled_from(["", None, "gpUXO"]), "video_name": SAID},
)
RECORD = st.fixed_dictionaries(
    {
        "hashed_user_id": st.sampled_from(["5d9c", "1f0a", "", "NULL", "NA"]),
        "hashed_session_cookie_id": TEXT,
        "server_timestamp": st.datetimes(datetime(2013, 1, 1), datetime(2030, 1, 1)).map(lambda time: f"{time}"[:23]),  # noqa: DTZ001
        "hashed_ip": TEXT,
        "user_agent": TEXT,
        "url": st.tuples(st.sampled_from([*AREAS, "new"]), st.sampled_from(["", "/gpUXO", "/aB1cD/t"])).map(
            lambda steps: f"{SITE}/{steps[0]}{steps[1]}"
        ),
        "initial_referrer_url": TEXT,
        "browser_language": TEXT,
        "course_id": st.sampled_from(["iRl53_BWEeW4_wr--Yv6Aw", "-x_", "NULL"]),
        "country_cd": st.sampled_from(["US", "NA", ""]),
        "region_cd": st.sampled_from(["CA", "07", "NSW", "NULL"]),
        "timezone": TEXT,
        "os": TEXT,
        "browser": TEXT,
        "key": st.sampled_from([*ACTIONS, ""]),
        "value": VALUE.map(json.dumps) | st.sampled_from(["", "{}", "x"]),
    }
)


def plain_reading(data: bytes, **dialect: Any) -> list[dict[str, Any]]:
    """The events of an export as Python's csv cuts it."""
    found = []
    for number, row in enumerate(csv.reader(io.StringIO(data.decode(), newline=""), **dialect), start=1):
        said = {name: None if text in NOTHING else text for name, text in zip(COLUMNS, row, strict=True)}
        try:
            value = json.loads(said["value"] or "")
        except ValueError:
            value = {}
        step, _, item = said["url"].removeprefix(f"{SITE}/").partition("/")
        item = item.partition("/")[0] if step in AREAS and step != "home" else ""
        position = number_of(value.get("timecode"))
        unknown = "other" if position is None else "video_other"
        action = unknown if said["key"] in (None, "something_new") else ACTIONS[said["key"]]
        found.append(
            {
                "source": 1,
                "line": number,
                "platform": "coursera",
                "course": said["course_id"] or "data-patterns",
                "time": datetime.fromisoformat(said["server_timestamp"]).replace(tzinfo=UTC),
                "learner": None if said["hashed_user_id"] == "NA" else said["hashed_user_id"],
                "action": action,
                "area": AREAS.get(step, "other"),
                "item": item or value.get("item_id") or None,
                "url": said["url"],
                "referrer": said["initial_referrer_url"],
                "cookie": None if said["hashed_session_cookie_id"] == "NA" else said["hashed_session_cookie_id"],
                "user_agent": said["user_agent"],
                "accept_language": said["browser_language"],
                "network": None,
                "country": said["country_cd"],
                "region": said["region_cd"],
                "timezone": said["timezone"],
                "position": position,
                "position_from": None,
                "rate": number_of(value.get("playback_rate")),
                "weight": None,
                "extra": {name: said[name] for name in ("hashed_ip", "os", "browser", "key") if said[name] is not None}
                | ({"value": value or "x"} if said["value"] not in (None, "{}") else {}),
            }
        )
    return found


def number_of(said: Any) -> float | None:
    try:
        return None if said is None else float(said)
    except ValueError:
        return None


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORD, max_size=8), st.booleans())
def test_what_is_read_is_what_pythons_csv_reads(tmp_path_factory, records, doubled):
    first = {**video("play"), "country_cd": "US"}
    if doubled:
        data = again(first, *records)
        expected = plain_reading(data)
    else:
        data = pristine(first, *records)
        expected = plain_reading(data, escapechar="\\", doublequote=False)
    rows, reading = batch(tmp_path_factory.mktemp("plain"), data)
    assert reading.rejects == []
    assert [{**row, "extra": json.loads(row["extra"] or "{}")} for row in rows] == expected


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_workers_of_spark_read_the_same_and_answer_the_same(tmp_path, session):
    learners = [
        {**video("play"), "hashed_user_id": f"{number % 7}", "region_cd": f"{number:02}"} for number in range(40)
    ]
    for name, data in {"access": pristine(VIEW, VIEW), "video": pristine(*learners) + b"junk\n"}.items():
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(data))
    files = sorted(tmp_path.glob("*.gz"))
    ct.ingest(tmp_path / "spread", files, max_rejects="5%", engine=EngineConfig("spark"))
    columns = "learner, action, course, region, time, position"
    query = f"select {columns}, count(*) as n from events group by {columns} order by {columns}"
    spread = ct.Dataset(ct.open(tmp_path / "spread").snapshot, EngineConfig("spark")).sql(query)
    ct.ingest(tmp_path / "here", files, max_rejects="5%")
    assert ct.open(tmp_path / "here").sql(query).to_pylist() == spread.to_pylist()
    assert sum(spread["n"].to_pylist()) == 41
