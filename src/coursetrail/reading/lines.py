"""The lines of a file, or the records of a table, block by block, compressed or not.

A block is the read buffer itself: the text is neither copied nor checked, so it may hold any bytes. Every line keeps
its newline; a last line without one gets one. A line ends in LF, in CR LF, or in CR alone, as old programs for the Mac
write it, also mixed: where records are lines, a CR alone becomes LF.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coursetrail.errors import InputError
from coursetrail.filesystem.compression import Raw, opened
from coursetrail.filesystem.location import Location
from coursetrail.reading import _scan
from coursetrail.reading.encodings import Transcoded, is_utf_8
from coursetrail.reading.tables import DelimitedTable

BLOCK = 8 << 20
MOST_LINES = 200_000
"""Lines of a block: the scanner takes memory for each, however short it is."""
LONGEST = 16 << 20
"""Bytes that one line may have; of a longer one only the first `RETAINED` are retained, as a reject."""
RETAINED = 1 << 20
NEWLINE, RETURN = 10, 13
CR, CR_LF = b"\r", b"\r\n"
MOST_OVERLONG = 64 << 20
"""Bytes of overlong lines that are retained in memory; with more of them a file is refused."""
EXCEL_ROWS = 1_048_576
CUT = f"{EXCEL_ROWS:,} lines are as many as a sheet of Excel holds: the rest may have been cut off"
Positions = np.ndarray[Any, np.dtype[np.int64]]
SCHEMA = pa.schema([("line", pa.int64()), ("text", pa.string())])


@dataclass(frozen=True)
class Block:
    """Complete lines of a file; `first` is the number of the first one.

    `text` is scanned: one line of JSON per line. Of records of a table, `raw` has the bytes in the file, row i at
    `raw[begins[i] : begins[i + 1]]`, and `hashes` are of these bytes. Of lines, `raw` is the text and the two are None.
    `physical` is how many lines these are in the file: a record may hold several.
    """

    first: int
    physical: int
    text: pa.Buffer
    raw: pa.Buffer
    begins: Any = None
    hashes: Any = None

    def after(self, count: int) -> "Block":
        """The lines after the first `count`."""
        *_, rest = self.pieces(count)
        return rest

    def pieces(self, *counts: int) -> Iterator["Block"]:
        """The lines up to each of these counts, then the rest."""
        ends = newlines(memoryview(self.text))
        start = at = 0
        for stop in (*counts, len(ends)):
            end = int(ends[stop - 1]) + 1
            text = self.text.slice(at, end - at)
            if self.begins is None:
                yield Block(self.first + start, stop - start, text, text)
            else:
                begins = self.begins[start : stop + 1]
                raw = self.raw.slice(int(begins[0]), int(begins[-1] - begins[0]))
                hashes = self.hashes[start:stop]
                yield Block(self.first + start, _line_ends(raw), text, raw, begins - begins[0], hashes)
            start, at = stop, end


class Lines:
    """One pass over the lines of a file; iterate `blocks()` or `batches()` once, then read the counts.

    `first` limits the bytes of the file that are read. What is in another `encoding` is transcoded to UTF-8. With a
    `table`, lines are its records, which may hold newlines. `lines` counts all of them; `overlong` has (line, first
    bytes) of those above `LONGEST`; `fault` says what ended the file early, or is None; `unended` says whether the last
    line has no newline. A record of a table that ends within a quoted field, or in a line that a fault cuts off, is
    counted, but not read: it has `cut_lines` lines.
    """

    def __init__(
        self,
        file: Path | Location,
        advance: Callable[[int], None] | None = None,
        table: DelimitedTable | None = None,
        first: int | None = None,
        encoding: str | None = None,
    ) -> None:
        self._raw = Raw(Location.of(file), advance, first)
        self._source, self._head = opened(self._raw)
        if encoding and not is_utf_8(encoding):
            self._source, self._head = Transcoded(self._source, self._head, encoding), b""
        self._table = table
        self._line_end: bytes | None = None
        self.unended = False
        self.cut_lines = 0
        self.lines = 0
        self.overlong: list[tuple[int, bytes]] = []

    @property
    def fault(self) -> str | None:
        """What ended the stream early; or, for a table, a sign that another program has cut it off."""
        return self._source.fault or self._raw.fault or (CUT if self._table and self.lines == EXCEL_ROWS else None)

    @property
    def size(self) -> int:
        """Bytes of the file read so far, before decompression."""
        return self._raw.bytes

    def digest(self) -> str:
        """BLAKE3 digest of the file, before decompression."""
        return self._raw.digest()

    def close(self) -> None:
        """Stop before the end of the file."""
        self._raw.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The blocks as Arrow batches of (line, text), the text as in the file."""
        for block in self.blocks():
            offsets = block.begins
            if offsets is None:
                ends = newlines(memoryview(block.raw))
                offsets = np.zeros(len(ends) + 1, np.int32)
                offsets[1:] = ends + 1
            count = len(offsets) - 1
            text = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), block.raw)
            numbers = pa.array(np.arange(block.first, block.first + count))
            yield pa.RecordBatch.from_arrays([numbers, text], schema=SCHEMA)

    def blocks(self) -> Iterator[Block]:
        """Complete lines, about `BLOCK` bytes at a time."""
        tail: memoryview | bytes = self._head
        while True:
            buffer = pa.py_buffer(_scan.space(len(tail) + BLOCK + len(CR_LF)))
            space = memoryview(buffer).cast("B")
            space[: len(tail)] = tail
            size, full = len(tail), len(tail) + BLOCK
            while size < full and (count := self._source.readinto(space[size:full])):
                size += count
            at_end = size == len(tail)
            self._line_end = self._line_end or line_end(space[:size])
            if at_end and size:
                size = self._ended(space, size)
            if self._table is None:
                unify(space[:size], at_end, everywhere=self._line_end == CR)
            block, count, cut = self._block(buffer.slice(0, size), at_end)
            tail = space[cut:size]
            self.lines += count + bool(self.cut_lines)
            if cut:
                yield from block.pieces(*range(MOST_LINES, count, MOST_LINES)) if count > MOST_LINES else (block,)
            elif len(tail) > LONGEST:
                tail = self._skip_overlong(bytes(tail))
            if at_end:
                return

    def _ended(self, space: memoryview, size: int) -> int:
        """The size of a file's last bytes once they end as its lines do: so they are recognised when it has grown.

        A record of a table that the file ends within is taken off.
        """
        last = bytes(space[size - 1 : size])
        self.unended = last not in b"\r\n"
        if self._table:
            whole = self._table.records(space[:size], False).consumed
            rest = bytes(space[whole:size])
            if rest and (self._table.ends_within(rest) or (self.unended and self._source.fault)):
                cut = 0 if self._table.ends_within(rest) else max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
                self.cut_lines = _line_ends(rest[cut:]) + self.unended
                return whole + cut
        if self.unended and self._line_end == CR_LF:
            missing = CR_LF
        elif self.unended or (last == CR and self._line_end == CR_LF):
            missing = b"\n"
        else:
            return size
        space[size : size + len(missing)] = missing
        return size + len(missing)

    def _block(self, read: pa.Buffer, at_end: bool) -> tuple[Block, int, int]:
        """The complete lines in the bytes that were read; how many lines, and how many bytes."""
        if self._table is None:
            count, cut = _scan.tally(read)
            whole = read.slice(0, cut)
            return Block(self.lines + 1, count, whole, whole), count, cut
        found = self._table.records(read, at_end)
        whole = read.slice(0, found.consumed)
        count = len(found.hashes)
        return (
            Block(self.lines + 1, found.physical, found.json, whole, found.begins, found.hashes),
            count,
            found.consumed,
        )

    def _skip_overlong(self, line: bytes) -> bytes:
        self.lines += 1
        self.overlong.append((self.lines, line[:RETAINED]))
        if len(self.overlong) * RETAINED > MOST_OVERLONG:
            raise InputError(
                f"{len(self.overlong)} lines are longer than {LONGEST >> 20} MiB. Is it the right file? An export has "
                "one line for each event."
            )
        space = memoryview(bytearray(BLOCK))
        while size := self._source.readinto(space):
            unify(space[:size], at_end=False, everywhere=self._line_end == CR)
            cut = bytes(space[:size]).find(b"\n") + 1
            if cut:
                return bytes(space[cut:size])
        return b""


def line_end(data: memoryview | bytearray) -> bytes | None:
    """How the first line ends: LF, CR LF or CR; None where no line ends, or the last byte is a CR."""
    found = re.search(b"\r\n?|\n", data)
    return None if found is None or (found[0] == CR and found.end() == len(data)) else bytes(found[0])


def unify(data: memoryview, at_end: bool, everywhere: bool) -> None:
    """Make LF, in place, of each CR that ends a line alone: `everywhere`, or only between two objects.

    The last byte may be the first half of CR LF: it stays unless `at_end`.
    """
    if re.search(b"\r", data) is None:
        return
    found = np.frombuffer(data, np.uint8)
    ats = np.flatnonzero(found == RETURN)
    if len(ats) and ats[-1] == len(found) - 1 and not at_end:
        ats = ats[:-1]
    behind = found[np.minimum(ats + 1, len(found) - 1)]
    alone = (behind != NEWLINE) | (ats == len(found) - 1)
    if not everywhere:
        alone &= (found[np.maximum(ats - 1, 0)] == ord("}")) | (behind == ord("{"))
    found[ats[alone]] = NEWLINE


def _line_ends(raw: pa.Buffer | bytes) -> int:
    """How many lines end in these bytes."""
    data = np.frombuffer(raw, np.uint8)
    alone = np.count_nonzero((data[:-1] == RETURN) & (data[1:] != NEWLINE)) + (data[-1:] == RETURN).sum()
    return int(np.count_nonzero(data == NEWLINE) + alone)


def newlines(data: memoryview) -> Positions:
    """The positions of the newlines in `data`, searched in slices that fit into the processor's cache."""
    whole = np.frombuffer(data, np.uint8)
    step = 1 << 18
    found = [np.flatnonzero(whole[at : at + step] == NEWLINE) + at for at in range(0, len(whole), step)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
