"""The scope of an answer: what it was counted over, and what was left out."""

from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from coursetrail.analyses.filters import Filters
from coursetrail.analyses.identity import Identity
from coursetrail.analyses.relations import words_of
from coursetrail.dataset.actions import ADMIN

SCOPE = """
    select
        (select count(*) from all_events) as outside,
        (select count(*) from ({wider}) as wider where area = '{admin}') as admin,
        coalesce(sum(events), 0) as events,
        count(distinct learner) as learners,
        coalesce(sum(case when learner is null then events end), 0) as without_learner,
        count(distinct case when is_bot then learner end) as bots,
        coalesce(sum(case when is_bot and learner is not null then events end), 0) as bot_events,
        coalesce(sum(case when learner is not null then without_clock end), 0) as without_clock,
        count(distinct case when without_clock > 0 then learner end) as learners_without_clock
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
    the rest are the learners'. `bots` of the `learners` were seen with a bot's user agent, in `bot_events` of theirs.
    `admin` are further events inside the filters, of the area admin, which are left out; `outside` is what the other
    filters leave out. So all events of the dataset are `events` + `admin` + `outside`. `identity` says what counts as
    one learner, where that may be asked. `without_clock` events of `learners_without_clock` learners have a day and no
    time of day, where the analysis has rules that need one.
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
    identity: str = ""
    without_clock: int = 0
    learners_without_clock: int = 0

    @classmethod
    def of(cls, counts: dict[str, int], filters: Filters, source: str, identity: Identity) -> "Scope":
        """From the row that `scope_sql` gives."""
        admin = 0 if filters["clicks"] == "all" else counts["admin"]
        outside = counts["outside"] - counts["events"] - admin
        numbers = {**counts, "admin": admin, "outside": outside}
        return cls(**numbers, filters=filters.describe(), source=source, identity=identity.describe())

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Scope":
        """As it was saved, with defaults for what an older release did not save. Raises TypeError or KeyError."""
        values = {
            one.name: saved[one.name] if one.default is MISSING else saved.get(one.name, one.default)
            for one in fields(cls)
        }
        for one in fields(cls):
            if type(values[one.name]) is not one.type:
                raise TypeError(f"'{one.name}' is {values[one.name]!r}")
        return cls(**values)

    def of_rules(self, sql: str) -> "Scope":
        """The scope of the analysis with this text: what has no time of day only matters to rules that need one."""
        return self if "has_clock" in words_of(sql) else replace(self, without_clock=0, learners_without_clock=0)

    def describe(self) -> str:
        """One sentence with n and what was left out."""
        outside = f"; {_count(self.outside, 'event')} outside" if self.outside else ""
        text = f"n = {_count(self.learners, 'learner')}, {_count(self.events - self.without_learner, 'event')}"
        if self.filters:
            text += f" ({self.filters}{outside})"
        text += f". Left out: {_count(self.without_learner, 'event')} without a learner id"
        text += f", {_count(self.admin, 'event')} of administration." if self.admin else "."
        if self.bots:
            text += f" Included: {_count(self.bots, 'learner')} seen as bots ({_count(self.bot_events, 'event')})."
        if self.without_clock:
            text += (
                f" {_count(self.without_clock, 'event')} of {_count(self.learners_without_clock, 'learner')} "
                "have a day and no time of day: rules about minutes and hours are off for them."
            )
        return f"{text} {self.identity}".rstrip()


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
