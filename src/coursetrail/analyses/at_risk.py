"""Whose silence is so long that they probably do not come back?

The chance is a share that was counted, not a fitted model. It is asked at two moments: now, and 14 days earlier with
only what was known then, where it is compared with what happened.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import Table

at_risk = Analysis(
    name="at-risk",
    title="Learners who may not come back",
    question="Whose silence is so long that they probably do not come back?",
    definition=(
        "Learners with at least $days active UTC days, silent for at most $recent days on the last day of the "
        "observation, whose chance of coming back within 14 days is below one half. chance: of all silences in these "
        "data that lasted as long and that were observed for 14 days more, the share that ended within these. Each of "
        "the learner's own earlier silences of that kind counts too, where they have at least 5, and the share of all "
        "counts as 5. usual_gap: the median number of days between a learner's active days. How far to believe "
        "it: the same chance was computed as of 14 days before, with what was known then. Of the learners whose chance "
        "was then in the same class (0 to 0.1, 0.1 to 0.2, …), checked in number, came_back is the share who came "
        "back, with its 95 % interval (Wilson). brier: mean squared error of all these chances; 0 is perfect, and "
        "brier_of_all is that of telling everyone the same true share. A learner is not shown where no class of "
        "then says how far to believe the chance. Ids are those of the export."
    ),
    columns={
        "learner": pa.string(),
        "last_day": pa.date32(),
        "silent_days": pa.int64(),
        "active_days": pa.int64(),
        "usual_gap": pa.int64(),
        "chance": pa.float64(),
        "checked": pa.int64(),
        "came_back": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "brier": pa.float64(),
        "brier_of_all": pa.float64(),
    },
    parameters=(
        Parameter("days", int, 3, "Only learners with at least this many active days.", least=1),
        Parameter("recent", int, 28, "Only learners whose silence is at most this many days.", metavar="DAYS", least=1),
    ),
    chart=Table(),
    names_learners=True,
    sql="""
        with steps as (
            select learner, day, lead(day) over (partition by learner order by day) as next from days
        ), moments as (
            select last_day as asked, 1 as is_now from observation union all select last_day - 14, 0 from observation
        ), spells as (
            select
                asked, is_now, learner, day, next,
                case when next <= asked then next - day end as gap
            from steps cross join moments
            where day <= asked
        ), present as (
            select
                asked, is_now, learner,
                max(day) as day,
                asked - max(day) as silence,
                count(*) as active_days,
                case when max(case when gap is null then next end) <= asked + 14 then 1 else 0 end as is_back
            from spells
            group by asked, is_now, learner
        ), ranked as (
            select
                asked, learner, gap,
                row_number() over (partition by asked, learner order by gap, day) as nth,
                count(*) over (partition by asked, learner) as n
            from spells
            where gap is not null
        ), usual as (
            select asked, learner, min(case when 2 * nth >= n then gap end) as usual_gap
            from ranked
            group by asked, learner
        ), shapes as (
            select asked, day, gap, count(*) as n from spells group by asked, day, gap
        ), silences as (
            select distinct asked, silence from present
        ), everyone as (
            select
                asked, silence,
                sum(case when gap <= silence + 14 then n else 0 end) as ended,
                sum(n) as n
            from silences join shapes using (asked)
            where (gap > silence or gap is null) and day + silence + 14 <= asked
            group by asked, silence
        ), own as (
            select
                asked, learner,
                sum(case when gap <= silence + 14 then 1 else 0 end) as own_ended,
                count(*) as own_n
            from (select asked, learner, silence, active_days from present) as here
                join (select asked, learner, day, gap from spells where gap is not null) as ended_spells
                using (asked, learner)
            where active_days > 5 and gap > silence and day + silence + 14 <= asked
            group by asked, learner
        ), estimated as (
            select
                present.*,
                (coalesce(own_ended, 0) + 5 * cast(ended as double) / n) / (coalesce(own_n, 0) + 5) as chance
            from present
                join everyone using (asked, silence)
                left join own using (asked, learner)
        ), classified as (
            select *, least(cast(floor(chance * 10) as bigint), 9) as class from estimated
        ), checks as (
            select class, count(*) as checked, sum(is_back) as back from classified where is_now = 0 group by class
        ), scores as (
            select
                round(sum((chance - is_back) * (chance - is_back)) / nullif(count(*), 0), 6) as brier,
                cast(sum(is_back) as double) / nullif(count(*), 0) as share
            from classified
            where is_now = 0
        )
        select
            learner,
            to_day(day) as last_day,
            silence as silent_days,
            active_days,
            usual_gap,
            chance,
            checked,
            cast(back as double) / checked as came_back,
            wilson_low(back, checked) as low,
            wilson_high(back, checked) as high,
            brier,
            share * (1 - share) as brier_of_all
        from classified
            join checks using (class)
            left join usual using (asked, learner)
            cross join scores
        where is_now = 1 and chance < 0.5 and active_days >= $days and silence between 1 and $recent
        order by active_days desc, learner
    """,
)
