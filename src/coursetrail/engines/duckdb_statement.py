"""The SQL that DuckDB reads lines with: from text to sound JSON to columns.

Every step adds to the one before it; docs/adr/0002-reading-lines.md has the reasons.
"""

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa

from coursetrail.formats.format import Format
from coursetrail.literals import literal

SQL_TYPES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.string(): "varchar",
    pa.float64(): "double",
}
IPV4 = r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PAGE = "STRUCT(course VARCHAR, area VARCHAR, item VARCHAR, action VARCHAR)"
FORMULA = "^[=+@\\t\\r\\n\\x{FF1D}\\x{FF0B}\\x{FF0D}\\x{FF20}-]"


def events_sql(form: Format, schema: pa.Schema, values: Mapping[str, str]) -> str:
    """The one statement that makes events of lines."""
    inner = json.dumps(dict(form.nested)).replace("'", "''")
    columns = {name: values.get(name) or form.columns.get(name, "null") for name in schema.names}
    columns["line"] = "line"
    columns["extra"] = values.get("extra") or _extra(form)
    placed = any("page." in columns[name] for name in ("course", "area", "item"))
    pages = f"page({form.url})" if placed else f"cast(null as {PAGE})"
    prefix = _network(form.address) if columns["network"] == "network" else "null"
    chosen = ", ".join(f'{_typed(schema.field(name), columns[name])} as "{name}"' for name in schema.names)
    return f"""
        with {_parsed(form)}, nested as (
            select
                line, text, r, accounted, {pages} as page, {prefix} as network,
                case when {form.nested_if} then try(from_json(r."{form.nested_in}", '{inner}')) end as v
            from parsed
        )
        select {chosen} from nested where text is not null
    """


def raw_sql(form: Format, columns: Sequence[str], spreadsheet: bool) -> str:
    """The one statement that lists the raw fields; for a spreadsheet no cell may begin a formula."""
    chosen = []
    for name in columns:
        path = literal('$."' + name.replace('"', "") + '"')
        known = f'cast(r."{name}" as varchar)' if name in form.fields else f"json_extract_string(text, {path})"
        if spreadsheet:
            known = f"case when regexp_matches({known}, '{FORMULA}') then concat('''', {known}) else {known} end"
        quoted = name.replace('"', '""')
        chosen.append(f'{known} as "{quoted}"')
    return f"with {_parsed(form)} select {', '.join(chosen)} from parsed where text is not null"


def _parsed(form: Format) -> str:
    """Steps that each add to the one before; the last has `line`, `text` (null: no event) and the struct `r`.

    A line is `accounted` for when the known fields, none of them escaped, explain its every byte: then it has
    no field that is unknown or comes twice. Only of the others are the keys looked at, one by one.
    """
    struct = json.dumps(dict(form.fields)).replace("'", "''")
    sizes = " + ".join(_size(name, kind, name == form.nested_in) for name, kind in form.fields.items())
    ending = "case when suffix(text, chr(13) || chr(10)) then 2 when suffix(text, chr(10)) then 1 else 0 end"
    return f"""seen as (
            select observe(line, hash(text)) as line, text, try(from_json(text, '{struct}')) as r from lines
        ), measured as (
            select line, text, r, strlen(text) - {ending} = 1 + {sizes} as accounted from seen
        ), judged as (
            select
                line, text, r, accounted,
                case
                    when not coalesce({form.sound}, false) then false
                    when accounted then true
                    else len(json_keys(text)) = len(list_distinct(json_keys(text)))
                end as sound
            from measured
        ), mended as (
            select
                line, r, sound, accounted and sound as accounted,
                case when sound then text else mend(line, text) end as text
            from judged
        ), parsed as (
            select
                line, text, accounted,
                case when sound then r when text is not null then from_json(text, '{struct}') end as r
            from mended
        )"""


def _network(address: str) -> str:
    """Prefix of a plain IPv4 address without leaving SQL; of anything else by `formats.network`."""
    return (
        f"case when regexp_full_match({address}, '{IPV4}') then rtrim({address}, '0123456789') || '0/24' "
        f"else (prefix({address})).network end"
    )


def _typed(column: pa.Field, expression: str) -> str:
    if pa.types.is_timestamp(column.type):
        return f"make_timestamp(1000 * {expression})::timestamptz"
    if pa.types.is_floating(column.type) and expression != "null":
        return f"case when isfinite({expression}) then {expression} end"
    return f"cast({expression} as {SQL_TYPES[column.type]})"


def _extra(form: Format) -> str:
    """JSON of what has no column: the format's known members, and every field it does not know."""
    (first, plain), *members = form.kept.items()
    known = "".join(f""", ',"{name}":' || {text}""" for name, text in members)
    ours = json.dumps(dict.fromkeys(form.fields)).replace("'", "''")
    unknown = f"cast(json_merge_patch(text, '{ours}') as varchar)"
    careful = f"""concat('{{"{first}":', coalesce(cast(to_json({plain}) as varchar), 'null'){known},
        nullif(',' || substr({unknown}, 2, len({unknown}) - 2), ','), '}}')"""
    return f"""case when accounted then concat('{{"{first}":"', {plain}, '"'{known}, '}}') else {careful} end"""


def _size(name: str, kind: str, escaped: bool) -> str:
    """Bytes that a field takes in a line at the least: name, quotes, colon, comma, and the value."""
    value = f'strlen(to_json(r."{name}")) - 2' if escaped else f'strlen(cast(r."{name}" as varchar))'
    return f"coalesce({value} + {len(name) + (6 if kind == 'VARCHAR' else 4)}, 0)"
