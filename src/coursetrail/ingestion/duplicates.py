"""Lines with the same bytes as an earlier line, or with the id of its event: found, proved, left out.

Bytes are found by their hashes. Ids are compared as they are, by an engine that spills what does not fit into memory.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from coursetrail.dataset import events_file
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.duckdb import DuckDB
from coursetrail.reading.columns import plain
from coursetrail.reading.format import Format
from coursetrail.reading.lines import SCHEMA, Lines
from coursetrail.reading.records import Reading

LineNumbers = np.ndarray[Any, Any]
REPEATED = """
    select line from (
        select line, row_number() over (partition by sha256(encode(text)) order by line) as nth
        from lines
    ) where nth > 1 order by line
"""
IDS = pa.schema([("line", pa.int64()), ("id", pa.string())])
SAME_ID = """
    select line from (
        select line, row_number() over (partition by id order by line) as nth from ids
    ) where nth > 1 order by line
"""


def suspects(reading: Reading) -> LineNumbers:
    """Numbers of all lines whose hash another line has too; blank lines, headers and unfinished ones are no duplicates.

    Lines that were skipped because they are known may be the earlier ones.
    """
    if not reading.hashes:
        return np.zeros(0, np.int64)
    skipped = reading.prefix.skipped
    begins = np.cumsum([1, *map(len, skipped)])
    all_hashes = [*skipped, *reading.hashes]
    all_lines = [range(begin, begin + len(one)) for begin, one in zip(begins, skipped, strict=False)] + reading.lines
    ordered = np.concatenate(all_hashes)
    ordered.sort()
    twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if not len(twice):
        return np.zeros(0, np.int64)
    found = [
        np.asarray(lines, np.int64)[twice[np.searchsorted(twice, hashes).clip(max=len(twice) - 1)] == hashes]
        for lines, hashes in zip(all_lines, all_hashes, strict=True)
    ]
    return np.setdiff1d(np.concatenate(found), np.frombuffer(reading.ignored, np.int64))


def repeated(engine: DuckDB, lines: Lines, suspects: LineNumbers) -> LineNumbers:
    """Those of the suspects whose bytes equal an earlier line's; reads all `lines`."""
    with engine.stream("lines", _only(suspects, lines), SCHEMA):
        return np.asarray(engine.read(REPEATED)["line"].to_numpy())


def _only(numbers: LineNumbers, lines: Lines) -> Iterator[pa.RecordBatch]:
    """The lines with these numbers. DuckDB 2.0 would build a join of all texts, for it does not know their number."""
    for batch in lines.batches():
        at = np.searchsorted(numbers, batch["line"].to_numpy()).clip(max=len(numbers) - 1)
        yield batch.filter(pa.array(numbers[at] == batch["line"].to_numpy()))


def of_known_events(engine: DuckDB, form: Format, lines: Lines) -> LineNumbers:
    """The lines whose event has the id of an earlier line's; reads all `lines`. No line if the format has no ids."""
    if not form.event_id:
        return np.zeros(0, np.int64)
    with engine.stream("ids", _ids(form, form.event_id, lines), IDS):
        return np.asarray(engine.read(SAME_ID)["line"].to_numpy())


def _ids(form: Format, read: Callable[[pa.StructArray], pa.Array], lines: Lines) -> Iterator[pa.RecordBatch]:
    """The number of each event's line, and its id where it has one."""
    for batch in Reading(form, lambda _, __: True).batches(lines, form.spec.only(form.needed, rest=False)):
        found = pa.record_batch([pa.array(batch.numbers, pa.int64()), plain(read(batch.scanned.r))], schema=IDS)
        there = pc.fill_null(pc.not_equal(found["id"], ""), False)
        yield found.filter(pc.and_(there, pa.array(np.asarray(batch.valid))))


def leave_out(path: Path, lines: LineNumbers, out: Path, *, packed: bool) -> None:
    """Copy a Parquet file of events without these lines."""
    left_out = pa.array(lines, pa.int64())
    with pq.ParquetFile(path) as file:
        batches = (batch.filter(pc.invert(pc.is_in(batch["line"], left_out))) for batch in file.iter_batches())
        events_file.write(batches, EVENTS.schema, out, packed=packed)
