"""Results of the shapes that lines, columns and heat maps draw, made up for 1, 20 and 20,000 learners."""

from dataclasses import replace
from datetime import date, timedelta
from math import exp, sin

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.render.charts import Columns, HeatMap, LineChart
from support.results import SCOPE

FIRST = date(2013, 7, 22)
KINDS = {int: pa.int64(), float: pa.float64(), str: pa.string(), date: pa.date32()}


def result(name, title, kinds, rows, chart, learners=20_000):
    """A result of `rows`, tuples of the columns `kinds`."""
    analysis = Analysis(
        name=name,
        title=title,
        question=f"{title}?",
        definition="Made up for the tests of pictures; what an analysis counts stands here, with its cut-offs.",
        columns={column: KINDS.get(kind, kind) for column, kind in kinds.items()},
        sql="",
        chart=chart,
    )
    columns = {column: [row[number] for row in rows] for number, column in enumerate(kinds)}
    scope = replace(SCOPE, learners=learners, events=max(160 * learners, 1) + 12)
    return Result(analysis, pa.table(columns, schema=analysis.schema), scope, "")


def daily(days=70, learners=20_000):
    """Learners of 1, 7 and 28 days: a start, a weekly wave, a decline."""
    active = [
        round(learners * 0.12 * (1 + 0.25 * sin(day * 6.28 / 7)) * exp(-day / 40) * min(1, (day + 2) / 6))
        for day in range(days)
    ]
    rows = [
        (
            FIRST + timedelta(day),
            active[day],
            round(min(sum(active[max(day - 6, 0) : day + 1]) * 0.5, learners)),
            round(min(sum(active[max(day - 27, 0) : day + 1]) * 0.3, learners)),
        )
        for day in range(days)
    ]
    if learners == 1:
        rows = [(day, int(number % 9 == 0), int(number % 30 < 16), 1) for number, (day, *_) in enumerate(rows)]
    kinds = {"day": date, "dau": int, "wau": int, "mau": int}
    return result("daily", "Active learners a day", kinds, rows, LineChart("day", ("dau", "wau", "mau")), learners)


def survival(segments=("desktop", "tablet", "phone"), days=84, learners=20_000):
    """A curve of Kaplan and Meier with a band for each segment; a step is where a learner leaves."""
    rows = []
    for nth, segment in enumerate(segments):
        at_risk = max(learners // (nth + 2), 1)
        for day in range(0, days - 7 * nth, 1 if learners > 1000 else 11):
            still = 0.15 + 0.85 * exp(-day * (nth + 1) / 45) if day else 1.0
            wide = 1.96 * (still * (1 - still) / at_risk) ** 0.5
            rows.append((segment, day, at_risk, still, max(still - wide, 0.0), min(still + wide, 1.0)))
    kinds = {"segment": str, "day": int, "at_risk": int, "survival": float, "low": float, "high": float}
    chart = LineChart("day", ("survival",), by="segment", low="low", high="high", steps=True)
    return result("survival", "How long learners stay", kinds, rows, chart, learners)


def video_heat(seconds=754, learners=20_000):
    """Views and viewers of five seconds each, with a passage that is watched again."""
    rows = []
    for second in range(0, seconds, 5):
        viewers = round(learners * 0.4 * (0.35 + 0.65 * exp(-second / 300)))
        again = 1.15 + 0.9 * exp(-(((second - 250) / 25) ** 2))
        rows.append((second, round(viewers * again), viewers))
    kinds = {"second": int, "views": int, "viewers": int}
    chart = LineChart("second", ("views", "viewers"), steps=True)
    return result("video-heat", "What is watched in a video", kinds, rows, chart, learners)


def retention(cohorts=10, learners=20_000):
    """A matrix of cohorts and weeks; weeks that are not over yet are null."""
    rows = []
    for cohort in range(cohorts):
        for week in range(cohorts):
            share = 1.0 if not week else 0.62 * exp(-week / 5) * (1 - cohort / (4 * cohorts))
            share = share if learners > 1 else float(week < 3)
            rows.append((FIRST + timedelta(7 * cohort), week, learners, share if cohort + week < cohorts else None))
    kinds = {"cohort": date, "week": int, "learners": int, "share": float}
    return result("retention", "Who comes back", kinds, rows, HeatMap("week", "cohort", "share"), learners)


def hours(learners=20_000):
    """Events by weekday and hour; nothing happens on Sunday night, and no row says so."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    rows = [
        (name, hour, round(learners * (1.1 + sin((hour - 13) / 24 * 6.28)) * (1.3 if day < 5 else 0.7)))
        for day, name in enumerate(names)
        for hour in range(24)
        if (day, hour) not in {(6, 2), (6, 3), (6, 4)}
    ]
    kinds = {"weekday": str, "hour": int, "clicks": int}
    return result("hours", "When learners are active", kinds, rows, HeatMap("hour", "weekday", "clicks"), learners)


def video_seeks(bins=60, learners=20_000):
    """From where to where learners jump: much beside the diagonal, few far jumps, most pairs never."""
    rows = []
    for start in range(bins):
        for end in range(bins):
            far = abs(end - start)
            seeks = round(learners * 0.05 * exp(-far / 3)) if far else 0
            if seeks or (start + end) % 5 == 0:
                rows.append((15 * start, 15 * end, seeks))
    kinds = {"from_second": int, "to_second": int, "seeks": int}
    chart = HeatMap("from_second", "to_second", "seeks")
    return result("video-seeks", "Where learners jump in a video", kinds, rows, chart, learners)


LENGTHS = ("0", "under 1 min", "1 to 5 min", "5 to 10 min", "10 to 30 min", "30 to 60 min", "1 to 2 h", "over 2 h")


def session_lengths(labels=LENGTHS, learners=20_000, *, interval=False):
    """Sessions by length, or shares with an interval."""
    rows = []
    for number, label in enumerate(labels):
        value = (0.5 + 0.5 * sin(number * 0.9)) * (0.3 if interval else learners)
        wide = 1.0 / max(learners, 1) ** 0.5
        rows.append(
            (label, value, max(value - wide, 0.0), min(value + wide, 1.0)) if interval else (label, round(value))
        )
    kinds = {"length": type(labels[0])} | (
        {"share": float, "low": float, "high": float} if interval else {"sessions": int}
    )
    chart = Columns("length", "share", "low", "high") if interval else Columns("length", "sessions")
    return result("sessions", "How long sessions are", kinds, rows, chart, learners)


def rows_of(made, rows):
    """The same result with other rows."""
    columns = {name: [row[number] for row in rows] for number, name in enumerate(made.analysis.schema.names)}
    return replace(made, table=pa.table(columns, schema=made.analysis.schema))


def with_values(made, value):
    """The same result, in which every number that is drawn is `value`."""
    chart = made.analysis.chart
    names = chart.values if isinstance(chart, LineChart) else (chart.value,)
    table = made.table
    for name in (*names, "low", "high"):
        if name in table.column_names:
            kind = table.schema.field(name).type
            column = pa.array([value] * table.num_rows, kind)
            table = table.set_column(table.column_names.index(name), name, column)
    return replace(made, table=table)


LONG = (
    "Introduction: what psychology is, and what it is not",
    "課程 1 什麼是心理學 它研究什麼",
    "مقدمة في علم النفس والسلوك",
    "W" * 300,
    "$\\frac{1}{0}$ $x",
    "",
)
ITEMS = tuple(f"lecture/{number} {'the brain and its parts'[: number % 24]}" for number in range(1, 61))

RESULTS = {
    "daily": daily(),
    "daily of 20": daily(learners=20),
    "daily of 1": daily(learners=1),
    "daily 400 days": daily(400),
    "daily 3000 days": daily(3000),
    "daily 5 days": daily(5),
    "daily one day": daily(1),
    "survival": survival(),
    "survival of 20": survival(learners=20),
    "survival of 1": survival(("all",), learners=1),
    "survival of 12 segments": survival((*LONG, "unknown", *"ABCDE")),
    "video heat": video_heat(),
    "long video heat": video_heat(3 * 3600),
    "retention": retention(),
    "retention of 1": retention(5, 1),
    "retention 60": retention(60),
    "retention one cohort": retention(1),
    "hours": hours(),
    "hours of 1": hours(1),
    "seeks": video_seeks(),
    "seeks of 20": video_seeks(12, 20),
    "lengths": session_lengths(),
    "lengths of 1": session_lengths(learners=1),
    "one length": session_lengths(("all",)),
    "long lengths": session_lengths(LONG * 2),
    "60 weeks": session_lengths(tuple(range(1, 61))),
    "60 items": session_lengths(ITEMS, interval=True),
    "shares of 20": session_lengths(interval=True, learners=20),
    "shares": session_lengths(interval=True),
}
