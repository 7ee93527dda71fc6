"""A tracking log of Open edX as one is written: every shape of payload, learners and services, courses and Studio."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

NEW, OLD, CCX = "course-v1:Org+C1+2017", "Org/C2/2013_T1", "ccx-v1:Org+C1+2017+ccx@3"
BEGIN = datetime(2017, 9, 19, 23, 20, tzinfo=UTC)
AGENTS = [
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/{n}.0.3112.113 Safari/537.36"
    for n in range(50, 90)
]
SERVICES = ["ELB-HealthChecker/2.0", "python-requests/2.9.1", "curl/7.50"]
PATHS = (
    "/courses/{course}/courseware/{a}/{b}/",
    "/courses/{course}/courseware/{a}/{b}/2",
    "/courses/{course}/info",
    "/courses/{course}/progress",
    "/courses/{course}/discussion/forum/topic-{n}/threads/{a}",
    "/courses/{course}/discussion/forum/topic-{n}/inline",
    "/courses/{course}/discussion/threads/{a}/upvote",
    "/courses/{course}/xblock/block-v1:Org+C1+2017+type@problem+block@{a}/handler/xmodule_handler/problem_get",
    "/courses/{course}/xblock/block-v1:Org+C1+2017+type@video+block@{a}/handler/transcript/download",
    "/courses/{course}/xblock/i4x:;_;_Org;_C2;_video;_{a}/handler/xmodule_handler/save_user_state",
    "/courses/{course}/course_wiki",
    "/courses/{course}/instructor",
    "/asset-v1:Org+C1+2017+type@asset+block@{a}.pdf",
    "/dashboard",
    "/login_ajax",
    "/",
    "/heartbeat",
    "/event",
    "/api/user/v1/accounts/{n}",
    "/xblock/block-v1:Org+C1+2017+type@html+block@{a}",
    "/container/block-v1:Org+C1+2017+type@vertical+block@{a}",
    "/jsi18n/",
    "/something/else",
)


class Log:
    """Draws lines as dictionaries; the same seed gives the same."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._blocks = [f"{self._draw.getrandbits(128):032x}" for _ in range(300)]
        self._at = BEGIN

    def lines(self, count: int) -> Iterator[dict[str, Any]]:
        for _ in range(count):
            yield self._line()

    def _line(self) -> dict[str, Any]:
        draw = self._draw
        self._at += timedelta(seconds=draw.random() * 3)
        course = draw.choices([NEW, OLD, CCX], [8, 2, 1])[0]
        number = int(2000 * draw.random() ** 2)
        shape = draw.choices(["request", "browser", "server"], [80, 15, 5])[0]
        path = self._path(draw.choice(PATHS), course)
        page = f"https://courses.example.org{self._path(PATHS[0], course)}"
        made = {"request": self._request, "browser": self._browser, "server": self._server}[shape]
        kind, payload = made(number, course)
        agent = draw.choice(SERVICES) if shape == "request" and draw.random() < 0.1 else AGENTS[number % len(AGENTS)]
        line = {
            "username": f"u{number:08x}" if draw.random() < 0.8 else draw.choice(["", None]),
            "event_source": "browser" if shape == "browser" else "server",
            "accept_language": draw.choice(["en-US,en;q=0.8", "zh-TW,zh;q=0.8", "", "es"]),
            "time": self._time(),
            "agent": agent,
            "page": page if shape == "browser" else draw.choice([None, "x_module"]) if shape == "server" else None,
            "host": draw.choices(["courses.example.org", "studio.example.org", "10.0.0.3"], [20, 1, 1])[0],
            "session": f"{number:032x}" if draw.random() < 0.7 else "",
            "referer": draw.choice([page, f"{page}?next=%2Fx#y", ""]),
            "context": self._context(number, course, path),
            "ip": f"198.{draw.choice([51, 51, 51, 52])}.{number // 250}.{number % 250}",
            "event": payload,
            "event_type": kind or path,
        }
        if kind == "seq_next":
            line["name"] = "edx.ui.lms.sequence.next_selected"
        elif draw.random() < 0.2:
            line["name"] = line["event_type"]
        if draw.random() < 0.01:
            line["label"] = {"new": draw.choice(["é", 1, None])}
        if draw.random() < 0.1 and shape != "request":
            line = _second(line)
        return line

    def _time(self) -> str:
        style = self._draw.randrange(20)
        if style == 0:
            return self._at.replace(microsecond=0).isoformat()
        return self._at.replace(tzinfo=None).isoformat() if style == 1 else self._at.isoformat()

    def _path(self, form: str, course: str) -> str:
        at = self._draw.randrange(len(self._blocks))
        return form.format(course=course, a=self._blocks[at // 9], b=self._blocks[at], n=at % 9)

    def _context(self, number: int, course: str, path: str) -> dict[str, Any]:
        if self._draw.random() < 0.02:
            return {}
        known = self._draw.random() < 0.7
        ids = {"user_id": number, "org_id": "Org", "course_id": course if known else ""}
        return {**ids, "path": path}

    def _request(self, number: int, course: str) -> tuple[str, Any]:
        draw = self._draw
        post = {"password1": [f"pw-{number}"], "email": [f"{number}@example.org"], "x": ["y" * draw.randrange(600)]}
        fields = {
            "POST": draw.choice([{}, {}, {}, {}, post]),
            "GET": {"page": [str(number)]} if draw.random() < 0.2 else {},
        }
        return "", json.dumps(fields)[:512]

    def _browser(self, number: int, course: str) -> tuple[str, Any]:
        draw = self._draw
        block, at = draw.choice(self._blocks), round(draw.random() * 600, 3)
        video = {"id": block, "code": "F4NSv776X0c"}
        kind, payload = draw.choice(
            [
                ("play_video", {**video, "currentTime": at}),
                ("pause_video", {**video, "currentTime": at, "duration": 600}),
                ("stop_video", {**video, "currentTime": draw.choice([None, "", at])}),
                ("load_video", video),
                ("seek_video", {**video, "old_time": at, "new_time": at / 2, "type": "onSlideSeek"}),
                ("speed_change_video", {**video, "current_time": at, "old_speed": "1.0", "new_speed": "1.50"}),
                ("edx.video.position.changed", {**video, "old_time": at, "new_time": 3}),
                ("show_transcript", {**video, "current_time": at}),
                ("seq_next", {"old": 1, "new": 2, "id": f"block-v1:Org+C1+2017+type@sequential+block@{block}"}),
                ("page_close", {}),
                ("problem_check", f"input_{block}_2_1=choice_{number % 4}&input_{block}_3_1%5B%5D=caf%C3%A9"),
                ("problem_graded", [f"input_{block}_2_1=x", '<div class="problem">é</div>']),
                ("book", {"type": "gotopage", "old": 3, "new": 4}),
                ("edx.new.thing", {"text": 'He said "{}"', "id": f"i4x-Org-C2-html-{block}"}),
            ]
        )
        if isinstance(payload, dict | list):
            return kind, json.dumps(payload)
        return kind, draw.choice([payload, json.dumps(payload)])

    def _server(self, number: int, course: str) -> tuple[str, Any]:
        draw = self._draw
        block = draw.choice(self._blocks)
        problem = f"block-v1:Org+C1+2017+type@problem+block@{block}"
        return draw.choice(
            [
                (
                    "problem_check",
                    {"problem_id": problem, "grade": 1, "max_grade": 2, "success": "correct", "state": {"a": [1]}},
                ),
                ("problem_check", {"problem_id": f"i4x://Org/C2/problem/{block}", "grade": 0}),
                ("edx.forum.thread.created", {"id": block[:24], "body": 'I "quote" [this]', "title": "t"}),
                ("edx.forum.thread.viewed", {"id": block[:24]}),
                ("edx.course.enrollment.activated", {"course_id": course, "user_id": number, "mode": "honor"}),
                ("edx.course.enrollment.deactivated", {"course_id": course, "user_id": 77, "mode": "honor"}),
                ("edx.grades.problem.submitted", {"problem_id": problem, "weighted_earned": 1}),
                ("openassessmentblock.create_submission", {"submission_uuid": "x"}),
                ("edx.completion.block_completion.changed", {"block_id": problem, "completion": 1.0}),
            ]
        )


def _second(line: dict[str, Any]) -> dict[str, Any]:
    """The same event as the event-tracking library sends it."""
    hoisted = {
        name: value for name, value in line.items() if name not in ("event", "time", "event_type", "context", "name")
    }
    payload = line["event"]
    if isinstance(payload, str) and payload.startswith("{"):
        payload = json.loads(payload)
    time = line["time"] if line["time"][10:].count("+") == 0 else line["time"].replace("+00:00", "Z")
    return {"name": line["event_type"], "timestamp": time, "data": payload, "context": {**line["context"], **hoisted}}
