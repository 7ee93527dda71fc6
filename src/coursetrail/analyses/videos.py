"""How many learners start, watch and complete each video?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import Columns

videos = Analysis(
    name="videos",
    title="Videos",
    question="How many learners start, watch and complete each video?",
    definition=(
        "Per video: starters, learners who played it; viewers, learners with a viewing. A viewing is a piece from a "
        "play to the next pause, end or jump; pieces under 0.25 seconds or over 10 hours are left out, and so are "
        "plays without an end. length: seconds, as the player says it, else the largest position that at least 5 % of "
        "viewers reach. Completion by '$completion': completed of n learners, with the 95 % interval (Wilson). "
        "'insights': viewers of the 5 seconds at 95 % of the length (in long videos, 30 seconds before the end) by "
        "viewers of the first 5 seconds; it may exceed 1, and has no interval then. 'aspects': viewers who watched at "
        "least 95 % of its seconds, of all viewers. 'reached': viewers who watched a part after 95 % of it, of all "
        "viewers. median_seconds: seconds of the video that a viewer watched, repeats included. median_speed: of "
        "viewings whose speed is known. replays: pieces of 5 seconds that were watched again."
    ),
    columns={
        "course": pa.string(),
        "video": pa.string(),
        "name": pa.string(),
        "starters": pa.int64(),
        "viewers": pa.int64(),
        "length": pa.float64(),
        "completed": pa.int64(),
        "n": pa.int64(),
        "completion": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "median_seconds": pa.float64(),
        "median_speed": pa.float64(),
        "replays": pa.int64(),
    },
    parameters=(
        Parameter(
            "completion",
            str,
            "insights",
            help="Who has completed a video.",
            choices=("insights", "aspects", "reached"),
        ),
    ),
    chart=Columns(label="video", value="completion", low="low", high="high"),
    sql="""
        with started as (
            select coalesce(course, '') as course, item, count(distinct learner) as starters
            from events
            where learner is not null and item is not null and action in ('video_play', 'video_heartbeat')
            group by coalesce(course, ''), item
        ), late as (
            select viewings.course, viewings.item, count(distinct learner) as late_viewers
            from viewings
            join video_lengths on video_lengths.course = viewings.course and video_lengths.item = viewings.item
            where floor(greatest(length - 30000, length * 19 / 20) / 5000) between floor(begins / 5) and floor(ends / 5)
            group by viewings.course, viewings.item
        ), speeds as (
            select course, item, median(rate) as median_speed from viewings where rate > 0 group by course, item
        ), totals as (
            select
                course, item,
                count(*) as viewers,
                sum(at_start) as first_viewers,
                sum(case when 20 * seen >= 19 * length then 1 else 0 end) as thorough,
                sum(case when 20 * reached > 19 * length then 1 else 0 end) as arrived,
                max(length) as length,
                median(watched) as median_watched,
                sum(views - bins) as replays
            from viewers join (select course, item, length from video_lengths) as measured using (course, item)
            group by course, item
        ), names as (
            select course, item, min(item_name) as name from syllabus where item is not null group by course, item
        ), counted as (
            select
                course, item, name, starters, median_speed,
                coalesce(viewers, 0) as viewers,
                length / 1000 as length,
                median_watched / 1000 as median_seconds,
                coalesce(replays, 0) as replays,
                coalesce(
                    case $completion when 'insights' then coalesce(late_viewers, 0) when 'aspects' then thorough
                    else arrived end,
                    0
                ) as completed,
                coalesce(case $completion when 'insights' then first_viewers else viewers end, 0) as n
            from started
            left join totals using (course, item)
            left join late using (course, item)
            left join speeds using (course, item)
            left join names using (course, item)
        )
        select
            nullif(course, '') as course, item as video, name, starters, viewers, length, completed, n,
            cast(completed as double) / nullif(n, 0) as completion,
            wilson_low(completed, n) as low,
            wilson_high(completed, n) as high,
            median_seconds, median_speed, replays
        from counted
        order by viewers desc, starters desc, course, video
    """,
)
