"""What an analysis is: a question, one SQL text for every engine, typed columns, a definition."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from coursetrail.dataset.actions import DELIBERATE
from coursetrail.engines.sql import literal
from coursetrail.errors import UsageError
from coursetrail.render.caption import Caption
from coursetrail.render.charts import Chart, Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Clicks = Literal["deliberate", "all"]


@dataclass(frozen=True)
class Analysis:
    """One question to a dataset.

    `sql` reads the relations `events` (those that the filters leave; with `clicks`, how many one counts for: 0 or 1,
    or more in day totals), `used` (these folded, see `USED`), `agents` and `languages`, runs unchanged on every engine,
    and ends in an `order by` with a unique key. The result is cast to `columns`. `definition` says how the numbers are
    counted, and stands beside them wherever they are shown.
    """

    name: str
    title: str
    question: str
    definition: str
    columns: Mapping[str, pa.DataType]
    sql: str
    chart: Chart = field(default_factory=Table)

    @property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema(list(self.columns.items()))


@dataclass(frozen=True)
class Filters:
    """Which events are looked at, and which of them count as clicks.

    `since` is inclusive and `until` exclusive, UTC dates. `device` and `language` take a value as the
    analyses show it, `unknown` included. `without_bots` leaves out events whose user agent is a bot. Events in the
    area admin (course staff at work, services, monitors) are no learner's, and are left out unless `clicks` is "all".
    """

    course: str | None = None
    since: date | None = None
    until: date | None = None
    device: str | None = None
    language: str | None = None
    without_bots: bool = False
    clicks: Clicks = "deliberate"

    def __post_init__(self) -> None:
        if self.since and self.until and self.since >= self.until:
            raise UsageError(
                f"--from {self.since} is not before --to {self.until} (the day of --to is excluded); try a later --to."
            )
        if self.clicks not in ("deliberate", "all"):
            raise UsageError(f"clicks is 'deliberate' or 'all', not {self.clicks!r}.")

    def describe(self) -> str:
        """The filters in words, for titles and footers."""
        parts = [
            f"course {self.course}" if self.course else "",
            f"from {self.since}" if self.since else "",
            f"to {self.until} (excluded)" if self.until else "",
            f"device {self.device}" if self.device else "",
            f"language {self.language}" if self.language else "",
            "without bots" if self.without_bots else "",
            "every event counts as a click" if self.clicks == "all" else "",
        ]
        return ", ".join(part for part in parts if part)

    def sql(self) -> str:
        """The relation `events` as an analysis sees it: filtered, with `clicks`."""
        agent = self.device is not None or self.without_bots
        joins = ["left join agents using (user_agent)"] if agent else []
        joins += ["left join languages using (accept_language)"] if self.language is not None else []
        tests = [
            f"course = {literal(self.course)}" if self.course is not None else "",
            f"time >= {literal(self.since)}" if self.since else "",
            f"time < {literal(self.until)}" if self.until else "",
            f"coalesce(device, 'unknown') = {literal(self.device)}" if self.device is not None else "",
            f"coalesce(language, 'unknown') = {literal(self.language)}" if self.language is not None else "",
            "not coalesce(is_bot, false)" if self.without_bots else "",
            "coalesce(area, '') <> 'admin'" if self.clicks != "all" else "",
        ]
        wanted = " and ".join(test for test in tests if test) or "true"
        clicks = "coalesce(weight, 1)"
        if self.clicks != "all":
            clicks = f"case when action in ({', '.join(map(literal, DELIBERATE))}) then {clicks} else 0 end"
        return f"select all_events.*, {clicks} as clicks from {' '.join(['all_events', *joins])} where {wanted}"


USED = """
    select learner, user_agent, accept_language, count(*) as events, sum(clicks) as clicks
    from {events}
    group by learner, user_agent, accept_language
"""
"""With which headers each learner came, and how often; null is a learner too. Most analyses need no more."""


def folded(filters: Filters) -> str:
    """The relation `used` by itself, for an engine to keep when several questions are asked.

    It is one `select`: what Spark keeps of a text with a `with`, it does not find again in another text with one.
    """
    return USED.format(events=f"({filters.sql()}) as events")


SCOPE = """
    select
        (select count(*) from all_events) as outside,
        (select count(*) from ({wider}) as wider where area = 'admin') as admin,
        coalesce(sum(events), 0) as events,
        count(distinct learner) as learners,
        coalesce(sum(case when learner is null then events end), 0) as without_learner,
        count(distinct case when is_bot then learner end) as bots,
        coalesce(sum(case when is_bot then events end), 0) as bot_events
    from used left join agents using (user_agent)
    order by 1
"""


def counted(filters: Filters) -> str:
    """The counts of a Scope, over `used`; `outside` is not yet without the others."""
    return SCOPE.format(wider=replace(filters, clicks="all").sql())


def render(analysis: Analysis, filters: Filters, *, kept: bool = False) -> str:
    """The whole SQL text of an analysis, that `--sql` prints; without `used` where the engine has `kept` it."""
    body = analysis.sql.strip()
    opening = _events(filters) + ("" if kept else f", used as ({USED.format(events='events')})")
    return f"{opening},\n{body[5:]}" if body.startswith("with ") else f"{opening}\n{body}"


def _events(filters: Filters) -> str:
    return f"with events as (\n    {filters.sql()}\n)"


@dataclass(frozen=True)
class Scope:
    """What an answer was counted over, and what was left out of it.

    `events` are those inside the filters; of these, `without_learner` carry no learner id and count for nobody;
    `bots` of the `learners` were seen with a bot's user agent. `admin` are further events inside the filters, of the
    area admin, which are left out; `outside` is what the other filters leave out.
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


@dataclass(frozen=True)
class Result:
    """The answer to one analysis: an Arrow `table`, its definition, and the scope it was counted over."""

    analysis: Analysis
    table: pa.Table
    scope: Scope
    sql: str

    @property
    def caption(self) -> Caption:
        """What is said about the table where it is shown or saved."""
        analysis, counted_over = self.analysis, self.scope.describe()
        about = {"name": analysis.name, "title": analysis.title, "definition": analysis.definition}
        scope = asdict(self.scope) | {"description": counted_over}
        return Caption(analysis.title, (analysis.definition, counted_over), analysis.chart, about | {"scope": scope})

    def to_pandas(self) -> "pd.DataFrame":
        """The table as a pandas DataFrame; needs the `pandas` extra."""
        _need("pandas")
        return self.table.to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """The table as a Polars DataFrame; needs the `polars` extra."""
        return _need("polars").from_arrow(self.table)  # type: ignore[no-any-return]

    def _repr_html_(self) -> str:
        from coursetrail.render.html import fragment

        return fragment(self.table, self.caption)

    def __str__(self) -> str:
        from coursetrail.render.text import text

        return text(self.table, self.caption)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _need(package: str) -> Any:
    from importlib import import_module

    from coursetrail.errors import MissingExtra

    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtra(
            f"This needs {package}: pip install 'coursetrail[{package}]', or use .table (Arrow)."
        ) from error
