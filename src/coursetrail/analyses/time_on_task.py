"""How many minutes do learners spend in the course each week?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.render.charts import LineChart

SHORT, LONG = "time_5", "time_30"
PERCENTILES = {"p25": 25, "median": 50, "p75": 75, "p90": 90}


def _of_each(percent: int, column: str) -> str:
    return f"min(case when 100 * by_{column} >= {percent} * n then {column} end) / 60000000"


_MEASURES = [
    (f"{name}_{column.removeprefix('time_')}", text)
    for column in (SHORT, LONG)
    for name, text in (
        ("mean", f"cast(sum({column}) as double) / count(*) / 60000000"),
        *((name, _of_each(percent, column)) for name, percent in PERCENTILES.items()),
    )
]

time_on_task = Analysis(
    name="time-on-task",
    title="Time on task by week",
    question="How many minutes do learners spend in the course each week?",
    definition=(
        "Time on task is the sum of the silences between successive events of a learner that are shorter than a "
        "cut-off: 5 minutes in the columns that end in _5, 30 minutes in those that end in _30. The last event adds "
        "nothing, so a learner with a single event has 0 minutes. A silence counts in the week in which it begins. "
        "One row a week (Monday to Sunday, UTC): learners with an event in it; mean, percentiles and median of their "
        "minutes (a percentile is the smallest value that at least that many percent of the learners do not exceed). "
        "days: how many days of the week lie between the first and the last event of all, 7 for a whole week. Events "
        "that have a day and no time of day are left out."
    ),
    columns={
        "week": pa.date32(),
        "days": pa.int64(),
        "learners": pa.int64(),
        **{name: pa.float64() for name, _ in _MEASURES},
    },
    chart=LineChart(x="week", values=("median_30", "median_5")),
    sql=f"""
        with silences as (
            select
                learner,
                cast((slot - slot % 86400000000) / 86400000000 as bigint) as day,
                microseconds(ends) - microseconds(begins) as inside,
                lead(microseconds(begins)) over (partition by learner order by slot) - microseconds(ends) as silence
            from slots
            where has_clock
        ), spent as (
            select
                learner,
                day - (day + 3) % 7 as week,
                sum(inside + case when silence < 300000000 then silence else 0 end) as {SHORT},
                sum(inside + case when silence < 1800000000 then silence else 0 end) as {LONG}
            from silences
            group by learner, day - (day + 3) % 7
        ), ranked as (
            select
                *,
                row_number() over (partition by week order by {SHORT}, learner) as by_{SHORT},
                row_number() over (partition by week order by {LONG}, learner) as by_{LONG},
                count(*) over (partition by week) as n
            from spent
        ), measured as (
            select week, count(*) as learners, {", ".join(f"{text} as {name}" for name, text in _MEASURES)}
            from ranked
            group by week
        ), weeks as (
            select n as week, least(last, n + 6) - greatest(first, n) + 1 as days
            from range(0, 50000) as r(n) cross join (select min(day) as first, max(day) as last from silences) as course
            where (n + 3) % 7 = 0 and n between first - 6 and last
        )
        select
            to_day(week) as week, days, coalesce(learners, 0) as learners, {", ".join(name for name, _ in _MEASURES)}
        from weeks left join measured using (week)
        order by week
    """,
)
