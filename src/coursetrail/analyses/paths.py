"""What do learners do next, within a session?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter

paths = Analysis(
    name="paths",
    title="What follows what",
    question="What do learners do next, within a session?",
    definition=(
        "A step is a click on an item (of=item) or in an area of the course (of=area); this table: $of. Counted is how "
        "often a step is directly followed by another one of the same learner, course and session; a session ends "
        "with more than 30 minutes without an event. Clicks without an item or area are skipped. n: all steps that "
        "follow the first and are not the same again; share: those that lead to the second, with the 95 % interval "
        "(Wilson). Steps that lead to the same again are apart, last and without a share (is_loop). The $top most "
        "frequent of each kind are shown. Events without a time of day are left out."
    ),
    columns={
        "course": pa.string(),
        "from_area": pa.string(),
        "from_item": pa.string(),
        "to_area": pa.string(),
        "to_item": pa.string(),
        "is_loop": pa.bool_(),
        "transitions": pa.int64(),
        "learners": pa.int64(),
        "n": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    },
    parameters=(
        Parameter("of", str, "item", help="What a step is.", choices=("item", "area")),
        Parameter("top", int, 100, help="How many are shown, and as many loops.", least=1),
    ),
    sql="""
        with clicked as (
            select
                coalesce(course, '') as course, learner, time, source, line,
                microseconds(time) - microseconds(time) % 300000000 as slot,
                coalesce(area, 'unknown') as area,
                case when $of = 'item' then item else '' end as item
            from events
            where learner is not null and has_clock and clicks > 0
                and case when $of = 'item' then item is not null and coalesce(area, '') <> 'search'
                    else area is not null end
        ), followed as (
            select
                course, learner, area, item,
                lead(area) over moves as next_area,
                lead(item) over moves as next_item
            from clicked join session_slots using (learner, slot)
            window moves as (partition by learner, visit, course order by time, source, line)
        ), counted as (
            select
                course, area, item, next_area, next_item,
                area = next_area and item = next_item as is_loop,
                count(*) as transitions,
                count(distinct learner) as learners
            from followed
            where next_area is not null
            group by course, area, item, next_area, next_item
        ), ranked as (
            select
                *,
                sum(case when is_loop then 0 else transitions end) over (partition by course, area, item) as leaving,
                row_number() over (
                    partition by is_loop
                    order by transitions desc, learners desc, course, area, item, next_area, next_item
                ) as place
            from counted
        ), shown as (
            select *, case when not is_loop then leaving end as n from ranked where place <= $top
        )
        select
            nullif(course, '') as course,
            area as from_area,
            nullif(item, '') as from_item,
            next_area as to_area,
            nullif(next_item, '') as to_item,
            is_loop, transitions, learners, n,
            cast(transitions as double) / n as share,
            case when not is_loop then wilson_low(transitions, n) end as low,
            case when not is_loop then wilson_high(transitions, n) end as high
        from shown
        order by is_loop, place
    """,
)
