"""The bytes of a file as they come, digested and counted, and what they are unpacked from."""

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
"""How a zstd frame begins, or one that holds no data and is skipped."""
PIECE = 1 << 16
"""Bytes of a packed file that are read at a time."""


class Damaged(OSError):  # noqa: N818 - reads as what happened
    """What a file object raises where its bytes end too early; the text is the fault."""


class ByteStream(Protocol):
    """What `Lines` reads from: bytes, a block at a time."""

    fault: str | None

    def readinto(self, space: memoryview) -> int:
        """Fill `space` from its beginning; how many bytes came, 0 at the end or at a fault."""
        ...


class Raw:
    """A file's own bytes (only the `first` so many), digested and counted as they pass."""

    def __init__(self, place: Location, advance: Callable[[int], None] | None = None, first: int | None = None) -> None:
        self._left = first
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
            count = self._file.readinto(space[: self._left]) or 0
        except Damaged as error:
            self.fault, count = str(error), 0
        except OSError as error:
            self._file.close()
            raise unreadable(self._place, error) from error
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
        """Pieces of the file from `begin` on, a second time; neither digested nor counted."""
        try:
            with self._place.open(begin) as file, suppress(Damaged):
                while piece := file.read(PIECE):
                    yield piece
        except OSError as error:
            raise unreadable(self._place, error) from error

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
    """The unpacked bytes of a gzip stream of one or more members; a fault ends it, with what came before.

    `what` names it in a fault.
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


class Unzstd:
    """The unpacked bytes of a zstd stream of one or more frames; a fault ends it, with what came before.

    `what` names it in a fault.
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
        """The next unpacked bytes."""
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
        """What the last call would have given, had it not met the fault, byte by byte.

        Arrow gives nothing of a call that fails. So the packed bytes, too, come one by one from where that call began.
        """
        stream = _Pieces(_again(self._raw, self._pieces.begin)).unpacked()
        seen = 0
        with suppress(OSError):
            while seen < self._given:
                seen += len(stream.read(min(self._given - seen, 1 << 17)))
            while byte := stream.read(1):
                yield byte


class _Pieces:
    """Packed bytes as a file for Arrow, which asks for the next piece when it is through with the last one."""

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
        """Arrow's reader is done; the file is not ours to close."""


def _packed(raw: Raw, head: bytes) -> Iterator[bytes]:
    if head:
        yield head
    space = memoryview(bytearray(PIECE))
    while count := raw.readinto(space):
        yield bytes(space[:count])


def _again(raw: Raw, single: int) -> Iterator[bytes]:
    """Pieces of the file, and from `single` on single bytes."""
    at = 0
    for piece in raw.again(0):
        whole = piece[: max(0, single - at)]
        if whole:
            yield whole
        for byte in piece[len(whole) :]:
            yield bytes((byte,))
        at += len(piece)


def unreadable(path: str | Path | Location, error: OSError | ValueError) -> InputError:
    """The error for a file that the system will not give us."""
    return InputError(f"{path}: {getattr(error, 'strerror', None) or error}. Check the path and its permissions.")


def opened(raw: Raw) -> tuple[ByteStream, bytes]:
    """What unpacks a file, judged by its first bytes, and those bytes where it is not packed."""
    space = memoryview(bytearray(PIECE))
    head = bytes(space[: raw.readinto(space)])
    if head.startswith(GZIP):
        return Gunzip(raw, head), b""
    return (Unzstd(raw, head), b"") if ZSTD.match(head) else (raw, head)
