"""The simulated course: eight weeks of lectures, quizzes and forums, and the address of every page."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

START = int(datetime(2013, 7, 22, tzinfo=UTC).timestamp() * 1000)
WEEKS = 8
LECTURES = 54
VARIANTS = ("", "&lecture_player=html5&", "&lecture_player=html5&&=undefined&", "#", "&lecture_player=flash&")
FLASH = 4

EXTERNAL = (
    *("", "https://www.coursera.org/", "https://www.coursera.org/courses", "http://www.google.com/"),
    *("https://www.google.gr/search?q=ψυχολογία+μαθήματα", "http://www.facebook.com/l.php", "http://t.co/x1"),
    *("https://mail.google.com/mail/u/0/", "http://www.google.ru/search?q=курс+психологии"),
    "http://www.bing.com/",
)


@dataclass(frozen=True)
class SimulatedCourse:
    """A course and its addresses.

    `lectures` are (id, seconds); a group is (index of its first page in `pages`, number of its pages).
    """

    name: str
    lectures: tuple[tuple[int, int], ...]
    pages: tuple[str, ...]
    groups: dict[str, tuple[int, int]]


def design(name: str, random: np.random.Generator) -> SimulatedCourse:
    """A course of 54 lectures of 4 to 18 minutes, whose addresses look like the platform's own."""
    seconds = random.integers(240, 1_080, LECTURES)
    ids = 3 + 2 * np.arange(LECTURES)
    lectures = tuple((int(number), int(length)) for number, length in zip(ids, seconds, strict=True))
    base = f"https://class.coursera.org/{name}/"
    threads = random.choice(np.arange(3, 6_000), 1_500, replace=False)
    paths = {
        "home": ["", "class", "class/index"],
        "lectures": ["lecture", "lecture/index"],
        "lecture": [f"lecture/view?lecture_id={i}{variant}" for i, _ in lectures for variant in VARIANTS],
        "download": [f"lecture/download.mp4?lecture_id={i}" for i, _ in lectures],
        "quizzes": ["quiz", "quiz/index?quiz_type=homework", "quiz/index?quiz_type=exam"],
        "start": [f"quiz/start?quiz_id={i}" for i in range(5, 5 + 2 * WEEKS)],
        "attempt": [f"quiz/attempt?quiz_id={i}" for i in range(5, 5 + 2 * WEEKS)],
        "feedback": [f"quiz/feedback?submission_id={i}" for i in range(1_000, 1_400)],
        "forums": ["forum", "forum/index"],
        "forum": ["forum/list", *(f"forum/list?forum_id={i}" for i in range(11))],
        "thread": [f"forum/thread?thread_id={i}" for i in threads],
        "peer": [f"human_grading/view/courses/971000/assessments/{i}{end}" for i in (3, 4) for end in _PEER],
        "wiki": [f"wiki/view?page={page}" for page in ("Syllabus", "Readings", "GradingPolicy", "Help")],
        "other": [*_OTHER, f"auth/welcome?type=logout&visiting=https%3A%2F%2Fclass.coursera.org%2F{name}%2F"],
        "admin": ["admin/index", "admin/course_grade", "admin/quiz", "data/export"],
    }
    pages: list[str] = []
    groups = {}
    for group, ends in paths.items():
        groups[group] = (len(pages), len(ends))
        pages += [base + end for end in ends]
    return SimulatedCourse(name, lectures, tuple(pages), groups)


_PEER = ("", "/submissions", "/results", "/peerGradingSets")
_OTHER = (
    *("class/preferences", "class/search?q=memory", "syllabus", "forum/search?q=week+1", "account/signin"),
    *("forum/profile?user_id=12", "assignment/index", "assignment/view?assignment_id=3"),
    *("generic/apply_late_days?item_type=quiz&item_id=7", "auth/login_receiver?data=1"),
    *("signature/modal_iframe?submission_id=1203&type=quiz",),
)
