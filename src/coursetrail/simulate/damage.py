"""Plans which lines of an export get faults, and which faults, before anything is written.

Every kind of fault has one outcome. An `event` still counts after a repair, a `duplicate` is a second copy of a line, a
`rejected` line holds no event, a `blank` one is empty. Lines with the last three outcomes are added between the events;
the other kinds change events.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.apportion import apportioned
from coursetrail.simulate.plan import Plan

EVENT, DUPLICATE, REJECTED, BLANK = "event", "duplicate", "rejected", "blank"
_FAR = 3_000  # at most this many lines between a line and its duplicate


class FaultKind(NamedTuple):
    """One kind of fault: its outcome, its weight among faulty lines, and the lines that it `needs`.

    `alters` says what is lost in the line: it is `unreadable` (a video action), has `whole_seconds` only, is `nameless`
    (no user agent), or `repeats` the event before it.
    """

    name: str
    outcome: str
    weight: int
    at_most: int = 1 << 40
    needs: str = "any"
    alters: str = ""


FaultKinds = tuple[FaultKind, ...]


@dataclass(frozen=True)
class Damage:
    """`changed[row]` is the kind of fault in a planned event, as an index into the format's kinds, or -1.

    Each added line has a kind, follows the event at `after` (in the order of the file) and is made from the
    event at `source`; no two have the same source or the same `added_random`, so that no two rejected lines
    are alike. `random[row]` and `added_random` vary the result of a kind.
    """

    changed: NDArray[np.int8]
    random: NDArray[np.int64]
    added: NDArray[np.int8]
    after: NDArray[np.int64]
    source: NDArray[np.int64]
    added_random: NDArray[np.int64]


def ordered(planned: Plan, random: np.random.Generator) -> NDArray[np.int64]:
    """The planned rows in the order of the file: by time, but one event in a thousand comes later."""
    order = np.argsort(planned.time, kind="stable")
    late = np.flatnonzero(random.random(len(order) // 2) < 0.002) * 2
    order[late], order[late + 1] = order[late + 1], order[late]
    return order


def count(events: int, dirty: float, kinds: FaultKinds) -> tuple[int, int]:
    """How many events to change and how many lines to add, so that `dirty` of all lines are damaged."""
    share = sum(kinds[i].weight for i in _additions(kinds)) / sum(kind.weight for kind in kinds)
    lines = events / (1 - share * dirty)
    damaged = round(lines * dirty) if events else 0
    added = min(damaged, round(damaged * share))
    return min(events, damaged - added), added


def change(planned: Plan, kinds: FaultKinds, dirty: float, random: np.random.Generator) -> NDArray[np.int8]:
    """Choose the events to change, and remove from the plan the information that is lost in them."""
    changed = np.full(len(planned), -1, np.int8)
    chosen, _ = count(len(planned), dirty, kinds)
    if not chosen:
        return changed
    rows = random.permutation(len(planned))[:chosen]
    left = np.ones(chosen, bool)
    changes = _changes(kinds)
    due = _quotas(kinds, changes, chosen)
    for i in (i for i in changes if kinds[i].needs not in {"any", "first"}):
        able = rows[left & _able(planned, kinds[i].needs)[rows]]
        if kinds[i].needs == "follower":
            able = able[(changed[able - 1] != i) & ~np.isin(able - 1, able)]
        changed[able[: due[i]]] = i
        left = changed[rows] < 0
    free = rows[left]
    plain = [i for i in changes if kinds[i].needs == "any"]
    more = np.repeat(plain, [due[i] for i in plain])[: len(free)]
    filler = [kind.name for kind in kinds].index("unknown_fields")
    changed[free] = np.concatenate([more, np.full(len(free) - len(more), filler)])
    planned.kind[altered(changed, kinds, "unreadable")] = plan.UNREADABLE
    seconds = altered(changed, kinds, "whole_seconds")
    planned.time[seconds] = planned.time[seconds] // 1_000 * 1_000
    planned.repeat(np.flatnonzero(altered(changed, kinds, "repeats")))
    return changed


def altered(changed: NDArray[np.int8], kinds: FaultKinds, how: str) -> NDArray[np.bool_]:
    """A mask of the events that lose information in this way."""
    return np.isin(changed, [i for i, kind in enumerate(kinds) if kind.alters == how])


def damage(
    order: NDArray[np.int64], changed: NDArray[np.int8], kinds: FaultKinds, dirty: float, random: np.random.Generator
) -> Damage:
    """The changes, with a byte order mark at the beginning, and the lines to add."""
    events = len(order)
    names = [kind.name for kind in kinds]
    changes, additions = count(events, dirty, kinds)
    first = int(changed[order[0]]) if events else -1
    if changes and (first < 0 or kinds[first].needs == "any"):
        changed[order[0]] = names.index("byte_order_mark")
    due = _quotas(kinds, _additions(kinds), additions)
    added = np.repeat(list(due), list(due.values()))
    source = random.permutation(events)[: len(added)]
    away = random.integers(0, _FAR, len(added)) * (random.random(len(added)) < 0.5)
    last = added == names.index("cut_at_end")
    after = np.where(last, events - 1, np.minimum(events - 1, source + away))
    by_position = np.lexsort((last, after))
    return Damage(
        changed=changed,
        random=random.integers(0, 1 << 31, events),
        added=added[by_position].astype(np.int8),
        after=after[by_position],
        source=order[source[by_position]],
        added_random=random.permutation(len(added)),
    )


def _changes(kinds: FaultKinds) -> list[int]:
    return [i for i, kind in enumerate(kinds) if kind.outcome == EVENT]


def _additions(kinds: FaultKinds) -> list[int]:
    return [i for i, kind in enumerate(kinds) if kind.outcome != EVENT]


def _quotas(kinds: FaultKinds, some: list[int], total: int) -> dict[int, int]:
    """How often each of some kinds occurs: at least once if the total allows it, then by weight."""
    due = {i: 1 for i in some if kinds[i].needs != "first"}
    for i in list(due)[::-1][: max(0, len(due) - total)]:
        due[i] = 0
    rest = total - sum(due.values())
    for i, more in zip(due, apportioned([kinds[i].weight for i in due], max(0, rest)), strict=True):
        due[i] = min(due[i] + more, kinds[i].at_most)
    common = next(i for i in due if kinds[i].weight > 1 and kinds[i].needs == "any")
    due[common] += total - sum(due.values())
    return due


def _able(planned: Plan, needs: str) -> NDArray[np.bool_]:
    able = np.ones(len(planned), bool)
    if needs == "video":
        able = planned.video()
    elif needs == "page":
        able = planned.kind == plan.PAGE
    elif needs == "explicit":
        able = ~np.isin(planned.kind, (plan.PAGE, plan.PEER, plan.SERVED))
    elif needs == "follower":
        able[:1] = False
        able[1:] = planned.actor[1:] == planned.actor[:-1]
    return able
