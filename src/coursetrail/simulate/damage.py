"""Which lines of an export are damaged, and how: a plan that is made before anything is written.

Every kind of damage has one fate. An `event` still counts once it is mended, a `duplicate` is a second copy
of a line, `rejected` lines hold no event, `blank` ones hold nothing. Lines with the last three fates are
added between the events; the other kinds change events.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.plan import Plan
from coursetrail.simulate.quota import quotas

EVENT, DUPLICATE, REJECTED, BLANK = "event", "duplicate", "rejected", "blank"
_FAR = 3_000  # lines between a line and its duplicate, at most


class Kind(NamedTuple):
    """One kind of damage: its fate, how common it is among damaged lines, and what lines it can befall."""

    name: str
    fate: str
    weight: int
    at_most: int = 1 << 40
    needs: str = "any"


KINDS = (
    Kind("byte_order_mark", EVENT, 0, 1, "first"),
    Kind("near_duplicate", EVENT, 4, needs="follower"),
    Kind("synthetic", EVENT, 4, needs="page"),
    Kind("value_not_json", EVENT, 4, needs="video"),
    Kind("value_not_finite", EVENT, 4, needs="video"),
    Kind("text_for_number", EVENT, 4, needs="video"),
    Kind("escaped_quote", EVENT, 6),
    Kind("key_in_a_document", EVENT, 4),
    Kind("user_agent_spelling", EVENT, 4),
    Kind("list_for_scalar", EVENT, 4),
    Kind("time_as_text", EVENT, 4),
    Kind("time_as_float", EVENT, 4),
    Kind("time_in_seconds", EVENT, 3),
    Kind("time_in_microseconds", EVENT, 3),
    Kind("carriage_return", EVENT, 5),
    Kind("leading_nuls", EVENT, 3),
    Kind("very_long", EVENT, 1, 20),
    Kind("unknown_fields", EVENT, 4),
    Kind("invalid_utf8", EVENT, 4),
    Kind("repeated_key", EVENT, 4),
    Kind("lone_surrogate", EVENT, 4),
    Kind("cut_at_end", REJECTED, 0, 1),
    Kind("duplicate", DUPLICATE, 10),
    Kind("blank", BLANK, 5),
    Kind("garbage", REJECTED, 5),
    Kind("cut_short", REJECTED, 5),
    Kind("no_object", REJECTED, 5),
    Kind("no_time", REJECTED, 5),
    Kind("nuls_inside", REJECTED, 4),
)
NAMES = tuple(kind.name for kind in KINDS)
_CHANGES = [i for i, kind in enumerate(KINDS) if kind.fate == EVENT]
_ADDITIONS = [i for i, kind in enumerate(KINDS) if kind.fate != EVENT]


@dataclass(frozen=True)
class Damage:
    """`changed[row]` is the kind of damage to a planned event, as an index into KINDS, or -1.

    Each added line has a kind, follows the event at `after` (in the order of the file) and is made from the
    event at `source`; no two have the same source or the same `added_random`, so that no two rejected lines
    are alike. `random[row]` and `added_random` vary how a kind looks.
    """

    changed: NDArray[np.int8]
    random: NDArray[np.int64]
    added: NDArray[np.int8]
    after: NDArray[np.int64]
    source: NDArray[np.int64]
    added_random: NDArray[np.int64]


def ordered(planned: Plan, random: np.random.Generator) -> NDArray[np.int64]:
    """The planned rows in the order of the file: by time, but one event in a thousand arrived too late."""
    order = np.argsort(planned.time, kind="stable")
    late = np.flatnonzero(random.random(len(order) // 2) < 0.002) * 2
    order[late], order[late + 1] = order[late + 1], order[late]
    return order


def count(events: int, dirty: float) -> tuple[int, int]:
    """How many events to change and how many lines to add, so that `dirty` of all lines are damaged."""
    weights = [kind.weight for kind in KINDS]
    share = sum(weights[i] for i in _ADDITIONS) / sum(weights)
    lines = events / (1 - share * dirty)
    damaged = round(lines * dirty) if events else 0
    added = min(damaged, round(damaged * share))
    return min(events, damaged - added), added


def change(planned: Plan, dirty: float, random: np.random.Generator) -> NDArray[np.int8]:
    """Choose the events to change, and fit the plan to what a reader can still learn from them."""
    changed = np.full(len(planned), -1, np.int8)
    chosen, _ = count(len(planned), dirty)
    if not chosen:
        return changed
    rows = random.permutation(len(planned))[:chosen]
    left = np.ones(chosen, bool)
    due = _quotas(_CHANGES, chosen)
    for i in (i for i in _CHANGES if KINDS[i].needs not in {"any", "first"}):
        able = rows[left & _able(planned, KINDS[i].needs)[rows]]
        if KINDS[i].needs == "follower":
            able = able[(changed[able - 1] != i) & ~np.isin(able - 1, able)]
        changed[able[: due[i]]] = i
        left = changed[rows] < 0
    free = rows[left]
    plain = [i for i in _CHANGES if KINDS[i].needs == "any"]
    more = np.repeat(plain, [due[i] for i in plain])[: len(free)]
    filler = NAMES.index("unknown_fields")
    changed[free] = np.concatenate([more, np.full(len(free) - len(more), filler)])
    planned.kind[changed == NAMES.index("value_not_json")] = plan.UNREADABLE
    seconds = changed == NAMES.index("time_in_seconds")
    planned.time[seconds] = planned.time[seconds] // 1_000 * 1_000
    planned.repeat(np.flatnonzero(changed == NAMES.index("near_duplicate")))
    return changed


def damage(order: NDArray[np.int64], changed: NDArray[np.int8], dirty: float, random: np.random.Generator) -> Damage:
    """Complete the choice of changes with a byte order mark at the beginning and the lines that are added."""
    events = len(order)
    changes, additions = count(events, dirty)
    first = int(changed[order[0]]) if events else -1
    if changes and (first < 0 or KINDS[first].needs == "any"):
        changed[order[0]] = NAMES.index("byte_order_mark")
    due = _quotas(_ADDITIONS, additions)
    kinds = np.repeat(_ADDITIONS, [due[i] for i in _ADDITIONS])
    source = random.permutation(events)[: len(kinds)]
    away = random.integers(0, _FAR, len(kinds)) * (random.random(len(kinds)) < 0.5)
    last = kinds == NAMES.index("cut_at_end")
    after = np.where(last, events - 1, np.minimum(events - 1, source + away))
    by_place = np.lexsort((last, after))
    return Damage(
        changed=changed,
        random=random.integers(0, 1 << 31, events),
        added=kinds[by_place].astype(np.int8),
        after=after[by_place],
        source=order[source[by_place]],
        added_random=random.permutation(len(kinds)),
    )


def _quotas(kinds: list[int], total: int) -> dict[int, int]:
    """How often each kind occurs: at least once where the total allows, then by weight."""
    due = {i: 1 for i in kinds if KINDS[i].needs != "first"}
    for i in list(due)[::-1][: max(0, len(due) - total)]:
        due[i] = 0
    rest = total - sum(due.values())
    for i, more in zip(due, quotas([KINDS[i].weight for i in due], max(0, rest)), strict=True):
        due[i] = min(due[i] + more, KINDS[i].at_most)
    common = next(i for i in due if KINDS[i].weight > 1 and KINDS[i].needs == "any")
    due[common] += total - sum(due.values())
    return due


def _able(planned: Plan, needs: str) -> NDArray[np.bool_]:
    able = np.ones(len(planned), bool)
    if needs == "video":
        able = planned.kind >= plan.VIDEO
    elif needs == "page":
        able = planned.kind == plan.PAGE
    elif needs == "follower":
        able[:1] = False
        able[1:] = planned.actor[1:] == planned.actor[:-1]
    return able
