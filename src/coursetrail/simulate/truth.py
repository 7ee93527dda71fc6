"""The truth about a simulated course, computed from its plan only, so that analyses can be checked."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.course import VARIANTS
from coursetrail.simulate.plan import Plan
from coursetrail.simulate.visitors import BOT, STAFF, Visitor

SESSION_GAP = 30 * 60_000  # ms; a longer silence of one learner begins a new session
_DAY = 86_400_000
UNKNOWN = "unknown"


@dataclass(frozen=True)
class PlantedLedger:
    """The outcome of every line: lines = events + duplicates + rejected + blank + unfinished.

    `damage` counts lines by kind of fault; `rejects` are (1-based line number, kind).
    """

    lines: int
    events: int
    duplicates: int
    rejected: int
    blank: int
    unfinished: int
    damage: dict[str, int]
    rejects: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Truth:
    """What analyses should find; docs/simulate.md describes every field."""

    parameters: dict[str, Any]
    ledger: PlantedLedger
    learners: int
    clicks: dict[str, int]
    staff: tuple[str, ...]
    bots: dict[str, str]
    events_without_learner: int
    learners_by: dict[str, dict[str, int]]
    activity: dict[str, list[Any]]
    agents: tuple[dict[str, Any], ...]
    headers: tuple[dict[str, Any], ...]
    lectures: tuple[dict[str, int | str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings."""
        return asdict(self)

    def to_json(self) -> str:
        """The whole truth as one JSON document."""
        return json.dumps(self.to_dict(), ensure_ascii=False)


def truth_of(
    planned: Plan,
    ledger: PlantedLedger,
    nameless: NDArray[np.bool_],
    lectures: Sequence[int | str],
    parameters: dict[str, Any],
) -> Truth:
    """The truth about a plan; `nameless` is a mask of events without a user agent, `lectures` are names of lectures."""
    people = planned.people
    learners = len(people.usernames)
    known = planned.actor < learners
    # A page of an older browser has its address only once, and a nameless line has lost it.
    older = np.array([one.older for one in people.visitors], bool)[planned.visitor]
    administered = np.array(["/admin/" in page for page in planned.course.pages], bool)[planned.page]
    deliberate = np.isin(planned.kind, plan.CLICKS) & ~planned.loading & ~administered
    present = np.unique(planned.actor[known])
    pairs, header_pairs = _pairs(planned, known & ~nameless), _pairs(planned, known)
    unnamed = np.unique(planned.actor[known & nameless])
    dimensions: dict[str, Callable[[Visitor], str]] = {
        "browser": lambda one: one.agent.browser,
        "system": lambda one: one.agent.system,
        "device": lambda one: one.agent.device,
    }
    bots = [int(i) for i in present if people.roles[i] == BOT]
    return Truth(
        parameters=parameters,
        ledger=ledger,
        learners=len(present),
        clicks={"all": int(known.sum()), "deliberate": int((known & deliberate).sum())},
        staff=tuple(people.usernames[i] for i in present if people.roles[i] == STAFF),
        bots={people.usernames[i]: people.visitors[i].agent.browser for i in bots},
        events_without_learner=int((~known).sum()),
        learners_by={
            **{name: _counted(planned, pairs, of, unnamed) for name, of in dimensions.items()},
            "language": _counted(planned, header_pairs, lambda one: one.language, unnamed[:0]),
        },
        activity=_activity(planned, present, deliberate),
        agents=_agents(planned, pairs),
        headers=_headers(planned, header_pairs),
        lectures=_lectures(planned, known & ~(nameless & older), lectures),
    )


def _pairs(planned: Plan, rows: NDArray[np.bool_]) -> list[tuple[int, Visitor]]:
    """Each learner with each of their visitors."""
    visitors = np.unique(planned.visitor[rows]).tolist()
    return [(planned.people.visitors[i].actor, planned.people.visitors[i]) for i in visitors]


def _counted(
    planned: Plan, pairs: list[tuple[int, Visitor]], of: Callable[[Visitor], str], unknown: NDArray[np.int32]
) -> dict[str, int]:
    """Distinct learners without bots by a value, the most common first."""
    found = {(actor, of(one)) for actor, one in pairs} | {(int(actor), UNKNOWN) for actor in unknown}
    counts = Counter(value for actor, value in found if planned.people.roles[actor] != BOT)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _agents(planned: Plan, pairs: list[tuple[int, Visitor]]) -> tuple[dict[str, Any], ...]:
    users: dict[Any, set[int]] = {}
    for actor, one in pairs:
        if planned.people.roles[actor] != BOT:
            users.setdefault(one.agent, set()).add(actor)
    return tuple({**agent._asdict(), "learners": len(actors)} for agent, actors in users.items())


def _headers(planned: Plan, pairs: list[tuple[int, Visitor]]) -> tuple[dict[str, Any], ...]:
    users: dict[tuple[str | None, str], set[int]] = {}
    for actor, one in pairs:
        if planned.people.roles[actor] != BOT:
            users.setdefault((one.header, one.language), set()).add(actor)
    return tuple(
        {"header": header, "language": language, "learners": len(actors)}
        for (header, language), actors in users.items()
    )


def _activity(planned: Plan, present: NDArray[np.int32], deliberate: NDArray[np.bool_]) -> dict[str, list[Any]]:
    """One row per learner in parallel lists; times in ms since 1970 UTC."""
    rows = int(np.searchsorted(planned.actor, len(planned.people.usernames)))
    actor, time = planned.actor[:rows], planned.time[:rows]
    begin = np.searchsorted(actor, present)
    fresh = np.ones(rows, bool)
    fresh[1:] = (actor[1:] != actor[:-1]) | (np.diff(time) > SESSION_GAP)
    days = np.unique(actor.astype(np.int64) << 32 | time // _DAY) >> 32
    size = len(planned.people.usernames)

    def per_learner(of: NDArray[Any]) -> list[int]:
        counts: list[int] = np.bincount(of, minlength=size)[present].tolist()
        return counts

    return {
        "learner": [planned.people.usernames[i] for i in present],
        "all": per_learner(actor),
        "deliberate": per_learner(actor[deliberate[:rows]]),
        "sessions": per_learner(actor[fresh]),
        "active_days": per_learner(days),
        "first": np.minimum.reduceat(time, begin).tolist() if len(present) else [],
        "last": np.maximum.reduceat(time, begin).tolist() if len(present) else [],
    }


def _lectures(planned: Plan, known: NDArray[np.bool_], names: Sequence[int | str]) -> tuple[dict[str, int | str], ...]:
    """Distinct learners who opened, played and finished each lecture."""
    begin, count = planned.course.groups["lecture"]
    shown = known & (planned.page >= begin) & (planned.page < begin + count)
    kinds = {
        "opened": shown & (planned.kind == plan.PAGE),
        "played": shown & (planned.kind == plan.PLAY) & ~planned.loading,
        "finished": shown & (planned.kind == plan.ENDED),
    }
    found = {name: _learners_per_lecture(planned, rows) for name, rows in kinds.items()}
    return tuple(
        {"lecture": names[i], "seconds": seconds, **{name: counts[i] for name, counts in found.items()}}
        for i, (_, seconds) in enumerate(planned.course.lectures)
    )


def _learners_per_lecture(planned: Plan, rows: NDArray[np.bool_]) -> list[int]:
    begin, _ = planned.course.groups["lecture"]
    lecture = (planned.page[rows] - begin) // len(VARIANTS)
    pairs = np.unique(lecture.astype(np.int64) << 32 | planned.actor[rows])
    counts: list[int] = np.bincount(pairs >> 32, minlength=len(planned.course.lectures)).tolist()
    return counts
