"""Which share of the learners of a week leaves, by three definitions?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import LineChart

dropout = Analysis(
    name="dropout",
    title="Dropout by week",
    question="Which share of the learners of a week leaves, by three definitions?",
    definition=(
        "learners: those with an event in the week (Monday to Sunday, UTC). left: of these, those who left, by three "
        "definitions of the field. kdd2015: no event in the 10 days after the week (KDD Cup 2015); they may come back "
        "later. last_week: their last event lies in the week (Fei and Yeung). quiet14: their last event lies in the "
        "week, and at least 14 days without an event follow before the observation ends; where both are known it "
        "equals last_week. The observation ends with the day of the last event of anyone. share: left / learners, with "
        "its 95 % interval (Wilson). Weeks for which it is too early to say are empty, not 0: until 10 more days have "
        "passed for kdd2015, 7 for last_week, 14 for quiet14."
    ),
    columns={
        "week": pa.date32(),
        "preset": pa.string(),
        "learners": pa.int64(),
        "left": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    },
    share_of=ShareOf(("week", "preset"), "left", "learners"),
    chart=LineChart(x="week", values=("share",), by="preset", low="low", high="high"),
    sql="""
        with active as (
            select learner, day - (day + 3) % 7 as week, min(day) as first
            from days
            group by learner, day - (day + 3) % 7
        ), steps as (
            select week, lead(first) over (partition by learner order by week) as next from active
        ), counted as (
            select
                week,
                count(*) as learners,
                sum(case when next <= week + 16 then 0 else 1 end) as pausing,
                sum(case when next is null then 1 else 0 end) as leaving
            from steps
            group by week
        ), weeks as (
            select n as week, last_day as last
            from range(0, 50000) as r(n)
                cross join (select min(day) as first from days) as course
                cross join observation
            where (n + 3) % 7 = 0 and n between first - 6 and last_day
        ), presets as (
            select
                week, last,
                case n when 0 then 'kdd2015' when 1 then 'last_week' else 'quiet14' end as preset,
                case n when 0 then 16 when 1 then 13 else 20 end as needs
            from weeks cross join range(0, 3) as r(n)
        ), filled as (
            select
                week, preset,
                coalesce(learners, 0) as learners,
                case
                    when week + needs > last then null
                    when preset = 'kdd2015' then coalesce(pausing, 0)
                    else coalesce(leaving, 0)
                end as gone
            from presets left join counted using (week)
        )
        select
            to_day(filled.week) as week, preset, learners, gone as left,
            cast(gone as double) / nullif(learners, 0) as share,
            wilson_low(gone, learners) as low,
            wilson_high(gone, learners) as high
        from filled
        order by filled.week, preset
    """,
)
