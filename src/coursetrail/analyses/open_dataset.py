"""A dataset that is open for questions."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from coursetrail import analyses, lookups
from coursetrail.analyses.analysis import Analysis, Clicks, Filters, Result, Scope, counted, folded, render
from coursetrail.dataset.ledger import SOURCES
from coursetrail.dataset.snapshot import EVENTS, REJECTS, Snapshot
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.duckdb import DuckDB
from coursetrail.engines.duckdb import connect as duckdb
from coursetrail.engines.engine import Engine
from coursetrail.errors import QueryError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.formats.coursera import reference_sql as companions


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset, to be analysed.

    >>> course = open("psy-001")                                           # doctest: +SKIP
    >>> course.analyze("browsers", since=date(2013, 8, 1)).to_pandas()     # doctest: +SKIP
    """

    snapshot: Snapshot
    choice: EngineConfig = field(default_factory=EngineConfig)

    @property
    def sources(self) -> pa.Table:
        """The ledger: one row an ingested file, with `lines = events + duplicates + rejected + blank`."""
        return self.snapshot.sources

    def analyze(
        self,
        name: str,
        *,
        course: str | None = None,
        since: date | None = None,
        until: date | None = None,
        device: str | None = None,
        language: str | None = None,
        without_bots: bool = False,
        clicks: Clicks = "deliberate",
    ) -> Result:
        """The answer to the analysis of that name.

        Dates are UTC days, `until` not included; `device` and `language` take a value that those analyses
        show, `unknown` included; `clicks="all"` counts every event as a click. UsageError for an unknown name.
        """
        filters = Filters(course, since, until, device, language, without_bots, clicks)
        return next(iter(self.answers([analyses.find(name)], filters)))

    def answers(self, wanted: Sequence[Analysis] = analyses.ALL, filters: Filters | None = None) -> Iterator[Result]:
        """Results one by one, over one connection."""
        chosen = filters or Filters()
        with self.engine() as engine:
            self._check(engine, chosen)
            engine.keep("used", folded(chosen))
            texts = [(render(one, chosen, kept=True), f"analysis '{one.name}'") for one in wanted]
            with closing(engine.queries([(counted(chosen), "count of events"), *texts])) as tables:
                scope = self._scope(next(tables), chosen)
                for analysis, table in zip(wanted, tables, strict=True):
                    yield Result(analysis, _declared(analysis, table), scope, render(analysis, chosen))

    def sql(self, text: str) -> pa.Table:
        """One SQL statement that only reads, by DuckDB, over all tables of the dataset by their names."""
        with duckdb() as engine:
            self._register(engine)
            self._register_ledger(engine)
            engine.restrict(self.snapshot.place.local)
            return engine.ask(text)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """The chosen engine, which knows this version's tables by name."""
        with self.choice.connect() as engine:
            self._register(engine)
            yield engine

    def _register(self, engine: Engine) -> None:
        engine.register("all_events", self.snapshot.files("events"), EVENTS)
        for lookup in lookups.ALL:
            engine.register(lookup.name, self.snapshot.files(lookup.name), lookup.schema)
        for name, schema in companions.SCHEMAS.items():
            engine.register(name, self.snapshot.files(name), schema)

    def _register_ledger(self, engine: DuckDB) -> None:
        """What only a question of the user's own can be about."""
        engine.register("sources", self.snapshot.sources, SOURCES)
        engine.register("all_rejects", self.snapshot.files("rejects"), REJECTS)
        engine.view("events", "select * from all_events")
        engine.view("rejects", "select * from all_rejects semi join sources using (source)")

    def _check(self, engine: Engine, filters: Filters) -> None:
        """A filter that can match nothing is a slip of the pen: say so, with what there is."""
        for value, column, table in (
            (filters.course, "course", "all_events"),
            (filters.device, "device", "agents"),
            (filters.language, "language", "languages"),
        ):
            if value is None or (value == "unknown" and column != "course"):
                continue
            there = engine.query(f"select distinct {column} from {table} where {column} is not null order by 1")
            known = there[column].to_pylist()
            if value not in known:
                raise UsageError(f"No event has the {column} '{value}'. There are: {', '.join(known) or 'none'}.")

    def _scope(self, counts: pa.Table, filters: Filters) -> Scope:
        row = {name: int(value) for name, value in counts.to_pylist()[0].items()}
        if filters.clicks == "all":
            row["admin"] = 0
        row["outside"] -= row["events"] + row["admin"]
        names = [Path(uri).name for uri in self.sources["uri"].to_pylist()]
        source = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return Scope(**row, filters=filters.describe(), source=source)


def _declared(analysis: Analysis, table: pa.Table) -> pa.Table:
    """An answer in the columns that its analysis declares."""
    try:
        return table.select(list(analysis.columns)).cast(analysis.schema).combine_chunks()
    except (pa.ArrowInvalid, KeyError) as error:
        raise QueryError(f"The analysis '{analysis.name}' gave other columns than it declares: {error}") from error


def open(  # noqa: A001 - read as coursetrail.open
    path: str | os.PathLike[str] | Location, choice: EngineConfig | None = None, as_of: int | datetime | None = None
) -> Dataset:
    """The newest version of the dataset at `path`, or that of a number or a time; DatasetError when there is none.

    `choice` is another engine: `Choice("spark", master="spark://host:7077")` answers with Apache Spark, and gives
    the same numbers.
    """
    return Dataset(Snapshot.open(Location.of(path), as_of), choice or EngineConfig())
