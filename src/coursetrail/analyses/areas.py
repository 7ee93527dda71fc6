"""Which parts of the course do learners visit?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

areas = Analysis(
    name="areas",
    title="Learners by part of the course",
    question="Which parts of the course do learners visit?",
    definition=(
        "Distinct learners with at least one event in a part of the course, their share of all learners with its 95 % "
        "interval (Wilson), and their clicks there. A learner who visited several parts counts once in each, so shares "
        "may add up to more than 100 %. unknown: events without an address."
    ),
    columns={
        "area": pa.string(),
        "learners": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "clicks": pa.int64(),
    },
    share_of=ShareOf(("area",)),
    chart=Bars(label="area", value="learners", share="share"),
    sql="""
        with visited as (
            select coalesce(area, 'unknown') as area, learner, sum(clicks) as clicks
            from events
            where learner is not null
            group by coalesce(area, 'unknown'), learner
        ), counted as (
            select area, count(*) as k, sum(clicks) as clicks from visited group by area
        )
        select
            area,
            k as learners,
            cast(k as double) / n as share,
            wilson_low(k, n) as low,
            wilson_high(k, n) as high,
            clicks
        from counted cross join (select count(distinct learner) as n from visited) as everyone
        order by area = 'unknown', learners desc, area
    """,
)
