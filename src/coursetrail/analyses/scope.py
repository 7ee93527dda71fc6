"""The scope of an answer: what it was counted over, and what was left out."""

from dataclasses import dataclass

from coursetrail.analyses.filters import Filters
from coursetrail.dataset.actions import ADMIN

SCOPE = """
    select
        (select count(*) from all_events) as outside,
        (select count(*) from ({wider}) as wider where area = '{admin}') as admin,
        coalesce(sum(events), 0) as events,
        count(distinct learner) as learners,
        coalesce(sum(case when learner is null then events end), 0) as without_learner,
        count(distinct case when is_bot then learner end) as bots,
        coalesce(sum(case when is_bot then events end), 0) as bot_events
    from used left join agents using (user_agent)
    order by 1
"""


def scope_sql(filters: Filters) -> str:
    """The counts of a Scope, over `used`; `outside` still has all events in it."""
    return SCOPE.format(wider=filters.with_values(clicks="all").sql(), admin=ADMIN)


@dataclass(frozen=True)
class Scope:
    """What an answer was counted over, and what was left out of it.

    `events` are those inside the filters. Of these, `without_learner` carry no learner id and count for no learner;
    `bots` of the `learners` were seen with a bot's user agent, in `bot_events`. `admin` are further events inside the
    filters, of the area admin, which are left out; `outside` is what the other filters leave out.
    """

    events: int
    learners: int
    without_learner: int
    bots: int
    bot_events: int
    outside: int
    admin: int
    filters: str
    source: str

    @classmethod
    def of(cls, counts: dict[str, int], filters: Filters, source: str) -> "Scope":
        """From the row that `scope_sql` gives."""
        admin = 0 if filters["clicks"] == "all" else counts["admin"]
        outside = counts["outside"] - counts["events"] - admin
        return cls(**{**counts, "admin": admin, "outside": outside}, filters=filters.describe(), source=source)

    def describe(self) -> str:
        """One sentence with n and what was left out."""
        outside = f"; {_count(self.outside, 'event')} outside" if self.outside else ""
        text = f"n = {_count(self.learners, 'learner')}, {_count(self.events - self.without_learner, 'event')}"
        if self.filters:
            text += f" ({self.filters}{outside})"
        text += f". Left out: {_count(self.without_learner, 'event')} without a learner id"
        text += f", {_count(self.admin, 'event')} of administration." if self.admin else "."
        if self.bots or self.bot_events:
            text += f" Included: {_count(self.bots, 'learner')} seen as bots ({_count(self.bot_events, 'event')})."
        return text


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
