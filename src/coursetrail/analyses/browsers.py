"""Which browsers do learners use?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

browsers = Analysis(
    name="browsers",
    title="Learners by browser",
    question="Which browsers do learners use?",
    definition=(
        "Distinct learners with at least one event from a browser, and their clicks there. A learner who used "
        "several counts once in each, so shares may add up to more than 100 %. "
        "Names are those of Matomo's device-detector."
    ),
    columns={"browser": pa.string(), "learners": pa.int64(), "share": pa.float64(), "clicks": pa.int64()},
    share_of=ShareOf(("browser",)),
    chart=Bars(label="browser", value="learners", share="share"),
    sql="""
        select
            coalesce(browser, 'unknown') as browser,
            count(distinct learner) as learners,
            count(distinct learner) / (select cast(count(distinct learner) as double) from used) as share,
            sum(clicks) as clicks
        from used left join agents using (user_agent)
        where learner is not null
        group by coalesce(browser, 'unknown')
        order by coalesce(browser, 'unknown') = 'unknown', learners desc, browser
    """,
)
