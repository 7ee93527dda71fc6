"""Relations: shapes of the events that several analyses need, each with a name and one SQL text.

An analysis uses a relation by naming it. It becomes part of the text, or the engine computes it once for all analyses
that name it.
"""

import re
from dataclasses import dataclass

from coursetrail.analyses.filters import Filters
from coursetrail.dataset.actions import NOISE
from coursetrail.engines.sql import literal


@dataclass(frozen=True)
class Relation:
    """A `select` over `{events}` and over relations before it in the list, by name; `meaning` says what one row is.

    It is one `select` without a `with`: Spark does not recognise the computed rows of a text with a `with` in another
    text that has one.
    """

    name: str
    meaning: str
    sql: str

    def over(self, events: str, filters: Filters) -> str:
        """The relation over the events of a query in brackets with an alias, or of a name."""
        return self.sql.format(events=events, observed=f"({filters.sql(whoever=True)}) as observed")


USED = Relation(
    name="used",
    meaning="The headers that a learner came with on a platform, and how often; null is a learner too.",
    sql="""
    select
        learner, platform, user_agent, accept_language,
        min(learner_id) as learner_id,
        count(*) as events,
        sum(case when has_clock then 0 else 1 end) as without_clock,
        sum(clicks) as clicks
    from {events}
    group by learner, platform, user_agent, accept_language
""",
)
SLOTS = Relation(
    name="slots",
    meaning=(
        "What a learner did within five minutes of the UTC clock: `slot` is their beginning in microseconds since "
        "1970, `begins` and `ends` are the first and the last event; `page_views` and `other_clicks` are deliberate, "
        "also where every event counts as a click."
    ),
    sql="""
    select
        learner, slot, has_clock,
        min(time) as begins,
        max(time) as ends,
        count(*) as events,
        sum(clicks) as clicks,
        sum(case when action = 'page_view' then clicks else 0 end) as page_views,
        sum(case when action in (NOISE, 'page_view') then 0 else clicks end) as other_clicks
    from (
        select *, microseconds(time) - microseconds(time) % 300000000 as slot
        from (select learner, time, action, clicks, has_clock from {events} where learner is not null) as moments
    ) as timed
    group by learner, slot, has_clock
""".replace("NOISE", ", ".join(map(literal, NOISE))),
)
DAYS = Relation(
    name="days",
    meaning="What a learner did on a UTC day; `day` is its number since 1970-01-01.",
    sql="""
    select
        learner, day,
        min(begins) as begins,
        max(ends) as ends,
        sum(events) as events,
        sum(clicks) as clicks
    from (select *, cast((slot - slot % 86400000000) / 86400000000 as bigint) as day from slots) as dated
    group by learner, day
""",
)
OBSERVATION = Relation(
    name="observation",
    meaning=(
        "One row: `last_day`, the number of the last UTC day on which anyone was seen, whoever is asked for: the "
        "filters of course, time and clicks hold, those of learners do not."
    ),
    sql="""
    select cast(max(microseconds(time) - microseconds(time) % 86400000000) / 86400000000 as bigint) as last_day
    from {observed}
    where learner is not null
""",
)
SESSION_SLOTS = Relation(
    name="session_slots",
    meaning="The slots of a learner with a time of day, and in `visit` the number of the session that each is in.",
    sql="""
    select *, sum(is_first) over (partition by learner order by slot) as visit
    from (
        select
            *,
            case
                when microseconds(begins) - lag(microseconds(ends)) over (partition by learner order by slot)
                    <= 1800000000 then 0
                else 1
            end as is_first
        from slots
        where has_clock
    ) as steps
""",
)
VISITS = Relation(
    name="visits",
    meaning=(
        "A session of a learner: events without a gap of more than 30 minutes; `visit` counts them from 1. Events "
        "without a time of day are in none."
    ),
    sql="""
    select
        learner, visit,
        min(begins) as begins,
        max(ends) as ends,
        sum(events) as events,
        sum(clicks) as clicks,
        sum(page_views) as page_views,
        sum(other_clicks) as other_clicks
    from session_slots
    group by learner, visit
""",
)
ITEM_VISITS = Relation(
    name="item_visits",
    meaning="A learner's use of an item of a course: the first and the last event, events and clicks.",
    sql="""
    select
        course, area, item, learner,
        min(time) as begins,
        max(time) as ends,
        count(*) as events,
        sum(clicks) as clicks
    from {events}
    where learner is not null and item is not null
    group by course, area, item, learner
""",
)
VIEWINGS = Relation(
    name="viewings",
    meaning=(
        "An uninterrupted piece of a video that a learner watched, from second `begins` to `ends` of the video, at "
        "`time`, with the speed `rate` where it is known. A play opens it; a pause, the end, or a seek (at the "
        "position it left) closes it; the next play after a seek begins at its target. Where the player reports every "
        "five seconds (`video_heartbeat`), reports that follow each other are one, and only they count."
    ),
    sql="""
    select course, item, learner, time, case when came_to >= 0 then came_to else position end as begins, ends, rate
    from (
        select
            course, item, learner, time, action, rate, position, ends,
            lag(target) over (partition by course, item, learner order by time, source, line) as came_to
        from (
            select
                course, item, learner, time, source, line, action, rate, position,
                case when action = 'video_seek' then position end as target,
                lead(case when action = 'video_seek' then position_from when action <> 'video_play' then position end)
                    over (partition by course, item, learner order by time, source, line) as ends
            from (
                select
                    coalesce(course, '') as course, item, learner, time, source, line, action, position, position_from,
                    rate
                from {events}
                where learner is not null and item is not null
                    and action in ('video_play', 'video_pause', 'video_seek', 'video_end')
            ) as moves
        ) as closed
        where action in ('video_play', 'video_seek')
    ) as played
    anti join (
        select distinct coalesce(course, '') as course, item, learner from {events}
        where action = 'video_heartbeat'
    ) as reported using (course, item, learner)
    where action = 'video_play' and (came_to >= 0 or position >= 0)
        and ends - case when came_to >= 0 then came_to else position end between 0.25 and 36000
    union all
    select course, item, learner, min(time) as time, min(begins) as begins, max(ends) as ends, min(rate) as rate
    from (
        select *, sum(is_new) over (
            partition by course, item, learner order by time, source, line
            rows between unbounded preceding and current row
        ) as piece
        from (
            select
                *,
                case
                    when begins - lag(ends) over (partition by course, item, learner order by time, source, line)
                        between -0.5 * (ends - begins) and 0.5 * (ends - begins) then 0
                    else 1
                end as is_new
            from (
                select
                    coalesce(course, '') as course, item, learner, time, source, line, rate,
                    greatest(position - 5 * coalesce(rate, 1), 0) as begins, position as ends
                from {events}
                where learner is not null and item is not null and action = 'video_heartbeat' and position > 0
            ) as beats
        ) as steps
    ) as pieces
    group by course, item, learner, piece
    having max(ends) - min(begins) >= 0.25 and max(ends) - min(begins) <= 36000
""",
)
VIEWERS = Relation(
    name="viewers",
    meaning=(
        "A learner with a viewing of a video: `reached` is the largest position, `watched` and `seen` are the time "
        "watched with and without repeats, all in milliseconds of the video; `views` and `bins` count the pieces of "
        "five seconds that viewings touched with and without repeats, `at_start` is 1 where the first one was touched."
    ),
    sql="""
    select
        course, item, learner,
        max(ends) as reached,
        sum(ends - begins) as watched,
        sum(greatest(ends - greatest(begins, coalesce(seen_to, 0)), 0)) as seen,
        sum(last_bin - first_bin + 1) as views,
        sum(greatest(last_bin - greatest(first_bin, coalesce(last_seen, -1) + 1) + 1, 0)) as bins,
        max(case when first_bin = 0 then 1 else 0 end) as at_start
    from (
        select *, max(ends) over earlier as seen_to, max(last_bin) over earlier as last_seen
        from (
            select
                course, item, learner,
                cast(floor(begins * 1000 + 0.5) as bigint) as begins,
                cast(floor(ends * 1000 + 0.5) as bigint) as ends,
                cast(floor(begins / 5) as bigint) as first_bin,
                cast(floor(ends / 5) as bigint) as last_bin
            from viewings
        ) as counted
        window earlier as (
            partition by course, item, learner order by begins, ends, first_bin, last_bin
            rows between unbounded preceding and 1 preceding
        )
    ) as pieces
    group by course, item, learner
""",
)
LENGTHS = Relation(
    name="video_lengths",
    meaning=(
        "A video with viewers: how many, and its `length` in milliseconds, as the player says it (Open edX), else the "
        "largest position that at least 5 % of viewers reach."
    ),
    sql="""
    select course, item, viewers, coalesce(reported, estimated) as length
    from (
        select
            course, item,
            max(viewers) as viewers,
            max(case when 20 * place >= viewers then reached end) as estimated
        from (
            select
                course, item, reached,
                row_number() over (partition by course, item order by reached desc, learner) as place,
                count(*) over (partition by course, item) as viewers
            from viewers
        ) as ranked
        group by course, item
    ) as measured
    left join (
        select
            coalesce(course, '') as course, item,
            max(cast(floor(try_cast(json_text(extra, '$.event.duration') as double) * 1000 + 0.5) as bigint))
                as reported
        from {events}
        where platform = 'edx' and action in ('video_load', 'video_play') and item is not null
            and try_cast(json_text(extra, '$.event.duration') as double) between 0.25 and 36000
        group by coalesce(course, ''), item
    ) as players using (course, item)
""",
)

RELATIONS = (USED, SLOTS, DAYS, OBSERVATION, SESSION_SLOTS, VISITS, ITEM_VISITS, VIEWINGS, VIEWERS, LENGTHS)
"""All relations; each reads only those before it."""


def words_of(sql: str) -> set[str]:
    """All words of a text: the names in it, and whatever else its words are."""
    return set(re.findall(r"\w+", sql))


def named_relations(sql: str) -> tuple[Relation, ...]:
    """The relations that a text reads, and those that these read, in the order in which they can be computed."""
    found = set(re.findall(r"\b(?:from|join)\s+(\w+)", sql))
    for one in reversed(RELATIONS):
        if one.name in found:
            found |= set(re.findall(r"\b(?:from|join)\s+(\w+)", one.sql))
    return tuple(one for one in RELATIONS if one.name in found)


def materialized(relation: Relation, filters: Filters) -> str:
    """The text of a relation by itself, for an engine to compute once."""
    return relation.over(f"({filters.sql()}) as events", filters)


def statement(body: str, filters: Filters, *, computed: tuple[Relation, ...] = ()) -> str:
    """A text over `events` and relations as one statement; the engine knows those that it has `computed` already."""
    needed = [one for one in named_relations(body) if one not in computed]
    parts = [
        f"events as (\n    {filters.sql()}\n)",
        *(f"{one.name} as ({one.over('events', filters)})" for one in needed),
    ]
    start = f"with {', '.join(parts)}"
    return f"{start},\n{body[5:]}" if body.startswith("with ") else f"{start}\n{body}"
