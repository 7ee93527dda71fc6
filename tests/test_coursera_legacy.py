"""Legacy Coursera exports: every quirk of the format, from a line of the file to the columns of `events`."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import coursetrail as ct
from coursetrail.formats.coursera_legacy.pages import page

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2] / "shared" / "data" / "coursera"
COURSE = "https://class.coursera.org/psy-001"
VIDEO = "user.video.lecture.action"
MOMENT = datetime(2013, 7, 31, 5, 36, 41, 234000)  # noqa: DTZ001 - the engine's times are UTC without saying so
PLAIN = {
    "key": "pageview",
    "username": "a0a71614d1cf646c59a8d83619eef08312cb653f",
    "timestamp": 1375249001234,
    "page_url": f"{COURSE}/wiki/view?page=syllabus",
}


class Read(NamedTuple):
    events: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    source: dict[str, Any]


Reader = Callable[..., Read]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Bytes or lines of an export → what became of them, behind a first plain line."""

    def read(*lines: bytes | str | dict[str, Any], whole: bytes | None = None) -> Read:
        texts = [json.dumps(line) if isinstance(line, dict) else line for line in ({**PLAIN, "n": 0}, *lines)]
        data = b"".join((text.encode() if isinstance(text, str) else text) + b"\n" for text in texts)
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        export = folder / "psy-001_clickstream_export.json"
        export.write_bytes(data if whole is None else whole)
        ct.ingest(folder / "dataset", [export], max_rejects="100%")
        course = ct.open(folder / "dataset")
        events = course.sql("select * replace (extra::varchar as extra) from events order by line").to_pylist()
        rejects = course.sql("select line, reason, raw from rejects order by line").to_pylist()
        source = course.sources.to_pylist()[0]
        parts = ("events", "duplicates", "rejected", "blank", "unfinished")
        assert source["lines"] == sum(source[name] for name in parts)
        skip = whole is None
        return Read(events[skip:], rejects, source)

    return read


def one(read: Reader, line: bytes | str | dict[str, Any]) -> dict[str, Any]:
    found = read(line)
    assert not found.rejects
    assert len(found.events) == 1
    event = found.events[0]
    return {**event, "extra": json.loads(event["extra"]), "mended": json.loads(found.source["mended"] or "{}")}


def plain(**fields: Any) -> dict[str, Any]:
    return {**PLAIN, **fields}


def video(**value: Any) -> dict[str, Any]:
    return plain(key=VIDEO, value=json.dumps(value), page_url=f"{COURSE}/lecture/view?lecture_id=31")


# What a line says


def test_a_page_view_fills_the_columns(read):
    event = one(
        read,
        plain(
            **{
                "value": f"{COURSE}/forum/thread?thread_id=1234",
                "page_url": f"{COURSE}/forum/thread?thread_id=1234",
                "client": "spark",
                "session": "4885738859-1371779557203",
                "language": "en-US,en;q=0.8",
                "from": f"{COURSE}/forum/list?forum_id=0",
                "user_ip": "203.0.113.9",
                "user_agent": "Mozilla/5.0 (Windows NT 6.1) Firefox/22.0",
                "12": ['{"height":667,"width":1366}'],
                "13": [0],
                "14": ["http://www.google.com/"],
                "30": [1375248950111],
            }
        ),
    )
    assert event == {
        "source": 1,
        "line": 2,
        "platform": "coursera",
        "course": "psy-001",
        "time": MOMENT,
        "learner": PLAIN["username"],
        "action": "page_view",
        "area": "forum",
        "item": "1234",
        "url": f"{COURSE}/forum/thread?thread_id=1234",
        "referrer": f"{COURSE}/forum/list?forum_id=0",
        "cookie": "4885738859-1371779557203",
        "user_agent": "Mozilla/5.0 (Windows NT 6.1) Firefox/22.0",
        "accept_language": "en-US,en;q=0.8",
        "network": "203.0.113.0/24",
        "country": None,
        "region": None,
        "timezone": None,
        "position": None,
        "position_from": None,
        "rate": None,
        "weight": None,
        "extra": {
            "key": "pageview",
            "12": ['{"height":667,"width":1366}'],
            "13": [0],
            "14": ["http://www.google.com/"],
            "30": [1375248950111],
        },
        "mended": {},
    }


def test_a_video_action_fills_position_and_rate(read):
    event = one(read, video(type="seeked", currentTime=257.066689, prevTime=227.5, playbackRate=1.25, readyState=4))
    shown = {name: event[name] for name in ("action", "area", "item", "position", "position_from", "rate")}
    assert shown == {
        "action": "video_seek",
        "area": "lecture",
        "item": "31",
        "position": 257.066689,
        "position_from": 227.5,
        "rate": 1.25,
    }


@pytest.mark.parametrize(
    ("type_", "action"),
    [
        ("play", "video_play"),
        ("pause", "video_pause"),
        ("seeked", "video_seek"),
        ("ended", "video_end"),
        ("ratechange", "video_rate"),
        ("stalled", "video_wait"),
        ("waiting", "video_wait"),
        ("error", "video_other"),
        ("something new", "video_other"),
        (None, "video_other"),
    ],
)
def test_a_players_word_is_an_action(read, type_, action):
    assert one(read, video(type=type_, currentTime=3, readyState=4, networkState=1))["action"] == action


def test_a_burst_at_the_beginning_that_no_one_has_data_for_is_loading(read):
    burst = {"type": "play", "currentTime": 0, "readyState": 0, "networkState": 2}
    assert one(read, video(**burst))["action"] == "video_load"
    assert one(read, video(**{**burst, "networkState": 3}))["action"] == "video_load"
    assert one(read, video(**{**burst, "networkState": 1}))["action"] == "video_play"
    assert one(read, video(**{**burst, "currentTime": 0.1}))["action"] == "video_play"
    assert one(read, video(**{**burst, "readyState": 4}))["action"] == "video_play"


def test_an_external_tool_is_an_assignment():
    assert page(f"{COURSE}/learning_tool/index?tool=7") == ("psy-001", "assignment", "7", "page_view")


@pytest.mark.parametrize(("key", "action"), [("hg.hg.pageview", "page_view"), ("hg.pageview", "page_view")])
def test_pages_of_peer_grading_are_page_views(read, key, action):
    assert one(read, plain(key=key))["action"] == action


def test_an_unknown_key_is_another_action_and_its_name_is_stored(read):
    event = one(read, plain(key="user.new.thing"))
    assert (event["action"], event["extra"]["key"]) == ("other", "user.new.thing")


def test_a_lecture_is_known_by_the_video_where_the_page_does_not_name_it(read):
    line = plain(key=VIDEO, value='{"type":"play","lectureID":77,"currentTime":2}', page_url=f"{COURSE}/lecture")
    assert one(read, line)["item"] == "77"


def test_a_page_is_known_by_the_value_where_there_is_no_page_url(read):
    line = plain(value=f"{COURSE}/quiz/start?quiz_id=9")
    del line["page_url"]
    event = one(read, line)
    assert (event["course"], event["area"], event["item"], event["action"]) == ("psy-001", "quiz", "9", "quiz_start")


@pytest.mark.parametrize(
    ("path", "area", "item", "action"),
    [
        ("", "home", None, "page_view"),
        ("class", "home", None, "page_view"),
        ("class/index", "home", None, "page_view"),
        ("lecture", "lecture", None, "page_view"),
        ("lecture/index", "lecture", None, "page_view"),
        ("lecture/view?lecture_id=35&lecture_player=html5&=undefined&", "lecture", "35", "page_view"),
        ("lecture/view?lecture_id=35&minimal=1#", "lecture", "35", "page_view"),
        ("lecture/view?lecture_id=1&lecture_id=2", "lecture", "1", "page_view"),
        ("lecture?lecture_id=7", "lecture", "7", "page_view"),
        ("lecture/7", "lecture", "7", "page_view"),
        ("lecture/preview/7", "lecture", "7", "page_view"),
        ("lecture/download.mp4?lecture_id=7", "lecture", "7", "download"),
        ("lecture/subtitles?q=7_en&format=txt", "lecture", None, "download"),
        ("quiz", "quiz", None, "page_view"),
        ("quiz/index?quiz_type=homework", "quiz", None, "page_view"),
        ("quiz/start?quiz_id=5", "quiz", "5", "quiz_start"),
        ("quiz/attempt?quiz_id=5", "quiz", "5", "page_view"),
        ("quiz/submit?quiz_id=5", "quiz", "5", "quiz_submit"),
        ("quiz/feedback?submission_id=8", "quiz", None, "page_view"),
        ("forum", "forum", None, "page_view"),
        ("forum/index", "forum", None, "page_view"),
        ("forum/list?forum_id=0", "forum", "0", "page_view"),
        ("forum/thread?thread_id=12&sort=newest#post-4", "forum", "12", "page_view"),
        ("forum/search?q=x", "forum", None, "page_view"),
        ("forum/profile?user_id=3", "forum", None, "page_view"),
        ("forum/posted_thread?thread_id=12", "forum", "12", "forum_post"),
        ("forum/posted_reply?thread_id=12", "forum", "12", "forum_post"),
        ("human_grading/", "peer", None, "page_view"),
        ("human_grading/view/courses/972594/assessments/3/submissions", "peer", "3", "page_view"),
        ("assignment/view?assignment_id=4", "assignment", "4", "page_view"),
        ("wiki/view?page=sylla%20bus", "wiki", "sylla bus", "page_view"),
        ("wiki/week_1", "wiki", "week_1", "page_view"),
        ("wiki/edit", "wiki", None, "page_view"),
        ("class/search?q=x", "search", None, "page_view"),
        ("search?q=x", "search", None, "page_view"),
        ("class/preferences", "account", None, "page_view"),
        ("auth/welcome?type=logout&visiting=https%3A%2F%2Fx%2Flecture%3Flecture_id%3D1", "account", None, "page_view"),
        ("signature/modal_iframe?submission_id=4&type=quiz", "account", None, "page_view"),
        ("generic/apply_late_days?item_type=quiz", "account", None, "page_view"),
        ("syllabus", "other", None, "page_view"),
        ("lectures", "other", None, "page_view"),
        ("data/x.zip", "other", None, "page_view"),
    ],
)
def test_an_address_names_course_area_item_and_action(path, area, item, action):
    for begin in ("https://class.coursera.org", "http://class.coursera.org", "https://class.mooc-platform.org"):
        assert page(f"{begin}/progfun-2012-001/{path}") == ("progfun-2012-001", area, item, action)


@pytest.mark.parametrize("address", ["", "undefined", "about:blank", "file:///C:/x.html", "/psy-001/lecture"])
def test_what_is_no_address_of_the_web_has_no_area(read, address):
    event = one(read, plain(page_url=address))
    assert (event["area"], event["item"], event["url"]) == (None, None, address)
    assert event["course"] == "psy-001"  # of the file's name
    assert event["action"] == "page_view"


def test_five_real_addresses_of_one_lecture_are_one_item(read):
    variants = DATA / "page_url_variants.txt"
    if not variants.exists():
        pytest.skip(f"{variants} is not here; it is not part of the project")
    addresses = variants.read_text().split()
    assert len(addresses) == 5
    events = read(*[plain(page_url=address) for address in addresses]).events
    assert {(event["course"], event["area"], event["item"]) for event in events} == {("terrorism-004", "lecture", "35")}
    assert [event["url"] for event in events] == addresses


def test_the_published_line_is_read(read):
    published = DATA / "published_line.jsonl"
    if not published.exists():
        pytest.skip(f"{published} is not here; it is not part of the project")
    raw = published.read_bytes().rstrip()
    assert [reject["reason"] for reject in read(raw).rejects] == [
        "the time is in the year 2405: is its unit, or its format, the right one?"  # its author changed the digits
    ]
    event = one(read, raw.replace(b": 13752234234277,", b": 1375223423427,"))
    assert (event["course"], event["area"], event["item"]) == ("course-001", "lecture", "31")
    assert (event["action"], event["position"], event["position_from"]) == ("video_rate", 257.066689, 227.066689)
    assert event["network"] == "123.255.122.0/24"
    assert event["extra"]["12"] == ['{"height":678,"width":1207}']


# Faults that are repaired


def test_an_escaped_apostrophe_is_repaired(read):
    line = json.dumps(plain(title="QUOTE")).replace("QUOTE", r"learner\'s \'guide\'")
    event = one(read, line)
    assert event["extra"]["title"] == "learner's 'guide'"
    assert event["mended"] == {"escaped apostrophe": 1}


def test_a_key_that_is_itself_json_is_unwrapped(read):
    event = one(read, plain(key='{"key":"pageview","more":{"b":1}}'))
    assert (event["action"], event["extra"]) == ("page_view", {"key": "pageview", "more": {"b": 1}})
    assert event["mended"] == {"key inside JSON": 1}


@pytest.mark.parametrize("key", ["{broken", "[1]", "{}x"])
def test_a_key_that_only_looks_like_json_stays(read, key):
    event = one(read, plain(key=key))
    assert (event["action"], event["extra"]["key"]) == ("other", key)


def test_the_other_spelling_of_user_agent_is_read(read):
    assert one(read, plain(**{"user-agent": "Opera/9.80"}))["user_agent"] == "Opera/9.80"


def test_of_two_user_agents_in_one_line_neither_is_lost(read):
    event = one(read, plain(**{"user_agent": "one", "user-agent": "another"}))
    assert (event["user_agent"], event["extra"]["user-agent"]) == ("one", "another")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_leaves_its_column_empty_and_the_others_filled(read, number):
    value = f'{{"type":"pause","currentTime":12.5,"prevTime":{number}}}'
    event = one(read, plain(key=VIDEO, value=value))
    assert (event["action"], event["position"], event["position_from"]) == ("video_pause", 12.5, None)
    assert event["extra"]["value"] == value


def test_numbers_and_booleans_inside_a_video_may_be_text(read):
    event = one(read, video(type="pause", currentTime="12.5", prevTime="3", paused="true", playbackRate="1.5"))
    assert (event["position"], event["position_from"], event["rate"]) == (12.5, 3.0, 1.5)
    assert event["extra"]["value"]["paused"] == "true"


def test_a_time_stamp_may_be_text(read):
    event = one(read, plain(timestamp="1375249001234"))
    assert event["time"] == MOMENT


@pytest.mark.parametrize("text", ["1375249001234.0", "1.375249001234e12", '"1375249001234.0"', "[1375249001234]"])
def test_a_time_stamp_may_be_any_way_to_write_a_number(read, text):
    line = json.dumps(PLAIN).replace(str(PLAIN["timestamp"]), text)
    assert one(read, line)["time"] == MOMENT


@pytest.mark.parametrize(
    ("timestamp", "kind", "time"),
    [
        (1375249001, "time in seconds", MOMENT.replace(microsecond=0)),
        (1375249001.234, "time in seconds", MOMENT),
        (1375249001234000, "time in microseconds", MOMENT),
        (1375249001234000000, "time in nanoseconds", MOMENT),
    ],
)
def test_a_time_in_another_unit_is_rescaled_and_counted(read, timestamp, kind, time):
    event = one(read, plain(timestamp=timestamp))
    assert (event["time"], event["mended"]) == (time, {kind: 1})


def test_lists_of_one_are_taken_as_what_they_hold(read):
    fields = {
        "username": "b" * 40,
        "timestamp": 1375249001234,
        "page_url": f"{COURSE}/quiz",
        "session": "1-2",
        "user_ip": "203.0.113.9",
        "user_agent": "Opera/9.80",
        "language": "es",
        "from": "http://x.org/",
    }
    plainly = one(read, plain(**fields))
    listed = one(read, plain(**{name: [value] for name, value in fields.items()}))
    assert listed.pop("mended") == {"list of one": 1}  # lines, however many fields of one
    assert plainly.pop("mended") == {}
    assert listed == plainly


def test_a_text_that_begins_with_a_bracket_is_no_list(read):
    assert one(read, plain(user_agent="[Mozilla/5.0]"))["user_agent"] == "[Mozilla/5.0]"


def test_numbers_where_text_belongs_are_its_digits(read):
    event = one(read, plain(username=12345, session=67, language=True))
    assert (event["learner"], event["cookie"], event["accept_language"]) == ("12345", "67", "true")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("10.0.0.7, 203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.9,198.51.100.1", "203.0.113.0/24"),
        ("unknown, 203.0.113.9", "203.0.113.0/24"),
        ("192.168.1.5", "192.168.1.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("203.0.113.9:4711", "203.0.113.0/24"),
        ("[2001:db8:1:2::3]:443", "2001:db8:1::/48"),
        ("[2001:db8:1:2::3]", "2001:db8:1::/48"),
        ("2001:db8:1:2::3%eth0", "2001:db8:1::/48"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("[::ffff:203.0.113.9]:443", "203.0.113.0/24"),
        ("::ffff:10.0.0.7, 203.0.113.9", "203.0.113.0/24"),
        ("64:ff9b::203.0.113.9", "203.0.113.0/24"),
        ("2002:cb00:7109::1", "203.0.113.0/24"),
        ("2001:0:c000:201:8000:63bf:34ff:8ef6", "203.0.113.0/24"),
        ("100.64.3.4, 203.0.113.9", "203.0.113.0/24"),
        ("100.127.255.255, 203.0.113.9", "203.0.113.0/24"),
        ("100.128.0.1, 203.0.113.9", "100.128.0.0/24"),
        ("febf::1, 203.0.113.9", "203.0.113.0/24"),
        ("0.0.0.0, 203.0.113.9", "203.0.113.0/24"),
        ("100.64.3.4", "100.64.3.0/24"),
        ("for=203.0.113.9;proto=https;by=198.51.100.3", "203.0.113.0/24"),
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::/48"),
        ("proto=https;by=198.51.100.3", None),
        ("for=_hidden, for=203.0.113.9:80", "203.0.113.0/24"),
        ("256.1.1.1", None),
        ("1.2.3", None),
        ("", None),
        ("-", None),
    ],
)
def test_of_an_address_or_a_list_of_proxies_only_the_network_is_kept(read, address, network):
    event = one(read, plain(user_ip=address))
    assert event["network"] == network
    assert "113.9" not in json.dumps(event, default=str)


def test_headers_of_any_length_are_cut_and_counted(read):
    found = read(
        plain(language="fr," + "en," * 5000, user_agent="x" * 1025),
        plain(language="fr," + "en," * 5001, user_agent="x" * 1024),
        plain(language="fr"),
    )
    header = ("fr," + "en," * 5000)[:1024]
    assert [event["accept_language"] for event in found.events] == [header, header, "fr"]
    assert [event["user_agent"] for event in found.events] == ["x" * 1024, "x" * 1024, None]
    mended = json.loads(found.source["mended"])
    assert (mended["cut accept_language"], mended["cut user_agent"]) == (2, 1)


@pytest.mark.parametrize("field", ["12", "13", "14", "30"])
@pytest.mark.parametrize("value", [[0], 0, "text", [], None, {"a": [1]}, ["é\\/"]], ids=str)
def test_numbered_fields_are_kept_as_they_are(read, field, value):
    assert one(read, plain(**{field: value}))["extra"].get(field) == value


@pytest.mark.parametrize("nuls", [1, 900, 5_000])
def test_runs_of_nul_around_a_line_are_dropped(read, nuls):
    line = bytes(nuls) + json.dumps(PLAIN).encode() + bytes(nuls)
    event = one(read, line)
    assert (event["time"], event["mended"]) == (MOMENT, {"NUL bytes": 1})


def test_a_byte_order_mark_is_dropped(read):
    found = read(whole=b"\xef\xbb\xbf" + json.dumps(PLAIN).encode() + b"\n" + json.dumps(plain(n=1)).encode())
    assert [event["time"] for event in found.events] == [MOMENT, MOMENT]
    assert found.source["mended"] == '{"byte order mark": 1}'


def test_lines_may_end_in_carriage_returns(read):
    texts = [json.dumps(plain(n=number)) for number in range(3)]
    found = read(whole="\r\n".join([*texts, "", ""]).encode())
    assert [json.loads(event["extra"]) for event in found.events] == [{"key": "pageview", "n": n} for n in range(3)]
    assert (found.source["lines"], found.source["blank"], found.source["mended"]) == (4, 1, None)


def test_a_line_of_ten_megabytes_is_an_event(read):
    note = "long " * 2_000_000
    found = read(plain(note=note), plain(n=3))
    assert [event["line"] for event in found.events] == [2, 3]
    assert json.loads(found.events[0]["extra"])["note"] == note


@pytest.mark.parametrize(
    "value", ["undefined", "[object Object]", "", '{"currentTime":12.5,"type":"', "[1]", "5", "null"]
)
def test_a_video_whose_value_is_no_object_keeps_the_event(read, value):
    event = one(read, plain(key=VIDEO, value=value, page_url=f"{COURSE}/lecture/view?lecture_id=31"))
    assert (event["action"], event["item"], event["position"]) == ("video_other", "31", None)
    kept = event["extra"]["value"]
    assert (kept if isinstance(kept, str) else json.dumps(kept)) == value


@pytest.mark.parametrize(
    ("wrong", "column", "right"),
    [
        ('"username":"nobody"', "learner", PLAIN["username"]),
        ('"timestamp":1', "time", MOMENT),
        ('"key":"other"', "action", "page_view"),
        ('"page_url":"http://class.coursera.org/x/quiz"', "area", "wiki"),
    ],
)
def test_of_a_field_that_comes_twice_the_last_counts(read, wrong, column, right):
    assert one(read, "{" + wrong + "," + json.dumps(PLAIN)[1:])[column] == right


def test_a_field_of_its_own_that_is_called_as_ours(read):
    assert one(read, plain(repeated=5, timestamp="1375249001234"))["extra"]["repeated"] == 5


def test_of_an_unknown_field_that_comes_twice_the_last_counts(read):
    event = one(read, json.dumps(PLAIN)[:-1] + ',"mood":"bad","mood":"good"}')
    assert event["extra"]["mood"] == "good"


def test_a_lone_surrogate_becomes_its_code(read):
    event = one(read, json.dumps(PLAIN)[:-1] + r',"title":"half \ud83d","whole":"\ud83d\ude00"}')
    assert (event["extra"]["title"], event["extra"]["whole"]) == ("half \ufffduD83D", "\U0001f600")
    assert event["mended"] == {"lone surrogate": 1}


def test_bytes_that_are_no_text_become_codes_that_tell_them_apart(read):
    event = one(read, json.dumps(PLAIN).encode()[:-1] + b',"title":"caf\xe9","user_agent":"\xff\xfe"}')
    assert (event["extra"]["title"], event["user_agent"]) == ("caf\ufffdE9", "\ufffdFF\ufffdFE")
    assert event["mended"] == {"invalid UTF-8": 1}


def test_a_line_without_page_session_and_agent_is_an_event(read):
    event = one(read, {"key": "pageview", "username": "x", "timestamp": 1375249001234, "value": "note"})
    assert (event["course"], event["area"], event["url"], event["cookie"]) == ("psy-001", None, None, None)
    assert event["extra"] == {"key": "pageview", "value": "note"}


def test_an_event_without_a_name_has_no_learner(read):
    nameless = {name: value for name, value in PLAIN.items() if name != "username"}
    assert one(read, nameless)["learner"] is None
    assert one(read, plain(username=""))["learner"] is None
    assert one(read, plain(username=None))["learner"] is None


# Lines that are no events


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"hello", "not JSON"),
        (b"\x89PNG\xff\xfe", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'"pageview"', "not a JSON object"),
        (b"-5", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no time stamp"),
        (b'{"key":"pageview"}', "no time stamp"),
        (json.dumps({**PLAIN, "timestamp": None}).encode(), "no time stamp"),
        (json.dumps({**PLAIN, "timestamp": "yesterday"}).encode(), "the time stamp is no number"),
        (json.dumps({**PLAIN, "timestamp": True}).encode(), "the time stamp is no number"),
        (json.dumps({**PLAIN, "timestamp": [1, 2]}).encode(), "the time stamp is no number"),
        (json.dumps({**PLAIN, "timestamp": 10**400}).encode(), "the time stamp is no number"),
        (json.dumps({**PLAIN, "timestamp": 5}).encode(), "the time stamp is in no unit that gives a plausible time"),
        (b'{"timestamp":1375249001234,"username":"x"}', "neither key nor page_url"),
        (json.dumps(PLAIN).encode() * 2, "something follows the JSON object"),
        (json.dumps(PLAIN).encode()[:-5], "JSON cut off"),
        (json.dumps(PLAIN).encode()[:-1], "JSON cut off"),
        (b'{"key":"pageview","timestamp":1375249001234', "JSON cut off"),
        (b"{'key':'pageview','timestamp':1375249001234}", "malformed JSON"),
    ],
)
def test_a_line_that_is_no_event_is_kept_with_its_place_its_reason_and_its_bytes(read, line, reason):
    found = read(line)
    assert not found.events
    assert [(one["line"], one["raw"]) for one in found.rejects] == [(2, line)]
    assert found.rejects[0]["reason"].startswith(reason)


def test_blank_lines_are_counted_and_are_neither_rejects_nor_duplicates(read):
    found = read(b"", b"", b"  ", b"\t", b"\r", bytes(50))
    assert (found.source["blank"], found.source["rejected"], found.source["duplicates"]) == (6, 0, 0)


def test_json_nested_a_hundred_thousand_deep_does_no_harm(read):
    deep = "[" * 100_000 + "]" * 100_000
    found = read(json.dumps(PLAIN)[:-1] + f',"deep":{deep}}}', plain(n=3))
    assert found.source["events"] + found.source["rejected"] == 3
    assert found.events[-1]["line"] == 3


# Nothing of a line is lost

COLUMNS = {
    "username": "learner",
    "page_url": "url",
    "from": "referrer",
    "session": "cookie",
    "user_agent": "user_agent",
    "language": "accept_language",
}
NAMES = ("41", "experiment", "é", 'a"b', "back\\slash", "Key", "USERNAME", "a b", "x" * 60, "$", "a.b", "")
TEXTS = ("", "x", "true", "12", "ä/\\\"'\b\n\u2028\U0001f600", "</script>", "\0", "{}", "[1]", "null", "a" * 300)


def drawn(draw: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    kind = draw.randrange(8 if depth < 3 else 6)
    match kind:
        case 0:
            return None
        case 1:
            return draw.random() < 0.5
        case 2:
            return draw.choice([0, -1, 7, 2**53, -(2**63), 2**64, 10**30])
        case 3:
            return draw.choice([0.5, -1e-9, 1e300, 123456.789])
        case 4 | 5:
            return draw.choice(TEXTS)
        case 6:
            return [drawn(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice(NAMES): drawn(draw, depth + 1) for _ in range(draw.randrange(4))}


def line_of(draw: random.Random) -> dict[str, Any]:
    """A line with any of the known fields, in any order, and any others."""
    fields: dict[str, Any] = {
        "timestamp": 1375249001234 + draw.randrange(10**9),
        "key": draw.choice(["pageview", VIDEO, "k\"'"]),
    }
    for name in COLUMNS:
        if draw.random() < 0.7:
            fields[name] = draw.choice([text for text in TEXTS if text]) + draw.choice(["", "!"])
    for name in ("12", "13", "14", "30"):
        if draw.random() < 0.4:
            fields[name] = drawn(draw)
    if draw.random() < 0.5:
        fields["client"] = draw.choice(["spark", "ios", ""])
    if draw.random() < 0.7:
        fields["value"] = draw.choice([*TEXTS, json.dumps({"type": "play", "note": draw.choice(TEXTS)})])
    for _ in range(draw.choice([0, 0, 1, 3])):
        fields[draw.choice(NAMES)] = drawn(draw)
    items = list(fields.items())
    draw.shuffle(items)
    return dict(items)


def written(draw: random.Random, fields: dict[str, Any]) -> str:
    """A line in one of the ways to write JSON."""
    text = json.dumps(
        fields,
        ensure_ascii=draw.random() < 0.5,
        separators=draw.choice([(",", ":"), (", ", ": "), (" ,", " :\t")]),
    )
    return text.replace("/", "\\/") if draw.random() < 0.3 else text


def test_every_field_of_any_line_can_be_found_again(read):
    draw = random.Random(7)
    lines = [line_of(draw) for _ in range(3_000)]
    found = read(*[written(draw, line) for line in lines])
    assert not found.rejects
    events = {event["line"]: event for event in found.events}
    for number, line in enumerate(lines, start=2):
        if number not in events:
            assert found.source["duplicates"] > 0
            continue
        event, extra = events[number], json.loads(events[number]["extra"])
        assert event["time"].replace(tzinfo=UTC).timestamp() == pytest.approx(line["timestamp"] / 1000)
        for name, value in line.items():
            if name in COLUMNS:
                assert event[COLUMNS[name]] == (value.strip() if name == "username" else value), name
            elif name == "client":
                assert extra.get(name, "spark") == value
            elif name == "value" and name not in extra:
                assert value in (line.get("page_url"), "{}"), "a value may only be left out where it says nothing new"
            elif name == "value" and not isinstance(extra["value"], str):
                assert extra["value"] == json.loads(value)
            elif name != "timestamp":
                assert extra.get(name) == value, name
                assert name in extra or value is None
        assert not set(extra) - set(line)
