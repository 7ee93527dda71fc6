"""Records of a delimited table (CSV, TSV) → lines of JSON for the scanner. `native/tables.c` does the work.

A quoted field may hold delimiters, line ends and quotes. A quote inside it may be written twice or after a backslash;
a quote that is followed by neither a delimiter nor the end of the line stands for itself, unless the field has run over
the end of a line: then the quote that opened it is a stray one. What has another number of fields than the table is not
a record: one line is taken as malformed, and reading goes on after it.
"""

import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from coursetrail.reading import _scan

DELIMITERS = ",\t;|"
"""Delimiters that are tried where none is given."""
MALFORMED = b"!"
"""The first byte of a line that stands for a malformed record; then its number of fields, or 0 for an open quote."""
OPEN_QUOTE = MALFORMED + b"0"
HEADER = b"#\n"
"""The line that stands for the header."""


class TableRecords(NamedTuple):
    """The n complete records of a block: a line of JSON each, where each begins (n + 1), and hashes of their bytes.

    A blank record becomes a blank line. `physical` is how many lines the records are in the file.
    """

    json: pa.Buffer
    begins: np.ndarray[Any, np.dtype[np.int32]]
    hashes: np.ndarray[Any, np.dtype[np.uint64]]
    physical: int
    consumed: int


@dataclass(frozen=True)
class DelimitedTable:
    """How the records of a file are written: the distinct `names` of their fields and the `delimiter` between them.

    With `backslash`, a backslash makes the next byte plain text. `nulls` are the texts that mean null; `header` is the
    line with the names, if there is one.
    """

    names: tuple[str, ...]
    delimiter: str = ","
    backslash: bool = False
    nulls: tuple[str, ...] = ("",)
    header: bytes | None = None

    def records(self, block: Any, at_end: bool) -> TableRecords:
        """The complete records of a block. At the end of the file the last one is complete and ends in a newline."""
        before = tuple(
            ("," if index else "{").encode() + json.dumps(name, ensure_ascii=False).encode() + b":"
            for index, name in enumerate(self.names)
        )
        nulls = tuple(null.encode() for null in self.nulls)
        header = None if self.header is None else self.header.removeprefix(BOM_UTF8).rstrip(b"\r\n")
        region, size, rows, physical, consumed, begins, hashes = _scan.records(
            block, at_end, self.delimiter.encode(), self.backslash, before, nulls, header
        )
        return TableRecords(
            pa.py_buffer(region).slice(0, size),
            np.frombuffer(region, np.int32, rows + 1, begins),
            np.frombuffer(region, np.uint64, rows, hashes).copy(),
            physical,
            consumed,
        )

    def ends_within(self, rest: bytes) -> bool:
        """Whether the last bytes of a file are a record whose quoted field goes on behind its end.

        If a line after the first is a record by itself, the quote is a stray one instead.
        """
        first, *others = bytes(self.records(rest + b"\n", True).json).split(b"\n")
        return first == OPEN_QUOTE and not any(other.startswith(b"{") for other in others)

    def why(self, line: bytes) -> str | None:
        """Why a record is malformed, from the line that stands for it; None for a proper record."""
        if not line.startswith(MALFORMED):
            return None
        count = int(line[len(MALFORMED) :])
        if not count:
            return "a quote is never closed"
        return f"{count} field{'' if count == 1 else 's'} where there should be {len(self.names)}"
