"""How active is each learner, and which of them are hardly people?"""

import pyarrow as pa

from coursetrail.analysis import Analysis

learners = Analysis(
    name="learners",
    title="Most active learners",
    question="How active is each learner, and which of them are hardly people?",
    definition=(
        "Per learner: clicks; active days, distinct UTC days with an event; sessions, runs of events without a "
        "gap over 30 minutes; first and last event (UTC). is_bot: an event came from a user agent known as a bot. "
        "is_outlier: more than 120 events within one minute, or more than 16 hours of activity (gaps up to 30 "
        "minutes, summed) in one day. Bots and outliers are marked, not left out."
    ),
    columns={
        "learner": pa.string(),
        "clicks": pa.int64(),
        "active_days": pa.int64(),
        "sessions": pa.int64(),
        "first_seen": pa.timestamp("us"),
        "last_seen": pa.timestamp("us"),
        "is_bot": pa.bool_(),
        "is_outlier": pa.bool_(),
    },
    sql="""
        with steps as (
            select
                learner, time, is_click,
                day_of(time) as day,
                seconds_between(lag(time) over moves, time) as gap,
                seconds_between(lag(time, 120) over moves, time) as burst
            from events
            where learner is not null
            window moves as (partition by learner order by time)
        ), days as (
            select
                learner, day,
                count_if(is_click) as clicks,
                count_if(gap is null or gap > 1800) as sessions,
                min(time) as first_seen,
                max(time) as last_seen,
                sum(least(case when gap <= 1800 then gap else 0 end, seconds_of_day(time))) as active,
                count_if(burst <= 60) as bursts
            from steps
            group by learner, day
        ), bots as (
            select learner, true as is_bot
            from (select distinct learner, user_agent from events where learner is not null)
            join agents using (user_agent)
            where is_bot
            group by learner
        )
        select
            learner,
            sum(clicks) as clicks,
            count(*) as active_days,
            sum(sessions) as sessions,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            coalesce(bool_or(is_bot), false) as is_bot,
            bool_or(bursts > 0 or active > 57600) as is_outlier
        from days left join bots using (learner)
        group by learner
        order by clicks desc, learner
    """,
)
