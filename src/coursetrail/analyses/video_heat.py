"""Which seconds of a video do learners watch, watch again, stop at and return to?"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import LineChart

MOST_WATCHED = 10


def _peak(count: str, learners: str) -> str:
    """SQL: `count` exceeds the up to twelve bins around it, by three standard deviations, with ten learners."""
    others = f"((sum({count}) over around) - {count})"  # in brackets: Spark reads around-… as one name
    squares = f"((sum({count} * {count}) over around) - {count} * {count})"
    n = "((count(*) over around) - 1)"
    variance = f"greatest(({squares} - cast({others} * {others} as double) / {n}) / ({n} - 1), 0)"
    return f"{n} > 1 and {learners} >= 10 and {count} > cast({others} as double) / {n} + 3 * sqrt({variance})"


video_heat = Analysis(
    name="video-heat",
    title="Heat map of videos",
    question="Which seconds of a video do learners watch, watch again, stop at and return to?",
    definition=(
        "Per video and bin of 5 seconds, up to the end of the video: viewers, distinct learners with a viewing that "
        "touches the bin; views, all such viewings; replays, views less viewers; pauses; back_seeks, jumps backwards "
        "that land in the bin. peaks names what is more frequent here than around: more than the mean of the bins up "
        "to 30 seconds before and after plus three standard deviations, by at least 10 learners. Of one video, or of "
        f"the {MOST_WATCHED} with most viewers. Viewings and the length of a video are those of the analysis videos."
    ),
    columns={
        "course": pa.string(),
        "video": pa.string(),
        "second": pa.int64(),
        "viewers": pa.int64(),
        "views": pa.int64(),
        "replays": pa.int64(),
        "pauses": pa.int64(),
        "back_seeks": pa.int64(),
        "peaks": pa.string(),
    },
    parameters=(Parameter("video", str, None, help="Only the video with this id.", metavar="ID"),),
    chart=LineChart(x="second", values=("viewers", "replays"), by="video"),
    sql=f"""
        with chosen as (
            select course, item, last_bin, place
            from (
                select
                    course, item,
                    least(cast(floor(length / 5000) as bigint), 7199) as last_bin,
                    row_number() over (order by viewers desc, course, item) as place
                from video_lengths
                where $video is null or item = $video
            ) as ranked
            where $video is not null or place <= {MOST_WATCHED}
        ), numbers as (
            select n from range(0, 7200) as r(n) where n <= (select max(last_bin) from chosen)
        ), spans as (
            select
                chosen.course, chosen.item, learner,
                cast(floor(begins / 5) as bigint) as first_bin,
                least(cast(floor(ends / 5) as bigint), last_bin) as last_bin
            from viewings join chosen on chosen.course = viewings.course and chosen.item = viewings.item
        ), touched as (
            select course, item, learner, n, count(*) as views
            from spans join numbers on n >= first_bin and n <= last_bin
            group by course, item, learner, n
        ), heat as (
            select
                course, item, n,
                count(*) as viewers,
                sum(views) as views,
                sum(case when views > 1 then 1 else 0 end) as replayers
            from touched
            group by course, item, n
        ), deeds as (
            select
                chosen.course, chosen.item,
                cast(floor(position / 5) as bigint) as n,
                sum(case when action = 'video_pause' then 1 else 0 end) as pauses,
                sum(case when action = 'video_seek' then 1 else 0 end) as back_seeks,
                count(distinct case when action = 'video_pause' then learner end) as pausers,
                count(distinct case when action = 'video_seek' then learner end) as returners
            from (
                select coalesce(course, '') as course, item, learner, action, position
                from events
                where learner is not null and item is not null and position >= 0
                    and (action = 'video_pause' or (action = 'video_seek' and position < position_from))
            ) as moves
            join chosen on chosen.course = moves.course and chosen.item = moves.item
            group by chosen.course, chosen.item, cast(floor(position / 5) as bigint)
        ), bins as (
            select
                cells.course, cells.item, place, cells.n,
                coalesce(viewers, 0) as viewers,
                coalesce(views, 0) as views,
                coalesce(views - viewers, 0) as replays,
                coalesce(replayers, 0) as replayers,
                coalesce(pauses, 0) as pauses,
                coalesce(pausers, 0) as pausers,
                coalesce(back_seeks, 0) as back_seeks,
                coalesce(returners, 0) as returners
            from (select course, item, place, n from chosen join numbers on n <= last_bin) as cells
            left join heat on heat.course = cells.course and heat.item = cells.item and heat.n = cells.n
            left join deeds on deeds.course = cells.course and deeds.item = cells.item and deeds.n = cells.n
        )
        select
            nullif(course, '') as course, item as video, n * 5 as second, viewers, views, replays, pauses, back_seeks,
            nullif(concat_ws(
                ', ',
                case when {_peak("replays", "replayers")} then 'replays' end,
                case when {_peak("pauses", "pausers")} then 'pauses' end,
                case when {_peak("back_seeks", "returners")} then 'back seeks' end
            ), '') as peaks
        from bins
        window around as (partition by course, item order by n rows between 6 preceding and 6 following)
        order by place, n
    """,
)
