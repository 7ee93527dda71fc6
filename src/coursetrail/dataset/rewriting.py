"""Parts that are written again: without the rows of some sources, or several small ones as one."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from coursetrail.dataset import events_file
from coursetrail.dataset.delta import with_columns
from coursetrail.dataset.part import Part, sealed
from coursetrail.filesystem.location import Location

Keep = Callable[[pa.RecordBatch], pa.RecordBatch]


def added(name: str, size: int, rows: int, ranges: Mapping[str, tuple[Any, Any]], *, data_change: bool) -> AddAction:
    """What the log says of a part: how many rows it has, and the lowest and highest value of some columns."""
    stats = {
        "numRecords": rows,
        "minValues": {column: low for column, (low, _) in ranges.items()},
        "maxValues": {column: high for column, (_, high) in ranges.items()},
    }
    return AddAction(name, size, {}, int(time.time() * 1000), data_change, json.dumps(stats, default=_iso))


def removed(parts: Iterable[Part], *, data_change: bool) -> list[RemoveAction]:
    """What the log says of parts that no longer count."""
    now = int(time.time() * 1000)
    return [RemoveAction(part.file.name, data_change, now, part.size, {}) for part in parts]


def without(sources: Sequence[int]) -> Keep:
    """Leaves out the rows of these sources."""
    numbers = pa.array(sources, pa.int32())
    return lambda batch: batch.filter(pc.invert(pc.is_in(batch["source"], numbers)))


def all_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Leaves out nothing."""
    return batch


def write_again(parts: Sequence[Part], schema: pa.Schema, keep: Keep, scratch: Path, into: Location) -> list[AddAction]:
    """Write the rows of some parts as one in the folder of their table; none where no row is kept.

    It is written in `scratch` first, a folder of this machine.
    """
    file = scratch / f"{uuid4()}.parquet"
    try:
        events_file.write(_rows(parts, schema, keep), schema, file)
        about = pq.read_metadata(file)
        if not about.num_rows:
            return []
        here, size = Location.of(file), file.stat().st_size
        name = sealed(here)
        (into / name).put_file(file)
        return [added(name, size, about.num_rows, _ranges(about), data_change=keep is not all_rows)]
    finally:
        file.unlink(missing_ok=True)


def together(parts: Iterable[Part], full: int) -> list[list[Part]]:
    """Small parts that become one each: two or more, of about `full` bytes together."""
    groups: list[list[Part]] = [[]]
    for part in sorted(parts, key=lambda part: (part.lowest.get("source") or 0, part.file.name)):
        if part.size >= full:
            continue
        if sum(one.size for one in groups[-1]) + part.size > full:
            groups.append([])
        groups[-1].append(part)
    return [group for group in groups if len(group) > 1]


def _rows(parts: Sequence[Part], schema: pa.Schema, keep: Keep) -> Iterator[pa.RecordBatch]:
    for part in parts:
        for batch in part.batches():
            kept = keep(with_columns(batch, schema))
            if len(kept):
                yield kept


def _ranges(about: pq.FileMetaData) -> dict[str, tuple[Any, Any]]:
    """The lowest and the highest source and time of a Parquet file of events, from its own statistics."""
    names = about.schema.names
    ranges = {}
    for column in {"source", "time"} & {*names}:
        groups = [
            about.row_group(group).column(names.index(column)).statistics for group in range(about.num_row_groups)
        ]
        if all(found and found.has_min_max for found in groups):
            ranges[column] = (min(found.min for found in groups), max(found.max for found in groups))
    return ranges


def _iso(moment: Any) -> str:
    return str(moment.isoformat())
