"""How many of those who begin in a week are active in the weeks after it?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import HeatMap

retention = Analysis(
    name="retention",
    title="Retention of weekly cohorts",
    question="How many of those who begin in a week are active in the weeks after it?",
    definition=(
        "A cohort is the learners whose first event lies in one week (Monday to Sunday, UTC). weeks_after: weeks "
        "since then, 0 is the cohort's own week. active: learners of the cohort with an event in that week, whether "
        "or not they were active between. share: active / learners, with its 95 % interval (Wilson). Cells are empty,"
        " not 0, as long as their week has not passed: the observation ends with the day of the last event of anyone,"
        " and that day counts as passed. In a week 0 that has not passed, learners is the number so far."
    ),
    columns={
        "cohort": pa.date32(),
        "weeks_after": pa.int64(),
        "learners": pa.int64(),
        "active": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    },
    share_of=ShareOf(("cohort", "weeks_after"), "active", "learners"),
    chart=HeatMap(x="weeks_after", y="cohort", value="share"),
    sql="""
        with active as (
            select learner, day - (day + 3) % 7 as week from days group by learner, day - (day + 3) % 7
        ), people as (
            select learner, min(week) as cohort from active group by learner
        ), cohorts as (
            select cohort, count(*) as learners from people group by cohort
        ), counted as (
            select cohort, week, count(*) as active
            from active join people using (learner)
            group by cohort, week
        ), observed as (
            select max(last_day) as last, min(day) as first from days cross join observation
        ), cells as (
            select cohort, learners, n as weeks_after, cohort + 7 * n as week, cohort + 7 * n + 6 <= last as has_passed
            from cohorts cross join observed join range(0, 8000) as r(n)
                on 7 * n <= last - (last + 3) % 7 - (first - (first + 3) % 7)
        ), filled as (
            select cells.*, case when has_passed then coalesce(active, 0) end as active
            from cells left join counted using (cohort, week)
        )
        select
            to_day(cohort) as cohort, weeks_after, learners, active,
            cast(active as double) / learners as share,
            wilson_low(active, learners) as low,
            wilson_high(active, learners) as high
        from filled
        order by filled.cohort, weeks_after
    """,
)
