"""The simulated course on an Open edX platform: its ids, the paths of its pages, and its monitors."""

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate

from coursetrail.simulate.course import VARIANTS, WEEKS, SimulatedCourse
from coursetrail.simulate.identifiers import hexadecimal
from coursetrail.simulate.user_agents import SimulatedAgent
from coursetrail.simulate.visitors import Visitor

Paths = dict[str, Callable[[int], str]]  # of the i-th page of each group

ORGANISATION, RUN = "Example", "2013"
HOST = "courses.example.org"
MONITORED = (
    *(
        "/heartbeat",
        "/heartbeat",
        "/heartbeat",
        "/notifier_api/v1/users/",
        "/api/enrollment/v1/enrollment",
        "/robots.txt",
    ),
    *("/xdomain_proxy.html", "/static/images/favicon.ico", "/api/user/v1/preferences/", "/admin/jsi18n/"),
)
_MONITORS = (
    *("ELB-HealthChecker/1.0", "ELB-HealthChecker/1.0", "python-requests/2.9.1", "curl/7.35.0", ""),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
)
_OTHER = (
    *("about", "teams/", "bookmarks/", "edxnotes/", "courseware/", "course/", "progress", "info", "syllabus/"),
    *("instructor_bio/", "faq/", "survey"),
)


def course_id(course: SimulatedCourse) -> str:
    """The id of the course, such as course-v1:Example+psy-001+2013."""
    return f"course-v1:{ORGANISATION}+{course.name}+{RUN}"


def block(course: SimulatedCourse, kind: str, identity: str) -> str:
    """The usage key of a block."""
    return f"block-v1:{ORGANISATION}+{course.name}+{RUN}+type@{kind}+block@{identity}"


def video_ids(course: SimulatedCourse) -> list[str]:
    """The ids of the lectures, 32 hexadecimal digits; a sequence and its video have the same id."""
    return [hexadecimal(f"lecture {number} of {course.name}", 32) for number, _ in course.lectures]


def problem_id(course: SimulatedCourse, i: int) -> str:
    """The id of a problem: 32 hexadecimal digits."""
    return hexadecimal(f"problem {i} of {course.name}", 32)


def shown(course: SimulatedCourse) -> SimulatedCourse:
    """The course with paths as pages, and groups for the other requests of browsers and for those of monitors."""
    videos = video_ids(course)
    count = len(videos)

    def place(kind: str, identity: str, week: int) -> str:
        return f"courseware/{hexadecimal(f'week {week}', 32)}/{identity or hexadecimal(kind, 32)}/"

    def handler(kind: str, identity: str, call: str) -> str:
        return f"xblock/{block(course, kind, identity)}/handler/{call}"

    def topic(i: int) -> str:
        return f"discussion/forum/{hexadecimal(f'topic {i % 12}', 32)}"

    within: Paths = {
        "home": lambda i: ("info", "course/", "progress")[i],
        "lectures": lambda i: ("course/", place("", videos[0], 0))[i],
        "lecture": lambda i: (
            place("", videos[i // len(VARIANTS)], i // len(VARIANTS) * WEEKS // count)
            + ("", "1", "2", "1", "")[i % len(VARIANTS)]
        ),
        "download": lambda i: f"pdfbook/0/chapter/{i + 1}",
        "quizzes": lambda i: place(f"quizzes {i}", "", i),
        "start": lambda i: place(f"quiz {i}", "", i % WEEKS),
        "attempt": lambda i: handler("problem", problem_id(course, i), "xmodule_handler/problem_check"),
        "feedback": lambda i: f"jump_to_id/{hexadecimal(f'feedback {i}', 32)}",
        "forums": lambda i: ("discussion/forum", "discussion/forum/")[i],
        "forum": lambda i: f"{topic(i)}/inline",
        "thread": lambda i: f"{topic(i)}/threads/{hexadecimal(f'thread {i}', 24)}",
        "peer": lambda i: place(f"peer {i // 4}", "", i // 4) + ("", "1", "2", "3")[i % 4],
        "wiki": lambda i: f"wiki/{('Syllabus', 'Readings', 'GradingPolicy', 'Help')[i]}/",
        "other": lambda i: _OTHER[i],
        "transcript": lambda i: handler("video", videos[i], "transcript/translation/en"),
        "state": lambda i: handler("video", videos[i], "xmodule_handler/save_user_state"),
    }
    studio = block(course, "vertical", hexadecimal("studio", 32))
    apart = {
        "admin": (
            "/admin/",
            "/admin/courseware/studentmodule/",
            f"/container/{studio}",
            f"/xblock/{studio}/studio_view",
        ),
        "event": ("/event",),
        "monitor": MONITORED,
    }
    counts = {group: size for group, (_, size) in course.groups.items()}
    counts |= {"transcript": count, "state": count, "event": 1, "monitor": len(MONITORED)}
    pages = [
        apart[group][i] if group in apart else f"/courses/{course_id(course)}/{within[group](i)}"
        for group, size in counts.items()
        for i in range(size)
    ]
    begins = accumulate(counts.values(), initial=0)
    return replace(
        course, pages=tuple(pages), groups=dict(zip(counts, zip(begins, counts.values(), strict=False), strict=False))
    )


def monitors(actor: int) -> tuple[Visitor, ...]:
    """Programs that check whether the platform runs."""
    return tuple(
        Visitor(
            actor=actor,
            agent=SimulatedAgent(agent, "unknown", "unknown", "unknown"),
            header=None,
            language="unknown",
            cookie="",
            address=f"10.0.{place}.7",
            window=(0, 0),
            referrer="",
            skew=0,
            older=False,
        )
        for place, agent in enumerate(_MONITORS)
    )
