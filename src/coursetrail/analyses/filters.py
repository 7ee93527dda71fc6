"""Filters: which events an answer is counted over, and which of them count as clicks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from coursetrail.analyses.parameters import Parameter, Value, checked
from coursetrail.dataset.actions import ADMIN, DELIBERATE
from coursetrail.dataset.schema import LOOKUPS
from coursetrail.engines.sql import literal
from coursetrail.errors import UsageError
from coursetrail.render.preview import UNKNOWN

CLICKS = {
    "deliberate": f"case when action in ({', '.join(map(literal, DELIBERATE))}) then coalesce(weight, 1) else 0 end",
    "all": "coalesce(weight, 1)",
}
"""How many clicks an event counts for."""

STAFF = "members.role in ('staff', 'mentor')"


def _equal(name: str, help_: str, metavar: str, listed: str, joins: str | None = None) -> "Filter":
    """A filter by a column's value as the analyses show it, `unknown` where there is none."""
    return Filter(
        name,
        str,
        None,
        help_,
        metavar=metavar,
        test=lambda value: f"coalesce({name}, '{UNKNOWN}') = {literal(value)}",
        words=lambda value: f"{name} {value}",
        joins=joins,
        listed=listed,
    )


def _without(word: str, help_: str, test: str, joins: str | None = None) -> "Filter":
    """A filter that leaves out what the word says."""
    return Filter(
        f"without_{word}",
        bool,
        False,
        help_,
        option="--without",
        choices=(word,),
        test=lambda value: test if value else "",
        words=lambda value: f"without {word}" if value else "",
        joins=joins,
    )


def _member(condition: str) -> str:
    """That the learner is a member of the course who fulfils a condition."""
    return (
        "exists (select 1 from members where members.course = all_events.course "
        f"and members.learner = all_events.learner_id and {condition})"
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Filter(Parameter):
    """A parameter that every analysis has: it leaves some events out.

    One that `bounds` says where and when was observed, the rest say who: a segment whose learners are all gone is
    still observed. `test` gives the SQL condition that holds for events that stay, "" if all do. It may use columns
    of events and of the lookup table `joins`. `words` gives the filter in words, "" where there is nothing to say.
    `listed` is the table whose column of the filter's name has all values that can match.
    """

    test: Callable[[Any], str] = lambda _: ""
    words: Callable[[Any], str] = lambda _: ""
    joins: str | None = None
    listed: str | None = None
    bounds: bool = False


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
        bounds=True,
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
        bounds=True,
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
        bounds=True,
    ),
    _equal("device", "Only events from this device class, such as tablet.", "CLASS", "agents", "agents"),
    _equal("browser", "Only events from this browser, such as Firefox.", "NAME", "agents", "agents"),
    _equal("system", "Only events from this operating system, such as Android.", "NAME", "agents", "agents"),
    _equal("language", "Only events in this preferred language, such as es.", "CODE", "languages", "languages"),
    _equal("country", "Only events from this country, such as NA.", "CODE", "events"),
    Filter(
        "role",
        str,
        None,
        "Only learners with this role in the course, of the table members.",
        metavar="ROLE",
        test=lambda value: _member(f"members.role = {literal(value)}"),
        words=lambda value: f"role {value}",
        listed="members",
    ),
    Filter(
        "cohort",
        date,
        None,
        "Only learners whose first event was in the week of this day, Monday to Sunday, UTC.",
        metavar="DATE",
        test=lambda value: (
            "learner in (select learner from all_events where learner is not null group by learner "
            f"having min(time) >= {literal(_monday(value))} and min(time) < {literal(_monday(value) + timedelta(7))})"
        ),
        words=lambda value: f"first seen in the week of {_monday(value)}",
    ),
    Filter(
        "activity",
        str,
        None,
        "Only this quarter of all learners by their clicks: q1 are the least active, q4 the most.",
        choices=("q1", "q2", "q3", "q4"),
        test=lambda value: (
            f"learner in (select learner from (select learner, ntile(4) over (order by sum({CLICKS['deliberate']}), "
            f"learner) as quarter from all_events where learner is not null group by learner) as ranked "
            f"where quarter = {value[1:]})"
        ),
        words=lambda value: f"quarter {value} of learners by clicks",
    ),
    _without("bots", "Leave out events of known bots.", "not coalesce(is_bot, false)", "agents"),
    _without(
        "staff",
        "Leave out staff and mentors, as the table members or an event of administration shows them.",
        f"not {_member(STAFF)} and not exists (select 1 from all_events as work "
        f"where work.learner = all_events.learner and work.area = '{ADMIN}')",
    ),
    Filter(
        "clicks",
        str,
        "deliberate",
        "What counts as a click: deliberate actions, or every event.",
        choices=("deliberate", "all"),
        test=lambda value: f"coalesce(area, '') <> '{ADMIN}'" if value == "deliberate" else "",
        words=lambda value: "every event counts as a click" if value == "all" else "",
        bounds=True,
    ),
)
"""All filters, in the order in which they are listed and worded.

`since` is inclusive and `until` exclusive. `device` and `language` take a value as the analyses show it. Events in the
area admin (course staff at work, services, monitors) are no learner's: they are left out unless `clicks` is "all".
"""


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

    def sql(self, *, whoever: bool = False) -> str:
        """The relation `events` as an analysis sees it: filtered, with `clicks`; or only by filters that bound it."""
        named = [one for one in self._set() if one.bounds or not whoever]
        used = [(one, test) for one in named if (test := one.test(self[one.name]))]
        joined = [table for table in LOOKUPS if any(one.joins == table.name for one, _ in used)]
        joins = [f"left join {table.name} using ({table.key})" for table in joined]
        wanted = " and ".join(test for _, test in used) or "true"
        clicks = CLICKS[str(self["clicks"])]
        return f"select all_events.*, {clicks} as clicks from {' '.join(['all_events', *joins])} where {wanted}"

    def to_match(self) -> Iterator[tuple[Filter, Value]]:
        """Each filter by a value that some table lists, and the value."""
        for one in self._set():
            if one.listed and (self[one.name] != UNKNOWN or one.name == "course"):
                yield one, self[one.name]

    def _set(self) -> Iterator[Filter]:
        return (one for one in FILTERS if self[one.name] is not None)
