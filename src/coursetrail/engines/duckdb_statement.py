"""The SQL that maps records to events, or lists their raw fields; the records are those of `formats.records`."""

import re
from collections.abc import Mapping, Sequence

import pyarrow as pa

from coursetrail.formats.format import Format

SQL_TYPES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.string(): "varchar",
    pa.float64(): "double",
}
FORMULA = "^[=+@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}-]"


def events_sql(form: Format, schema: pa.Schema, values: Mapping[str, str]) -> str:
    """The one statement that makes events of records."""
    columns = {name: values.get(name) or form.columns.get(name, "null") for name in schema.names}
    columns["line"] = "line"
    columns["extra"] = values.get("extra") or "rest"
    chosen = ", ".join(f'{_typed(schema.field(name), columns[name])} as "{name}"' for name in schema.names)
    return f"select {chosen} from records where sound"


def raw_sql(columns: Sequence[str], spreadsheet: bool) -> str:
    """The one statement that lists raw fields; for a spreadsheet no cell may begin a formula."""
    chosen = []
    for name in columns:
        quoted = name.replace('"', '""')
        field = f'cast(r."{quoted}" as varchar)'
        if spreadsheet:
            field = f"case when regexp_matches({field}, '{FORMULA}') then concat('''', {field}) else {field} end"
        chosen.append(f'{field} as "{quoted}"')
    return f"select {', '.join(chosen)} from records where sound"


def fields_in(sql: str) -> set[str]:
    """The fields of a line that a statement reads."""
    return {quoted.replace('""', '"') or plain for quoted, plain in re.findall(r'\br\.(?:"((?:[^"]|"")+)"|(\w+))', sql)}


def _typed(column: pa.Field, expression: str) -> str:
    if pa.types.is_timestamp(column.type):
        return f"make_timestamp(1000 * {expression})::timestamptz"
    return f"cast({expression} as {SQL_TYPES[column.type]})"
