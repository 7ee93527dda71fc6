"""Which countries do learners come from?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

countries = Analysis(
    name="countries",
    title="Learners by country",
    question="Which countries do learners come from?",
    definition=(
        "Distinct learners with at least one event from a country, as the export says it (two letters), their share of "
        "all learners with its 95 % interval (Wilson), and their clicks there. A learner who was seen in several "
        "countries counts once in each, so shares may add up to more than 100 %. unknown: events without a country; "
        "legacy Coursera exports and Open edX logs have none."
    ),
    columns={
        "country": pa.string(),
        "learners": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "clicks": pa.int64(),
    },
    share_of=ShareOf(("country",)),
    chart=Bars(label="country", value="learners", share="share"),
    sql="""
        with seen as (
            select coalesce(country, 'unknown') as country, learner, sum(clicks) as clicks
            from events
            where learner is not null
            group by coalesce(country, 'unknown'), learner
        ), counted as (
            select country, count(*) as k, sum(clicks) as clicks from seen group by country
        )
        select
            country,
            k as learners,
            cast(k as double) / n as share,
            wilson_low(k, n) as low,
            wilson_high(k, n) as high,
            clicks
        from counted cross join (select count(distinct learner) as n from seen) as everyone
        order by country = 'unknown', learners desc, country
    """,
)
