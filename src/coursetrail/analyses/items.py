"""Which lectures, quizzes and pages do learners open, in the order of the course?

Items come in the order of the syllabus where the dataset has one, else in the order in which learners open them first.
An id may mean a lecture and a quiz, so an item is known by its area too; not in a course with a syllabus, whose ids
are unique.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.render.charts import Columns

items = Analysis(
    name="items",
    title="Reach of every item",
    question="How many learners open each lecture, quiz and page, in the order of the course?",
    definition=(
        "Distinct learners with at least one event on an item, and their share of n, the learners of its course, with "
        "its 95 % interval (Wilson). Items are numbered in the order of the syllabus, where the tables of the course "
        "were read; other items follow by median_rank: for each learner, items are ranked by the first event on them, "
        "and the median is taken over the learners who opened the item. Names are from the syllabus. An item of the "
        "syllabus that no one opened has 0 learners. Left out: forums and what people searched for, account pages, and "
        "pages without an item."
    ),
    columns={
        "number": pa.int64(),
        "course": pa.string(),
        "area": pa.string(),
        "item": pa.string(),
        "name": pa.string(),
        "learners": pa.int64(),
        "n": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "median_rank": pa.float64(),
        "clicks": pa.int64(),
    },
    share_of=ShareOf(("course", "area", "item"), whole="n"),
    chart=Columns(label="number", value="share", low="low", high="high"),
    sql="""
        with contents as (
            select
                course, item,
                min(item_name) as name,
                min(module_order) as module_order,
                min(module) as module,
                min(lesson_order) as lesson_order,
                min(lesson) as lesson,
                min(item_order) as item_order
            from syllabus
            where item is not null
            group by course, item
        ), people as (
            select coalesce(course, '') as course, count(distinct learner) as n
            from events
            where learner is not null
            group by coalesce(course, '')
        ), opened as (
            select
                visited.course, visited.item, learner,
                case when contents.item is null then visited.area else '' end as kind,
                min(visited.area) as area,
                min(begins) as begins,
                sum(clicks) as clicks
            from (
                select *
                from (
                    select
                        coalesce(course, '') as course, coalesce(area, 'unknown') as area, item, learner, begins, clicks
                    from item_visits
                ) as named
                where area not in ('forum', 'search', 'account')
            ) as visited
            left join contents on contents.course = visited.course and contents.item = visited.item
            group by
                visited.course, visited.item, learner, case when contents.item is null then visited.area else '' end
        ), ranked as (
            select *, rank() over (partition by course, learner order by begins) as place from opened
        ), reached as (
            select
                course, kind, item,
                min(area) as area,
                count(*) as learners,
                median(place) as median_rank,
                sum(clicks) as clicks
            from ranked
            group by course, kind, item
        ), everything as (
            select course, kind, item from reached
            union
            select course, '' as kind, item from contents
        )
        select
            row_number() over (
                order by
                    course, kind <> '', module_order, module, lesson_order, lesson, item_order, median_rank,
                    learners desc, area, item
            ) as number,
            nullif(course, '') as course, area, item, name, learners, n,
            cast(learners as double) / n as share,
            wilson_low(learners, n) as low,
            wilson_high(learners, n) as high,
            median_rank, clicks
        from (
            select
                everything.course, everything.kind, everything.item,
                area, name, module_order, module, lesson_order, lesson, item_order, median_rank, n,
                coalesce(learners, 0) as learners,
                coalesce(clicks, 0) as clicks
            from everything
            join people on people.course = everything.course
            left join contents on contents.course = everything.course and contents.item = everything.item
            left join reached on reached.course = everything.course and reached.kind = everything.kind
                and reached.item = everything.item
        ) as joined
        order by number
    """,
)
