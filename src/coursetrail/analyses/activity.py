"""How are clicks spread over learners?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.render.charts import Concentration

activity = Analysis(
    name="activity",
    title="Clicks per learner",
    question="How are clicks spread over learners?",
    definition=(
        "The empirical distribution of clicks per learner: for every count that occurs, how many learners have "
        "it, and which share of learners has at most that many. Learners whose events are no clicks have 0."
    ),
    columns={"clicks": pa.int64(), "learners": pa.int64(), "share_at_most": pa.float64()},
    chart=Concentration(value="clicks", count="learners"),
    sql="""
        with counted as (
            select learner, sum(clicks) as clicks from used where learner is not null group by learner
        ), grouped as (
            select clicks, count(*) as learners from counted group by clicks
        )
        select
            clicks,
            learners,
            cast(sum(learners) over (order by clicks rows unbounded preceding) as double)
                / sum(learners) over () as share_at_most
        from grouped
        order by clicks
    """,
)
