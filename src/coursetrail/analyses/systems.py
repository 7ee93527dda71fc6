"""Which operating systems do learners use?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

systems = Analysis(
    name="systems",
    title="Learners by operating system",
    question="Which operating systems do learners use?",
    definition=(
        "Distinct learners with at least one event from an operating system, and their clicks there. A learner who "
        "used several counts once in each, so shares may add up to more than 100 %. "
        "Names are those of Matomo's device-detector."
    ),
    columns={"system": pa.string(), "learners": pa.int64(), "share": pa.float64(), "clicks": pa.int64()},
    share_of=ShareOf(("system",)),
    chart=Bars(label="system", value="learners", share="share"),
    sql="""
        select
            coalesce(system, 'unknown') as system,
            count(distinct learner) as learners,
            count(distinct learner) / (select cast(count(distinct learner) as double) from used) as share,
            sum(clicks) as clicks
        from used left join agents using (user_agent)
        where learner is not null
        group by coalesce(system, 'unknown')
        order by coalesce(system, 'unknown') = 'unknown', learners desc, system
    """,
)
