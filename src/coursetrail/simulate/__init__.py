"""Exports of a synthetic course with known truth: its learners, their browsers and languages, and their actions.

The numbers follow the published tables of the course psy-001 of 2013. A plan of all events is made first; then a format
writes it, with faults if asked for. It imports no other package: it shares no code with what it tests.
"""

import os
from collections.abc import Callable

import numpy as np

from coursetrail.simulate.behaviour import behave
from coursetrail.simulate.course import design
from coursetrail.simulate.coursera import COURSERA, COURSERA_IN_ONE_FILE
from coursetrail.simulate.coursera_legacy import COURSERA_LEGACY
from coursetrail.simulate.damage import altered, change, damage, ordered
from coursetrail.simulate.edx import EDX
from coursetrail.simulate.export import write
from coursetrail.simulate.people import gather
from coursetrail.simulate.published import EVENTS, LEARNERS
from coursetrail.simulate.simulated_format import SimulatedFormat
from coursetrail.simulate.truth import PlantedLedger, Truth, truth_of

FORMATS = {form.name: form for form in (COURSERA_LEGACY, COURSERA, EDX)}

__all__ = ["FORMATS", "PlantedLedger", "Truth", "simulate"]


def simulate(
    out: str | os.PathLike[str],
    *,
    learners: int = LEARNERS,
    events: int = EVENTS,
    seed: int = 1,
    dirty: float = 0.0,
    course: str = "psy-001",
    format: str = COURSERA_LEGACY.name,  # noqa: A002 - the word users know
    advance: Callable[[int], None] | None = None,
) -> Truth:
    """Write an export in one of the FORMATS to `out` (gzip where it ends in .gz) and return the truth about it.

    In the format `coursera`, `out` is a new folder of a file per day and kind, or one file if it ends in .csv or
    .csv.gz. `learners` usernames, staff and a few bots among them, leave `events` readable events; `dirty` is the
    share of the lines that are damaged, from 0 to 1. The same arguments write the same bytes. `advance(n)` is
    called as n more lines are written. Memory grows by 100 to 200 bytes an event. Raises ValueError for
    numbers out of range.
    """
    if learners < 0 or events < 0 or not 0 <= dirty <= 1:
        raise ValueError("learners and events must not be negative, and dirty must lie between 0 and 1")
    form = _form(format, os.fspath(out))
    random = [np.random.default_rng([seed, part]) for part in range(6)]
    people = gather(learners, events, random[0])
    planned = behave(people, design(course, random[1]), random[2])
    planned = form.adapted(planned, random[5])
    changed = change(planned, form.kinds, dirty, random[3])
    order = ordered(planned, random[4])
    planted = damage(order, changed, form.kinds, dirty, random[3])
    ledger = write(out, form, planned, order, planted, advance or (lambda _: None))
    parameters = {"learners": learners, "events": events, "seed": seed, "dirty": dirty, "course": course}
    parameters["format"] = form.name
    nameless = altered(planted.changed, form.kinds, "nameless")
    return truth_of(planned, ledger, nameless, form.lectures(planned.course), parameters)


def _form(name: str, out: str) -> SimulatedFormat:
    if name not in FORMATS:
        raise ValueError(f"the format must be one of {', '.join(FORMATS)}")
    if name == COURSERA.name and out.endswith((".csv", ".csv.gz")):
        return COURSERA_IN_ONE_FILE
    return FORMATS[name]
