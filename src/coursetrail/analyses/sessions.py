"""How often do learners come, how long do they stay, and how much do they do?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter

GAP = Parameter(
    "gap", int, 30, "A silence of more minutes than this ends a session.", metavar="MINUTES", least=5, most=10_080
)
"""At least the 5 minutes of `slots`: no silence inside of one is longer."""

SESSION = "A session is a run of events of one learner without a silence of more than $gap minutes"

SESSIONS = """
        with steps as (
            select
                *,
                case
                    when microseconds(begins) - lag(microseconds(ends)) over (partition by learner order by slot)
                        <= cast($gap as bigint) * 60000000 then 0
                    else 1
                end as is_first
            from slots
            where has_clock
        ), numbered as (
            select *, sum(is_first) over (partition by learner order by slot) as nth from steps
        ), runs as (
            select
                learner, nth,
                max(microseconds(ends)) - min(microseconds(begins)) as length,
                sum(events) as events,
                sum(clicks) as clicks,
                sum(page_views) as page_views,
                sum(other_clicks) as other_clicks
            from numbered
            group by learner, nth
        )"""
"""The sessions at `$gap`: `runs`, whose `length` is in microseconds."""

sessions = Analysis(
    name="sessions",
    title="Sessions",
    question="How often do learners come, how long do they stay, and how much do they do?",
    definition=(
        f"{SESSION}; midnight does not end it. minutes: from its first to its last event, 0 for a single event. "
        "engaged: sessions that are longer than 10 seconds, or have at least 2 page views, or a deliberate action "
        "other than a page view (for example a play or a submission). engaged_share: engaged / sessions, with its "
        "95 % interval (Wilson). Medians and percentiles are the smallest value that at least that many percent do "
        "not exceed. Events that have a day and no time of day are in no session."
    ),
    columns={
        "sessions": pa.int64(),
        "learners": pa.int64(),
        "mean_per_learner": pa.float64(),
        "median_per_learner": pa.int64(),
        "engaged": pa.int64(),
        "engaged_share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "mean_minutes": pa.float64(),
        "median_minutes": pa.float64(),
        "p90_minutes": pa.float64(),
        "mean_events": pa.float64(),
        "median_events": pa.int64(),
        "mean_clicks": pa.float64(),
        "median_clicks": pa.int64(),
    },
    parameters=(GAP,),
    sql=f"""{SESSIONS}, ranked as (
            select
                *,
                case when length > 10000000 or page_views >= 2 or other_clicks >= 1 then 1 else 0 end as is_engaged,
                row_number() over (order by length, learner, nth) as by_length,
                row_number() over (order by events, learner, nth) as by_events,
                row_number() over (order by clicks, learner, nth) as by_clicks,
                count(*) over () as n
            from runs
        ), people as (
            select
                sessions,
                row_number() over (order by sessions, learner) as position,
                count(*) over () as n
            from (select learner, max(nth) as sessions from runs group by learner) as counted
        ), halves as (
            select count(*) as learners, min(case when 2 * position >= n then sessions end) as median from people
        ), totals as (
            select
                count(*) as n,
                coalesce(sum(is_engaged), 0) as engaged,
                cast(sum(length) as double) / nullif(count(*), 0) / 60000000 as mean_minutes,
                min(case when 2 * by_length >= n then length end) / 60000000 as median_minutes,
                min(case when 10 * by_length >= 9 * n then length end) / 60000000 as p90_minutes,
                cast(sum(events) as double) / nullif(count(*), 0) as mean_events,
                min(case when 2 * by_events >= n then events end) as median_events,
                cast(sum(clicks) as double) / nullif(count(*), 0) as mean_clicks,
                min(case when 2 * by_clicks >= n then clicks end) as median_clicks
            from ranked
        )
        select
            totals.n as sessions,
            learners,
            cast(totals.n as double) / nullif(learners, 0) as mean_per_learner,
            median as median_per_learner,
            engaged,
            cast(engaged as double) / nullif(totals.n, 0) as engaged_share,
            wilson_low(engaged, totals.n) as low,
            wilson_high(engaged, totals.n) as high,
            mean_minutes, median_minutes, p90_minutes, mean_events, median_events, mean_clicks, median_clicks
        from totals cross join halves
        order by sessions
    """,
)
