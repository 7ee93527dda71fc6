"""How are the lengths of sessions spread?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.sessions import GAP, SESSION, SESSIONS
from coursetrail.render.charts import Columns

session_lengths = Analysis(
    name="session-lengths",
    title="Sessions by length",
    question="How are the lengths of sessions spread?",
    definition=(
        f"{SESSION}; its length is the time from its first to its last event, 0 s for a single event or several at the "
        "same moment. Each class begins above the one before and includes its own limit. share: of all sessions, with "
        "its 95 % interval (Wilson). Events that have a day and no time of day are in no session."
    ),
    columns={
        "length": pa.string(),
        "sessions": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "learners": pa.int64(),
    },
    parameters=(GAP,),
    chart=Columns(label="length", value="share", low="low", high="high"),
    sql=f"""{SESSIONS}, classes as (
            select
                n,
                case n
                    when 0 then '0 s' when 1 then 'up to 10 s' when 2 then 'up to 1 min' when 3 then 'up to 5 min'
                    when 4 then 'up to 15 min' when 5 then 'up to 30 min' when 6 then 'up to 1 h'
                    when 7 then 'up to 2 h' else 'over 2 h'
                end as length
            from range(0, 9) as r(n)
        ), classified as (
            select
                learner,
                case
                    when length = 0 then 0 when length <= 10000000 then 1 when length <= 60000000 then 2
                    when length <= 300000000 then 3 when length <= 900000000 then 4 when length <= 1800000000 then 5
                    when length <= 3600000000 then 6 when length <= 7200000000 then 7 else 8
                end as n
            from runs
        ), counted as (
            select n, count(*) as sessions, count(distinct learner) as learners from classified group by n
        ), whole as (
            select sum(sessions) as whole from counted
        )
        select
            length,
            coalesce(sessions, 0) as sessions,
            coalesce(sessions, 0) / cast(whole as double) as share,
            wilson_low(coalesce(sessions, 0), whole) as low,
            wilson_high(coalesce(sessions, 0), whole) as high,
            coalesce(learners, 0) as learners
        from classes left join counted using (n) cross join whole
        where whole > 0
        order by n
    """,
)
