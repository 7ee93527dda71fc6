"""A synthetic course whose truth is known: who came, on what, in which language, and what they did.

People follow the published tables of the course psy-001 of 2013. Everything is planned first; a format then
writes the plan down, as a legacy Coursera export so far.
"""

import os
from collections.abc import Callable

import numpy as np

from coursetrail.simulate.behaviour import behave
from coursetrail.simulate.course import design
from coursetrail.simulate.damage import NAMES, change, damage, ordered
from coursetrail.simulate.export import write
from coursetrail.simulate.legacy import Lines
from coursetrail.simulate.people import gather
from coursetrail.simulate.published import EVENTS, LEARNERS
from coursetrail.simulate.truth import Ledger, Truth, tell

__all__ = ["Ledger", "Truth", "simulate"]


def simulate(
    out: str | os.PathLike[str],
    *,
    learners: int = LEARNERS,
    events: int = EVENTS,
    seed: int = 1,
    dirty: float = 0.0,
    course: str = "psy-001",
    advance: Callable[[int], None] | None = None,
) -> Truth:
    """Write a legacy Coursera export to `out` (gzip where it ends in .gz) and return what was planted in it.

    `learners` usernames, staff and a few bots among them, leave `events` readable events; `dirty` is the
    share of the lines that are damaged, from 0 to 1. The same arguments write the same bytes. `advance(n)` is
    called as n more lines are written. Memory grows by about 100 bytes an event. Raises ValueError for
    numbers out of range.
    """
    if learners < 0 or events < 0 or not 0 <= dirty <= 1:
        raise ValueError("learners and events must not be negative, and dirty must lie between 0 and 1")
    random = [np.random.default_rng([seed, part]) for part in range(5)]
    people = gather(learners, events, random[0])
    planned = behave(people, design(course, random[1]), random[2])
    changed = change(planned, dirty, random[3])
    order = ordered(planned, random[4])
    planted = damage(order, changed, dirty, random[3])
    ledger = write(out, Lines(planned), order, planted, advance or (lambda _: None))
    parameters = {"learners": learners, "events": events, "seed": seed, "dirty": dirty, "course": course}
    return tell(planned, ledger, planted.changed == NAMES.index("synthetic"), parameters)
