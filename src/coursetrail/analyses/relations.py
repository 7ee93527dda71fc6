"""Relations: shapes of the events that several analyses need, each with a name and one SQL text.

An analysis uses a relation by naming it. It becomes part of the text, or the engine computes it once for all analyses
that name it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from coursetrail.analyses.filters import Filters


@dataclass(frozen=True)
class Relation:
    """A `select` over `{events}`, by name; `meaning` says what one row is.

    It is one `select` without a `with`: Spark does not recognise the computed rows of a text with a `with` in another
    text that has one.
    """

    name: str
    meaning: str
    sql: str

    def over(self, events: str) -> str:
        """The relation over another one, or over a query in brackets with an alias."""
        return self.sql.format(events=events)


USED = Relation(
    name="used",
    meaning="The headers that a learner came with on a platform, and how often; null is a learner too.",
    sql="""
    select
        learner, platform, user_agent, accept_language,
        min(learner_id) as learner_id,
        count(*) as events,
        sum(case when has_clock then 0 else 1 end) as without_clock,
        sum(clicks) as clicks
    from {events}
    group by learner, platform, user_agent, accept_language
""",
)

RELATIONS = (USED,)


@dataclass(frozen=True)
class Identity:
    """Who is one learner: an id on one of the `platforms`, or an id wherever it occurs (`shared`)."""

    platforms: int = 1
    shared: bool = False

    @property
    def key(self) -> str:
        """The column `learner` of `all_events`, a text for each learner; `learner_id` is the id without the platform.

        Colons in a platform's name are escaped, so that two learners never have the same key.
        """
        if self.shared or self.platforms < 2:
            return "learner"
        return "replace(replace(platform, '%', '%25'), ':', '%3A') || ':' || learner"

    def over(self, stored: str, columns: Collection[str], only_days: Collection[int] = ()) -> str:
        """The events of `stored`, with these columns, as the relation `all_events`.

        Its column `has_clock` is false for events of the sources `only_days`, whose times are days.
        """
        chosen = [f"{self.key} as learner" if name == "learner" else name for name in columns]
        ids = ["learner as learner_id"] if "learner" in columns else []
        clock = f"source not in ({', '.join(map(str, sorted(only_days)))})" if only_days else "true"
        return f"select {', '.join([*chosen, *ids])}, {clock} as has_clock from {stored}"

    def describe(self) -> str:
        """A sentence about what counts as one learner, "" where an id can mean only one."""
        if self.shared:
            return "Ids are shared: the same id on several platforms is one learner."
        if self.platforms > 1:
            return f"Ids are those of {self.platforms} platforms: the same id on two of them is two learners."
        return ""


def words_of(sql: str) -> set[str]:
    """All words of a text: the names in it, and whatever else its words are."""
    return set(re.findall(r"\w+", sql))


def named_relations(sql: str) -> tuple[Relation, ...]:
    """The relations that a text names."""
    words = words_of(sql)
    return tuple(one for one in RELATIONS if one.name in words)


def materialized(relation: Relation, filters: Filters) -> str:
    """The text of a relation by itself, for an engine to compute once."""
    return relation.over(f"({filters.sql()}) as events")


def statement(body: str, filters: Filters, *, computed: tuple[Relation, ...] = ()) -> str:
    """A text over `events` and relations as one statement; the engine knows those that it has `computed` already."""
    needed = [one for one in named_relations(body) if one not in computed]
    parts = [f"events as (\n    {filters.sql()}\n)", *(f"{one.name} as ({one.over('events')})" for one in needed)]
    start = f"with {', '.join(parts)}"
    return f"{start},\n{body[5:]}" if body.startswith("with ") else f"{start}\n{body}"
