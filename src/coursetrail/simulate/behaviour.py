"""The actions of people: visits with pages, and lecture pages where a player loads and a video is watched."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.course import FLASH, VARIANTS, SimulatedCourse
from coursetrail.simulate.people import People
from coursetrail.simulate.plan import COLUMNS, Plan
from coursetrail.simulate.schedule import LULL, visit_starts
from coursetrail.simulate.viewing import watch
from coursetrail.simulate.visitors import ANONYMOUS, BOT, LEARNER, STAFF

HOME, LECTURES, LECTURE, QUIZ, FORUM, PEER, WIKI, OTHER, DOWNLOAD, ADMIN = range(10)
_HABITS = {  # how often each role opens each kind of page, per 100
    LEARNER: (13, 10, 45, 9, 11, 1, 4, 4, 3, 0),
    STAFF: (10, 10, 38, 4, 20, 2, 4, 4, 0, 8),
    BOT: (20, 5, 0, 0, 55, 0, 15, 5, 0, 0),
    ANONYMOUS: (40, 0, 0, 0, 0, 0, 0, 60, 0, 0),
}
_GROUPS = {  # the pages behind each kind, one after the other
    HOME: ("home",),
    LECTURES: ("lectures",),
    QUIZ: ("quizzes", "start", "attempt", "feedback"),
    FORUM: ("forums", "forum", "thread", "thread"),
    PEER: ("peer", "peer", "peer"),
    WIKI: ("wiki",),
    OTHER: ("other",),
    DOWNLOAD: ("download",),
    ADMIN: ("admin",),
}
_LONGEST_VIEWING = 26  # events, so that ACTIVE people always open a second page
_MOST_VISITS = 200  # approximately, also for the most active people
_BATCH = 250_000  # events planned at a time, to limit memory


class Pages(NamedTuple):
    """The pages that people open, in order; `burst` is 0 for a flash player. Rows count within the batch."""

    actor: NDArray[np.int64]
    kind: NDArray[np.uint8]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    burst: NDArray[np.int64]
    opens: NDArray[np.bool_]


def behave(people: People, course: SimulatedCourse, random: np.random.Generator) -> Plan:
    """The events of all people, from the first page to the last action."""
    ends = np.cumsum(people.clicks)
    total = int(ends[-1]) if len(ends) else 0
    columns: dict[str, NDArray[Any]] = {name: np.zeros(total, kind) for name, kind in COLUMNS.items()}
    actor = 0
    while actor < len(ends):
        done = int(ends[actor] - people.clicks[actor])
        stop = max(actor + 1, int(np.searchsorted(ends, done + _BATCH, side="right")))
        batch = _batch(people, course, np.arange(actor, stop), random)
        for name, values in batch.items():
            columns[name][done : int(ends[stop - 1])] = values + done if name == "opened" else values
        actor = stop
    return Plan(people=people, course=course, **columns)


def _batch(
    people: People, course: SimulatedCourse, actors: NDArray[np.int64], random: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """The columns of a plan for some actors; rows count within the batch."""
    pages = _pages(people, actors, random)
    if not len(pages.start):
        return {}
    of = np.repeat(np.arange(len(pages.start)), pages.length)
    first = pages.start[of]
    offset = np.arange(len(of)) - first
    lecture, variant = _lectures(pages, len(course.lectures), random)
    length = np.array([seconds for _, seconds in course.lectures], float)
    seconds = np.where(pages.kind == LECTURE, length[lecture], 0.0)
    viewing = watch(first, offset == pages.length[of] - 1, pages.burst[of], seconds[of], random)
    video = viewing.kind >= plan.PLAY
    dwell = np.exp(random.normal(np.log(22_000), 1.2, len(of)))
    gap = np.where(video, viewing.gap, np.clip(dwell, 900, LULL).astype(np.int64))
    actor = pages.actor[of]
    opens = (offset == 0) & pages.opens[of]
    kind = np.where(~video & (pages.kind[of] == PEER), plan.PEER, viewing.kind)
    return {
        "actor": actor,
        "visitor": _visitors(people, actor, opens, random),
        "opened": np.where(video, first, np.arange(len(of))),
        "time": _times(people, actor, opens, gap, random),
        "kind": kind,
        "page": _addresses(course, pages.kind[of], offset, lecture[of] * len(VARIANTS) + variant[of], random),
        "loading": viewing.loading,
        "flash": video & (pages.burst[of] == 0),
        "paused": viewing.paused,
        "position": viewing.position,
        "previous": viewing.previous,
        "rate": viewing.rate,
    }


def _pages(people: People, actors: NDArray[np.int64], random: np.random.Generator) -> Pages:
    """Enough pages for each actor's number of events; the last page may have fewer events."""
    slot = np.repeat(actors, people.clicks[actors])  # room for as many pages as there are events
    begin = np.searchsorted(slot, slot)
    kind = _kinds(people.roles[slot], np.arange(len(slot)) == begin, random)
    flash = random.random(len(slot)) < 0.055
    burst = np.where((kind == LECTURE) & ~flash, random.integers(4, 6, len(slot)), 0)
    viewing = np.minimum(random.geometric(0.11, len(slot)), _LONGEST_VIEWING)
    most = np.array([len(_GROUPS.get(one, ())) for one in range(len(_HABITS[LEARNER]))])[kind]
    further = (random.random(len(slot)) * most).astype(np.int64)
    length = 1 + np.where(kind == LECTURE, burst + viewing, further)
    start = np.cumsum(length) - length
    start -= start[begin]
    kept = start < people.clicks[slot]
    slot, start, begin = slot[kept], start[kept], begin[kept]
    length = np.minimum(length[kept], people.clicks[slot] - start)
    ordinal = np.arange(len(slot)) - np.searchsorted(slot, slot)
    often = np.exp(random.normal(np.log(0.22), 0.4, len(people.roles)))
    often = np.minimum(often, _MOST_VISITS * 9 / np.maximum(1, people.clicks))
    opens = (ordinal == 0) | (random.random(len(slot)) < often[slot])
    opens |= (ordinal == 1) & (people.second[slot] >= 0)
    return Pages(slot, kind[kept], begin + start, length, burst[kept], opens)


def _kinds(role: NDArray[np.int8], arrives: NDArray[np.bool_], random: np.random.Generator) -> NDArray[np.uint8]:
    """The kind of each page, by the habits of its actor's role; most visits of learners begin at home."""
    drawn = random.random(len(role)) * 100
    kind = np.zeros(len(role), np.uint8)
    for one, habits in _HABITS.items():
        kind[role == one] = np.searchsorted(np.cumsum(habits)[:-1], drawn[role == one], side="right")
    kind[arrives & (role == LEARNER) & (random.random(len(role)) < 0.6)] = HOME
    return kind


def _lectures(pages: Pages, lectures: int, random: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lecture that each page shows, in order with some repetitions, and the variant of its address."""
    shows = pages.kind == LECTURE
    seen = np.cumsum(shows) - shows
    first = np.searchsorted(pages.actor, pages.actor)
    last = np.searchsorted(pages.actor, pages.actor, side="right") - 1
    seen -= seen[first]
    total = np.maximum(1, seen[last] + shows[last])
    reach = np.clip(total * random.uniform(0.4, 1.3, int(pages.actor[-1]) + 1)[pages.actor], 1, lectures)
    lecture = np.minimum((seen * reach / total).astype(np.int64), lectures - 1)
    again = random.random(len(lecture)) < 0.1
    lecture[again] = (lecture * random.random(len(lecture))).astype(np.int64)[again]
    variant = np.searchsorted([0.7, 0.85, 0.93], random.random(len(lecture)))
    return lecture, np.where(shows & (pages.burst == 0), FLASH, variant)


def _addresses(
    course: SimulatedCourse,
    kind: NDArray[np.uint8],
    offset: NDArray[np.int64],
    lecture: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """The row of each event's page among the course's pages."""
    drawn = random.random(len(kind))

    def any_of(group: str) -> NDArray[np.int64]:
        begin, count = course.groups[group]
        return begin + (drawn * count).astype(np.int64)

    page = course.groups["lecture"][0] + lecture
    for one, groups in _GROUPS.items():
        for place, group in enumerate(groups):
            page = np.where((kind == one) & (offset == place), any_of(group), page)
    return page


def _visitors(
    people: People, actor: NDArray[np.int64], opens: NDArray[np.bool_], random: np.random.Generator
) -> NDArray[np.int64]:
    """The visitor of each event: the second browser is used on the second visit and on some later ones."""
    visit = np.cumsum(opens) - 1
    owner = actor[opens]
    ordinal = np.arange(len(owner)) - np.searchsorted(owner, owner)
    other = (ordinal == 1) | ((ordinal > 1) & (random.random(len(owner)) < 0.35))
    seconds = people.second[owner]
    visitor: NDArray[np.int64] = np.where(other & (seconds >= 0), seconds, owner)[visit]
    return visitor


def _times(
    people: People,
    actor: NDArray[np.int64],
    opens: NDArray[np.bool_],
    gap: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    visit = np.cumsum(opens) - 1
    since = np.cumsum(np.where(opens, 0, gap))
    begin = np.flatnonzero(opens)
    end = np.append(begin[1:], len(gap)) - 1
    starts = visit_starts(people, actor[begin], since[end] - since[begin], random)
    time: NDArray[np.int64] = (starts - since[begin])[visit] + since
    return time
