"""How many learners come each day, and do they come back?

A learner who is active on a day counts in the windows of that day and of the days after it, until their next active
day or the end of the window. So each (learner, day) changes the running counts twice, and no day is joined with the 28
before it.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import LineChart

daily = Analysis(
    name="daily",
    title="Learners by day",
    question="How many learners come each day, and do they come back?",
    definition=(
        "One row a UTC day, from the first to the last with an event. dau, wau, mau: distinct learners with an event "
        "in the 1, 7 and 28 days that end with this day; they are not sums of days. With `weeks` = calendar: in the "
        "day's week, Monday to Sunday, and in the 4 weeks that end with it, empty while that week is not over. "
        "stickiness: dau / mau, with its 95 % interval (Wilson). new: active for the first time; returning: also "
        "active the day before; resurrecting: active before, but not the day before; new + returning + resurrecting = "
        "dau. dormant: active the day before, and not on this day. The last day may not be over. `weeks` is $weeks."
    ),
    columns={
        "day": pa.date32(),
        "dau": pa.int64(),
        "wau": pa.int64(),
        "mau": pa.int64(),
        "stickiness": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "new": pa.int64(),
        "returning": pa.int64(),
        "resurrecting": pa.int64(),
        "dormant": pa.int64(),
    },
    parameters=(
        Parameter(
            "weeks",
            str,
            "rolling",
            "Count weeks that end with each day, or weeks from Monday to Sunday.",
            choices=("rolling", "calendar"),
        ),
    ),
    chart=LineChart(x="day", values=("dau", "wau", "mau")),
    sql="""
        with active as (
            select
                day,
                lag(day) over (partition by learner order by day) as before,
                lead(day) over (partition by learner order by day) as next
            from days
        ), changes as (
            select
                day,
                count(*) as dau, count(*) as wau, count(*) as mau,
                sum(case when before is null then 1 else 0 end) as new,
                sum(case when day - before = 1 then 1 else 0 end) as returned,
                sum(case when day - before > 1 then 1 else 0 end) as resurrecting,
                0 as dormant
            from active
            group by day
            union all
            select day + 1, 0, 0, 0, 0, 0, 0, count(*) from active where next is null or next > day + 1 group by day
            union all
            select least(next, day + 7), 0, -count(*), 0, 0, 0, 0, 0 from active group by least(next, day + 7)
            union all
            select least(next, day + 28), 0, 0, -count(*), 0, 0, 0, 0 from active group by least(next, day + 28)
            union all
            select n, 0, 0, 0, 0, 0, 0, 0
            from range(0, 50000) as r(n)
                cross join (select min(day) as first from days) as course
                cross join observation
            where n between first and last_day
        ), counted as (
            select
                day,
                sum(dau) as dau,
                sum(sum(wau)) over (order by day) as wau,
                sum(sum(mau)) over (order by day) as mau,
                sum(new) as new,
                sum(returned) as returned,
                sum(resurrecting) as resurrecting,
                sum(dormant) as dormant
            from changes
            where day <= (select last_day from observation)
            group by day
        ), windows as (
            select
                day, dau, new, returned, resurrecting, dormant,
                case
                    when $weeks = 'rolling' then wau
                    else max(case when (day + 3) % 7 = 6 then wau end) over (partition by day - (day + 3) % 7)
                end as wau,
                case
                    when $weeks = 'rolling' then mau
                    else max(case when (day + 3) % 7 = 6 then mau end) over (partition by day - (day + 3) % 7)
                end as mau
            from counted
        )
        select
            to_day(day) as day, dau, wau, mau,
            cast(dau as double) / nullif(mau, 0) as stickiness,
            wilson_low(dau, mau) as low,
            wilson_high(dau, mau) as high,
            new, returned as returning, resurrecting, dormant
        from windows
        order by day
    """,
)
