"""The meaning of Open edX event types: an action and, if the type determines it, an area of the course.

`EVENTS` has all rules. The row with the longest name decides; a name that ends in a dot matches every type that begins
with it. A type that is a path is a request that the server answered: its address decides (pages.py).
"""

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    """An action and an area; the area is null if it depends on the page."""

    action: str
    area: str | None


EVENTS = {
    "load_video": Meaning("video_load", "lecture"),
    "play_video": Meaning("video_play", "lecture"),
    "pause_video": Meaning("video_pause", "lecture"),
    "stop_video": Meaning("video_end", "lecture"),
    "seek_video": Meaning("video_seek", "lecture"),
    "speed_change_video": Meaning("video_rate", "lecture"),
    "complete_video": Meaning("video_other", "lecture"),
    "show_transcript": Meaning("video_other", "lecture"),
    "hide_transcript": Meaning("video_other", "lecture"),
    "video_show_cc_menu": Meaning("video_other", "lecture"),
    "video_hide_cc_menu": Meaning("video_other", "lecture"),
    "fullscreen": Meaning("video_other", "lecture"),
    "not_fullscreen": Meaning("video_other", "lecture"),
    "edx.video.loaded": Meaning("video_load", "lecture"),
    "edx.video.played": Meaning("video_play", "lecture"),
    "edx.video.paused": Meaning("video_pause", "lecture"),
    "edx.video.stopped": Meaning("video_end", "lecture"),
    "edx.video.position.changed": Meaning("video_seek", "lecture"),
    "edx.video.speed.changed": Meaning("video_rate", "lecture"),
    "edx.video.": Meaning("video_other", "lecture"),
    "problem_check": Meaning("problem_check", "quiz"),
    "problem_check_fail": Meaning("other", "quiz"),
    "save_problem_check": Meaning("problem_check", "quiz"),
    "save_problem_check_fail": Meaning("other", "quiz"),
    "problem_graded": Meaning("other", "quiz"),
    "problem_show": Meaning("other", "quiz"),
    "problem_save": Meaning("other", "quiz"),
    "problem_reset": Meaning("other", "quiz"),
    "problem_rescore": Meaning("other", "quiz"),
    "problem_rescore_fail": Meaning("other", "quiz"),
    "showanswer": Meaning("other", "quiz"),
    "save_problem_success": Meaning("other", "quiz"),
    "save_problem_fail": Meaning("other", "quiz"),
    "reset_problem": Meaning("other", "quiz"),
    "reset_problem_fail": Meaning("other", "quiz"),
    "edx.problem.": Meaning("other", "quiz"),
    "edx.grades.": Meaning("other", "quiz"),
    "edx.course.grade.": Meaning("other", "quiz"),
    "edx.completion.": Meaning("other", "lecture"),
    "edx.special_exam.proctored.attempt.created": Meaning("quiz_start", "quiz"),
    "edx.special_exam.proctored.attempt.submitted": Meaning("quiz_submit", "quiz"),
    "edx.special_exam.practice.attempt.created": Meaning("quiz_start", "quiz"),
    "edx.special_exam.practice.attempt.submitted": Meaning("quiz_submit", "quiz"),
    "edx.special_exam.timed.attempt.created": Meaning("quiz_start", "quiz"),
    "edx.special_exam.timed.attempt.submitted": Meaning("quiz_submit", "quiz"),
    "edx.special_exam.": Meaning("other", "quiz"),
    "openassessmentblock.create_submission": Meaning("quiz_submit", "peer"),
    "openassessmentblock.": Meaning("other", "peer"),
    "openassessment.": Meaning("other", "peer"),
    "seq_goto": Meaning("page_view", "lecture"),
    "seq_next": Meaning("page_view", "lecture"),
    "seq_prev": Meaning("page_view", "lecture"),
    "edx.ui.lms.sequence.": Meaning("page_view", "lecture"),
    "book": Meaning("page_view", "lecture"),
    "textbook.pdf.page.navigated": Meaning("page_view", "lecture"),
    "textbook.pdf.chapter.navigated": Meaning("page_view", "lecture"),
    "textbook.pdf.outline.navigated": Meaning("page_view", "lecture"),
    "textbook.pdf.thumbnail.navigated": Meaning("page_view", "lecture"),
    "textbook.pdf.": Meaning("other", "lecture"),
    "edx.forum.thread.created": Meaning("forum_post", "forum"),
    "edx.forum.response.created": Meaning("forum_post", "forum"),
    "edx.forum.comment.created": Meaning("forum_post", "forum"),
    "edx.forum.thread.viewed": Meaning("page_view", "forum"),
    "edx.forum.": Meaning("other", "forum"),
    "edx.course.enrollment.activated": Meaning("enroll", "account"),
    "edx.course.enrollment.deactivated": Meaning("unenroll", "account"),
    "edx.course.enrollment.": Meaning("other", "account"),
    "edx.user.settings.": Meaning("other", "account"),
}
OTHER = Meaning("other", None)
ENROLMENT = ("edx.course.enrollment.activated", "edx.course.enrollment.deactivated")
DOUBLED = "problem_check"
"""The browser sends this event, and the server logs it too, with the grade. Only the server's event counts."""
MONITORS = re.compile(
    r"python-requests|python-urllib|ELB-HealthChecker|GoogleHC|kube-probe|^curl/|^Wget/|Googlebot|Pingdom|UptimeRobot"
    r"|NewRelicPinger|Zabbix|check_http|StatusCake|Site24x7",
    re.IGNORECASE,
)
"""User agents of health checks, monitors and scripts."""
STUDIO = re.compile(r"(?:studio|cms)[.:-]|[\w-]+[.-]studio\.", re.IGNORECASE)
"""The beginning of host names of Studio, the tool for course authors."""


def is_request(kind: str) -> bool:
    """Whether an event type is the path of a request."""
    return kind.startswith("/")


def meaning(kind: str) -> Meaning:
    """What an event type means.

    >>> meaning("edx.forum.thread.voted")
    Meaning(action='other', area='forum')
    """
    found = EVENTS.get(kind)
    begin = kind
    while not found and "." in begin:
        begin = begin[:-1].rpartition(".")[0]
        found = EVENTS.get(f"{begin}.")
    return found or OTHER
