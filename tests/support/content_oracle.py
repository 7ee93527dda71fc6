"""What the analyses of content must answer, in plain Python, from METRICS' words; it shares no code with the product.

Events are dictionaries with the columns of events; `time` is in milliseconds since 1970, positions are in seconds.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby, pairwise
from statistics import mean, median, stdev
from typing import Any, NamedTuple

NOISE = {"video_wait", "video_heartbeat", "video_load", "video_other", "other"}
HALF_HOUR = 30 * 60_000
WEEK = 7 * 86_400_000
Event = dict[str, Any]


class Viewing(NamedTuple):
    """A piece of a video that a learner watched."""

    video: tuple[str, str]
    learner: str
    begins: float
    ends: float
    rate: float | None


def _of_learners(events: Iterable[Event]) -> list[Event]:
    """The events of learners in order; None as a course is ''."""
    mine = [{**one, "course": one["course"] or ""} for one in events if one["learner"] and one["area"] != "admin"]
    return sorted(mine, key=lambda one: (one["time"], one["line"]))


def _clicks(events: Iterable[Event]) -> int:
    return sum(one["action"] not in NOISE for one in events)


def _grouped(events: Iterable[Event], *names: str) -> dict[Any, list[Event]]:
    found: dict[Any, list[Event]] = defaultdict(list)
    for one in events:
        key = tuple(one[name] for name in names)
        found[key if len(names) > 1 else key[0]].append(one)
    return found


def interval(k: int, n: int) -> tuple[float | None, float | None]:
    """Wilson's 95 % interval of the share k of n; none for n = 0, or where k is not a part of n."""
    if not 0 <= k <= n or not n:
        return None, None
    z = 1.959963984540054
    p = k / n
    middle, margin = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + sign * margin) / (1 + z * z / n) for sign in (-1, 1))
    return max(low, 0), min(high, 1)


def _share(k: int, n: int) -> tuple[Any, ...]:
    return (k / n if n else None, *interval(k, n))


def shares(events: list[Event], column: str) -> list[tuple[Any, ...]]:
    """Learners by area or country: value, learners, share, low, high, clicks."""
    mine = _of_learners(events)
    everyone = len({one["learner"] for one in mine})
    rows = []
    for value, theirs in _grouped(mine, column).items():
        k = len({one["learner"] for one in theirs})
        rows.append((value or "unknown", k, *_share(k, everyone), _clicks(theirs)))
    return sorted(rows, key=lambda row: (row[0] == "unknown", -row[1], row[0]))


def items(events: list[Event], syllabus: list[tuple[str, str, str, int]] = ()) -> list[tuple[Any, ...]]:  # type: ignore[assignment]
    """Number, course, area, item, name, learners, n, share, low, high, median rank, clicks.

    The syllabus has course, item, name and the item's position in the course.
    """
    mine = _of_learners(events)
    people = {course: len({one["learner"] for one in theirs}) for course, theirs in _grouped(mine, "course").items()}
    contents = {(course, item): (name, order) for course, item, name, order in syllabus}
    first: dict[Any, dict[Any, int]] = defaultdict(dict)
    visits: dict[Any, list[Event]] = defaultdict(list)
    for one in mine:
        area = one["area"] or "unknown"
        if one["item"] is None or area in ("forum", "search", "account"):
            continue
        is_listed = (one["course"], one["item"]) in contents
        key = (one["course"], "" if is_listed else area, one["item"])
        first[one["course"], one["learner"]].setdefault(key, one["time"])
        visits[key].append({**one, "area": area})
    ranks = defaultdict(list)
    for begun in first.values():
        for key, time in begun.items():
            ranks[key].append(1 + sum(other < time for other in begun.values()))
    keys = {*visits, *((course, "", item) for course, item in contents if course in people)}
    rows = []
    for course, kind, item in keys:
        theirs = visits.get((course, kind, item), [])
        name, order = contents.get((course, item), (None, None))
        k, n = len({one["learner"] for one in theirs}), people[course]
        rank = float(median(ranks[course, kind, item])) if theirs else None
        area = min((one["area"] for one in theirs), default=None)
        place = (course, order is None, order or 0, rank or 0, -k, area or "", item)
        rows.append((place, (course or None, area, item, name, k, n, *_share(k, n), rank, _clicks(theirs))))
    return [(number, *row) for number, (_, row) in enumerate(sorted(rows, key=lambda one: one[0]), 1)]


def viewings(events: list[Event]) -> list[Viewing]:
    """Per learner and video in time order, the rules of METRICS one after the other."""
    found = []
    for (course, item, learner), moves in _grouped(_of_learners(events), "course", "item", "learner").items():
        if item is None:
            continue
        beats = [one for one in moves if one["action"] == "video_heartbeat"]
        pieces = _beats(beats) if beats else _plays(moves)
        found += [
            Viewing((course, item), learner, begins, ends, rate)
            for begins, ends, rate in pieces
            if begins >= 0 and 0.25 <= ends - begins <= 36_000
        ]
    return found


def _plays(moves: list[Event]) -> Iterator[tuple[float, float, Any]]:
    opened, target = None, None
    for one in moves:
        if one["action"] == "video_play":
            begins = target if target is not None and target >= 0 else one["position"]
            opened, target = (None if begins is None else (begins, one["rate"])), None
        elif one["action"] in ("video_pause", "video_end", "video_seek"):
            is_seek = one["action"] == "video_seek"
            ends = one["position_from"] if is_seek else one["position"]
            if opened and ends is not None:
                yield opened[0], ends, opened[1]
            opened = None
            target = one["position"] if is_seek else target


def _beats(beats: list[Event]) -> Iterator[tuple[float, float, Any]]:
    piece: list[tuple[float, float, Any]] = []
    for one in beats:
        if one["position"] is None or one["position"] <= 0:
            continue
        begins, ends = max(one["position"] - 5 * (one["rate"] or 1), 0), one["position"]
        if piece and abs(begins - piece[-1][1]) > 0.5 * (ends - begins):
            yield _joined(piece)
            piece = []
        piece.append((begins, ends, one["rate"]))
    if piece:
        yield _joined(piece)


def _joined(piece: list[tuple[float, float, Any]]) -> tuple[float, float, Any]:
    rates = [rate for _, _, rate in piece if rate is not None]
    return min(one[0] for one in piece), max(one[1] for one in piece), min(rates, default=None)


def _bins(one: Viewing) -> range:
    return range(int(one.begins // 5), int(one.ends // 5) + 1)


def lengths(watched: list[Viewing]) -> dict[Any, Fraction]:
    """Per video, the largest position that at least 5 % of its viewers reach."""
    reached: dict[Any, dict[str, float]] = defaultdict(dict)
    for one in watched:
        reached[one.video][one.learner] = max(one.ends, reached[one.video].get(one.learner, 0))
    return {
        video: Fraction(max(one for one in ends.values() if 20 * sum(x >= one for x in ends.values()) >= len(ends)))
        for video, ends in reached.items()
    }


def videos(events: list[Event], completion: str) -> list[tuple[Any, ...]]:
    """Course, video, name, starters, viewers, length, completed, n, completion, low, high, seconds, speed, replays."""
    mine, watched = _of_learners(events), viewings(events)
    known = lengths(watched)
    started = [one for one in mine if one["item"] and one["action"] in ("video_play", "video_heartbeat")]
    rows = []
    for video, plays in _grouped(started, "course", "item").items():
        own = [one for one in watched if one.video == video]
        of = {one.learner: [two for two in own if two.learner == one.learner] for one in own}
        starters, length = len({one["learner"] for one in plays}), known.get(video)
        k = n = 0
        if length is not None:
            late = math.floor(max(length - 30, length * Fraction(19, 20)) / 5)
            n = len(of)
            if completion == "insights":
                k = len({one.learner for one in own if late in _bins(one)})
                n = len({one.learner for one in own if 0 in _bins(one)})
            elif completion == "aspects":
                k = sum(_seen(pieces) >= length * Fraction(19, 20) for pieces in of.values())
            else:
                k = sum(Fraction(max(one.ends for one in pieces)) > length * Fraction(19, 20) for pieces in of.values())
        seconds = [float(sum(Fraction(one.ends) - Fraction(one.begins) for one in pieces)) for pieces in of.values()]
        speeds = [one.rate for one in own if one.rate]
        replays = sum(
            sum(len(_bins(one)) for one in pieces) - len({nth for one in pieces for nth in _bins(one)})
            for pieces in of.values()
        )
        rows.append(
            (
                *(video[0] or None, video[1], None, starters, len(of), None if length is None else float(length)),
                *(k, n, *_share(k, n)),
                *(median(seconds) if seconds else None, median(speeds) if speeds else None, replays),
            )
        )
    return sorted(rows, key=lambda row: (-row[4], -row[3], row[0] or "", row[1]))


def _seen(pieces: list[Viewing]) -> Fraction:
    """Seconds of the video that were watched at least once, in quarters."""
    return Fraction(len({q for one in pieces for q in range(round(one.begins * 4), round(one.ends * 4))}), 4)


def heat(events: list[Event], video: str | None = None) -> list[tuple[Any, ...]]:
    """Course, video, second, viewers, views, replays, pauses, back seeks, peaks; of the ten most watched."""
    watched, mine = viewings(events), _of_learners(events)
    known = lengths(watched)
    viewers = {one: len({two.learner for two in watched if two.video == one}) for one in known}
    chosen = sorted((one for one in known if video in (None, one[1])), key=lambda one: (-viewers[one], one))
    rows = []
    for one in chosen if video else chosen[:10]:
        touched = [(nth, two.learner) for two in watched if two.video == one for nth in _bins(two)]
        views, pairs = Counter(nth for nth, _ in touched), Counter(touched)
        moves = [two for two in mine if (two["course"], two["item"]) == one and (two["position"] or 0) >= 0]
        moves = [two for two in moves if two["position"] is not None]
        pauses = [two for two in moves if two["action"] == "video_pause"]
        backs = [
            two
            for two in moves
            if two["action"] == "video_seek"
            and two["position_from"] is not None
            and two["position"] < two["position_from"]
        ]
        count = {"replays": Counter(), "pauses": Counter(), "back seeks": Counter()}
        who: dict[str, dict[int, set[str]]] = {name: defaultdict(set) for name in count}
        for name, moved in (("pauses", pauses), ("back seeks", backs)):
            for two in moved:
                count[name][int(two["position"] // 5)] += 1
                who[name][int(two["position"] // 5)].add(two["learner"])
        for (nth, learner), times in pairs.items():
            count["replays"][nth] += times - 1
            if times > 1:
                who["replays"][nth].add(learner)
        last = int(known[one] // 5)
        for nth in range(last + 1):
            near = [other for other in range(nth - 6, nth + 7) if other != nth and 0 <= other <= last]
            peaks = [
                name
                for name in count
                if len(near) > 1
                and len(who[name][nth]) >= 10
                and count[name][nth] > mean(count[name][x] for x in near) + 3 * stdev(count[name][x] for x in near)
            ]
            seen = len({learner for number, learner in pairs if number == nth})
            rows.append(
                (
                    *(one[0] or None, one[1], 5 * nth, seen, views[nth], views[nth] - seen),
                    *(count["pauses"][nth], count["back seeks"][nth], ", ".join(peaks) or None),
                )
            )
    return rows


def seeks(events: list[Event], width: int = 5) -> list[tuple[Any, ...]]:
    """Course, video, direction, from second, to second, seeks, learners; of the ten with most learners who jump."""
    jumps: dict[Any, list[tuple[Any, ...]]] = defaultdict(list)
    for one in _of_learners(events):
        target, start = one["position"], one["position_from"]
        if one["action"] != "video_seek" or not one["item"] or target is None or start is None:
            continue
        if target == start or not (0 <= target <= 36_000 and 0 <= start <= 36_000):
            continue
        pair = ("back" if target < start else "forward", *(width * int(x // width) for x in (start, target)))
        jumps[one["course"], one["item"]].append((pair, one["learner"]))
    rows = []
    for video in sorted(jumps, key=lambda one: (-len({who for _, who in jumps[one]}), one))[:10]:
        counted = Counter(pair for pair, _ in jumps[video])
        own = [(pair, n, len({who for two, who in jumps[video] if two == pair})) for pair, n in counted.items()]
        own.sort(key=lambda one: (-one[2], -one[1], one[0]))
        rows += [(video[0] or None, video[1], *pair, n, people) for pair, n, people in own]
    return rows


def paths(events: list[Event], of: str) -> list[tuple[Any, ...]]:
    """Course, from, to (area and item), is loop, transitions, learners, n, share, low, high."""
    counted: dict[Any, list[str]] = defaultdict(list)
    for learner, mine in _grouped(_of_learners(events), "learner").items():
        visit, steps = 0, []
        for before, one in pairwise([mine[0], *mine]):
            visit += one["time"] - before["time"] > HALF_HOUR
            known = one["item"] is not None and one["area"] != "search" if of == "item" else one["area"] is not None
            if known and one["action"] not in NOISE:
                name = (one["area"] or "unknown", one["item"] if of == "item" else None)
                steps.append((one["course"], visit, name))
        steps.sort(key=lambda step: step[:2])
        for (course, _), run in groupby(steps, key=lambda step: step[:2]):
            for (*_, here), (*_, there) in pairwise(run):
                counted[course, here, there].append(learner)
    rows = []
    for (course, here, there), who in counted.items():
        n = sum(len(two) for (c, a, b), two in counted.items() if (c, a) == (course, here) and a != b)
        loop = here == there
        share = (None,) * 4 if loop else (n, *_share(len(who), n))
        key = (loop, -len(who), -len(set(who)), course, *(x or "" for x in (*here, *there)))
        rows.append((key, (course or None, *here, *there, loop, len(who), len(set(who)), *share)))
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def funnel(events: list[Event], steps: list[str], order: str) -> list[tuple[Any, ...]]:
    """Number, step, learners, n, share, low, high, before, share of before, low, high."""
    people = _grouped(_of_learners(events), "learner")
    reached = Counter({0: len(people)})
    for mine in people.values():
        latest = -1
        for number, step in enumerate(steps, 1):
            times = [one["time"] for one in mine if _is_step(one, step)]
            if order == "strict":
                times = [time for time in times if time > latest]
            if not times:
                break
            latest = min(times)
            reached[number] += 1
    return [
        (
            *(number, step, reached[number], len(people), *_share(reached[number], len(people))),
            *(reached[number - 1], *_share(reached[number], reached[number - 1])),
        )
        for number, step in enumerate(steps, 1)
    ]


def _is_step(one: Event, step: str) -> bool:
    where = (one["area"], one["item"], f"{one['area'] or ''}/{one['item'] or ''}")
    return one["action"] == step or (one["action"] not in NOISE and step in where)


def problems(events: list[Event]) -> list[tuple[Any, ...]]:
    """The columns of `problems` in order."""
    mine = _of_learners(events)
    last = {}
    for one in mine:
        if one["item"] is not None:
            last[one["course"]] = one["time"]
    rows = []
    tries = [one for one in mine if one["action"] == "problem_check" and one["item"]]
    for (course, item), all_tries in _grouped(tries, "course", "item").items():
        people = _grouped(all_tries, "learner")
        known = []
        for own in people.values():
            results = [json.loads(one["extra"] or "{}").get("event", {}).get("success") for one in own]
            if set(results) <= {"correct", "incorrect"}:
                known.append((own, [one == "correct" for one in results]))
        first, ever = (sum(f(right) for _, right in known) for f in (lambda right: right[0], any))
        minutes = [(own[right.index(True)]["time"] - own[0]["time"]) / 60_000 for own, right in known if any(right)]
        quiet = [right for own, right in known if last[course] - own[-1]["time"] >= WEEK]
        gave_up = sum(not right[-1] for right in quiet)
        rows.append(
            (
                *(course or None, item, len(people), len(all_tries), len(all_tries) / len(people), len(known)),
                *(first, *_share(first, len(known)), ever, *_share(ever, len(known))),
                *(median(minutes) if minutes else None, gave_up, len(quiet), *_share(gave_up, len(quiet))),
            )
        )
    return sorted(rows, key=lambda row: (-row[2], row[0] or "", row[1]))
