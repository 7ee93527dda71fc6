"""How long do learners stay in the course?

Sums and logarithms are rounded: engines differ in the last bits.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.parameters import Parameter
from coursetrail.analyses.segments import BY, MEANING, SEGMENTS
from coursetrail.engines.prelude import Z
from coursetrail.render.charts import LineChart

QUIET = Parameter(
    "quiet",
    int,
    10,
    "Learners active in this many last days of the observation may not have left.",
    metavar="DAYS",
    least=1,
    most=3650,
)

STAY = (
    "A learner's stay is the number of days from their first to their last active UTC day. It ends where they left: "
    "at their last event. The observation ends with the day of the last event of anyone, in the segment or not. Who "
    "was active in its last $quiet days may not have left (right-censored): their stay is at least that long. Where "
    "courses end at different times, ask for one course at a time: the end of a course is not a learner's decision."
)

STAYS = f"""
        with {SEGMENTS.strip()}, spans as (
            select learner, min(day) as first, max(day) as last from days group by learner
        ), stays as (
            select
                segment, learner,
                last - first as days,
                case when last > (select last_day from observation) - $quiet then 0 else 1 end as has_left
            from spans join segments using (learner)
        )"""
"""`stays`: a learner's segment, days, and whether they have left."""

survival = Analysis(
    name="survival",
    title="How long learners stay",
    question="How long do learners stay in the course?",
    definition=(
        f"{STAY} One row for each length that occurs: learners whose stay is at least that long (at_risk), of these "
        "those who left then (left) and those who may not have left (censored). survival: the share of learners who "
        "stay longer than these days, by the estimate of Kaplan and Meier; day 0 are those who came on one day only. "
        "low, high: its 95 % interval, with Greenwood's variance of log(-log(survival)); empty where all who were "
        f"still observed have left. Bots are included. {MEANING}"
    ),
    columns={
        "segment": pa.string(),
        "days": pa.int64(),
        "at_risk": pa.int64(),
        "left": pa.int64(),
        "censored": pa.int64(),
        "survival": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
    },
    parameters=(QUIET, BY),
    chart=LineChart(x="days", values=("survival",), by="segment", low="low", high="high", steps=True),
    sql=f"""{STAYS}, counted as (
            select segment, days, sum(has_left) as gone, sum(1 - has_left) as censored
            from stays
            group by segment, days
        ), risks as (
            select
                segment, days, gone, censored,
                sum(gone + censored) over (
                    partition by segment order by days desc rows between unbounded preceding and current row
                ) as at_risk
            from counted
        ), sums as (
            select
                segment, days, gone, censored, at_risk,
                max(case when gone = at_risk then 1 else 0 end) over earlier as is_over,
                sum(case when gone < at_risk then ln(cast(at_risk - gone as double) / at_risk) else 0 end)
                    over earlier as log_survival,
                sum(case when gone < at_risk then cast(gone as double) / at_risk / (at_risk - gone) else 0 end)
                    over earlier as variance
            from risks
            window earlier as (partition by segment order by days rows between unbounded preceding and current row)
        ), estimated as (
            select
                *,
                is_over = 0 and log_survival = 0 as is_certain,
                case when is_over = 0 and log_survival < 0 then {Z} * sqrt(variance) / -log_survival end as margin
            from sums
        )
        select
            segment, days, at_risk, gone as left, censored,
            case when is_over = 1 then 0 else round(exp(log_survival), 9) end as survival,
            case when is_certain then 1 else round(exp(log_survival * exp(margin)), 9) end as low,
            case when is_certain then 1 else round(exp(log_survival * exp(-margin)), 9) end as high
        from estimated
        order by segment, days
    """,
)
