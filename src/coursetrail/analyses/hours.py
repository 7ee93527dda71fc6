"""At which hours of the week are learners active?

Events are first counted by minutes of each learner, or by half hours where no zone is asked for. Clocks change at whole
minutes.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import HeatMap

hours = Analysis(
    name="hours",
    title="Activity by hour of the week",
    question="At which hours of the week are learners active?",
    definition=(
        "Events, and distinct learners, by weekday (1 is Monday) and hour of the day, over all weeks. With `clock` = "
        "utc, of UTC; with `clock` = local, of the clock where the learner was, summer time included, only for events "
        "with an IANA time zone, for example Europe/Athens. events_without_zone: events that are left out because they "
        "have no such zone, the same number in every row; where no event has one, events and learners are empty. "
        "Learners count once in each cell, so the cells do not add up to all learners. Events that have a day and no "
        "time of day are left out. `clock` is $clock."
    ),
    columns={
        "weekday": pa.int64(),
        "hour": pa.int64(),
        "events": pa.int64(),
        "learners": pa.int64(),
        "events_without_zone": pa.int64(),
    },
    parameters=(
        Parameter("clock", str, "utc", "Whose hours: UTC, or those of the learner.", choices=("utc", "local")),
    ),
    chart=HeatMap(x="hour", y="weekday", value="learners"),
    sql="""
        with moments as (
            select
                learner, time,
                case when $clock = 'local' then timezone end as zone,
                microseconds(time) as micros,
                case when $clock = 'local' then 60000000 else 1800000000 end as unit
            from events
            where learner is not null and has_clock
        ), units as (
            select learner, zone, min(time) as time, min(micros) as micros, count(*) as events
            from moments
            group by learner, zone, micros - micros % unit
        ), clocks as (
            select
                learner, events,
                case when $clock = 'local' then wall_microseconds(time, zone) else micros end as wall
            from units
        ), dated as (
            select
                learner, events, wall,
                cast((wall - wall % 86400000000) / 86400000000 as bigint) as day,
                cast((wall % 86400000000 - wall % 3600000000) / 3600000000 as bigint) as hour
            from clocks
        ), cells as (
            select (day + 3) % 7 + 1 as weekday, hour, sum(events) as events, count(distinct learner) as learners
            from dated
            where wall is not null
            group by (day + 3) % 7 + 1, hour
        ), totals as (
            select
                count(wall) as known,
                count(*) as units,
                coalesce(sum(case when wall is null then events end), 0) as events_without_zone
            from dated
        ), grid as (
            select d.n as weekday, h.n as hour from range(1, 8) as d(n) cross join range(0, 24) as h(n)
        )
        select
            weekday, hour,
            case when known > 0 then coalesce(events, 0) end as events,
            case when known > 0 then coalesce(learners, 0) end as learners,
            events_without_zone
        from grid left join cells using (weekday, hour) cross join totals
        where units > 0
        order by weekday, hour
    """,
)
