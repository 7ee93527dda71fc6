"""One Parquet file of events, written group by group while the next is being read."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

GROUP = 100_000
"""Rows of a row group, about: whole batches are not cut."""
UNREPEATED = ("line", "time", "position", "position_from", "rate", "extra")
"""Columns for which a dictionary of values would only cost time."""
RANGED = ("source", "course", "time", "learner")
"""Columns whose smallest and largest value a reader may skip groups by."""


def name() -> str:
    """A new name for such a file."""
    return f"part-{uuid4()}.parquet"


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, out: Path, *, packed: bool = True) -> None:
    """Write batches to the new file `out`, with the columns of `schema` as plain Parquet types; `packed` with zstd.

    Batches may hold dictionary arrays where `schema` has strings, all of them in the same columns. Raises OSError,
    and whatever `batches` raises.
    """
    with out.open("wb") as file, ExitStack() as opened, ThreadPoolExecutor(1) as aside:
        writer: pq.ParquetWriter | None = None
        pending: Future[None] | None = None
        for group in _groups(batches):
            if writer is None:
                writer = opened.enter_context(_writer(file, group.schema, packed))
            if pending:
                pending.result()
            pending = aside.submit(_write, writer, group)
        if pending:
            pending.result()
        if writer is None:
            opened.enter_context(_writer(file, schema, packed))


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= GROUP:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _writer(file: object, schema: pa.Schema, packed: bool) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd" if packed else "none",
        compression_level=1 if packed else None,
        use_dictionary=[column for column in schema.names if column not in UNREPEATED],
        write_statistics=[column for column in schema.names if column in RANGED],
        store_schema=False,
    )


def _write(writer: pq.ParquetWriter, group: pa.Table) -> None:
    writer.write_table(group.unify_dictionaries(), row_group_size=len(group) or 1)
