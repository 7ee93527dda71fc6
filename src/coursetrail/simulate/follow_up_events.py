"""Adds events that accompany other events, such as heartbeats; visits are removed to keep the number of events."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.plan import COLUMNS, Plan
from coursetrail.simulate.schedule import SILENCE


class Extended(NamedTuple):
    """A plan; for each event its original `row`, and 0, or its number among the events added after that row."""

    plan: Plan
    row: NDArray[np.int64]
    copy: NDArray[np.int32]


def until_next(planned: Plan) -> NDArray[np.int64]:
    """Ms until the next event of the same visit; 0 for the last one."""
    gap = np.zeros(len(planned), np.int64)
    gap[:-1] = np.diff(planned.time)
    gap[:-1][planned.actor[1:] != planned.actor[:-1]] = 0
    gap[gap >= SILENCE] = 0
    return gap


def extended(
    planned: Plan, more: NDArray[np.int64], budget: NDArray[np.int64], random: np.random.Generator
) -> Extended:
    """Add `more` events after each event, then limit each actor to `budget[actor]` events.

    The first two visits stay, then random other visits; one of them is shortened. A budget must not exceed the
    number of events that its actor has.
    """
    size = 1 + more
    begin, staying = _visits(planned, size, budget, random)
    place = np.cumsum(size) - size
    visit = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(planned))))
    place -= place[begin][visit]
    often = np.clip(staying[visit] - place, 0, size)
    del place, visit
    row = np.repeat(np.arange(len(planned)), often)
    start = np.cumsum(often) - often
    copy = (np.arange(len(row)) - start[row]).astype(np.int32)
    columns: dict[str, NDArray[Any]] = {name: getattr(planned, name)[row] for name in COLUMNS}
    columns["opened"] = start[columns["opened"]].astype(np.int32)
    return Extended(Plan(people=planned.people, course=planned.course, **columns), row, copy)


def _visits(
    planned: Plan, size: NDArray[np.int64], budget: NDArray[np.int64], random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row of the first event of each visit, and how many of its events stay."""
    fresh = np.ones(len(planned), bool)
    fresh[1:] = (planned.actor[1:] != planned.actor[:-1]) | (np.diff(planned.time) >= SILENCE)
    begin = np.flatnonzero(fresh)
    owner = planned.actor[begin].astype(np.int64)
    ordinal = np.arange(len(owner)) - np.searchsorted(owner, owner)
    order = np.lexsort((np.where(ordinal < 2, ordinal, 2 + random.random(len(owner))), owner))
    sizes = np.add.reduceat(size, begin)[order] if len(begin) else begin
    before = np.cumsum(sizes) - sizes
    before -= before[np.searchsorted(owner, owner)]
    staying = np.zeros(len(begin), np.int64)
    staying[order] = np.clip(budget[owner] - before, 0, sizes)
    return begin, staying
