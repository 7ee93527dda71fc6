"""The lines of a file, block by block, whatever it is packed in.

A block is the read buffer itself: text is not copied and not checked, so it may hold any bytes. Every line
keeps its newline; a last line without one is given one.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from blake3 import blake3

from coursetrail.errors import InputError
from coursetrail.formats import _scan
from coursetrail.place import Place

BLOCK = 8 << 20
LONGEST = 16 << 20
"""Bytes that one line may have; of a longer one only the first `KEPT` are kept, as a reject."""
KEPT = 1 << 20
NEWLINE = 10
GZIP = b"\x1f\x8b"
Positions = np.ndarray[Any, np.dtype[np.int64]]
SCHEMA = pa.schema([("line", pa.int64()), ("text", pa.string())])


class Source(Protocol):
    """What `Lines` reads from: bytes, a block at a time."""

    fault: str | None

    def readinto(self, space: memoryview) -> int:
        """Fill `space` from its beginning; how many bytes came, 0 at the end or at a fault."""
        ...


class Raw:
    """A file's own bytes, digested and counted as they pass."""

    def __init__(self, place: Place, advance: Callable[[int], None] | None = None) -> None:
        try:
            self._file: Any = place.open()
        except OSError as error:
            raise unreadable(place, error) from error
        self._place = place
        self._advance = advance
        self._digest = blake3()
        self.bytes = 0
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next bytes of the file; closes it at its end."""
        if self._file.closed:
            return 0
        try:
            count = self._file.readinto(space) or 0
        except OSError as error:
            raise unreadable(self._place, error) from error
        if not count:
            self._file.close()
        self._digest.update(space[:count])
        self.bytes += count
        if self._advance and count:
            self._advance(count)
        return count

    def again(self, begin: int) -> Iterator[bytes]:
        """Pieces of the file from `begin` on, a second time; neither digested nor counted."""
        with self._place.open(begin) as file:
            while piece := file.read(1 << 16):
                yield piece

    def digest(self) -> str:
        """The BLAKE3 digest of the whole file, what is not read yet included."""
        space = memoryview(bytearray(1 << 20))
        while self.readinto(space):
            pass
        return str(self._digest.hexdigest())

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class Gunzip:
    """The unpacked bytes of a gzip stream of one or more members; a fault ends it, with what came before."""

    def __init__(self, raw: Raw, head: bytes) -> None:
        from isal import isal_zlib

        self._zlib: Any = isal_zlib
        self._raw = raw
        self._space = memoryview(bytearray(1 << 20))
        self._packed = head
        self._member = isal_zlib.decompressobj(31)
        self._between = True
        self._begin = self._given = 0  # where the member begins in the file, and what of it was unpacked
        self._rest = b""
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next unpacked bytes."""
        while not self.fault:
            if self._between:
                self._packed = self._packed.lstrip(b"\0")  # members may be padded with zeros
                self._begin, self._given = self._raw.bytes - len(self._packed), 0
            if not self._packed:
                self._packed = bytes(self._space[: self._raw.readinto(self._space)])
                if self._packed:
                    continue
                if not self._between:
                    self.fault = "the gzip stream is cut off; what came before the cut was read"
                return 0
            self._between = False
            try:
                data = self._member.decompress(self._packed, len(space))
            except (self._zlib.error, zlib.error) as error:
                self.fault = f"the gzip stream is damaged ({error}); what came before was read"
                self._rest = self._before_the_fault()
                break
            if self._member.eof:
                self._packed = self._member.unused_data
                self._member = self._zlib.decompressobj(31)
                self._between = True
            else:
                self._packed = self._member.unconsumed_tail
            if data:
                self._given += len(data)
                space[: len(data)] = data
                return len(data)
        data, self._rest = self._rest[: len(space)], self._rest[len(space) :]
        space[: len(data)] = data
        return len(data)

    def _before_the_fault(self) -> bytes:
        """What the last call would have given, had it not met the fault; zlib can go back and stop at its byte."""
        member = zlib.decompressobj(31)
        found = bytearray()
        seen, refused = 0, False
        for piece in self._raw.again(self._begin):
            before = member.copy()
            try:
                data = member.decompress(piece)
            except zlib.error:
                data, refused = _until_refused(before, piece), True
            seen += len(data)
            if seen > self._given:
                found += data[self._given - seen :]
            if refused or member.eof:
                break
        return bytes(found)


def _until_refused(member: Any, packed: bytes) -> bytes:
    found = bytearray()
    with suppress(zlib.error):
        for at in range(len(packed)):
            found += member.decompress(packed[at : at + 1])
    return bytes(found)


def unreadable(path: Path | Place, error: OSError | ValueError) -> InputError:
    """The error for a file that the system will not give us."""
    return InputError(f"{path}: {getattr(error, 'strerror', None) or error}. Check the path and its permissions.")


class Lines:
    """One pass over the lines of a file; iterate `blocks()` or `batches()` once, then read the counts.

    `lines` counts all lines; `overlong` holds (line, head) of those above `LONGEST`; `fault` says what ended
    the file early, or is None.
    """

    def __init__(self, file: Path | Place, advance: Callable[[int], None] | None = None) -> None:
        self._raw = Raw(Place.of(file), advance)
        space = memoryview(bytearray(1 << 16))
        head = bytes(space[: self._raw.readinto(space)])
        packed = head.startswith(GZIP)
        self._source: Source = Gunzip(self._raw, head) if packed else self._raw
        self._head = b"" if packed else head
        self.lines = 0
        self.overlong: list[tuple[int, bytes]] = []

    @property
    def fault(self) -> str | None:
        """What ended the stream before its end."""
        return self._source.fault

    @property
    def size(self) -> int:
        """Bytes of the file read so far, as it lies on disk."""
        return self._raw.bytes

    def digest(self) -> str:
        """BLAKE3 digest of the file as it lies on disk."""
        return self._raw.digest()

    def close(self) -> None:
        """End the pass before the end of the file."""
        self._raw.close()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The blocks as Arrow batches of (line, text), for those who look at single lines."""
        for first, block in self.blocks():
            ends = newlines(memoryview(block))
            offsets = np.zeros(len(ends) + 1, np.int32)
            offsets[1:] = ends + 1
            text = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), block)
            yield pa.RecordBatch.from_arrays([pa.array(np.arange(first, first + len(ends))), text], schema=SCHEMA)

    def blocks(self) -> Iterator[tuple[int, pa.Buffer]]:
        """Whole lines, about `BLOCK` bytes of them at a time, and the number of the first."""
        tail: memoryview | bytes = self._head
        while True:
            buffer = pa.py_buffer(_scan.space(len(tail) + BLOCK + 1))
            space = memoryview(buffer).cast("B")
            space[: len(tail)] = tail
            size = len(tail) + self._source.readinto(space[len(tail) : len(tail) + BLOCK])
            at_end = size == len(tail)
            if at_end and size and space[size - 1] != NEWLINE:
                space[size] = NEWLINE
                size += 1
            count, cut = _scan.tally(space[:size])
            tail = space[cut:size]
            if cut:
                self.lines += count
                yield self.lines - count + 1, buffer.slice(0, cut)
            elif len(tail) > LONGEST:
                tail = self._skip_overlong(bytes(tail))
            if at_end:
                return

    def _skip_overlong(self, line: bytes) -> bytes:
        self.lines += 1
        self.overlong.append((self.lines, line[:KEPT]))
        space = memoryview(bytearray(BLOCK))
        while size := self._source.readinto(space):
            cut = bytes(space[:size]).find(b"\n") + 1
            if cut:
                return bytes(space[cut:size])
        return b""


def newlines(data: memoryview) -> Positions:
    """Where the newlines of `data` are; in slices that stay in the processor's cache."""
    whole = np.frombuffer(data, np.uint8)
    step = 1 << 18
    found = [np.flatnonzero(whole[at : at + step] == NEWLINE) + at for at in range(0, len(whole), step)]
    return np.concatenate(found) if found else np.zeros(0, np.int64)
