"""Open edX tracking logs: every quirk of the format, from a line of the file to the columns of `events`."""

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import InputError
from coursetrail.formats import ALL
from coursetrail.formats.edx import definition
from coursetrail.formats.edx.pages import block, page
from coursetrail.formats.edx.repair import repair
from coursetrail.ingestion.convert import convert
from coursetrail.reading.format import Reject, Repaired
from support.edx_log import CCX, NEW, OLD, Log
from support.exports import contents

pytestmark = pytest.mark.slow

COURSE = f"https://courses.example.org/courses/{NEW}"
HASH = "0e71a74e67a4442599abb9f3069964a9"
PLAIN = {
    "username": "ada",
    "event_source": "server",
    "event_type": f"/courses/{NEW}/info",
    "time": "2017-09-19T23:20:00.553635+00:00",
    "event": '{"POST": {}, "GET": {}}',
    "context": {"user_id": 3, "org_id": "Org", "course_id": NEW, "path": f"/courses/{NEW}/info"},
    "agent": "Opera/9.80",
    "host": "courses.example.org",
}
MOMENT = datetime(2017, 9, 19, 23, 20, 0, 553635)  # noqa: DTZ001 - the engine's times are UTC without saying so
EXAMPLE = (
    '{"username": "u53b8f29e68", "event_source": "browser", "name": "seek_video", "accept_language": '
    '"zh-TW,zh;q=0.8,en-US;q=0.6,en;q=0.4", "time": "2017-09-20T07:08:07.201677+00:00", "agent": "Mozilla/5.0 '
    "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.113 Safari/537.36"
    '", "page": "https://courses.example.org/courses/course-v1:AIC+AIC0001+2017/courseware/'
    '46ee546d20b04c6f85836f2aff9604cb/0e71a74e67a4442599abb9f3069964a9/", "host": "courses.example.org", "session": '
    '"8272824f9262d9319b884b38c68a0585", "referer": "https://courses.example.org/courses/...", "context": {"user_id": '
    '188207, "org_id": "AIC", "course_id": "course-v1:AIC+AIC0001+2017", "path": "/event"}, "ip": "203.0.113.7", '
    '"event": "{\\"code\\": \\"F4NSv776X0c\\", \\"type\\": \\"onSlideSeek\\", \\"id\\": '
    '\\"b7ec25c5cb154020804b45039b440792\\", \\"new_time\\": 0, \\"old_time\\": 0}", "event_type": "seek_video"}'
)


class Read(NamedTuple):
    events: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    source: dict[str, Any]


Reader = Callable[..., Read]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Lines of a log → what became of them, behind a first plain line."""

    def read(*lines: bytes | str | dict[str, Any]) -> Read:
        texts = [json.dumps(line) if isinstance(line, dict) else line for line in ({**PLAIN, "n": 0}, *lines)]
        data = b"".join((text.encode() if isinstance(text, str) else text) + b"\n" for text in texts)
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "tracking.log").write_bytes(data)
        ct.ingest(folder / "dataset", [folder / "tracking.log"], max_rejects="100%")
        course = ct.open(folder / "dataset")
        events = course.sql("select * replace (extra::varchar as extra) from events order by line").to_pylist()
        rejects = course.sql("select line, reason, raw from rejects order by line").to_pylist()
        return Read(events[1:], rejects, course.sources.to_pylist()[0])

    return read


def one(read: Reader, line: bytes | str | dict[str, Any]) -> dict[str, Any]:
    found = read(line)
    assert not found.rejects
    assert len(found.events) == 1
    event = found.events[0]
    return {**event, "extra": json.loads(event["extra"]), "mended": json.loads(found.source["mended"] or "{}")}


def plain(**fields: Any) -> dict[str, Any]:
    return {**PLAIN, **fields}


def browser(kind: str, **event: Any) -> dict[str, Any]:
    page = f"{COURSE}/courseware/week1/{HASH}/"
    return plain(event_type=kind, event_source="browser", page=page, event=json.dumps(event))


# What a line says


def test_the_published_example(read):
    assert one(read, EXAMPLE) == {
        "source": 1,
        "line": 2,
        "platform": "edx",
        "course": "course-v1:AIC+AIC0001+2017",
        "time": datetime(2017, 9, 20, 7, 8, 7, 201677),  # noqa: DTZ001
        "learner": "u53b8f29e68",
        "action": "video_seek",
        "area": "lecture",
        "item": "b7ec25c5cb154020804b45039b440792",
        "url": "https://courses.example.org/courses/course-v1:AIC+AIC0001+2017/courseware/"
        "46ee546d20b04c6f85836f2aff9604cb/0e71a74e67a4442599abb9f3069964a9/",
        "referrer": "https://courses.example.org/courses/...",
        "cookie": "8272824f9262d9319b884b38c68a0585",
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/60.0.3112.113 Safari/537.36",
        "accept_language": "zh-TW,zh;q=0.8,en-US;q=0.6,en;q=0.4",
        "network": "203.0.113.0/24",
        "country": None,
        "region": None,
        "timezone": None,
        "position": 0,
        "position_from": 0,
        "rate": None,
        "weight": None,
        "extra": {
            "event_type": "seek_video",
            "event_source": "browser",
            "host": "courses.example.org",
            "context": {
                "user_id": 188207,
                "org_id": "AIC",
                "course_id": "course-v1:AIC+AIC0001+2017",
                "path": "/event",
            },
            "event": {
                "code": "F4NSv776X0c",
                "type": "onSlideSeek",
                "id": "b7ec25c5cb154020804b45039b440792",
                "new_time": 0,
                "old_time": 0,
            },
        },
        "mended": {},
    }


def test_the_second_envelope_says_the_same(read):
    first = browser("edx.video.position.changed", id=HASH, old_time=7.5, new_time=3, code="mobile")
    first |= {"ip": "203.0.113.7", "session": "s", "referer": "https://x.org/", "accept_language": "es"}
    second = {
        "name": first["event_type"],
        "timestamp": "2017-09-19T23:20:00.553635Z",
        "data": json.loads(first["event"]),
        "context": {
            **PLAIN["context"],
            **{name: first[name] for name in first if name not in ("event_type", "time", "event", "context")},
        },
    }
    one_, other = read(first, second).events
    for name in ("extra", "line"):
        del one_[name]
    extra = json.loads(other.pop("extra"))
    del other["line"]
    assert one_ == other
    assert one_["network"] == "203.0.113.0/24"
    assert extra["event"] == second["data"]
    assert extra["name"] == second["name"]
    assert "ip" not in extra["context"]


def test_a_log_of_the_second_envelope_alone_is_recognised():
    line = {"name": "x", "timestamp": "2024-01-02T03:04:05Z", "data": {}, "context": {}}
    assert definition.FORMAT.fit([json.dumps(line).encode()])
    assert not definition.FORMAT.fit([json.dumps({"key": "x", "username": "event_type event_source"}).encode()])
    assert not definition.FORMAT.fit([b"[1]", b"{", b"", b"junk"])


def test_other_logs_are_other_formats(tmp_path):
    (tmp_path / "x").write_text('{"event_type": "x"}\n')
    with pytest.raises(InputError, match="edx"):
        ct.ingest(tmp_path / "d", [tmp_path / "x"])
    legacy = b'{"key": "pageview", "username": "a", "timestamp": 1, "event": {"event_type": 1, "event_source": 2}}'
    assert [form.name for form in ALL if form.fit([legacy])] == ["coursera-legacy"]


@pytest.mark.parametrize(
    ("kind", "source", "action", "area"),
    [
        ("problem_check", "server", "problem_check", "quiz"),
        ("problem_check", "browser", "other", "quiz"),
        ("load_video", "browser", "video_load", "lecture"),
        ("edx.video.played", "mobile", "video_play", "lecture"),
        ("edx.video.paused", "mobile", "video_pause", "lecture"),
        ("edx.video.stopped", "mobile", "video_end", "lecture"),
        ("edx.video.loaded", "mobile", "video_load", "lecture"),
        ("edx.video.transcript.shown", "mobile", "video_other", "lecture"),
        ("edx.video.bumper.played", "browser", "video_other", "lecture"),
        ("seq_next", "browser", "page_view", "lecture"),
        ("page_close", "browser", "other", "lecture"),
        ("edx.forum.comment.created", "server", "forum_post", "forum"),
        ("edx.forum.thread.voted", "server", "other", "forum"),
        ("openassessmentblock.create_submission", "server", "quiz_submit", "peer"),
        ("edx.unheard.of", "browser", "other", "lecture"),
    ],
)
def test_a_type_is_an_action(read, kind, source, action, area):
    event = one(read, browser(kind) | {"event_source": source})
    assert (event["action"], event["area"], event["extra"]["event_type"]) == (action, area, kind)


def test_a_name_is_the_type_where_there_is_none(read):
    line = browser("play_video") | {"name": "play_video"}
    for none in (None, ""):
        assert one(read, line | {"event_type": none})["action"] == "video_play"
    event = one(read, browser("seq_goto") | {"name": "edx.ui.lms.sequence.tab_selected"})
    assert event["extra"]["name"] == "edx.ui.lms.sequence.tab_selected"


@pytest.mark.parametrize(
    ("event", "position", "position_from", "rate"),
    [
        ({"currentTime": 12.5, "duration": 100}, 12.5, None, None),
        ({"currentTime": None}, None, None, None),
        ({"currentTime": ""}, None, None, None),
        ({"current_time": 7, "old_speed": "1.0", "new_speed": "1.50"}, 7, None, 1.5),
        ({"old_time": 60, "new_time": 3.25, "type": "slide_seek"}, 3.25, 60, None),
    ],
)
def test_positions_in_a_video(read, event, position, position_from, rate):
    for line in (browser("play_video", **event), browser("play_video") | {"event": event}):
        found = one(read, line)
        assert (found["position"], found["position_from"], found["rate"]) == (position, position_from, rate)
        assert found["extra"]["event"] == event


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": [1, "é"]}', {"a": [1, "é"]}),
        (["input_1=x", "<div class='x'>"], ["input_1=x", "<div class='x'>"]),
        ('["input_1=x", "<p>\\"q\\"</p>"]', ["input_1=x", '<p>"q"</p>']),
        ("input_1_2=choice_2&input_3%5B%5D=caf%C3%A9", "input_1_2=choice_2&input_3%5B%5D=caf%C3%A9"),
        ('"input_1=choice_2"', "input_1=choice_2"),
        ('{"a": NaN, "b": 1e999}', {"a": "NaN", "b": "1e999"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"text": "the post office", "target": "x"}', {"text": "the post office", "target": "x"}),
        (7, "7"),
        ("", ""),
        (None, None),
    ],
)
def test_payloads_in_all_their_forms(read, event, kept):
    assert one(read, browser("problem_graded") | {"event": event})["extra"].get("event") == kept


def test_of_requests_get_is_kept(read):
    get = {"next": ["/courses"], "q": ['a "b"']}
    for event in ({"POST": {"a": ["b"]}, "GET": get}, json.dumps({"POST": {"a": ["b"]}, "GET": get})):
        for kind in ("/search/", "something"):
            assert one(read, plain(event=event, event_type=kind))["extra"]["event"] == {"GET": get}
    assert "event" not in one(read, plain())["extra"]


def test_a_payload_that_was_cut_is_left_out(read):
    cut = json.dumps({"POST": {"x": ["y" * 600]}, "GET": {}})[:512]
    event = one(read, plain(event=cut))
    assert "event" not in event["extra"]
    assert event["action"] == "page_view"


# Who


@pytest.mark.parametrize(("username", "learner"), [("", None), (None, None), ("ada", "ada")])
def test_an_empty_name_is_no_learner(read, username, learner):
    assert one(read, plain(username=username))["learner"] == learner


@pytest.mark.parametrize(
    ("event", "learner"),
    [
        ({"user_id": 3, "mode": "honor"}, "ada"),
        ({"mode": "honor"}, "ada"),
        ({"user_id": 4, "mode": "honor"}, "4"),
        ({"user_id": 4, "username": "grace", "mode": "honor"}, "grace"),
    ],
)
def test_an_enrolment_is_of_the_person_who_is_enrolled(read, event, learner):
    for kind, action in (("activated", "enroll"), ("deactivated", "unenroll")):
        found = one(read, plain(event_type=f"edx.course.enrollment.{kind}", event=event))
        assert (found["action"], found["learner"]) == (action, learner)
    assert one(read, plain(event_type="edx.forum.thread.created", event={"user_id": 4}))["learner"] == "ada"


@pytest.mark.parametrize("number", [9, "9", "", None, "absent"])
def test_an_enrolment_by_a_service_has_a_learner(read, number):
    context = {} if number == "absent" else {"user_id": number}
    line = plain(event_type="edx.course.enrollment.activated", username="", context=context)
    assert one(read, line | {"event": {"user_id": 4, "username": "grace"}})["learner"] == "grace"
    assert one(read, line | {"event": {"user_id": 4}})["learner"] == "4"
    line |= {"username": "service"}
    assert one(read, line | {"event": {"user_id": 4, "username": "grace"}})["learner"] == "grace"
    assert one(read, line | {"event": {"user_id": 4}})["learner"] == "4"


@pytest.mark.parametrize(
    ("kind", "action", "area"),
    [
        ("save_problem_check", "problem_check", "quiz"),
        ("save_problem_check_fail", "other", "quiz"),
        ("edx.special_exam.proctored.attempt.created", "quiz_start", "quiz"),
        ("edx.special_exam.timed.attempt.submitted", "quiz_submit", "quiz"),
        ("edx.special_exam.practice.attempt.ready_to_start", "other", "quiz"),
        ("edx.forum.thread.viewed", "page_view", "forum"),
        ("edx.course.grade.passed.first_time", "other", "quiz"),
        ("edx.completion.block_completion.changed", "other", "lecture"),
    ],
)
def test_a_type_is_an_action_and_an_area(read, kind, action, area):
    found = one(read, plain(event_type=kind, event={}))
    assert (found["action"], found["area"]) == (action, area)


# Where


@pytest.mark.parametrize("course", [NEW, OLD, CCX])
def test_a_course_is_of_the_context_or_of_an_address(read, course):
    nowhere = {"user_id": 3, "course_id": ""}
    found = read(
        plain(context={"course_id": course}),
        plain(context=nowhere, event_type=f"/courses/{course}/info"),
        browser("page_close") | {"context": {}, "page": f"https://x.org/courses/{course}/courseware/a/b"},
        plain(context=nowhere, event_type="problem_check", referer=f"https://x.org/courses/{course}/courseware/a/b"),
        plain(context=nowhere, event_type="/x", referer=f"https://x.org/courses/{course.replace(':', '%3A')}"),
        plain(context=nowhere, event_type="/x", referer="https://x.org/courses/"),
    )
    assert [event["course"] for event in found.events] == [course] * 5 + [None]


@pytest.mark.parametrize(
    ("address", "area", "item", "action"),
    [
        (f"/courses/{NEW}/", "home", None, "page_view"),
        (f"/courses/{NEW}", "home", None, "page_view"),
        (f"/courses/{OLD}/progress", "home", None, "page_view"),
        (f"/courses/{OLD}/courseware/week1/{HASH}/", "lecture", HASH, "page_view"),
        (f"/courses/{NEW}/courseware/week1/{HASH}/2?child=first", "lecture", HASH, "page_view"),
        (f"/courses/{NEW}/courseware/week1", "lecture", "week1", "page_view"),
        (f"/courses/{NEW}/jump_to/block-v1:Org+C1+2017+type@problem+block@{HASH}", "quiz", HASH, "page_view"),
        (f"/courses/{NEW}/jump_to_id/{HASH}", "lecture", HASH, "page_view"),
        (f"/courses/{OLD}/modx/i4x://Org/C2/problem/{HASH}/problem_check", "quiz", HASH, "other"),
        (f"/courses/{OLD}/xblock/i4x:;_;_Org;_C2;_video;_{HASH}/handler/x/y", "lecture", HASH, "other"),
        (
            f"/courses/{NEW}/xblock/block-v1:Org+C1+2017+type@video+block@{HASH}/handler/transcript/download",
            "lecture",
            HASH,
            "download",
        ),
        (f"/courses/{NEW}/discussion/forum/topic/threads/{HASH[:24]}", "forum", HASH[:24], "page_view"),
        (f"/courses/{NEW}/discussion/topic/threads/create", "forum", None, "other"),
        (f"/courses/{NEW}/discussion/threads/{HASH[:24]}/reply", "forum", HASH[:24], "other"),
        (f"/courses/{NEW}/wiki/Org/Page/", "wiki", "Org/Page", "page_view"),
        (f"/courses/{NEW}/instructor", "admin", None, "page_view"),
        (f"/courses/{NEW}/0123abcd/", "other", None, "page_view"),
        ("/asset-v1:Org+C1+2017+type@asset+block@a.pdf", "lecture", "a.pdf", "download"),
        ("/c4x/Org/C2/asset/a.pdf", "lecture", "a.pdf", "download"),
        ("/dashboard", "account", None, "page_view"),
        ("/login_ajax", "account", None, "other"),
        ("/", "home", None, "page_view"),
        ("/heartbeat", "admin", None, "other"),
        ("/event", "admin", None, "other"),
        ("/notifier_api/v1/users", "admin", None, "other"),
        ("/admin/auth/user/", "admin", None, "page_view"),
        ("/api/user/v1/", "admin", None, "other"),
        (f"/xblock/block-v1:Org+C1+2017+type@html+block@{HASH}", "admin", HASH, "other"),
        (f"/container/block-v1:Org+C1+2017+type@vertical+block@{HASH}", "admin", HASH, "page_view"),
        ("/static/x.js", "admin", None, "other"),
        ("/robots.txt", "admin", None, "other"),
        ("/never/heard", "other", None, "page_view"),
        (
            f"https://apps.x.org/learning/course/{NEW}/block-v1:a+b+c+type@sequential+block@{HASH}/",
            "lecture",
            HASH,
            "page_view",
        ),
        (f"https://x.org/xblock/block-v1:Org+C1+2017+type@problem+block@{HASH}?show=1", "quiz", HASH, "page_view"),
        ("x_module", None, None, None),
    ],
)
def test_an_address_is_an_area_an_item_an_action(address, area, item, action):
    found = page(address)
    assert (found.area, found.item, found.action) == (area, item, action)


@given(st.text(max_size=80))
def test_any_text_may_be_an_address(address):
    for text in (address, f"/{address}", f"/courses/{address}", f"https://{address}"):
        assert len(page(text)) == 4
    block(address)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (f"block-v1:Org+C1+2017+type@video+block@{HASH}", HASH),
        (f"i4x://Org/C2/video/{HASH}", HASH),
        (f"i4x-Org-C2-video-{HASH}", HASH),
        (HASH, HASH),
        ("", None),
    ],
)
def test_a_block_has_one_short_name(name, short):
    assert block(name) == short


def test_the_item_is_of_the_payload_before_it_is_of_the_page(read):
    assert one(read, browser("play_video", id=f"i4x-Org-C2-video-{HASH[::-1]}"))["item"] == HASH[::-1]
    problem = {"problem_id": f"i4x://Org/C2/problem/{HASH[::-1]}", "id": "x"}
    assert one(read, browser("problem_check") | {"event": problem})["item"] == HASH[::-1]
    module = {"module": {"display_name": "Quiz", "usage_key": f"i4x://Org/C2/problem/{HASH[::-1]}"}}
    assert one(read, plain(event_type="edx.new", event={}, context=module))["item"] == HASH[::-1]
    assert one(read, browser("page_close"))["item"] == HASH


@pytest.mark.parametrize(
    "fields",
    [
        {"agent": "ELB-HealthChecker/2.0"},
        {"agent": "python-requests/2.9.1"},
        {"agent": "curl/7.50"},
        {"agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"host": "studio.example.org"},
        {"event_type": "/heartbeat"},
    ],
)
def test_services_and_the_making_of_courses_are_administration(read, fields):
    assert one(read, plain(**fields))["area"] == "admin"


def test_administration_is_kept_and_not_counted(read, tmp_path):
    log = tmp_path / "tracking.log"
    lines = [plain(username=f"u{n}", event_type="/heartbeat" if n % 2 else "/courses/a/b/c/info") for n in range(10)]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    ct.ingest(tmp_path / "d", [log])
    course = ct.open(tmp_path / "d")
    assert course.sources["events"].to_pylist() == [10]
    assert course.analyze("activity").scope.admin == 5


# What is repaired, and what is not


def test_bytes_before_the_object_are_dropped(read):
    event = one(read, "Sep 20 07:08:07 lms01 [tracking] " + json.dumps(plain(n=1)))
    assert event["mended"] == {"text before the object": 1}
    assert event["extra"]["n"] == 1
    event = one(read, "\0" * 826 + json.dumps(plain(n=1)))
    assert event["mended"] == {"NUL bytes": 1}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2017-09-19T23:20:00.553635", MOMENT),
        ("2017-09-20T01:20:00.553635+02:00", MOMENT),
        ("2017-09-19T23:20:00.553635Z", MOMENT),
        ("2017-09-19T23:20:00+00:00", MOMENT.replace(microsecond=0)),
        ("20170919T232000Z", MOMENT.replace(microsecond=0)),
    ],
)
def test_a_time_without_a_zone_is_utc(read, text, time):
    assert one(read, plain(time=text))["time"] == time


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (plain(time=None), "no time"),
        (plain(time="soon"), "the time cannot be read"),
        (plain(time=7), "the time cannot be read"),
        (plain(event_type=None), "neither event_type nor name"),
        (plain(event_type="", name=""), "neither event_type nor name"),
        (json.dumps(plain())[:-9], "JSON cut off"),
        (json.dumps(plain()) + "x", "something follows the JSON object"),
        ("junk", "not JSON"),
        ("[7]", "not a JSON object"),
    ],
)
def test_what_is_no_event_has_a_reason(read, line, reason):
    found = read(line)
    assert [one["reason"] for one in found.rejects] == [reason]


def test_fields_that_come_twice_are_kept(read):
    event = one(read, json.dumps(plain())[:-1] + ', "ip": "203.0.113.7", "ip": "198.51.100.3", "label": 1}')
    assert event["network"] == "198.51.100.0/24"
    assert event["extra"]["repeated"] == [["ip", "203.0.113.0/24"]]
    assert event["extra"]["label"] == 1


def test_a_field_may_be_called_repeated(read):
    values = [5, [1, 2], [["ip", "x", "y"]], {"a": 1}]
    found = read(*("syslog " + json.dumps(plain(repeated=value)) for value in values))
    assert [json.loads(event["extra"])["repeated"] for event in found.events] == values


PIECES = rb'"event" "POST" "GET" "context" "time" "repeated" "event_type" { } [ ] : , "x" null 1e999 "/x"'
WORDS = st.sampled_from([*PIECES.split(), b'"\\ud800"', b'"2017-09-19T23:20:00"', b"\\", b"\0", b"\xff"])


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(WORDS, max_size=30).map(b" ".join)), st.integers(0, 900))
def test_any_bytes_are_repaired_or_have_a_reason(data, at):
    """Alone, and in the middle of a line."""
    line = EXAMPLE.encode()
    for text in (data, line[:at] + data + line[at:], line[:at] + data, line[:-1] + b"," + data + b"}"):
        try:
            found = repair(text)
        except Reject:
            continue
        assert found is None or isinstance(found, Repaired)
        if found:
            json.loads(found.text)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.binary(min_size=1, max_size=3)), min_size=1, max_size=20))
def test_damaged_lines_are_all_accounted_for(tmp_path_factory, damages):
    folder = tmp_path_factory.mktemp("damaged")
    line = EXAMPLE.encode()
    lines = [line, *(line[:at] + more + line[at + len(more) :] for at, more in damages)]
    (folder / "log").write_bytes(b"\n".join(lines) + b"\n")
    source = ct.ingest(folder / "d", [folder / "log"], max_rejects="100%", look_up=False)[0].source
    assert source.lines == b"\n".join(lines).count(b"\n") + 1


@pytest.mark.parametrize("deep", [100, 900, 5_000, 100_000])
def test_payloads_may_be_nested_ever_so_deeply(read, deep):
    for nested in ('{"a":' * deep + "1" + "}" * deep, '{"POST":' * deep + "1" + "}" * deep):
        found = read(
            json.dumps(browser("x") | {"event": nested}), json.dumps(browser("x"))[:-1] + f', "event": {nested}}}'
        )
        assert len(found.events) + len(found.rejects) == 2


def test_convert_gives_the_raw_fields(tmp_path):
    log = tmp_path / "tracking.log"
    log.write_text(EXAMPLE + "\n" + json.dumps(plain(event={"POST": {"a": "b"}, "GET": {"c": ["d"]}}, more=[1])) + "\n")
    convert([log], tmp_path / "x.csv", columns=["event_type", "context", "event", "more"])
    first, second = (line for line in (tmp_path / "x.csv").read_text().splitlines()[1:])
    assert '""old_time"": 0' in first
    assert (
        second
        == f'"{PLAIN["event_type"]}","{json.dumps(PLAIN["context"])}","{{""GET"": {{""c"": [""d""]}}}}","[1]"'.replace(
            json.dumps(PLAIN["context"]), json.dumps(PLAIN["context"]).replace('"', '""')
        )
    )


# Against an oracle

VIDEO = {"play": "video_play", "pause": "video_pause", "stop": "video_end", "load": "video_load", "seek": "video_seek"}
SAID = {
    "speed_change_video": ("video_rate", "lecture"),
    "edx.video.position.changed": ("video_seek", "lecture"),
    "show_transcript": ("video_other", "lecture"),
    "seq_next": ("page_view", "lecture"),
    "book": ("page_view", "lecture"),
    "problem_graded": ("other", "quiz"),
    "edx.forum.thread.created": ("forum_post", "forum"),
    "edx.forum.thread.viewed": ("page_view", "forum"),
    "edx.course.enrollment.activated": ("enroll", "account"),
    "edx.course.enrollment.deactivated": ("unenroll", "account"),
    "edx.grades.problem.submitted": ("other", "quiz"),
    "openassessmentblock.create_submission": ("quiz_submit", "peer"),
}


def asked(path: str) -> tuple[str, str]:
    """The action and the area of a request, for the paths of the log that is drawn."""
    below = path.split("/courses/")[-1]
    for piece, answer in {
        "/handler/transcript/download": ("download", "lecture"),
        "type@problem": ("other", "quiz"),
        "/xblock/i4x": ("other", "lecture"),
        "/upvote": ("other", "forum"),
        "/discussion": ("page_view", "forum"),
        "/courseware": ("page_view", "lecture"),
        "/info": ("page_view", "home"),
        "/progress": ("page_view", "home"),
        "/course_wiki": ("page_view", "wiki"),
        "/instructor": ("page_view", "admin"),
    }.items():
        if path.startswith("/courses/") and piece in below:
            return answer
    return {
        "asset-v1:Org+C1+2017+type@asset": ("download", "lecture"),
        "dashboard": ("page_view", "account"),
        "login_ajax": ("other", "account"),
        "": ("page_view", "home"),
        "container": ("page_view", "admin"),
        "something": ("page_view", "other"),
    }.get(re.split(r"[/]|\+block", path)[1], ("other", "admin"))


def expected(line: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 - the specification has as many cases
    """What the columns must be, from the words of the specification, for lines of the log that is drawn."""
    if "data" in line:
        context = line["context"]
        line = {
            **context,
            "event_type": line["name"],
            "time": line["timestamp"],
            "event": line["data"],
            "context": context,
        }
    kind, context = line["event_type"], line["context"]
    event = line["event"]
    while isinstance(event, str) and event[:1] in '{["' and event:
        try:
            event = json.loads(event)
        except ValueError:
            event = None
    found = event if isinstance(event, dict) else {}
    request = kind.startswith("/")
    at = datetime.fromisoformat(line["time"])
    if request:
        action, area = asked(kind)
    elif kind == "problem_check":
        action, area = ("other" if line["event_source"] == "browser" else "problem_check"), "quiz"
    else:
        action, area = SAID.get(kind) or (VIDEO.get(kind.split("_")[0], "other"), "lecture")
    if line["agent"].split("/")[0] in ("ELB-HealthChecker", "python-requests", "curl") or "studio" in line["host"]:
        area = "admin"
    course = context.get("course_id")
    for address in () if course else (kind, line["page"] or "", line["referer"]):
        place = re.search(r"/courses/((?:course|ccx)-v1:[^/]*|[^/]*/[^/]*/[^/]*)", address)
        inside = re.search(r"-v1:(Org\+C1\+2017)\+type", address)
        course = place[1] if place else f"course-v1:{inside[1]}" if inside else None
        if course:
            break
    learner = line["username"] or None
    if kind.startswith("edx.course.enrollment") and context.get("user_id") != found["user_id"]:
        learner = str(found["user_id"])
    item = found.get("problem_id") or found.get("block_id") or found.get("id")
    if not item:
        hashes = re.findall(r"[0-9a-f]{32}(?:\.pdf)?", kind if request else line["page"] or "")
        item = hashes[-1] if hashes else None
    url = kind if request else line["page"] if (line["page"] or "").startswith("http") else None
    kept = {"GET": found["GET"]} if request and found.get("GET") else None if request else event
    network = line["ip"].rpartition(".")[0] + ".0/24"
    return {
        "platform": "edx",
        "course": course or None,
        "time": (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(tzinfo=None),
        "learner": learner,
        "action": action,
        "area": area,
        "item": re.split("[@/-]", item)[-1] if item else None,
        "url": url,
        "referrer": line["referer"] or None,
        "cookie": line["session"] or None,
        "user_agent": line["agent"],
        "accept_language": line["accept_language"] or None,
        "network": network,
        "position": first_number(found, "currentTime", "current_time", "new_time"),
        "position_from": found.get("old_time"),
        "rate": float(found["new_speed"]) if "new_speed" in found else None,
        "event": kept,
    }


def first_number(found: dict[str, Any], *names: str) -> float | None:
    return next((found[name] for name in names if isinstance(found.get(name), int | float)), None)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A log in which one line in thirty has something before it."""
    draw = random.Random(5)
    lines = list(Log(3).lines(6_000))
    log = tmp_path_factory.mktemp("drawn") / "tracking.log"
    befores = ["", "\0" * 30, "Sep 20 lms: "]
    with log.open("w") as file:
        for line in lines:
            file.write(draw.choices(befores, [58, 1, 1])[0] + json.dumps(line, ensure_ascii=draw.random() < 0.8) + "\n")
    return log, lines


def test_every_column_is_what_the_specification_says(drawn, tmp_path):
    log, lines = drawn
    ct.ingest(tmp_path / "d", [log], max_rejects="0")
    found = (
        ct.open(tmp_path / "d").sql("select * replace (extra::varchar as extra) from events order by line").to_pylist()
    )
    assert [event["line"] for event in found] == list(range(1, len(lines) + 1))
    for event, line in zip(found, lines, strict=True):
        extra = json.loads(event["extra"])
        wanted = expected(line)
        assert extra.get("event") == wanted.pop("event"), line
        assert {name: event[name] for name in wanted} == wanted, line
        assert extra.get("label") == line.get("label")
        context = extra.get("context", {})
        assert {name: context[name] for name in context if name in ("user_id", "course_id", "org_id", "path")} == {
            name: value for name, value in line["context"].items() if name in ("user_id", "course_id", "org_id", "path")
        }


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_reads_the_same(drawn, tmp_path, session):
    log, _ = drawn
    ct.ingest(tmp_path / "one", [log])
    ct.ingest(tmp_path / "other", [log], engine=EngineConfig("spark"))
    assert contents(tmp_path / "other") == contents(tmp_path / "one")
    answers = list(ct.Dataset(ct.open(tmp_path / "one").snapshot, EngineConfig("spark")).answers())
    expected = list(ct.open(tmp_path / "one").answers())
    assert [answer.table.to_pylist() for answer in answers] == [answer.table.to_pylist() for answer in expected]
