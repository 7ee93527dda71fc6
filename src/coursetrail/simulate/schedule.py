"""The times of visits: spread over the course by weekday and hour, with long gaps between them."""

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.course import START, WEEKS
from coursetrail.simulate.people import People
from coursetrail.simulate.visitors import LEARNER

MINUTE = 60_000
DAY = 1_440 * MINUTE
SILENCE = 45 * MINUTE  # at least this between visits, at most LULL within a visit, so the 30-minute rule is unambiguous
LULL = 20 * MINUTE

_WEEKDAYS = (1.25, 1.1, 1.05, 1.0, 0.9, 0.8, 1.0)  # weeks of the course begin on a Monday
_HOURS = (5, 3, 2, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 9, 10, 10, 9, 7)
_ZONES = (-8.0, -5.0, -5.0, -3.0, 0.0, 1.0, 1.0, 2.0, 3.0, 5.5, 8.0)


def visit_starts(
    people: People,
    actor: NDArray[np.int64],
    lasting: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """The start of each visit of `actor` (ascending) that lasts `lasting` ms, in ms since 1970 UTC.

    Visits of one actor are at least SILENCE apart. Most people arrive in the first week; more active
    people stay longer.
    """
    actors, total = len(people.roles), 7 * WEEKS
    busy = people.roles != LEARNER
    joined = random.exponential(np.where(random.random(actors) < 0.65, 1.5, 14.0))
    joined = np.where(busy, 0.0, np.minimum(joined, total - 6))
    stay = np.sqrt(people.clicks / 400) * random.uniform(0.3, 1.5, actors)
    left = joined + (total - joined) * np.where(busy, 1.0, np.clip(stay, 0.02, 1.0))
    days = np.concatenate([[0.0], np.cumsum(np.tile(_WEEKDAYS, WEEKS))])
    calendar = np.arange(total + 1)
    early, late = np.interp(joined, calendar, days), np.interp(left, calendar, days)
    drawn = early[actor] + (late - early)[actor] * random.random(len(actor))
    day = np.floor(np.interp(drawn, days, calendar)).astype(np.int64)
    hour = np.searchsorted(np.cumsum(_HOURS), random.integers(0, sum(_HOURS), len(actor)), side="right")
    zone = random.choice(_ZONES, actors)[actor]
    within = (hour + random.random(len(actor)) - zone) % 24 * 60 * MINUTE
    wished = START + day * DAY + within.astype(np.int64)
    wished = wished[np.lexsort((wished, actor))]
    return _pushed_apart(wished, actor, lasting + SILENCE + random.integers(0, 60 * MINUTE, len(actor)))


def _pushed_apart(wished: NDArray[np.int64], actor: NDArray[np.int64], needed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each actor's ascending wished times, moved later until every visit has the time that it needs."""
    before = np.cumsum(needed) - needed
    first = np.searchsorted(actor, actor)
    before -= before[first]
    apart = 1 << 44  # ms, far more than a course lasts: keeps one actor's maximum out of the next one's
    slack = wished - START - before + actor * apart
    return np.maximum.accumulate(slack) - actor * apart + before + START
