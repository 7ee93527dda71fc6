"""Which problems are hard, and where do learners give up?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis

problems = Analysis(
    name="problems",
    title="Problems",
    question="Which problems are hard, and where do learners give up?",
    definition=(
        "Per problem with answers that the server of Open edX graded (problem_check): learners who tried, and "
        "attempts, all their tries. right_first of n learners were right at the first try; right_ever, at any try; "
        "median_minutes, from the first try to the first right one, of those who were. gave_up of gave_up_n "
        "learners: the last try was wrong, and 7 days passed without another. Learners whose last try lies less "
        "than 7 days before the last event on an item of the course are not counted there: they may still try. "
        "Learners with a try whose result is not known are counted as learners only. Shares have 95 % intervals "
        "(Wilson). Exports of Coursera have no results, so its quizzes are not here."
    ),
    columns={
        "course": pa.string(),
        "problem": pa.string(),
        "learners": pa.int64(),
        "attempts": pa.int64(),
        "attempts_per_learner": pa.float64(),
        "n": pa.int64(),
        "right_first": pa.int64(),
        "right_first_share": pa.float64(),
        "right_first_low": pa.float64(),
        "right_first_high": pa.float64(),
        "right_ever": pa.int64(),
        "right_ever_share": pa.float64(),
        "right_ever_low": pa.float64(),
        "right_ever_high": pa.float64(),
        "median_minutes": pa.float64(),
        "gave_up": pa.int64(),
        "gave_up_n": pa.int64(),
        "gave_up_share": pa.float64(),
        "gave_up_low": pa.float64(),
        "gave_up_high": pa.float64(),
    },
    sql="""
        with tries as (
            select
                coalesce(course, '') as course, item, learner, time, source, line, has_clock,
                case json_text(extra, '$.event.success') when 'correct' then 1 when 'incorrect' then 0 end as is_right
            from events
            where learner is not null and item is not null and action = 'problem_check'
        ), numbered as (
            select
                *,
                row_number() over (partition by course, item, learner order by time, source, line) as nth,
                row_number() over (partition by course, item, learner order by time desc, source desc, line desc)
                    as nth_last
            from tries
        ), people as (
            select
                course, item, learner,
                count(*) as attempts,
                case when count(is_right) = count(*) then 1 else 0 end as known,
                max(case when nth = 1 then is_right end) as first_right,
                max(is_right) as ever_right,
                max(case when nth_last = 1 then is_right end) as last_right,
                min(case when has_clock then microseconds(time) end) as begun,
                min(case when has_clock and is_right = 1 then microseconds(time) end) as solved,
                max(microseconds(time)) as left_at
            from numbered
            group by course, item, learner
        ), closing as (
            select coalesce(course, '') as course, max(microseconds(ends)) as last_event
            from item_visits
            group by coalesce(course, '')
        ), counted as (
            select
                course, item,
                count(*) as learners,
                sum(attempts) as attempts,
                sum(known) as n,
                sum(known * first_right) as k_first,
                sum(known * ever_right) as k_right,
                median(case when known = 1 then solved - begun end) as median_time,
                sum(case when last_event - left_at >= 604800000000 then known * (1 - last_right) end) as k_gave_up,
                sum(case when last_event - left_at >= 604800000000 then known else 0 end) as n_gave_up
            from people join closing using (course)
            group by course, item
        ), complete as (
            select
                course, item, learners, attempts, n, n_gave_up, median_time,
                coalesce(k_first, 0) as k_first,
                coalesce(k_right, 0) as k_right,
                coalesce(k_gave_up, 0) as k_gave_up
            from counted
        )
        select
            nullif(course, '') as course, item as problem, learners, attempts,
            cast(attempts as double) / learners as attempts_per_learner,
            n,
            k_first as right_first,
            cast(k_first as double) / nullif(n, 0) as right_first_share,
            wilson_low(k_first, n) as right_first_low,
            wilson_high(k_first, n) as right_first_high,
            k_right as right_ever,
            cast(k_right as double) / nullif(n, 0) as right_ever_share,
            wilson_low(k_right, n) as right_ever_low,
            wilson_high(k_right, n) as right_ever_high,
            median_time / 60000000 as median_minutes,
            k_gave_up as gave_up,
            n_gave_up as gave_up_n,
            cast(k_gave_up as double) / nullif(n_gave_up, 0) as gave_up_share,
            wilson_low(k_gave_up, n_gave_up) as gave_up_low,
            wilson_high(k_gave_up, n_gave_up) as gave_up_high
        from complete
        order by learners desc, course, problem
    """,
)
