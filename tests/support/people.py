"""When people come, how long they stay, who leaves: what METRICS says, in plain Python, one learner after the other.

It shares no code with the product. Times are datetimes in UTC. Slow and simple on purpose.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

Row = dict[str, Any]
MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(days=7)
Z = 1.959963984540054


class LearnerEvent(NamedTuple):
    """Who did what when; `clock` is false where the time is a day only."""

    learner: str | None
    time: datetime
    action: str = "page_view"
    clock: bool = True
    device: str | None = None
    country: str | None = None
    zone: str | None = None


def monday(day: date) -> date:
    return day - day.weekday() * DAY


def wilson(k: int | None, n: int) -> tuple[float | None, float | None]:
    """The two solutions p of (k/n - p)² = z² p (1 - p) / n."""
    if k is None or n == 0:
        return None, None
    a, b, c = 1 + Z * Z / n, -(2 * k / n + Z * Z / n), (k / n) ** 2
    root = math.sqrt(max(b * b - 4 * a * c, 0))
    return max((-b - root) / (2 * a), 0.0), min((-b + root) / (2 * a), 1.0)


def percentile(values: Iterable[float], percent: int) -> float | None:
    """The smallest value that at least so many percent do not exceed."""
    ordered = sorted(values)
    return next((one for nth, one in enumerate(ordered, 1) if 100 * nth >= percent * len(ordered)), None)


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def by_learner(events: Iterable[LearnerEvent]) -> dict[str, list[LearnerEvent]]:
    people: dict[str, list[LearnerEvent]] = defaultdict(list)
    for one in sorted(events, key=lambda one: one.time):
        if one.learner is not None:
            people[one.learner].append(one)
    return people


def active_days(events: Iterable[LearnerEvent]) -> dict[str, set[date]]:
    return {learner: {one.time.date() for one in mine} for learner, mine in by_learner(events).items()}


def all_between(first: date, last: date, step: timedelta = DAY) -> list[date]:
    return [first + nth * step for nth in range((last - first) // step + 1)]


def daily(events: Sequence[LearnerEvent], weeks: str = "rolling") -> list[Row]:
    people = active_days(events)
    if not people:
        return []
    last = max(max(days) for days in people.values())

    def active(first: date, until: date) -> int:
        return sum(any(first <= day <= until for day in days) for days in people.values())

    rows = []
    for day in all_between(min(min(days) for days in people.values()), last):
        end = day if weeks == "rolling" else monday(day) + 6 * DAY
        dau = active(day, day)
        wau, mau = (active(end - 6 * DAY, end), active(end - 27 * DAY, end)) if end <= last else (None, None)
        kinds = Counter(_kind(days, day) for days in people.values())
        low, high = wilson(dau, mau or 0)
        rows.append(
            {
                "day": day,
                "dau": dau,
                "wau": wau,
                "mau": mau,
                "stickiness": dau / mau if mau else None,
                "low": low,
                "high": high,
                **{kind: kinds[kind] for kind in ("new", "returning", "resurrecting", "dormant")},
            }
        )
    return rows


def _kind(days: set[date], day: date) -> str:
    if day in days:
        if min(days) == day:
            return "new"
        return "returning" if day - DAY in days else "resurrecting"
    return "dormant" if day - DAY in days else ""


def runs(events: Iterable[LearnerEvent], gap: int) -> list[list[LearnerEvent]]:
    """Sessions: a silence over `gap` minutes ends one."""
    found = []
    for mine in by_learner(one for one in events if one.clock).values():
        found.append([mine[0]])
        for before, one in pairwise(mine):
            if one.time - before.time > gap * MINUTE:
                found.append([])
            found[-1].append(one)
    return found


NOISE = ("video_wait", "video_heartbeat", "video_load", "video_other", "other")


def is_engaged(session: list[LearnerEvent]) -> bool:
    views = sum(one.action == "page_view" for one in session)
    deliberate = any(one.action not in (*NOISE, "page_view") for one in session)
    return session[-1].time - session[0].time > timedelta(seconds=10) or views >= 2 or deliberate


def sessions(events: Sequence[LearnerEvent], gap: int = 30) -> list[Row]:
    found = runs(events, gap)
    each = list(Counter(one[0].learner for one in found).values())
    lengths = [(one[-1].time - one[0].time) / MINUTE for one in found]
    sizes = [len(one) for one in found]
    clicks = [sum(event.action not in NOISE for event in one) for one in found]
    engaged = sum(map(is_engaged, found))
    low, high = wilson(engaged, len(found))
    row = {
        "sessions": len(found),
        "learners": len(each),
        "mean_per_learner": mean(each),
        "median_per_learner": percentile(each, 50),
        "engaged": engaged,
        "engaged_share": engaged / len(found) if found else None,
        "low": low,
        "high": high,
        "mean_minutes": mean(lengths),
        "median_minutes": percentile(lengths, 50),
        "p90_minutes": percentile(lengths, 90),
        "mean_events": mean(sizes),
        "median_events": percentile(sizes, 50),
        "mean_clicks": mean(clicks),
        "median_clicks": percentile(clicks, 50),
    }
    return [row]


LENGTHS = {
    "0 s": 0,
    "up to 10 s": 10,
    "up to 1 min": 60,
    "up to 5 min": 300,
    "up to 15 min": 900,
    "up to 30 min": 1800,
    "up to 1 h": 3600,
    "up to 2 h": 7200,
    "over 2 h": math.inf,
}


def session_lengths(events: Sequence[LearnerEvent], gap: int = 30) -> list[Row]:
    found = [((one[-1].time - one[0].time).total_seconds(), one[0].learner) for one in runs(events, gap)]
    rows, below = [], -1.0
    for name, limit in LENGTHS.items():
        here = [learner for seconds, learner in found if below < seconds <= limit]
        below = limit
        low, high = wilson(len(here), len(found))
        row = {"length": name, "sessions": len(here), "share": len(here) / len(found) if found else None}
        rows.append({**row, "low": low, "high": high, "learners": len(set(here))})
    return rows if found else []


def time_on_task(events: Sequence[LearnerEvent]) -> list[Row]:
    clocked = [one for one in events if one.clock]
    spent: dict[date, dict[str, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for learner, mine in by_learner(clocked).items():
        for one, after in zip(mine, [*mine[1:], None], strict=True):
            minutes = spent[monday(one.time.date())][learner]
            silence = (after.time - one.time) / MINUTE if after else math.inf
            for nth, limit in enumerate((5, 30)):
                minutes[nth] += silence if silence < limit else 0
    if not spent:
        return []
    known = [one.time.date() for mine in by_learner(clocked).values() for one in mine]
    first, last = min(known), max(known)
    rows = []
    for week in all_between(monday(first), last, WEEK):
        row: Row = {
            "week": week,
            "days": sum(first <= day <= last for day in all_between(week, week + 6 * DAY)),
            "learners": len(spent[week]),
        }
        for nth, limit in enumerate((5, 30)):
            minutes = [one[nth] for one in spent[week].values()]
            row[f"mean_{limit}"] = mean(minutes)
            for name, percent in (("p25", 25), ("median", 50), ("p75", 75), ("p90", 90)):
                row[f"{name}_{limit}"] = percentile(minutes, percent)
        rows.append(row)
    return rows


def retention(events: Sequence[LearnerEvent]) -> list[Row]:
    people = active_days(events)
    if not people:
        return []
    last = max(max(days) for days in people.values())
    cohorts: dict[date, list[set[date]]] = defaultdict(list)
    for days in people.values():
        cohorts[monday(min(days))].append({monday(day) for day in days})
    weeks = (monday(last) - min(cohorts)) // WEEK
    rows = []
    for cohort, members in sorted(cohorts.items()):
        for after in range(weeks + 1):
            week = cohort + after * WEEK
            active = sum(week in one for one in members) if week + 6 * DAY <= last else None
            low, high = wilson(active, len(members))
            share = None if active is None else active / len(members)
            row = {"cohort": cohort, "weeks_after": after, "learners": len(members), "active": active, "share": share}
            rows.append({**row, "low": low, "high": high})
    return rows


def segment_of(mine: list[LearnerEvent], by: str) -> str:
    if by == "none":
        return "all"
    if by == "cohort":
        return str(monday(mine[0].time.date()))
    counts = Counter(label for one in mine if (label := getattr(one, by)) is not None)
    return min(counts, key=lambda label: (-counts[label], label)) if counts else "unknown"


class Stay(NamedTuple):
    """How many days a learner stayed, and whether they have left."""

    segment: str
    days: int
    left: bool


def stays(events: Sequence[LearnerEvent], quiet: int, by: str) -> list[Stay]:
    people = by_learner(events)
    last = max((mine[-1].time.date() for mine in people.values()), default=date.min)
    found = [
        Stay(
            segment_of(mine, by),
            (mine[-1].time.date() - mine[0].time.date()).days,
            (last - mine[-1].time.date()).days >= quiet,
        )
        for mine in people.values()
    ]
    sizes = Counter(one.segment for one in found)
    largest = sorted(sizes, key=lambda segment: (-sizes[segment], segment))[:8]
    return [one if one.segment in largest else one._replace(segment="other") for one in found]


def survival(events: Sequence[LearnerEvent], quiet: int = 10, by: str = "none") -> list[Row]:
    found = stays(events, quiet, by)
    rows = []
    for segment in sorted({one.segment for one in found}):
        mine = [one for one in found if one.segment == segment]
        share, variance = 1.0, 0.0
        for days in sorted({one.days for one in mine}):
            at_risk = sum(one.days >= days for one in mine)
            left = sum(one.days == days and one.left for one in mine)
            share *= 1 - left / at_risk
            variance += left / at_risk / (at_risk - left) if left < at_risk else math.nan
            low, high = _band(share, variance)
            rows.append(
                {
                    "segment": segment,
                    "days": days,
                    "at_risk": at_risk,
                    "left": left,
                    "censored": sum(one.days == days and not one.left for one in mine),
                    "survival": share,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def _band(share: float, variance: float) -> tuple[float | None, float | None]:
    if share == 1:
        return 1.0, 1.0
    if share == 0:
        return None, None
    middle, half = math.log(-math.log(share)), Z * math.sqrt(variance) / math.log(share)
    return math.exp(-math.exp(middle - half)), math.exp(-math.exp(middle + half))


def survival_test(events: Sequence[LearnerEvent], quiet: int = 10, by: str = "none") -> list[Row]:
    found = stays(events, quiet, by)
    rows: list[Row] = []
    for segment in sorted({one.segment for one in found}):
        expected = variance = 0.0
        for days in {one.days for one in found if one.left}:
            n = sum(one.days >= days for one in found)
            mine = sum(one.days >= days and one.segment == segment for one in found)
            left = sum(one.days == days and one.left for one in found)
            expected += left * mine / n
            if n > 1:
                variance += left * (mine / n) * (1 - mine / n) * (n - left) / (n - 1)
        gone = sum(one.left and one.segment == segment for one in found)
        square = (gone - expected) ** 2 / variance if variance > 1e-9 else None
        p = None if square is None else math.erfc(math.sqrt(square / 2))
        learners = sum(one.segment == segment for one in found)
        rows.append({"segment": segment, "learners": learners, "left": gone, "expected": expected})
        rows[-1] |= {"chi_square": square, "p": p}
    tests = sorted(row["p"] for row in rows if row["p"] is not None)
    for row in rows:
        later = [p * len(tests) / nth for nth, p in enumerate(tests, 1) if row["p"] is not None and p >= row["p"]]
        row["p_adjusted"] = min(*later, 1) if later else None
        row["verdict"] = _verdict(row)
    return sorted(rows, key=lambda row: (-row["learners"], row["segment"]))


def _verdict(row: Row) -> str | None:
    if row["p_adjusted"] is None:
        return None
    if row["p_adjusted"] >= 0.05:
        return "no clear difference"
    return "stays longer" if row["left"] < row["expected"] else "leaves earlier"


def dropout(events: Sequence[LearnerEvent]) -> list[Row]:
    people = active_days(events)
    if not people:
        return []
    last = max(max(days) for days in people.values())
    rows = []
    for week in all_between(monday(min(min(days) for days in people.values())), last, WEEK):
        sunday = week + 6 * DAY
        here = [days for days in people.values() if any(week <= day <= sunday for day in days)]
        presets = {
            "kdd2015": (10, lambda days, end: not any(end < day <= end + 10 * DAY for day in days)),
            "last_week": (7, lambda days, end: max(days) <= end),
            "quiet14": (14, lambda days, end: max(days) <= end and (last - max(days)).days >= 14),
        }
        for preset, (needs, has_left) in presets.items():
            left = sum(has_left(days, sunday) for days in here) if sunday + needs * DAY <= last else None
            low, high = wilson(left, len(here))
            share = None if left is None or not here else left / len(here)
            row = {"week": week, "preset": preset, "learners": len(here), "left": left, "share": share}
            rows.append({**row, "low": low, "high": high})
    return rows


def hours(events: Sequence[LearnerEvent], clock: str = "utc") -> list[Row]:
    mine = [one for one in events if one.learner is not None and one.clock]
    cells: dict[tuple[int, int], list[LearnerEvent]] = defaultdict(list)
    unknown = 0
    for one in mine:
        zone = UTC if clock == "utc" else _zone(one.zone)
        if zone is None:
            unknown += 1
            continue
        wall = one.time.replace(tzinfo=UTC).astimezone(zone)
        cells[wall.isoweekday(), wall.hour].append(one)
    rows = [
        {
            "weekday": weekday,
            "hour": hour,
            "events": len(cells[weekday, hour]) if unknown < len(mine) else None,
            "learners": len({one.learner for one in cells[weekday, hour]}) if unknown < len(mine) else None,
            "events_without_zone": unknown,
        }
        for weekday in range(1, 8)
        for hour in range(24)
    ]
    return rows if mine else []


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError):  # not the name of a zone
        return None


def at_risk(events: Sequence[LearnerEvent], days: int = 3, recent: int = 28) -> list[Row]:
    people = active_days(events)
    if not people:
        return []
    end = max(max(days) for days in people.values())
    then = end - 14 * DAY
    checked = [(chance, any(then < day for day in people[who])) for who, chance in chances(people, then).items()]
    share = sum(back for _, back in checked) / len(checked) if checked else 0
    rows = []
    for learner, chance in chances(people, end).items():
        mine = sorted(people[learner])
        silence = (end - mine[-1]).days
        alike = [back for one, back in checked if math.floor(one * 10) == math.floor(chance * 10)]
        if len(mine) < days or not 1 <= silence <= recent or chance >= 0.5 or not alike:
            continue
        low, high = wilson(sum(alike), len(alike))
        rows.append(
            {
                "learner": learner,
                "last_day": mine[-1],
                "silent_days": silence,
                "active_days": len(mine),
                "usual_gap": percentile([(b - a).days for a, b in pairwise(mine)], 50),
                "chance": chance,
                "checked": len(alike),
                "came_back": sum(alike) / len(alike),
                "low": low,
                "high": high,
                "brier": sum((one - back) ** 2 for one, back in checked) / len(checked),
                "brier_of_all": share * (1 - share),
            }
        )
    return sorted(rows, key=lambda row: (-row["active_days"], row["learner"]))


def chances(people: dict[str, set[date]], asked: date) -> dict[str, float]:
    """The chance of each learner who was there by then, with what was known then; without those of whom none is."""
    earlier = {learner: sorted(day for day in days if day <= asked) for learner, days in people.items()}
    known = {learner: days for learner, days in earlier.items() if days}
    found = {}
    for learner, mine in known.items():
        silence = asked - mine[-1]

        def ended(days: list[date], silence: timedelta = silence) -> list[bool]:
            """Of each silence that lasted as long and was seen 14 days more: whether it ended in these."""
            spells = zip(days, [*days[1:], date.max], strict=True)
            return [
                after - day <= silence + 14 * DAY
                for day, after in spells
                if after - day > silence and day + silence + 14 * DAY <= asked
            ]

        everyone = [one for days in known.values() for one in ended(days)]
        own = ended(mine) if len(mine) > 5 else []
        if everyone:
            found[learner] = (sum(own) + 5 * (sum(everyone) / len(everyone))) / (len(own) + 5)
    return found
