"""From where to where do learners jump in a video?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter

MOST_JUMPED = 10

video_seeks = Analysis(
    name="video-seeks",
    title="Jumps in videos",
    question="From where to where do learners jump in a video?",
    definition=(
        "Per video and pair of bins of $bin seconds: how often learners jumped from a second in the first bin to one "
        "in the second, and how many distinct learners did; from_second and to_second are where the bins begin. back: "
        "the target is before the start; forward: it is after it. Jumps whose start is not known are left out "
        "(current Coursera exports have none), and those that go nowhere. Of one video, or of the "
        f"{MOST_JUMPED} with most learners who jump."
    ),
    columns={
        "course": pa.string(),
        "video": pa.string(),
        "direction": pa.string(),
        "from_second": pa.int64(),
        "to_second": pa.int64(),
        "seeks": pa.int64(),
        "learners": pa.int64(),
    },
    parameters=(
        Parameter("video", str, None, help="Only the video with this id.", metavar="ID"),
        Parameter("bin", int, 5, help="Seconds of a bin.", least=1, most=3600),
    ),
    sql=f"""
        with jumps as (
            select
                coalesce(course, '') as course, item, learner,
                case when position < position_from then 'back' else 'forward' end as direction,
                $bin * cast(floor(position_from / $bin) as bigint) as from_second,
                $bin * cast(floor(position / $bin) as bigint) as to_second
            from events
            where learner is not null and item is not null and action = 'video_seek'
                and position >= 0 and position_from >= 0 and position <> position_from
                and position <= 36000 and position_from <= 36000
                and ($video is null or item = $video)
        ), chosen as (
            select course, item, place
            from (
                select course, item, row_number() over (order by count(distinct learner) desc, course, item) as place
                from jumps
                group by course, item
            ) as ranked
            where $video is not null or place <= {MOST_JUMPED}
        )
        select
            nullif(jumps.course, '') as course, jumps.item as video, direction, from_second, to_second,
            count(*) as seeks,
            count(distinct learner) as learners
        from jumps join chosen on chosen.course = jumps.course and chosen.item = jumps.item
        group by place, jumps.course, jumps.item, direction, from_second, to_second
        order by place, learners desc, seeks desc, direction, from_second, to_second
    """,
)
