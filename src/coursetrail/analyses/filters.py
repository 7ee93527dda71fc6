"""Filters: which events an answer is counted over, and which of them count as clicks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from coursetrail.analyses.parameters import Parameter, Value, checked
from coursetrail.dataset.actions import ADMIN, DELIBERATE
from coursetrail.dataset.schema import LOOKUPS
from coursetrail.engines.sql import literal
from coursetrail.errors import UsageError
from coursetrail.render.preview import UNKNOWN


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that every analysis has: it leaves some events out.

    `test` gives the SQL condition that holds for events that stay, "" if all do. It may use columns of events and of
    the lookup table `joins`. `words` gives the filter in words, "" where there is nothing to say. `listed` is the table
    whose column of the filter's name has all values that can match.
    """

    test: Callable[[Any], str] = lambda _: ""
    words: Callable[[Any], str] = lambda _: ""
    joins: str | None = None
    listed: str | None = None


FILTERS = (
    Filter(
        "course",
        str,
        None,
        "Only events of this course.",
        metavar="NAME",
        test=lambda value: f"course = {literal(value)}",
        words=lambda value: f"course {value}",
        listed="events",
    ),
    Filter(
        "since",
        date,
        None,
        "Only events of this UTC day and later.",
        option="--from",
        metavar="DATE",
        test=lambda value: f"time >= {literal(value)}",
        words=lambda value: f"from {value}",
    ),
    Filter(
        "until",
        date,
        None,
        "Only events before this UTC day.",
        option="--to",
        metavar="DATE",
        test=lambda value: f"time < {literal(value)}",
        words=lambda value: f"to {value} (excluded)",
    ),
    Filter(
        "device",
        str,
        None,
        "Only events from this device class, such as tablet.",
        metavar="CLASS",
        test=lambda value: f"coalesce(device, '{UNKNOWN}') = {literal(value)}",
        words=lambda value: f"device {value}",
        joins="agents",
        listed="agents",
    ),
    Filter(
        "language",
        str,
        None,
        "Only events in this preferred language, such as es.",
        metavar="CODE",
        test=lambda value: f"coalesce(language, '{UNKNOWN}') = {literal(value)}",
        words=lambda value: f"language {value}",
        joins="languages",
        listed="languages",
    ),
    Filter(
        "without_bots",
        bool,
        False,
        "Leave out events of known bots.",
        option="--without",
        choices=("bots",),
        test=lambda value: "not coalesce(is_bot, false)" if value else "",
        words=lambda value: "without bots" if value else "",
        joins="agents",
    ),
    Filter(
        "clicks",
        str,
        "deliberate",
        "What counts as a click: deliberate actions, or every event.",
        choices=("deliberate", "all"),
        test=lambda value: f"coalesce(area, '') <> '{ADMIN}'" if value == "deliberate" else "",
        words=lambda value: "every event counts as a click" if value == "all" else "",
    ),
)
"""All filters, in the order in which they are listed and worded.

`since` is inclusive and `until` exclusive. `device` and `language` take a value as the analyses show it. Events in the
area admin (course staff at work, services, monitors) are no learner's: they are left out unless `clicks` is "all".
"""

CLICKS = {
    "deliberate": f"case when action in ({', '.join(map(literal, DELIBERATE))}) then coalesce(weight, 1) else 0 end",
    "all": "coalesce(weight, 1)",
}
"""How many clicks an event counts for."""


class Filters(Mapping[str, Value]):
    """A value for each filter, the default where none is given; a mapping by their names.

    >>> Filters(course="psy-001", without_bots=True).describe()
    'course psy-001, without bots'
    """

    def __init__(self, **given: Value) -> None:
        """Check the values. Raises UsageError."""
        self._values = checked(FILTERS, given)
        since, until = self["since"], self["until"]
        if since and until and since >= until:  # type: ignore[operator]
            raise UsageError(
                f"--from {since} is not before --to {until} (the day of --to is excluded); try a later --to."
            )

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __hash__(self) -> int:
        return hash(tuple(self._values.items()))

    def __repr__(self) -> str:
        return f"Filters({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"

    def with_values(self, **changed: Value) -> Self:
        """The same filters with other values for some."""
        return type(self)(**{**self._values, **changed})

    def describe(self) -> str:
        """The filters in words, for titles and footers."""
        return ", ".join(text for one in self._set() if (text := one.words(self[one.name])))

    def sql(self) -> str:
        """The relation `events` as an analysis sees it: filtered, with `clicks`."""
        used = [(one, test) for one in self._set() if (test := one.test(self[one.name]))]
        joined = [table for table in LOOKUPS if any(one.joins == table.name for one, _ in used)]
        joins = [f"left join {table.name} using ({table.key})" for table in joined]
        wanted = " and ".join(test for _, test in used) or "true"
        clicks = CLICKS[str(self["clicks"])]
        return f"select all_events.*, {clicks} as clicks from {' '.join(['all_events', *joins])} where {wanted}"

    def to_match(self) -> Iterator[tuple[Filter, Value]]:
        """Each filter by a value that some table lists, and the value."""
        for one in self._set():
            if one.listed and (self[one.name] != UNKNOWN or one.listed == "events"):
                yield one, self[one.name]

    def _set(self) -> Iterator[Filter]:
        return (one for one in FILTERS if self[one.name] is not None)
