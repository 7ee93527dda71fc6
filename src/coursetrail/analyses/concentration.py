"""How much of all activity comes from few learners?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis

concentration = Analysis(
    name="concentration",
    title="Concentration of activity",
    question="How much of all activity comes from few learners?",
    definition=(
        "Over the clicks of each learner: mean, percentiles (p90: the smallest count that at least 90 % of learners "
        "do not exceed; the median likewise), maximum, Gini coefficient (0: all equal, 1: all clicks by one "
        "learner), and the share of all clicks made by the most active 1 % and 10 % of learners (rounded up to "
        "whole learners)."
    ),
    columns={
        "learners": pa.int64(),
        "clicks": pa.int64(),
        "mean": pa.float64(),
        "median": pa.int64(),
        "p75": pa.int64(),
        "p90": pa.int64(),
        "p99": pa.int64(),
        "max": pa.int64(),
        "gini": pa.float64(),
        "top_1_percent_share": pa.float64(),
        "top_10_percent_share": pa.float64(),
    },
    sql="""
        with counted as (
            select learner, sum(clicks) as clicks from used where learner is not null group by learner
        ), ranked as (
            select clicks, row_number() over (order by clicks, learner) as place, count(*) over () as n from counted
        )
        select
            count(*) as learners,
            coalesce(sum(clicks), 0) as clicks,
            avg(clicks) as mean,
            min(case when 100 * place >= 50 * n then clicks end) as median,
            min(case when 100 * place >= 75 * n then clicks end) as p75,
            min(case when 100 * place >= 90 * n then clicks end) as p90,
            min(case when 100 * place >= 99 * n then clicks end) as p99,
            max(clicks) as max,
            2 * cast(sum(place * clicks) as double) / nullif(count(*) * sum(clicks), 0)
                - cast(count(*) + 1 as double) / nullif(count(*), 0) as gini,
            cast(sum(case when place > n - ceil(n / 100.0) then clicks end) as double)
                / nullif(sum(clicks), 0) as top_1_percent_share,
            cast(sum(case when place > n - ceil(n / 10.0) then clicks end) as double)
                / nullif(sum(clicks), 0) as top_10_percent_share
        from ranked
        order by learners
    """,
)
