"""The payloads of events in an Open edX tracking log: the JSON of their field `event`."""

from json import dumps

from coursetrail.simulate import plan
from coursetrail.simulate.course import VARIANTS, SimulatedCourse
from coursetrail.simulate.edx_course import HOST, block, course_id, problem_id, video_ids
from coursetrail.simulate.identifiers import alphanumeric

LONGEST = 512  # characters; longer payloads are cut
NAMES = {  # the field event_type, and the field name
    plan.LOADED: ("load_video",) * 2,
    plan.PLAY: ("play_video",) * 2,
    plan.PAUSE: ("pause_video",) * 2,
    plan.SEEK: ("seek_video",) * 2,
    plan.RATE: ("speed_change_video",) * 2,
    plan.ENDED: ("stop_video",) * 2,
    plan.SUBTITLE: ("show_transcript",) * 2,
    plan.LEFT: ("page_close",) * 2,
    plan.SENT: ("problem_check",) * 2,
    plan.CHECKED: ("problem_check",) * 2,
    plan.TURNED: ("seq_next", "edx.ui.lms.sequence.next_selected"),
    plan.WRITTEN: ("edx.forum.comment.created",) * 2,
    plan.ENROLLED: ("edx.course.enrollment.activated",) * 2,
}
_JUMPS = ("onSlideSeek", "onCaptionSeek", "slide_seek", "onSkipSeek")


class Payloads:
    """The payloads of the events of a course."""

    def __init__(self, course: SimulatedCourse) -> None:
        self._paths = course.pages
        begin, count = course.groups["lecture"]
        self._videos = {begin + i: _video(course, i // len(VARIANTS)) for i in range(count)}
        begin, count = course.groups["attempt"]
        self._problems = {begin + i: _problem(course, i) for i in range(count)}
        self._requests = {begin + i: _request(course, i) for i in range(count)}
        sequence = block(course, "sequential", video_ids(course)[0])
        turned = {"old": 1, "new": 2, "current_tab": 1, "tab_count": 4, "widget_placement": "top", "id": sequence}
        self._turned = dumps(dumps(turned))
        self._enrolled = f'"course_id": "{course_id(course)}", "mode": "honor"'

    def explicit(self, kind: int, page: int, position: float, previous: float, rate: int, user: str) -> str:
        """The payload of an event that has a name."""
        if kind in plan.VIDEOS:
            video, seconds = self._videos[page]
            return dumps(f'{{{video}{_player(kind, position, previous, rate)}, "duration": {seconds}}}')
        if kind == plan.SENT:
            return self._problems[page][0]
        if kind == plan.CHECKED:
            return self._problems[page][1]
        if kind == plan.TURNED:
            return self._turned
        if kind == plan.LEFT:
            return '"{}"'
        if kind == plan.ENROLLED:
            return f'{{{self._enrolled}, "user_id": {user}}}'
        thread = self._paths[page].rpartition("/")[2]
        return (
            f'{{"id": "{thread}", "commentable_id": "course", "title": "", "body": "I \\u2665 this; \\"really\\"", '
            f'"url": "https://{HOST}{self._paths[page]}", "options": {{"followed": false}}}}'
        )

    def module(self, page: int) -> str:
        """The member of the context that describes a problem."""
        return self._problems[page][2]

    def implicit(self, page: int, position: float, previous_kind: int, came: int) -> str:
        """The payload of a request: its POST and GET as text, cut if it is too long."""
        posted, got = "{}", "{}"
        path = self._paths[page]
        if path == "/event":
            name = NAMES.get(previous_kind, ("edx.ui.lms.link_clicked",))[0]
            shown = f"https://{HOST}{self._paths[came]}" if came >= 0 else ""
            posted = f'{{"event_type": ["{name}"], "event": ["{{}}"], "page": ["{shown}"]}}'
        elif path.endswith("save_user_state"):
            minutes, seconds = divmod(int(position), 60)
            posted = f'{{"saved_video_position": ["00:{minutes:02d}:{seconds:02d}"]}}'
        elif page in self._requests:
            posted = self._requests[page]
        elif "/threads/" in path:
            got = '{"ajax": ["1"], "resp_skip": ["0"], "resp_limit": ["25"]}'
        return dumps(f'{{"POST": {posted}, "GET": {got}}}'[:LONGEST])


def _video(course: SimulatedCourse, i: int) -> tuple[str, int]:
    """The members that name a video, and its length in seconds."""
    identity = video_ids(course)[i]
    return f'"id": "{identity}", "code": "{alphanumeric(identity, 11)}"', course.lectures[i][1]


def _player(kind: int, position: float, previous: float, rate: int) -> str:
    """The members that describe the player's action."""
    if kind == plan.SEEK:
        jump = _JUMPS[rate % len(_JUMPS)]
        return f', "old_time": {previous:.10g}, "new_time": {position:.10g}, "type": "{jump}"'
    if kind == plan.RATE:
        old, new = plan.RATES[rate - 1], plan.RATES[rate]
        return f', "current_time": {position:.10g}, "old_speed": "{old}", "new_speed": "{new}"'
    return "" if kind == plan.LOADED else f', "currentTime": {position:.10g}'


def _problem(course: SimulatedCourse, i: int) -> tuple[str, str, str]:
    """The browser's payload for a problem, the server's payload, and the member of its context."""
    identity = problem_id(course, i)
    answer, usage = f"{identity}_2_1", block(course, "problem", identity)
    score = i % 3 > 0
    answered = {
        "answers": {answer: f"choice_{i % 4}"},
        "attempts": 1 + i % 2,
        "grade": int(score),
        "max_grade": 1,
        "success": "correct" if score else "incorrect",
        "correct_map": {answer: {"correctness": "correct" if score else "incorrect", "hint": "", "npoints": None}},
        "state": {"seed": 1, "student_answers": {}, "done": None, "correct_map": {}, "input_state": {answer: {}}},
        "submission": {answer: {"answer": "Sleep \u2014 perhaps", "correct": score, "variant": ""}},
        "problem_id": usage,
    }
    module = {"display_name": f"Quiz {i + 1}", "usage_key": usage}
    return dumps(f"input_{answer}=choice_{i % 4}"), dumps(answered), f', "module": {dumps(module)}'


def _request(course: SimulatedCourse, i: int) -> str:
    """A long answer as a form; every second one is too long for the log."""
    return dumps({f"input_{problem_id(course, i)}_2_1": ["because people dream, " * (12 + i % 2 * 30)]})
