"""How active is each learner, and which of them are bots or outliers?

Sorting all events is expensive, so they are first grouped by half hours of the clock: a gap inside one is too short to
end a session. 121 events within a minute leave more than 60 in one of the two clock minutes that they touch, so only
learners with such a minute are examined event by event. The answer is exact.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis

learners = Analysis(
    name="learners",
    title="Most active learners",
    question="How active is each learner, and which of them are bots or outliers?",
    definition=(
        "Per learner: platform, where the id is from ('several' where platforms share ids); clicks; active days, "
        "distinct UTC days with an event; sessions, runs of events without a gap over 30 minutes; first and last "
        "event (UTC). is_bot: an event came from a user agent known as a bot. is_outlier: more than 120 events "
        "within one minute, or more than 16 hours of activity (gaps up to 30 minutes, summed) in one day. Bots and "
        "outliers are marked, not left out. Sessions and outliers need a time of day: events of files that have only "
        "days do not count for them, and sessions are empty where a learner has no other events."
    ),
    columns={
        "learner": pa.string(),
        "platform": pa.string(),
        "clicks": pa.int64(),
        "active_days": pa.int64(),
        "sessions": pa.int64(),
        "first_seen": pa.timestamp("us"),
        "last_seen": pa.timestamp("us"),
        "is_bot": pa.bool_(),
        "is_outlier": pa.bool_(),
    },
    names_learners=True,
    sql="""
        with instants as (
            select learner, time, microseconds(time) as micros, clicks, has_clock from events where learner is not null
        ), moments as (
            select *, micros - micros % 1800000000 as half from instants
        ), halves as (
            select
                learner, half, has_clock,
                count(*) as events,
                sum(clicks) as clicks,
                min(time) as begins,
                max(time) as ends
            from moments
            group by learner, half, has_clock
        ), steps as (
            select
                *,
                half - half % 86400000000 as day,
                microseconds(begins) - microseconds(lag(ends) over moves) as silence,
                microseconds(lead(begins) over moves) as next
            from halves
            window moves as (partition by learner, has_clock order by half)
        ), active_days as (
            select
                learner, day,
                sum(clicks) as clicks,
                sum(case when not has_clock then null when silence <= 1800000000 then 0 else 1 end) as sessions,
                min(begins) as first_seen,
                max(ends) as last_seen,
                sum(case when has_clock then
                    microseconds(ends) - microseconds(begins)
                    + case when silence <= 1800000000 then least(silence, microseconds(begins) - day) else 0 end
                    + case
                        when next >= day + 86400000000 and next - microseconds(ends) <= 1800000000
                        then day + 86400000000 - microseconds(ends)
                        else 0
                    end
                end) as active
            from steps
            group by learner, day
        ), crowded as (
            select learner
            from moments semi join (select learner, half from halves where events > 60) using (learner, half)
            where has_clock
            group by learner, micros - micros % 60000000
            having count(*) > 60
        ), bursts as (
            select distinct learner, true as is_burst
            from (
                select learner, micros - lag(micros, 120) over (partition by learner order by micros) as took
                from moments semi join crowded using (learner)
                where has_clock
            )
            where took <= 60000000
        ), people as (
            select
                learner,
                min(learner_id) as learner_id,
                case when min(platform) = max(platform) then min(platform) else 'several' end as platform,
                coalesce(bool_or(is_bot), false) as is_bot
            from used left join agents using (user_agent)
            where learner is not null
            group by learner
        )
        select
            min(learner_id) as learner,
            min(platform) as platform,
            sum(clicks) as clicks,
            count(*) as active_days,
            sum(sessions) as sessions,
            min(first_seen) as first_seen,
            max(last_seen) as last_seen,
            bool_or(is_bot) as is_bot,
            coalesce(bool_or(is_burst), false) or coalesce(max(active) > 57600000000, false) as is_outlier
        from active_days left join bursts using (learner) join people using (learner)
        group by active_days.learner
        order by clicks desc, learner, platform
    """,
)
