"""The output formats of a table. The same table gives the same bytes."""

import pyarrow as pa

from coursetrail.errors import UsageError, did_you_mean
from coursetrail.render.caption import Caption
from coursetrail.render.csv import CSV, EXCEL
from coursetrail.render.json import JSON
from coursetrail.render.parquet import PARQUET
from coursetrail.render.text import TEXT
from coursetrail.render.writer import Writer

WRITERS: tuple[Writer, ...] = (TEXT, CSV, EXCEL, JSON, PARQUET)
"""Every output format, in the order of the help text."""


def find_writer(name: str) -> Writer:
    """The writer of that name; UsageError for any other."""
    for writer in WRITERS:
        if writer.name == name:
            return writer
    raise UsageError(f"No format {name!r} for a table.{did_you_mean(name, [writer.name for writer in WRITERS])}")


def encode(table: pa.Table, format: str, caption: Caption | None = None) -> bytes:  # noqa: A002
    """The table in the format of that name, with as much of the caption as fits into it."""
    return find_writer(format).encode(table, caption)
