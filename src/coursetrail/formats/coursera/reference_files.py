"""Reference tables that come with an export: CSV files with a header → Arrow tables of text.

Their free text holds newlines and quotes escaped by backslashes, so records are split like those of an export.
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
from coursetrail.reading.tables import HEADER, DelimitedTable

NOTHING = ("", "NULL", "\\N", "NA")
USER = "user_id"
"""Our name for the column with the learner's id: the real name ends in this, after the partner's name."""


@dataclass(frozen=True)
class ReferenceFile:
    """The rows of a file, the number of its records, and (record number, reason) of those that were rejected."""

    rows: pa.Table
    records: int
    rejects: tuple[tuple[int, str], ...]


def read(file: Location, wanted: Sequence[str]) -> ReferenceFile:
    """The `wanted` columns of a file; a column that it does not have is null. Raises InputError without a header."""
    header = _first_line(file)
    names = _names(header)
    if len(set(names)) != len(names) or not set(wanted) & set(names):
        raise InputError(f"{file.name}: no header with {', '.join(wanted)}. Is it a table of Coursera's, unchanged?")
    table = DelimitedTable(names, backslash=True, nulls=NOTHING, header=header)
    spec = FieldSpec(fields=dict.fromkeys(wanted, Kind.TEXT), nested={}, rest=False)
    lines = Lines(file, table=table)
    rejects: list[tuple[int, str]] = []
    found = [rows for block in lines.blocks() for rows in _rows(block, table, spec, rejects)]
    rejects += [(line, "longer than 16 MiB") for line, _ in lines.overlong]
    if lines.fault:
        raise InputError(f"{file.name}: {lines.fault}. A table is read as a whole; fetch the file again.")
    schema = pa.schema([(name, pa.string()) for name in wanted])
    return ReferenceFile(pa.Table.from_batches(found, schema), lines.lines, tuple(rejects))


def _first_line(file: Location) -> bytes:
    with closing(Lines(file)) as lines:
        for block in lines.blocks():
            text = bytes(block.raw)
            return text[: text.find(b"\n") + 1]
    return b""


def _names(header: bytes) -> tuple[str, ...]:
    """The names of the columns; the first that ends in `user_id` is called `USER`."""
    try:
        (names,) = csv.reader([header.decode("utf-8-sig").rstrip("\r\n")])
    except (ValueError, csv.Error):
        return ()
    user = next((name for name in names if name.endswith(USER)), None)
    return tuple(USER if name == user else name for name in names)


def _rows(
    block: Block, table: DelimitedTable, spec: FieldSpec, rejects: list[tuple[int, str]]
) -> Iterator[pa.RecordBatch]:
    """The valid rows of a block, then the repaired ones."""
    scanned = spec.scan(block.text)
    yield pa.RecordBatch.from_struct_array(scanned.r).filter(pa.array(scanned.valid))
    text = memoryview(block.text)
    repaired_lines = []
    for row in np.flatnonzero(~scanned.valid).tolist():
        line = bytes(text[scanned.begins[row] : scanned.begins[row + 1]])
        if line == HEADER:
            continue
        if reason := table.why(line):
            rejects.append((block.first + row, reason))
        elif (found := text_of(line, [])) is not None:
            repaired_lines.append(repaired(object_of(found, []), []).text.encode() + b"\n")
    if repaired_lines:
        yield pa.RecordBatch.from_struct_array(spec.scan(b"".join(repaired_lines), repaired=True).r)
