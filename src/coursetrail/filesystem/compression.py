"""The bytes of a file as they are read, counted and digested, and decompressed where it is gzip or zstd."""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from blake3 import blake3

from coursetrail.errors import InputError
from coursetrail.filesystem.location import Location

GZIP = b"\x1f\x8b"
ZSTD = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")
"""The first bytes of a zstd frame, or of a skippable frame without data."""
PIECE = 1 << 16
"""Bytes of a compressed file that are read at a time."""


class Damaged(OSError):  # noqa: N818 - the name says what happened
    """Raised by a file object whose bytes end too early; the text is the fault."""


class ByteStream(Protocol):
    """A source of bytes that is read a block at a time."""

    fault: str | None

    def readinto(self, space: memoryview) -> int:
        """Read into `space` and return the number of bytes; 0 at the end or at a fault."""
        ...


class Raw:
    """The bytes of a file (with `first`, only that many of them), counted and digested as they are read."""

    def __init__(
        self, location: Location, advance: Callable[[int], None] | None = None, first: int | None = None
    ) -> None:
        self._left = first
        try:
            self._file: Any = location.open()
        except OSError as error:
            raise unreadable(location, error) from error
        self._location = location
        self._advance = advance
        self._digest = blake3()
        self.bytes = 0
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next bytes of the file; closes it at its end."""
        if self._file.closed:
            return 0
        try:
            count = self._file.readinto(space[: self._left]) or 0
        except Damaged as error:
            self.fault, count = str(error), 0
        except OSError as error:
            self._file.close()
            raise unreadable(self._location, error) from error
        if not count:
            self._file.close()
        self._digest.update(space[:count])
        self.bytes += count
        if self._left is not None:
            self._left -= count
        if self._advance and count:
            self._advance(count)
        return count

    def again(self, begin: int) -> Iterator[bytes]:
        """Read the file a second time, from `begin` on, in pieces; these are neither counted nor digested."""
        try:
            with self._location.open(begin) as file, suppress(Damaged):
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise unreadable(self._location, error) from error

    def digest(self) -> str:
        """The BLAKE3 digest of the whole file; reads what has not been read yet."""
        space = memoryview(bytearray(1 << 20))
        while self.readinto(space):
            pass
        return str(self._digest.hexdigest())

    def close(self) -> None:
        """Stop reading."""
        self._file.close()


class Gunzip:
    """The decompressed bytes of a gzip stream of one or more members; at a fault it ends, after all bytes before it.

    `what` is its name in the text of a fault.
    """

    def __init__(self, raw: Raw, head: bytes, what: str = "the gzip stream") -> None:
        from isal import isal_zlib

        self._zlib: Any = isal_zlib
        self._raw = raw
        self._what = what
        self._space = memoryview(bytearray(1 << 20))
        self._packed = head
        self._member = isal_zlib.decompressobj(31)
        self._between = True
        self._begin = self._given = 0  # where the member begins in the file, and how much of it was returned
        self._rest = b""
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next decompressed bytes."""
        while not self.fault:
            if self._between:
                self._packed = self._packed.lstrip(b"\0")  # members may be padded with zeros
                self._begin, self._given = self._raw.bytes - len(self._packed), 0
            if not self._packed:
                self._packed = bytes(self._space[: self._raw.readinto(self._space)])
                if self._packed:
                    continue
                if not self._between:
                    self.fault = f"{self._what} is cut off; what came before the cut was read"
                return 0
            self._between = False
            try:
                data = self._member.decompress(self._packed, len(space))
            except (self._zlib.error, zlib.error) as error:
                self.fault = f"{self._what} is damaged ({error}); what came before was read"
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
        """The bytes before the fault in the last call, which returned none; zlib can stop at the faulty byte."""
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


class Unzstd:
    """The decompressed bytes of a zstd stream of one or more frames; at a fault it ends, after all bytes before it.

    `what` is its name in the text of a fault.
    """

    def __init__(self, raw: Raw, head: bytes, what: str = "the zstd stream") -> None:
        self._raw = raw
        self._what = what
        self._pieces = _Pieces(_packed(raw, head))
        self._stream = self._pieces.unpacked()
        self._given = 0
        self._rest: Iterator[bytes] = iter(())
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next decompressed bytes."""
        if not self.fault:
            try:
                data = self._stream.read(min(len(space), 1 << 17))
            except OSError as error:
                cut = self._pieces.at_end
                why = "cut off; what came before the cut" if cut else f"damaged ({error}); what came before"
                self.fault = f"{self._what} is {why} was read"
                self._rest = self._before_the_fault()
            else:
                self._given += len(data)
                space[: len(data)] = data
                return len(data)
        data = b"".join(islice(self._rest, len(space)))
        space[: len(data)] = data
        return len(data)

    def _before_the_fault(self) -> Iterator[bytes]:
        """The bytes before the fault in the last call, one by one.

        Arrow returns nothing from a call that fails. So it is fed byte by byte from where that call began.
        """
        stream = _Pieces(_again(self._raw, self._pieces.begin)).unpacked()
        seen = 0
        with suppress(OSError):
            while seen < self._given:
                seen += len(stream.read(min(self._given - seen, 1 << 17)))
            while byte := stream.read(1):
                yield byte


class _Pieces:
    """Compressed bytes as a file for Arrow, which reads the next piece when it has used up the last one."""

    closed = False

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._last = b""
        self.begin = 0  # where the last piece begins in the file
        self.at_end = False

    def unpacked(self) -> Any:
        return pa.CompressedInputStream(pa.PythonFile(self, "r"), "zstd")

    def read(self, _: int) -> bytes:
        self.begin += len(self._last)
        self._last = next(self._pieces, b"")
        self.at_end = not self._last
        return self._last

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Called by Arrow's reader; the file is closed elsewhere."""


def _packed(raw: Raw, head: bytes) -> Iterator[bytes]:
    if head:
        yield head
    space = memoryview(bytearray(PIECE))
    while count := raw.readinto(space):
        yield bytes(space[:count])


def _again(raw: Raw, single: int) -> Iterator[bytes]:
    """Pieces of the file; from `single` on, single bytes."""
    at = 0
    for piece in raw.again(0):
        whole = piece[: max(0, single - at)]
        if whole:
            yield whole
        for byte in piece[len(whole) :]:
            yield bytes((byte,))
        at += len(piece)


def unreadable(path: str | Path | Location, error: OSError | ValueError) -> InputError:
    """The error for a file that the system cannot open or read."""
    return InputError(f"{path}: {getattr(error, 'strerror', None) or error}. Check the path and its permissions.")


def opened(raw: Raw) -> tuple[ByteStream, bytes]:
    """What decompresses a file, chosen by its first bytes; and these bytes if it is not compressed."""
    space = memoryview(bytearray(PIECE))
    head = bytes(space[: raw.readinto(space)])
    if head.startswith(GZIP):
        return Gunzip(raw, head), b""
    return (Unzstd(raw, head), b"") if ZSTD.match(head) else (raw, head)
