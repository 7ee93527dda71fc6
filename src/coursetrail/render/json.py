"""JSON: one object with what the table is about, its columns, and its rows (one object a row)."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from coursetrail.render.caption import Caption
from coursetrail.render.plain import as_json, plain
from coursetrail.render.wording import escaped
from coursetrail.render.writer import Writer


def encode(table: pa.Table, caption: Caption | None = None) -> bytes:
    """The table as JSON; the caption's `about` comes first."""
    table = plain(table)
    columns = [{"name": field.name, "type": str(field.type)} for field in table.schema]
    head = _dumped({**(caption.about if caption else {}), "columns": columns}).removesuffix("}")
    rows = ",\n".join(_dumped(as_json(row)) for row in table.to_pylist())
    return f'{head}, "rows": [\n{rows}\n]}}\n'.encode()


def join(tables: Sequence[bytes]) -> bytes:
    """Several tables as one array; one table stays an object."""
    return b"[" + b",\n".join(table.rstrip() for table in tables) + b"]\n" if len(tables) > 1 else b"".join(tables)


def _dumped(value: Any) -> str:
    return escaped(json.dumps(value, ensure_ascii=False))


JSON = Writer("json", "json", encode, join=join)
