"""What a lookup table is: a dimension table that parses the distinct strings of one column of events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Lookup:
    """One lookup table: the table `name` has one `row` for each distinct string of the events column `key`.

    `columns` give the type and the meaning of each of its columns, in order; the first is the key, the last is
    `parser`. `parse` returns a table of this schema, one row per distinct string. `parser_version` is the value of the
    column `parser`: rows with another value are parsed again.
    """

    name: str
    row: str
    key: str
    columns: Mapping[str, tuple[pa.DataType, str]]
    parse: Callable[[list[str]], pa.Table]
    parser_version: str

    def __post_init__(self) -> None:
        first, *_, last = self.columns
        if (first, last) != (self.key, "parser"):
            raise ValueError(f"The lookup table '{self.name}' needs '{self.key}' as first column, 'parser' as last.")

    @property
    def schema(self) -> pa.Schema:
        """The names and types of the columns."""
        return pa.schema([(name, kind) for name, (kind, _) in self.columns.items()])
