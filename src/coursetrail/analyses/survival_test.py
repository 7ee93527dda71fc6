"""Do the learners of some segments stay longer than the rest?

Each segment is tested against all other learners, which needs no inverse of a matrix and says which segment differs.
With two segments both rows are the usual test of the two.
"""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.segments import BY, MEANING
from coursetrail.analyses.survival import QUIET, STAY, STAYS

survival_test = Analysis(
    name="survival-test",
    title="Which segments stay longer or shorter",
    question="Do the learners of some segments stay longer than the rest?",
    definition=(
        f"{STAY} Each segment is compared with all other learners by the log-rank test: left are those who left, "
        "expected how many would have left if the segment were like the rest; fewer left than expected means longer "
        "stays. chi_square has one degree of freedom. p: how probable so large a difference is by chance, to 9 "
        "decimals. p_adjusted: p after Benjamini and Hochberg over all segments of the table. verdict: 'stays longer' "
        "or 'leaves earlier' where p_adjusted is below 0.05, else 'no clear difference'; empty where there is nothing "
        "to compare. "
        f"{MEANING}"
    ),
    columns={
        "segment": pa.string(),
        "learners": pa.int64(),
        "left": pa.int64(),
        "expected": pa.float64(),
        "chi_square": pa.float64(),
        "p": pa.float64(),
        "p_adjusted": pa.float64(),
        "verdict": pa.string(),
    },
    parameters=(QUIET, BY),
    sql=f"""{STAYS}, lengths as (
            select days, sum(has_left) as gone, count(*) as n from stays group by days
        ), everyone as (
            select days, gone, sum(n) over (order by days desc rows between unbounded preceding and current row) as n
            from lengths
        ), sizes_of_segments as (
            select segment, count(*) as learners, sum(has_left) as gone from stays group by segment
        ), own as (
            select segment, days, count(*) as n from stays group by segment, days
        ), risks as (
            select
                segment, days, everyone.gone, everyone.n,
                sum(coalesce(own.n, 0)) over (
                    partition by segment order by days desc rows between unbounded preceding and current row
                ) as mine
            from sizes_of_segments cross join everyone left join own using (segment, days)
        ), sums as (
            select
                segment,
                sum(cast(gone as double) * mine / n) as expected,
                sum(
                    case when n > 1 then cast(mine as double) / n * (1 - cast(mine as double) / n) * gone
                        * (n - gone) / (n - 1) end
                ) as variance
            from risks
            group by segment
        ), tested as (
            select
                segment, learners, gone, expected,
                case
                    when variance > 1e-9 then round((gone - expected) * (gone - expected) / variance, 6)
                end as chi_square
            from sizes_of_segments join sums using (segment)
        ), ranked as (
            select
                *,
                round(chi_square_p(chi_square), 9) as p,
                row_number() over (order by chi_square desc, segment) as nth,
                count(chi_square) over () as tests
            from tested
        ), adjusted as (
            select
                *,
                case when p is not null then least(min(p * tests / nth) over (
                    order by nth desc rows between unbounded preceding and current row
                ), 1) end as p_adjusted
            from ranked
        )
        select
            segment, learners, gone as left, round(expected, 6) as expected, chi_square, p,
            round(p_adjusted, 9) as p_adjusted,
            case
                when p_adjusted < 0.05 and gone < expected then 'stays longer'
                when p_adjusted < 0.05 then 'leaves earlier'
                when p_adjusted >= 0.05 then 'no clear difference'
            end as verdict
        from adjusted
        order by learners desc, segment
    """,
)
