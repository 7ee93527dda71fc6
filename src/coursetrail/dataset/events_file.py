"""One Parquet file of events, written group by group while the next is being read."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from coursetrail.dataset.schema import EVENT_COLUMNS

GROUP = 100_000
"""Rows of a row group, about: batches are not cut."""
DICTIONARIES = {column.name for column in EVENT_COLUMNS if not column.unrepeated}
STATISTICS = {column.name for column in EVENT_COLUMNS if column.ranged}
"""Columns whose smallest and largest value Parquet stores, so that a reader can skip groups."""
LARGE_GROUP = 256 << 20
"""Bytes at which a group of fewer rows is written: lines may have fields of megabytes."""


def name() -> str:
    """A new name for such a file."""
    return f"part-{uuid4()}.parquet"


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, out: Path, *, packed: bool = True) -> None:
    """Write batches to the new file `out`, with the columns of `schema` as plain Parquet types, compressed if `packed`.

    Batches may hold dictionary arrays where `schema` has strings, all of them in the same columns. Raises OSError,
    and whatever `batches` raises.
    """
    with out.open("wb") as file, ExitStack() as opened, ThreadPoolExecutor(1) as background:
        writer: pq.ParquetWriter | None = None
        pending: Future[None] | None = None
        for group in _groups(batches):
            if writer is None:
                writer = opened.enter_context(_writer(file, group.schema, packed))
            if pending:
                pending.result()
            pending = background.submit(_write, writer, group)
        if pending:
            pending.result()
        if writer is None:
            opened.enter_context(_writer(file, schema, packed))


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    group: list[pa.RecordBatch] = []
    for batch in batches:
        group.append(batch)
        if sum(map(len, group)) >= GROUP or sum(one.nbytes for one in group) >= LARGE_GROUP:
            yield pa.Table.from_batches(group)
            group = []
    if group:
        yield pa.Table.from_batches(group)


def _writer(file: object, schema: pa.Schema, packed: bool) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        file,
        schema,
        compression="zstd" if packed else "none",
        compression_level=1 if packed else None,
        use_dictionary=[column for column in schema.names if column in DICTIONARIES],
        write_statistics=[column for column in schema.names if column in STATISTICS],
        store_schema=False,
        write_page_checksum=True,
    )


def _write(writer: pq.ParquetWriter, group: pa.Table) -> None:
    writer.write_table(group.unify_dictionaries(), row_group_size=len(group) or 1)
