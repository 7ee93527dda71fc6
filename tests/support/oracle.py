"""What the analyses must answer, worked out in plain Python from the lines of a legacy export.

It shares no code with the product: what it knows of the format is in FORMATS' and docs/simulate.md's words, what
it counts is METRICS' definitions word by word. Slow and simple on purpose.
"""

import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

MINUTE = 60_000
DAY = 1440 * MINUTE
PAGES = {"pageview", "hg.pageview", "hg.hg.pageview"}
PLAYED = {"play", "pause", "seeked", "ended", "ratechange"}
LANGUAGES = """
ar Arabic, bg Bulgarian, ca Catalan, cs Czech, da Danish, de German, el Greek, en English, es Spanish, et Estonian,
fa Persian, fi Finnish, fr French, he Hebrew, hr Croatian, hu Hungarian, id Indonesian, it Italian, ja Japanese,
ka Georgian, ko Korean, lt Lithuanian, lv Latvian, nb Norwegian Bokmål, nl Dutch, no Norwegian, pl Polish,
pt Portuguese, ro Romanian, ru Russian, sk Slovak, sl Slovenian, sr Serbian, sv Swedish, th Thai, tr Turkish,
uk Ukrainian, vi Vietnamese, zh Chinese
"""
NAMES = dict(pair.strip().split(" ", 1) for pair in LANGUAGES.strip().split(","))


class Event(NamedTuple):
    """One line: who, when (ms since 1970 UTC), whether it is a deliberate click, and on what."""

    learner: str | None
    time: int
    deliberate: bool
    agent: str | None
    header: str | None
    course: str | None
    admin: bool = False


class Agent(NamedTuple):
    """What a user agent names; `unknown` where it does not."""

    browser: str
    system: str
    device: str
    is_bot: bool


NOBODY = Agent("unknown", "unknown", "unknown", False)


def read(path: Path) -> list[Event]:
    """The events of an export, damaged lines mended as docs/simulate.md says, copies and rejects left out."""
    data = path.read_bytes()
    known, events = set(), []
    for line in (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).split(b"\n"):
        event = None if line in known else _event(line)
        known.add(line)
        if event:
            events.append(event)
    return events


def _event(line: bytes) -> Event | None:
    text = line.decode("utf-8", "replace").lstrip("\ufeff\0")
    for attempt in (text, text.replace("\\'", "'")):
        try:
            found = json.loads(attempt)
            break
        except ValueError:
            continue
    else:
        return None
    if not isinstance(found, dict):
        return None
    found = {name: one[0] if isinstance(one, list) and len(one) == 1 else one for name, one in found.items()}
    try:
        time = float(found.get("timestamp"))
    except (TypeError, ValueError):
        return None
    key, page = found["key"], found.get("page_url") or ""
    if key.startswith("{"):
        key = json.loads(key)["key"]
    return Event(
        learner=found.get("username") or None,
        time=round(time * 1000 if time < 1e11 else time / 1000 if time > 1e14 else time),
        deliberate=key in PAGES or (key == "user.video.lecture.action" and _played(found.get("value"))),
        agent=found.get("user_agent", found.get("user-agent")),
        header=found.get("language"),
        course=page.split("/")[3] if page.startswith("https://class.coursera.org/") else None,
        admin=re.match("https://class.coursera.org/[^/]+/admin([/?]|$)", page) is not None,
    )


def _played(value: Any) -> bool:
    """Whether the learner did this, and not a player that loads."""
    try:
        state = json.loads(value)
    except (TypeError, ValueError):
        return False
    numbers = [state.get(name) for name in ("currentTime", "readyState", "networkState")]
    loading = [None if n is None else float(n) for n in numbers] == [0, 0, 2]
    return state.get("type") in PLAYED and not loading


@cache
def language(header: str | None) -> str:
    """The language of the highest quality, the first of equals."""
    best, wanted = 0.0, "unknown"
    for item in (header or "").split(","):
        tag, _, quality = item.strip().partition(";q=")
        if tag and tag != "*" and float(quality or 1) > best:
            best, wanted = float(quality or 1), tag.replace("_", "-").split("-")[0].lower()
    return {"iw": "he", "in": "id"}.get(wanted, wanted)


@dataclass(frozen=True)
class Oracle:
    """Events, and what their user agents name (`NOBODY` where that is not told); `rows` answers an analysis."""

    events: list[Event]
    agents: Mapping[str | None, Agent]
    clicks: str = "deliberate"

    def within(
        self,
        *,
        course: str | None = None,
        since: date | None = None,
        until: date | None = None,
        device: str | None = None,
        language: str | None = None,
        without_bots: bool = False,
        clicks: str = "deliberate",
    ) -> "Oracle":
        """The same, filtered."""
        kept = [
            event
            for event in self.events
            if (course is None or event.course == course)
            and (since is None or _day(event.time) >= since)
            and (until is None or _day(event.time) < until)
            and (device is None or self.agent(event.agent).device == device)
            and (language is None or _language(event.header) == language)
            and not (without_bots and self.agent(event.agent).is_bot)
            and (clicks == "all" or not event.admin)
        ]
        return Oracle(kept, self.agents, clicks)

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The expected rows of the analysis of that name, in order."""
        return {
            "browsers": lambda: self._shares("browser", lambda event: self.agent(event.agent).browser),
            "systems": lambda: self._shares("system", lambda event: self.agent(event.agent).system),
            "devices": lambda: self._shares("device", lambda event: self.agent(event.agent).device),
            "languages": self._languages,
            "learners": self._learners,
            "activity": self._activity,
            "concentration": self._concentration,
        }[name]()

    def agent(self, text: str | None) -> Agent:
        """What a user agent names."""
        return self.agents.get(text, NOBODY)

    def scope(self) -> dict[str, int]:
        """n, and what was left out; events without a learner belong to no learner, bot or not."""
        bots = [event for event in self.events if event.learner and self.agent(event.agent).is_bot]
        return {
            "events": len(self.events),
            "learners": len({event.learner for event in self.events if event.learner}),
            "without_learner": sum(event.learner is None for event in self.events),
            "bots": len({event.learner for event in bots}),
            "bot_events": len(bots),
        }

    def _by_learner(self) -> dict[str, list[Event]]:
        found = defaultdict(list)
        for event in self.events:
            if event.learner:
                found[event.learner].append(event)
        return {learner: sorted(mine, key=lambda event: event.time) for learner, mine in found.items()}

    def _clicks(self, events: Iterable[Event]) -> int:
        return sum(event.deliberate or self.clicks == "all" for event in events)

    def _shares(self, column: str, value: Callable[[Event], str]) -> list[dict[str, Any]]:
        used: dict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if event.learner:
                used[value(event)].append(event)
        everybody = len({event.learner for event in self.events if event.learner})
        rows = []
        for name, mine in used.items():
            learners = len({event.learner for event in mine})
            share = learners / everybody
            rows.append({column: name, "learners": learners, "share": share, "clicks": self._clicks(mine)})
        return sorted(rows, key=lambda row: (row[column] == "unknown", -row["learners"], row[column]))

    def _languages(self) -> list[dict[str, Any]]:
        rows = self._shares("language", lambda event: _language(event.header))
        return [{"language": row["language"], "name": NAMES.get(row["language"], "unknown"), **row} for row in rows]

    def _learners(self) -> list[dict[str, Any]]:
        rows = []
        for learner, mine in self._by_learner().items():
            times = [event.time for event in mine]
            rows.append(
                {
                    "learner": learner,
                    "platform": "coursera",
                    "clicks": self._clicks(mine),
                    "active_days": len({_day(time) for time in times}),
                    "sessions": 1 + sum(b - a > 30 * MINUTE for a, b in pairwise(times)),
                    "first_seen": _moment(times[0]),
                    "last_seen": _moment(times[-1]),
                    "is_bot": any(self.agent(event.agent).is_bot for event in mine),
                    "is_outlier": _too_many_at_once(times) or _too_long_a_day(times),
                }
            )
        return sorted(rows, key=lambda row: (-row["clicks"], row["learner"]))

    def _counts(self) -> list[int]:
        return sorted(self._clicks(mine) for mine in self._by_learner().values())

    def _activity(self) -> list[dict[str, Any]]:
        counts = self._counts()
        return [
            {"clicks": clicks, "learners": learners, "share_at_most": sum(c <= clicks for c in counts) / len(counts)}
            for clicks, learners in sorted(Counter(counts).items())
        ]

    def _concentration(self) -> list[dict[str, Any]]:
        counts = self._counts()
        n, total = len(counts), sum(counts)
        names = ("mean", "median", "p75", "p90", "p99", "max", "gini", "top_1_percent_share", "top_10_percent_share")
        row: dict[str, Any] = {"learners": n, "clicks": total, **dict.fromkeys(names)}
        if n:
            row |= {"mean": total / n, "max": counts[-1]}
            row |= {name: _percentile(counts, p) for name, p in (("median", 50), ("p75", 75), ("p90", 90), ("p99", 99))}
        if total:
            # Half the mean difference of all pairs, relative to the mean: Gini's own definition.
            row["gini"] = float(Fraction(sum(abs(a - b) for a in counts for b in counts), 2 * n * total))
            row["top_1_percent_share"] = sum(counts[-math.ceil(n / 100) :]) / total
            row["top_10_percent_share"] = sum(counts[-math.ceil(n / 10) :]) / total
        return [row]


def _language(header: str | None) -> str:
    return language(header)


def _moment(time: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time)).replace(tzinfo=None)


def _day(time: int) -> date:
    return _moment(time).date()


def _percentile(ordered: list[int], percent: int) -> int:
    """The smallest count that at least so many percent of the learners do not exceed."""
    return next(count for nth, count in enumerate(ordered, 1) if Fraction(nth, len(ordered)) >= Fraction(percent, 100))


def _too_many_at_once(times: list[int]) -> bool:
    """More than 120 events within a minute, wherever it begins."""
    return any(later - earlier <= MINUTE for earlier, later in zip(times, times[120:], strict=False))


def _too_long_a_day(times: list[int]) -> bool:
    """More than 16 hours in a UTC day, of gaps up to 30 minutes; a gap over midnight counts in both days."""
    active: Counter[int] = Counter()
    for begin, end in _stretches(times):
        for day in range(begin // DAY, end // DAY + 1):
            active[day] += min(end, (day + 1) * DAY) - max(begin, day * DAY)
    return any(time > 16 * 60 * MINUTE for time in active.values())


def _stretches(times: list[int]) -> Iterator[tuple[int, int]]:
    for begin, end in pairwise(times):
        if end - begin <= 30 * MINUTE:
            yield begin, end
