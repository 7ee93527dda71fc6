"""The simulated course on Coursera's platform of today: its ids, its items and the address of every page."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.course import VARIANTS, WEEKS, SimulatedCourse
from coursetrail.simulate.identifiers import alphanumeric
from coursetrail.simulate.plan import Plan

Paths = dict[str, Callable[[int], str]]  # of the i-th page of each group

_TITLES = (
    *("{}. Memory, and What Becomes of It", "{}. The “Self”: Who Is That?", "{}. Was ist Schlaf?"),
    *('{}. "Nature" or "Nurture"', "{}. Ψυχή και σώμα", "{}. 记忆", "{}. Emotion \\ Reason"),
)
_OTHER = (
    *("home/info", "home/assignments", "outline", "resources/Ab3dE", "home/week/1", "discussionPrompt/Q1w2E/say-hello"),
    *("programming/Zx9yW/count-words", "gradedLti/Lt1aB/survey", "ungradedLti/Lt2aB/game", "exam/Ex4mA/final"),
    *("supplement/Rd1nG/readings", "module/Md3lE/week-three"),
)


class Video(NamedTuple):
    """The video of a lecture; `spacing` is white space in the values of its player."""

    item: str
    module: str
    name: str
    spacing: str


def course_id(course: SimulatedCourse) -> str:
    """The id of the course: 22 characters."""
    return f"{alphanumeric(course.name, 5)}_{alphanumeric(f'{course.name}.', 9)}--{alphanumeric(f'{course.name}:', 5)}"


def item_ids(course: SimulatedCourse) -> list[str]:
    """The item ids of the lectures: five characters each."""
    return [alphanumeric(f"lecture {number} of {course.name}", 5) for number, _ in course.lectures]


def lecture_of(planned: Plan) -> NDArray[np.int64]:
    """The index of the lecture on each event's page; also 0 for pages without a lecture."""
    begin, count = planned.course.groups["lecture"]
    lecture = (planned.page.astype(np.int64) - begin) // len(VARIANTS)
    return np.where((planned.page >= begin) & (planned.page < begin + count), lecture, 0)


def videos(course: SimulatedCourse) -> dict[int, Video]:
    """The video that is played, or downloaded, on a page."""
    found = {}
    items = item_ids(course)
    for group, often in (("lecture", len(VARIANTS)), ("download", 1)):
        begin, count = course.groups[group]
        for place in range(count):
            i = place // often
            module = alphanumeric(f"module {i * WEEKS // len(items)} of {course.name}", 5)
            title = _TITLES[i % len(_TITLES)].format(i + 1)
            found[begin + place] = Video(items[i], module, title, "\n " if i % 13 == 5 else "")
    return found


def urls(course: SimulatedCourse) -> list[str]:
    """The address of each of the course's pages."""
    base = f"https://www.coursera.org/learn/{course.name}"
    items = [f"lecture/{item}/part-{i + 1}" for i, item in enumerate(item_ids(course))]
    ways = ("", "/", "?t=30", "#", "?authMode=login")

    def item(kind: str, i: int) -> str:
        return f"{kind}/{alphanumeric(f'{kind} {i} of {course.name}', 5)}/{kind}-{i + 1}"

    paths: Paths = {
        "home": lambda i: ("", "home/welcome", "home/week/1")[i],
        "lectures": lambda i: f"home/week/{i + 2}",
        "lecture": lambda i: items[i // len(VARIANTS)] + ways[i % len(VARIANTS)],
        "download": lambda i: items[i],
        "quizzes": lambda i: ("home/assignments", "home/week/4", "home/week/5")[i],
        "start": lambda i: item("quiz", i),
        "attempt": lambda i: item("exam", i),
        "feedback": lambda i: f"{item('quiz', i % 16)}/view-attempt",
        "forums": lambda i: ("discussions", "discussions/weeks/1")[i],
        "forum": lambda i: f"discussions/forums/{alphanumeric(f'forum {i}', 22)}",
        "thread": lambda i: f"discussions/weeks/{i % WEEKS + 1}/threads/{alphanumeric(f'thread {i}', 22)}",
        "peer": lambda i: item("peer", i // 4) + ("", "/submit", "/give-feedback", "/discussions")[i % 4],
        "wiki": lambda i: item("supplement", i),
        "other": lambda i: _OTHER[i],
        "admin": lambda _: "home/info",
    }
    return [
        f"{base}/{paths[group](i)}".rstrip("/") for group, (_, count) in course.groups.items() for i in range(count)
    ]
