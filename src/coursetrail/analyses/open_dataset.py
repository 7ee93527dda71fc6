"""A dataset that is open for questions."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from coursetrail import analyses, formats
from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.identity import Identity
from coursetrail.analyses.parameters import Value, with_signature
from coursetrail.analyses.questions import Questions
from coursetrail.analyses.relations import materialized
from coursetrail.analyses.scope import Scope
from coursetrail.dataset.schema import EVENT_COLUMNS, EVENTS, REJECTS, SOURCES, TABLES, DatasetTable
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.duckdb import DuckDB
from coursetrail.engines.duckdb import connect as duckdb
from coursetrail.engines.engine import Engine
from coursetrail.errors import UsageError, listed
from coursetrail.filesystem.location import Location


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset, to be analysed; it may hold one course or thousands.

    >>> dataset = open("psy-001")                                           # doctest: +SKIP
    >>> dataset.analyze("browsers", since=date(2013, 8, 1)).to_pandas()     # doctest: +SKIP
    """

    snapshot: Snapshot
    config: EngineConfig = field(default_factory=EngineConfig)

    @property
    def sources(self) -> pa.Table:
        """The ledger: one row an ingested file, whose counts of lines add up."""
        return self.snapshot.sources

    @with_signature(FILTERS)
    def analyze(self, name: str, **options: Any) -> Result:
        """The answer to the analysis of that name, with filters and with parameters of its own.

        Dates are UTC days, `until` not included; `device` and `language` take a value that those analyses
        show, `unknown` included; `clicks="all"` counts every event as a click. UsageError for an unknown name.
        """
        analysis = analyses.find(name)
        narrowing = {one.name for one in FILTERS}
        filters = Filters(**{key: value for key, value in options.items() if key in narrowing})
        parameters = {key: value for key, value in options.items() if key not in narrowing}
        return next(iter(self.answers([analysis], filters, parameters)))

    def answers(
        self,
        wanted: Sequence[Analysis] | None = None,
        filters: Filters | None = None,
        parameters: Mapping[str, Value] | None = None,
    ) -> Iterator[Result]:
        """Results one by one, over one connection; by default of all analyses.

        Each analysis takes those of the `parameters` that it has. UsageError for one that none of them has.
        """
        questions = Questions(analyses.ALL if wanted is None else wanted, filters or Filters(), parameters or {})
        with self._connected(questions.columns) as (engine, identity):
            _must_match(engine, questions.filters)
            for relation in questions.shared:
                engine.materialize(relation.name, materialized(relation, questions.filters))
            names = [f"analysis '{one.name}'" for one in questions.asked]
            texts = [(questions.counts, "count of events"), *zip(questions.short_texts, names, strict=True)]
            with closing(engine.queries(texts)) as tables:
                row = {name: int(value) for name, value in next(tables).to_pylist()[0].items()}
                scope = Scope.of(row, questions.filters, self._files(), identity)
                for one, table, sql in zip(questions.asked, tables, questions.texts, strict=True):
                    yield one.result_of(table, scope.of_rules(one.sql), sql, questions.parameters)

    def sql(self, text: str) -> pa.Table:
        """One SQL statement that only reads, by DuckDB, over all tables of the dataset by their names."""
        with duckdb() as engine:
            for table in TABLES:
                if table is SOURCES:  # of a version only some rows count
                    engine.register(table.name, self.sources, table.schema)
                else:
                    engine.register(_raw(table), self.snapshot.files(table.name), table.schema, table.name, opened=True)
            _name_those_that_count(engine, self._all_events(self._identity(engine), EVENTS.schema.names))
            engine.restrict()
            return engine.query_readonly(text)

    @contextmanager
    def engine(self, columns: Collection[str] = EVENTS.schema.names) -> Iterator[Engine]:
        """The chosen engine, which knows the tables by name; of events these columns and the required ones."""
        with self._connected(columns) as (engine, _):
            yield engine

    @contextmanager
    def _connected(self, columns: Collection[str]) -> Iterator[tuple[Engine, Identity]]:
        """The same, and what counts as one learner."""
        chosen = [one.name for one in EVENT_COLUMNS if one.required or one.name in columns]
        with self.config.connect() as engine:
            engine.register(SOURCES.name, self.sources, SOURCES.schema)
            for table in TABLES:
                if table not in (SOURCES, REJECTS):
                    wanted = [one for one in table.schema if table is not EVENTS or one.name in chosen]
                    files = self.snapshot.files(table.name, whole=not self.config.is_distributed)
                    engine.register(_raw(table), files, pa.schema(wanted), table.name)
            identity = self._identity(engine)
            engine.view("all_events", self._all_events(identity, chosen))
            yield engine, identity

    def _all_events(self, identity: Identity, columns: Collection[str]) -> str:
        """The events with these columns: who is one learner, and whether the time has a time of day."""
        rows = zip(self.sources["source"].to_pylist(), self.sources["clock"].to_pylist(), strict=True)
        return identity.over(_raw(EVENTS), columns, [source for source, clock in rows if clock is False])

    def _identity(self, engine: Engine) -> Identity:
        """What counts as one learner. Only where the formats do not say it, the platforms of all events are counted."""
        read_as = set(self.sources["format"].to_pylist())
        if self.snapshot.shared_ids or (len(read_as) < 2 and read_as <= {one.name for one in formats.ALL}):
            return Identity(1, self.snapshot.shared_ids)
        counted = engine.query(f"select count(distinct platform) as platforms from {_raw(EVENTS)}")
        return Identity(int(counted["platforms"][0].as_py()))

    def _files(self) -> str:
        """The names of the files that were ingested, the first three in full."""
        names = [Path(uri).name for uri in self.sources["uri"].to_pylist()]
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _raw(table: DatasetTable) -> str:
    """The name of a table's own rows, where another name has them as they count."""
    return {EVENTS.name: "stored_events", REJECTS.name: "all_rejects"}.get(table.name, table.name)


def _name_those_that_count(engine: DuckDB, all_events: str) -> None:
    engine.view("all_events", all_events)
    engine.view("events", f"select * from {_raw(EVENTS)}")
    engine.view("rejects", "select * from all_rejects semi join sources using (source)")


def _must_match(engine: Engine, filters: Filters) -> None:
    """Raise UsageError for a filter that can match nothing, with the values that can."""
    for one, value in filters.to_match():
        table = "all_events" if one.listed == EVENTS.name else one.listed
        there = engine.query(f"select distinct {one.name} from {table} where {one.name} is not null order by 1")
        known = there[one.name].to_pylist()
        if value not in known:
            raise UsageError(f"No event has the {one.name} '{value}'. There are: {listed(known) or 'none'}.")


def open(  # noqa: A001 - read as coursetrail.open
    path: str | os.PathLike[str] | Location, engine: EngineConfig | None = None, as_of: int | datetime | None = None
) -> Dataset:
    """The newest version of the dataset at `path`, or that of a number or a time; DatasetError when there is none.

    `engine` is another engine: `EngineConfig("spark", master="spark://host:7077")` answers with Apache Spark, and gives
    the same numbers.
    """
    return Dataset(Snapshot.open(Location.of(path), as_of), engine or EngineConfig())
