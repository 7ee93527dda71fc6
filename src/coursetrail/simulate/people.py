"""The people of a simulated course: their names, how active they are, and which are staff or bots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.apportion import apportioned
from coursetrail.simulate.published import CLICKS, LEARNERS
from coursetrail.simulate.visitors import ANONYMOUS, BOT, STAFF, Visitor, visitors_of


@dataclass(frozen=True)
class People:
    """All people with events. Actors are the learners in order, then anonymous visitors.

    Visitor i is actor i on the first browser; `second[i]` is the visitor on the second one, or -1.
    """

    usernames: tuple[str, ...]
    roles: NDArray[np.int8]
    clicks: NDArray[np.int64]
    visitors: tuple[Visitor, ...]
    second: NDArray[np.int32]


def clicks_of(learners: int, events: int) -> NDArray[np.int64]:
    """Events per learner along the published quantiles, ascending; they add up to `events`."""
    if events <= learners:
        return np.repeat(np.array([0, 1]), [learners - events, events])
    shares, known = zip(*CLICKS, strict=True)
    shape = np.exp(np.interp((np.arange(learners) + 0.5) / learners, shares, np.log(known)))
    low, high = 0.0, float(events)
    for _ in range(80):
        middle = (low + high) / 2
        if np.maximum(1, np.rint(shape * middle)).sum() <= events:
            low = middle
        else:
            high = middle
    clicks = np.maximum(1, np.rint(shape * low)).astype(np.int64)
    missing = events - int(clicks.sum())
    clicks += missing // learners
    clicks[learners - missing % learners :] += 1
    return clicks


def gather(learners: int, events: int, random: np.random.Generator) -> People:
    """The people of a course with this many usernames and events."""
    unnamed = events // 1_000 if learners else events
    strangers = (unnamed + 2) // 3
    clicks = clicks_of(learners, events - unnamed) if learners else np.zeros(0, np.int64)
    roles = np.zeros(learners + strangers, np.int8)
    roles[learners:] = ANONYMOUS
    staff, bots = _few(learners, 4, at_least=10), _few(learners, 6, at_least=20)
    roles[learners - staff : learners] = STAFF
    roles[[int(learners * (0.8 + 0.15 * i / max(1, bots))) for i in range(bots)]] = BOT
    shuffled = random.permutation(learners)
    roles[:learners] = roles[shuffled]
    clicks = np.concatenate([clicks[shuffled], apportioned([1.0] * strangers, unnamed) if strangers else []])
    names = random.bytes(20 * learners).hex()
    visitors, second = visitors_of(roles, clicks.astype(np.int64), learners, random)
    usernames = tuple(names[40 * i : 40 * i + 40] for i in range(learners))
    return People(usernames, roles, clicks.astype(np.int64), tuple(visitors), second)


def _few(learners: int, published: int, *, at_least: int) -> int:
    return max(int(learners >= at_least), round(learners * published / LEARNERS))
