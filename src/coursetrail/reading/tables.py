"""Records of a delimited table (CSV, TSV) → lines of JSON, for the scanner that reads those; `_scan.c` does it.

A field may hold delimiters, newlines and quotes if it is quoted. Both ways of writing a quote inside a quoted field are
understood, doubled or behind a backslash; a quote that is followed by neither a delimiter nor the end of the line is
itself. What has another number of fields than the table is no record: of it one line is taken, and reading goes on
behind that.
"""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from coursetrail.reading import _scan

MALFORMED = b"!"
"""Begins the line that stands for what is no record; the number of its fields follows, or 0 for an open quote."""


class TableRecords(NamedTuple):
    """The whole records of a block, n: a line of JSON each, where each begins (n + 1), and hashes of their bytes.

    A blank record, and one that is the header, is a blank line.
    """

    json: pa.Buffer
    begins: np.ndarray[Any, np.dtype[np.int32]]
    hashes: np.ndarray[Any, np.dtype[np.uint64]]
    consumed: int


@dataclass(frozen=True)
class DelimitedTable:
    """How the records of a file lie: the `names` of their fields, all different, and what is between these.

    With `backslash`, one before a byte makes it plain text. `nulls` are the texts that say that nothing is there;
    `header` is the line of the names, if there is one.
    """

    names: tuple[str, ...]
    delimiter: str = ","
    backslash: bool = False
    nulls: tuple[str, ...] = ("",)
    header: bytes | None = None

    def records(self, block: Any, at_end: bool) -> TableRecords:
        """The whole records of a block. Its last is one too if this is the file's end, and then ends in a newline."""
        before = tuple(
            ("," if place else "{").encode() + json.dumps(name, ensure_ascii=False).encode() + b":"
            for place, name in enumerate(self.names)
        )
        nulls = tuple(null.encode() for null in self.nulls)
        region, size, rows, consumed, begins, hashes = _scan.records(
            block, at_end, self.delimiter.encode(), self.backslash, before, nulls, self.header
        )
        return TableRecords(
            pa.py_buffer(region).slice(0, size),
            np.frombuffer(region, np.int32, rows + 1, begins),
            np.frombuffer(region, np.uint64, rows, hashes).copy(),
            consumed,
        )

    def why(self, line: bytes) -> str | None:
        """What is wrong with what is no record, from its line of JSON; None for a record."""
        if not line.startswith(MALFORMED):
            return None
        count = int(line[len(MALFORMED) :])
        if not count:
            return "a quote is never closed"
        return f"{count} field{'' if count == 1 else 's'} where there should be {len(self.names)}"
