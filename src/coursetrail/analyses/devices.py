"""On what kind of device do learners come?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

devices = Analysis(
    name="devices",
    title="Learners by device",
    question="On what kind of device do learners come?",
    definition=(
        "Distinct learners with at least one event from a device class, and their clicks there. A learner who used "
        "several counts once in each, so shares may add up to more than 100 %. "
        "Classes are those of Matomo's device-detector: desktop, smartphone, tablet, phablet, …"
    ),
    columns={"device": pa.string(), "learners": pa.int64(), "share": pa.float64(), "clicks": pa.int64()},
    share_of=ShareOf(("device",)),
    chart=Bars(label="device", value="learners", share="share"),
    sql="""
        select
            coalesce(device, 'unknown') as device,
            count(distinct learner) as learners,
            count(distinct learner) / (select cast(count(distinct learner) as double) from used) as share,
            sum(clicks) as clicks
        from used left join agents using (user_agent)
        where learner is not null
        group by coalesce(device, 'unknown')
        order by coalesce(device, 'unknown') = 'unknown', learners desc, device
    """,
)
