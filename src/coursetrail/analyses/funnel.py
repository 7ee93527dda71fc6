"""How many learners come from step to step?

The text of the steps is split in SQL, so that the parameter is one literal. Each step has a relation of its own.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, ShareOf
from coursetrail.analyses.parameters import Parameter
from coursetrail.render.charts import Columns

STEPS = 10


def _first_times() -> str:
    """SQL of the relations `step_1` to `step_10`: the learners who came so far, and when they took the step first."""
    texts = ["step_1 as (select learner, min(time) as time from matches where number = 1 group by learner)"]
    for number in range(2, STEPS + 1):
        before = f"step_{number - 1}"
        texts.append(
            f"""step_{number} as (
            select matches.learner, min(matches.time) as time
            from matches join {before} on {before}.learner = matches.learner
            where number = {number} and ($order = 'any' or matches.time > {before}.time)
            group by matches.learner
        )"""
        )
    return ", ".join(texts)


def _counts() -> str:
    numbers = range(1, STEPS + 1)
    return " union all ".join(f"select {n} as number, count(*) as learners from step_{n}" for n in numbers)


funnel = Analysis(
    name="funnel",
    title="Funnel",
    question="How many learners come from step to step?",
    definition=(
        "Steps: $steps. A step is an action, or a click in an area of the course or on an item (its id, or area/id as "
        "in quiz/7). A learner has come to a step after all steps before it; with the order 'strict', each at a later "
        "time than the one before, with anything in between; with 'any', in any order. Here: $order. share: of all "
        "learners (n), share_of_before: of those who came to the step before (before; for the first step, all), each "
        "with the 95 % interval (Wilson)."
    ),
    columns={
        "number": pa.int64(),
        "step": pa.string(),
        "learners": pa.int64(),
        "n": pa.int64(),
        "share": pa.float64(),
        "low": pa.float64(),
        "high": pa.float64(),
        "before": pa.int64(),
        "share_of_before": pa.float64(),
        "low_of_before": pa.float64(),
        "high_of_before": pa.float64(),
    },
    parameters=(
        Parameter(
            "steps",
            str,
            "home,lecture,quiz",
            help=f"Up to {STEPS} areas, actions or items, separated by commas.",
            metavar="A,B,C",
            pattern=rf"[^,]*[^,\s][^,]*(,[^,]*[^,\s][^,]*){{0,{STEPS - 1}}}",
        ),
        Parameter("order", str, "strict", help="In this order, or in any.", choices=("strict", "any")),
    ),
    share_of=ShareOf(("number", "step"), whole="n"),
    chart=Columns(label="step", value="share", low="low", high="high"),
    sql=f"""
        with steps as (
            select n as number, trim(split_part($steps, ',', cast(n as int))) as step
            from range(1, {STEPS + 1}) as r(n)
            where trim(split_part($steps, ',', cast(n as int))) <> ''
        ), matches as (
            select number, learner, time
            from (
                select
                    learner, time, action, clicks,
                    coalesce(area, '') as area,
                    coalesce(item, '') as item,
                    coalesce(area, '') || '/' || coalesce(item, '') as full_item
                from events
                where learner is not null
            ) as happened
            join steps
                on action = step or (clicks > 0 and (area = step or item = step or full_item = step))
        ), {_first_times()}, counted as (
            {_counts()}
        ), compared as (
            select
                number, step, learners, n,
                coalesce(lag(learners) over (order by number), n) as before
            from steps join counted using (number)
            cross join (select count(distinct learner) as n from used) as everyone
        )
        select
            number, step, learners, n,
            cast(learners as double) / nullif(n, 0) as share,
            wilson_low(learners, n) as low,
            wilson_high(learners, n) as high,
            before,
            cast(learners as double) / nullif(before, 0) as share_of_before,
            wilson_low(learners, before) as low_of_before,
            wilson_high(learners, before) as high_of_before
        from compared
        order by number
    """,
)
