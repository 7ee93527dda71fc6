"""What should be distrusted before reading on?"""

from typing import NamedTuple

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.learners import learners
from coursetrail.engines.sql import literal


class Check(NamedTuple):
    """A row of the table: its name, the SQL of its value and of `n` over a relation, and what it means."""

    name: str
    value: str
    n: str
    relation: str
    meaning: str

    def sql(self, number: int) -> str:
        """The row as a query."""
        return (
            f"select {number} as number, {literal(self.name)} as name, cast({self.value} as bigint) as value, "
            f"cast({self.n} as bigint) as n, {literal(self.meaning)} as meaning from {self.relation}"
        )


CHECKS = (
    Check(
        "lines unaccounted for",
        "lines - accounted",
        "lines",
        "ledger",
        "Of all lines, those that are not an event, a duplicate, rejected, blank, a header or unfinished: 0.",
    ),
    Check("rejected lines", "rejected", "lines", "ledger", "Lines that could not be read: they are in rejects."),
    Check("duplicate lines", "duplicates", "lines", "ledger", "Lines equal to an earlier one of their file."),
    Check(
        "damaged files",
        "faults",
        "files",
        "ledger",
        "Files that end early, or may; what is behind the fault is missing everywhere.",
    ),
    Check(
        "files with a jump in rejected lines",
        "jumps",
        "files",
        "ledger",
        "More than 1 % of their lines were rejected, and more than three times the share in all files.",
    ),
    Check(
        "events without a learner",
        "without_learner",
        "events",
        "totals",
        "They count for no learner, and are left out of every answer about learners.",
    ),
    Check(
        "events without a time of day",
        "without_clock",
        "events",
        "totals",
        "Their source has days only; sessions, paths and minutes leave them out.",
    ),
    Check(
        "learners seen as bots",
        "bots",
        "people",
        "crowd",
        "An event came from a user agent known as a bot; they are counted unless bots are left out (--without bots).",
    ),
    Check(
        "events of bots",
        "bot_events",
        "events",
        "totals",
        "Events with a learner from a user agent known as a bot.",
    ),
    Check(
        "outliers",
        "outliers",
        "people",
        "crowd",
        "Learners with more than 120 events within a minute, or more than 16 hours of activity in a day.",
    ),
    Check(
        "staff among learners",
        "staff",
        "people",
        "team",
        "Learners with the role staff or mentor in the tables of a course; empty where no such table was read.",
    ),
    Check(
        "days without events",
        "silent",
        "days",
        "calendar",
        "Days between the first and the last event of a course (n) without one: a file may be missing.",
    ),
)


def _checks() -> str:
    return "\n union all ".join(check.sql(number) for number, check in enumerate(CHECKS, 1))


quality = Analysis(
    name="quality",
    title="Quality of the data",
    question="What should be distrusted before reading on?",
    definition=(
        "Per check: value of n, and what it means. Checks of lines and files are over all files of the dataset, "
        "whatever the filters; all other checks are inside the filters. Not checked: clocks of learners' computers, "
        "which no column has."
    ),
    columns={"name": pa.string(), "value": pa.int64(), "n": pa.int64(), "meaning": pa.string()},
    sql=f"""
        with files as (
            select *, lines >= 1 and rejected > 0.01 * lines and rejected > 3 * lines * overall as is_jump
            from (
                select
                    lines, events, duplicates, rejected, blank, header, unfinished, fault,
                    cast(sum(rejected) over () as double) / nullif(sum(lines) over (), 0) as overall
                from sources
            ) as counts
        ), ledger as (
            select
                count(*) as files,
                coalesce(sum(lines), 0) as lines,
                coalesce(sum(events + duplicates + rejected + blank + header + unfinished), 0) as accounted,
                coalesce(sum(rejected), 0) as rejected,
                coalesce(sum(duplicates), 0) as duplicates,
                count(fault) as faults,
                coalesce(sum(case when is_jump then 1 else 0 end), 0) as jumps
            from files
        ), totals as (
            select
                coalesce(sum(events), 0) as events,
                coalesce(sum(case when learner is null then events end), 0) as without_learner,
                coalesce(sum(without_clock), 0) as without_clock,
                coalesce(sum(case when is_bot and learner is not null then events end), 0) as bot_events
            from used left join agents using (user_agent)
        ), crowd as (
            select
                count(*) as people,
                coalesce(sum(case when is_bot then 1 else 0 end), 0) as bots,
                coalesce(sum(case when is_outlier then 1 else 0 end), 0) as outliers
            from ({learners.sql}) as everyone
        ), team as (
            select
                (select count(distinct learner) from used) as people,
                case when (select count(*) from members) > 0 then count(distinct used.learner) end as staff
            from used join (
                select distinct learner from members where role in ('staff', 'mentor')
            ) as roles on roles.learner = used.learner_id
        ), course_days as (
            select course, max(day) - min(day) + 1 as days, count(*) as active
            from (
                select distinct
                    coalesce(course, '') as course,
                    cast((microseconds(time) - microseconds(time) % 86400000000) / 86400000000 as bigint) as day
                from events
            ) as dated
            group by course
        ), calendar as (
            select coalesce(sum(days), 0) as days, coalesce(sum(days - active), 0) as silent from course_days
        )
        select name, value, n, meaning
        from (
            {_checks()}
        ) as rows_of_checks
        order by number
    """,
)
