"""What a user's own SQL may do on DuckDB: read the relations of the connection, at every depth, and nothing else.

DuckDB calls `with x as (copy … to 'file') select …` a SELECT, so the parsed tree is checked, by a list of what may be
in it.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from coursetrail.errors import QueryError

NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
"""The kinds of queries that only read; DuckDB's other nodes copy, insert, update, delete or merge."""
TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
"""The functions in `from` that need nothing but their arguments; the rest read files, settings or other SQL."""
LONGEST = 100_000
"""Characters of a query: DuckDB plans a longer one for minutes."""
REFUSED_FUNCTIONS = {
    *("getenv", "write_log"),
    *("range", "generate_series", "list_resize", "array_resize", "repeat", "lpad", "rpad", "bar", "format", "printf"),
}
"""Functions that read more than relations; and those that make a list or a text of any length, for which DuckDB 2.0
takes memory that it does not count."""
REFUSED = "Only one statement that reads the dataset's tables is allowed: select …, with … select, or describe"


def check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise QueryError unless the text is one statement that only reads relations."""
    if len(sql) > LONGEST:
        raise QueryError(f"The query has more than {LONGEST:,} characters.")
    try:
        kinds = [statement.type for statement in connection.extract_statements(sql)]
        (parsed,) = connection.execute("select json_serialize_sql($1)", [sql]).fetchall()
    except (duckdb.Error, ValueError) as error:
        raise QueryError(f"This is no SQL that DuckDB reads: {' '.join(str(error).split())[:400]}") from error
    try:
        tree = json.loads(parsed[0])
    except RecursionError as error:
        raise QueryError("The query is nested too deeply.") from error
    if kinds != [duckdb.StatementType.SELECT] or tree["error"]:
        raise QueryError(f"{REFUSED}.")
    in_from: set[int] = set()
    for node in _nodes(tree["statements"]):
        kind = str(node["type"])
        function = str(node.get("function_name", "")).lower()
        if kind.endswith("_NODE") and kind not in NODES:
            raise QueryError(f"{REFUSED}; this one has a {kind.removesuffix('_NODE').replace('_', ' ').lower()} in it.")
        if kind == "TABLE_FUNCTION":
            in_from.add(id(node["function"]))
            name = str(node["function"].get("function_name", "")).lower()
            if name not in TABLE_FUNCTIONS:
                raise QueryError(
                    f"{REFUSED}. The function {name} is not one of them: {', '.join(sorted(TABLE_FUNCTIONS))}."
                )
        if function in REFUSED_FUNCTIONS and id(node) not in in_from:
            raise QueryError(f"{REFUSED}. The function {function} is not allowed.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree that has a type."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            if "type" in found:
                yield found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
