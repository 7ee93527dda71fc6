"""Adds to a plan the events that go with others, such as heartbeats; visits are left out to make room."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.plan import COLUMNS, Plan
from coursetrail.simulate.schedule import SILENCE


class Extended(NamedTuple):
    """A plan; of each event, the row that it comes from, and 0, or which one of those that follow that row's event."""

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
    """Follow each event by so many `more`, then keep `budget[actor]` events of each actor.

    Kept are the first two visits, then others at random; one of them is cut short. No budget may exceed the events
    that its actor has.
    """
    size = 1 + more
    begin, kept = _visits(planned, size, budget, random)
    place = np.cumsum(size) - size
    visit = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(planned))))
    place -= place[begin][visit]
    often = np.clip(kept[visit] - place, 0, size)
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
    """The row of the first event of each visit, and how many events of it are kept."""
    fresh = np.ones(len(planned), bool)
    fresh[1:] = (planned.actor[1:] != planned.actor[:-1]) | (np.diff(planned.time) >= SILENCE)
    begin = np.flatnonzero(fresh)
    owner = planned.actor[begin].astype(np.int64)
    ordinal = np.arange(len(owner)) - np.searchsorted(owner, owner)
    order = np.lexsort((np.where(ordinal < 2, ordinal, 2 + random.random(len(owner))), owner))
    sizes = np.add.reduceat(size, begin)[order] if len(begin) else begin
    before = np.cumsum(sizes) - sizes
    before -= before[np.searchsorted(owner, owner)]
    kept = np.zeros(len(begin), np.int64)
    kept[order] = np.clip(budget[owner] - before, 0, sizes)
    return begin, kept
