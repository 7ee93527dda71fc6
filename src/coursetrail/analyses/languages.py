"""Which language do learners prefer?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Bars

languages = Analysis(
    name="languages",
    title="Learners by preferred language",
    question="Which language do learners prefer?",
    definition=(
        "Distinct learners whose browser asked for a language first: the Accept-Language item of the highest "
        "quality, the first of equals (RFC 9110), without its region. A learner seen with several counts once "
        "in each, so shares may add up to more than 100 %."
    ),
    columns={
        "language": pa.string(),
        "name": pa.string(),
        "learners": pa.int64(),
        "share": pa.float64(),
        "clicks": pa.int64(),
    },
    share_of=ShareOf(("language",)),
    chart=Bars(label="name", value="learners", share="share"),
    sql="""
        select
            coalesce(language, 'unknown') as language,
            coalesce(min(name), 'unknown') as name,
            count(distinct learner) as learners,
            count(distinct learner) / (select cast(count(distinct learner) as double) from used) as share,
            sum(clicks) as clicks
        from used left join languages using (accept_language)
        where learner is not null
        group by coalesce(language, 'unknown')
        order by coalesce(language, 'unknown') = 'unknown', learners desc, language
    """,
)
