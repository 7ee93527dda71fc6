"""Analyses that are asked together: their SQL, the relations that they share, the columns that they read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Value
from coursetrail.analyses.relations import Relation, materialized, named_relations, words_of
from coursetrail.analyses.scope import scope_sql
from coursetrail.dataset.schema import EVENT_COLUMNS
from coursetrail.errors import UsageError, did_you_mean


@dataclass(frozen=True)
class Questions:
    """Analyses with the filters and parameters that they are asked with.

    Each takes those of the `parameters` that it has. Raises UsageError for one that none of them has.
    """

    asked: Sequence[Analysis]
    filters: Filters = field(default_factory=Filters)
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = {one.name for analysis in self.asked for one in analysis.parameters}
        for name in self.parameters:
            if name not in known:
                names = ", ".join(analysis.name for analysis in self.asked)
                hint = did_you_mean(name, [*sorted(known), *(one.name for one in FILTERS)])
                raise UsageError(f"No parameter of {names} is called '{name}'.{hint}")

    @cached_property
    def texts(self) -> list[str]:
        """The whole SQL text of each analysis."""
        return [one.render(self.filters, self.parameters) for one in self.asked]

    @cached_property
    def counts(self) -> str:
        """The SQL text of the scope, which uses relations."""
        return scope_sql(self.filters)

    @cached_property
    def shared(self) -> tuple[Relation, ...]:
        """The relations that an engine computes once for all."""
        return named_relations(" ".join([self.counts, *(one.sql for one in self.asked)]))

    @cached_property
    def short_texts(self) -> list[str]:
        """The SQL texts for an engine that has computed the shared relations."""
        return [one.render(self.filters, self.parameters, computed=self.shared) for one in self.asked]

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of events that are read, and those that are never null."""
        relations = [materialized(one, self.filters) for one in self.shared]
        named = columns_named([self.counts, *self.texts, *relations])
        return tuple(one.name for one in EVENT_COLUMNS if one.required or one.name in named)


def columns_named(texts: Iterable[str]) -> set[str]:
    """The columns of events that SQL texts name.

    A word that only happens to be the name of a column counts too: one column too many is read, never one too few.
    """
    words = words_of(" ".join(texts))
    return {one.name for one in EVENT_COLUMNS if one.name in words}
