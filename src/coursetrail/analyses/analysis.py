"""What an analysis is: a question, one SQL text for every engine, typed columns, a definition; and its result."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Parameter, Value, checked, filled, named_in
from coursetrail.analyses.relations import Relation, statement
from coursetrail.analyses.scope import Scope
from coursetrail.errors import MissingExtra, QueryError, UsageError
from coursetrail.render.caption import Caption
from coursetrail.render.charts import Chart, Table

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


RESERVED = (
    *("as_of", "conf", "config", "dataset", "debug", "engine", "excel", "form", "format", "help", "master", "name"),
    *("names", "only_sql", "out", "remote", "sql"),
)
"""Names that a parameter cannot have: the command line and Python use them for something else."""


@dataclass(frozen=True)
class ShareOf:
    """Rows that are shares of learners: their `labels`, the column with the `count` of learners, and that of the
    `whole` of which these are a share; without it, they are a share of all learners of the scope.
    """

    labels: tuple[str, ...]
    count: str = "learners"
    whole: str = ""


@dataclass(frozen=True)
class Analysis:
    """One question to a dataset.

    `sql` reads `events` (those that the filters leave; with `clicks`, how many one counts for: 0 or 1, or more in day
    totals), the relations of `relations.py`, the lookup tables and the tables about courses. It runs unchanged on every
    engine, and ends in an `order by` with a unique key. It names every column of events that it reads: only those are
    read. `$name` in it is the value of one of the `parameters`, and so in `definition`, which says how the numbers are
    counted and stands beside them wherever they are shown. The result is cast to `columns`.

    With `names_learners`, a row is about one learner, and a report has the table only on request. `share_of` says which
    columns are shares of learners, so that two segments can be compared.

    Raises UsageError where SQL and parameters do not fit.
    """

    name: str
    title: str
    question: str
    definition: str
    columns: Mapping[str, pa.DataType]
    sql: str
    parameters: tuple[Parameter, ...] = ()
    chart: Chart = field(default_factory=Table)
    names_learners: bool = False
    share_of: ShareOf | None = None

    def __post_init__(self) -> None:
        names = {one.name for one in self.parameters}
        if named_in(self.sql) != names or not named_in(self.definition) <= names:
            raise UsageError(f"The analysis '{self.name}' declares other parameters than its SQL and definition name.")
        taken = {*RESERVED, *(name for one in FILTERS for name in (one.name, one.flag.removeprefix("--")))}
        if shared := {one.name for one in self.parameters} & taken:
            raise UsageError(f"The analysis '{self.name}' has a parameter '{min(shared)}', which is taken.")
        if len(names) < len(self.parameters):
            raise UsageError(f"The analysis '{self.name}' has two parameters of one name.")

    @property
    def schema(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema(list(self.columns.items()))

    def values_for(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Its parameters, with those of the `values` that are its own. Raises UsageError."""
        own = {one.name for one in self.parameters}
        return checked(self.parameters, {name: value for name, value in values.items() if name in own})

    def parameters_from_json(self, saved: Mapping[str, Any]) -> dict[str, Value]:
        """The parameters that a result was saved with, as JSON values. Raises UsageError."""
        dates = {one.name for one in self.parameters if one.type is date}
        try:
            values = {name: date.fromisoformat(one) if name in dates and one else one for name, one in saved.items()}
        except (TypeError, ValueError) as error:
            raise UsageError(f"A parameter of '{self.name}' is not a date.") from error
        return self.values_for(values)

    def definition_with(self, values: Mapping[str, Value] | None = None) -> str:
        """How the numbers are counted with these values of the parameters; those that are not given by default."""
        return filled(self.definition, self.values_for(values or {}), str)

    def render(
        self, filters: Filters, values: Mapping[str, Value] | None = None, *, computed: tuple[Relation, ...] = ()
    ) -> str:
        """The whole SQL text, that `--sql` prints; without the relations that the engine has `computed` already."""
        return statement(filled(self.sql.strip(), self.values_for(values or {})), filters, computed=computed)

    def result_of(self, table: pa.Table, scope: Scope, sql: str, values: Mapping[str, Value]) -> "Result":
        """The result whose rows an engine gave. QueryError where these are not the declared columns."""
        try:
            declared = table.select(list(self.columns)).cast(self.schema).combine_chunks()
        except (pa.ArrowInvalid, KeyError) as error:
            raise QueryError(f"The analysis '{self.name}' gave other columns than it declares: {error}") from error
        return Result(self, declared, scope, sql, self.values_for(values))


@dataclass(frozen=True)
class Result:
    """The answer to one analysis: an Arrow `table`, its definition, and the scope it was counted over."""

    analysis: Analysis
    table: pa.Table
    scope: Scope
    sql: str
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def definition(self) -> str:
        """How the numbers are counted, with the values of the parameters."""
        return self.analysis.definition_with(self.parameters)

    @property
    def caption(self) -> Caption:
        """What is said about the table where it is shown or saved."""
        analysis, counted_over = self.analysis, self.scope.describe()
        about: dict[str, Any] = {"name": analysis.name, "title": analysis.title, "definition": self.definition}
        if self.parameters:
            about["parameters"] = {name: _plain(value) for name, value in self.parameters.items()}
        scope = asdict(self.scope) | {"description": counted_over}
        return Caption(analysis.title, (self.definition, counted_over), analysis.chart, about | {"scope": scope})

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


def _plain(value: Value) -> str | float | None:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, date) else value


def _need(package: str) -> Any:
    try:
        return import_module(package)
    except ImportError as error:
        raise MissingExtra(
            f"This needs {package}: pip install 'coursetrail[{package}]', or use .table (Arrow)."
        ) from error
