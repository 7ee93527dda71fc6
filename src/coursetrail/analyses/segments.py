"""Segments of learners: each learner is in one, by what they used most, so that segments can be compared."""

from coursetrail.analyses.parameters import Parameter

HEADERS = ("device", "browser", "system", "language")
COLUMNS = ("country", "course", "platform")
MOST = 8

BY = Parameter(
    "by",
    str,
    "none",
    f"Split the learners into segments: the {MOST} largest and 'other'.",
    choices=("none", *HEADERS, *COLUMNS, "cohort"),
)

MEANING = (
    "With `by`, each learner is in one segment: the device, browser, system, language, country, course or platform of "
    "most of their events (the first by name where two have the same number; 'unknown' where none is known), or the "
    f"cohort, the week of their first event. The {MOST} largest segments are shown, the rest is 'other'. `by` is $by."
)


def _choose(names: tuple[str, ...]) -> str:
    return "case $by " + " ".join(f"when '{name}' then {name}" for name in names) + " end"


def _in(names: tuple[str, ...]) -> str:
    return "$by in (" + ", ".join(f"'{name}'" for name in names) + ")"


SEGMENTS = f"""
        labels as (
            select learner, {_choose(HEADERS)} as label, sum(events) as events
            from used left join agents using (user_agent) left join languages using (accept_language)
            where learner is not null and {_in(HEADERS)}
            group by learner, {_choose(HEADERS)}
            union all
            select learner, {_choose(COLUMNS)} as label, count(*) as events
            from events
            where learner is not null and {_in(COLUMNS)}
            group by learner, {_choose(COLUMNS)}
            union all
            select learner, cast(to_day(min(day) - (min(day) + 3) % 7) as string) as label, 1 as events
            from days
            where $by = 'cohort'
            group by learner
            union all
            select distinct learner, 'all' as label, 1 as events from days where $by = 'none'
        ), segmented as (
            select learner, coalesce(label, 'unknown') as label
            from (
                select
                    learner, label,
                    row_number() over (partition by learner order by label is null, events desc, label) as nth
                from labels
            ) as ranked
            where nth = 1
        ), sizes as (
            select label, row_number() over (order by count(*) desc, label) as nth from segmented group by label
        ), segments as (
            select learner, case when nth <= {MOST} then label else 'other' end as segment
            from segmented join sizes using (label)
        )"""
"""The common table expression `segments`: the segment of each learner."""
