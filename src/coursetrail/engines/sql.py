"""Values as SQL text: the only way a value gets into a statement."""

import re
from datetime import date
from pathlib import Path

from coursetrail.errors import UsageError


def literal(value: str | float | date | None) -> str:
    """A Python value as a typed SQL literal that every engine reads the same.

    >>> literal("it's")
    "'it''s'"
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return f"timestamp '{value.isoformat()} 00:00:00'"
    if isinstance(value, str):
        if "\0" in value:
            raise UsageError("A filter value cannot hold a NUL character.")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int):
        return f"({value})" if value < 0 else f"{value}"  # x-$n must not become x--5, a comment
    return f"cast({value!r} as double)"  # a bare 0.3 is a decimal, and engines divide those differently


def parquet(*files: str | Path, union_by_name: bool = False) -> str:
    """The rows of Parquet files, in SQL for DuckDB, which takes `*`, `?` and `[` in a name for a pattern.

    By default all have the columns of the first one; with `union_by_name`, a column is null where a file lacks it.

    >>> parquet("a[1].parquet")
    "read_parquet(['a[[]1].parquet'])"
    """
    names = (re.sub(r"([*?[])", r"[\1]", str(file)) for file in files)
    options = ", union_by_name = true" if union_by_name else ""
    return f"read_parquet([{', '.join(map(literal, names))}]{options})"
