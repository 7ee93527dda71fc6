"""Parquet; the caption's `about` is in the schema's metadata as `coursetrail.…`, texts as they are, others as JSON."""

import json
from io import BytesIO
from typing import Any

import pyarrow as pa

from coursetrail.render.caption import Caption
from coursetrail.render.plain import distinct
from coursetrail.render.writer import Writer


def encode(table: pa.Table, caption: Caption | None = None) -> bytes:
    """The table as Parquet, compressed with zstd."""
    from pyarrow import parquet

    table = table.rename_columns(distinct(table.column_names))
    about = caption.about if caption else {}
    metadata = {f"coursetrail.{key}": _as_text(value) for key, value in about.items()}
    sink = BytesIO()
    parquet.write_table(table.replace_schema_metadata(metadata or None), sink, compression="zstd")
    return sink.getvalue()


def decode(data: bytes, schema: pa.Schema) -> pa.Table:  # noqa: ARG001 - a Parquet file holds its own
    """The table in a Parquet file."""
    from pyarrow import parquet

    return parquet.read_table(BytesIO(data))


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


PARQUET = Writer("parquet", "parquet", encode, decode=decode, is_binary=True)
