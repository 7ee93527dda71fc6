"""Tables that come beside an export, CSV files with a header → Arrow tables of texts.

Free text in them holds quotes behind backslashes and newlines, so records are cut as those of an export are.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coursetrail.errors import InputError
from coursetrail.filesystem.location import Location
from coursetrail.reading.lines import Block, Lines
from coursetrail.reading.repair import object_of, repaired, text_of
from coursetrail.reading.scan import FieldSpec, Kind
from coursetrail.reading.tables import DelimitedTable

NOTHING = ("", "NULL", "\\N", "NA")
USER = "user_id"
"""Stands for the column of the learner's id, which ends so, whatever the partner before it."""


@dataclass(frozen=True)
class ReferenceFile:
    """The rows of a file, how many records there were, and why some are no rows."""

    rows: pa.Table
    records: int
    rejects: tuple[tuple[int, str], ...]


def read(file: Location, wanted: Sequence[str]) -> ReferenceFile:
    """The `wanted` columns of a file; all null where it has no such column. InputError for one without a header."""
    header = _first_line(file)
    names = _names(header)
    if len(set(names)) != len(names) or not set(wanted) & set(names):
        raise InputError(f"{file.name}: no header with {', '.join(wanted)}. Is it a table of Coursera's, as it came?")
    table = DelimitedTable(names, backslash=True, nulls=NOTHING, header=header)
    spec = FieldSpec(fields=dict.fromkeys(wanted, Kind.TEXT), nested={}, rest=False)
    lines = Lines(file, table=table)
    rejects: list[tuple[int, str]] = []
    found = [rows for block in lines.blocks() for rows in _rows(block, table, spec, rejects)]
    rejects += [(line, "longer than 16 MiB") for line, _ in lines.overlong]
    if lines.fault:
        raise InputError(f"{file.name}: {lines.fault}. A table is read as a whole; get the file again.")
    schema = pa.schema([(name, pa.string()) for name in wanted])
    return ReferenceFile(pa.Table.from_batches(found, schema), lines.lines, tuple(rejects))


def _first_line(file: Location) -> bytes:
    with closing(Lines(file)) as lines:
        for block in lines.blocks():
            whole = bytes(block.raw)
            return whole[: whole.find(b"\n") + 1]
    return b""


def _names(header: bytes) -> tuple[str, ...]:
    """The names of the columns, the first that ends in `user_id` being `USER`."""
    try:
        (names,) = csv.reader([header.decode("utf-8-sig").rstrip("\r\n")])
    except (ValueError, csv.Error):
        return ()
    user = next((name for name in names if name.endswith(USER)), None)
    return tuple(USER if name == user else name for name in names)


def _rows(
    block: Block, table: DelimitedTable, spec: FieldSpec, rejects: list[tuple[int, str]]
) -> Iterator[pa.RecordBatch]:
    """The sound rows of a block, then those that were mended."""
    scanned = spec.scan(block.text)
    yield pa.RecordBatch.from_struct_array(scanned.r).filter(pa.array(scanned.valid))
    text = memoryview(block.text)
    good = []
    for row in np.flatnonzero(~scanned.valid).tolist():
        line = bytes(text[scanned.begins[row] : scanned.begins[row + 1]])
        if why := table.why(line):
            rejects.append((block.first + row, why))
        elif (found := text_of(line, [])) is not None:
            good.append(repaired(object_of(found, []), []).text.encode() + b"\n")
    if good:
        yield pa.RecordBatch.from_struct_array(spec.scan(b"".join(good), repaired=True).r)
