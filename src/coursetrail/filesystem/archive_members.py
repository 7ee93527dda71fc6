"""Files in archives as places: parts of the archive that are read, and unpacked, where they lie."""

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zipfile import ZipInfo

from coursetrail.filesystem.compression import ByteStream, Damaged, Gunzip, Raw, Unzstd
from coursetrail.filesystem.location import Location

CUT = "the archive is cut off or damaged; what came before was read"
LOCAL_HEAD = struct.Struct("<4s22xHH")
LOCAL_MARK = b"PK\3\4"
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
METHODS: dict[int, Callable[[Raw], ByteStream]] = {
    0: lambda raw: raw,
    8: lambda raw: Gunzip(raw, b"", "this file in the zip file"),
    93: lambda raw: Unzstd(raw, b"", "this file in the zip file"),
}
"""How files in a zip file are packed: as they are, with deflate, with zstd."""


@dataclass(frozen=True)
class Inside(Location):
    """A file in the archive `source`; it is there, and can be read."""

    source: Location

    @property
    def local(self) -> None:
        """It has no path."""

    def is_file(self) -> bool:
        """It is there."""
        return True

    def is_folder(self) -> bool:
        """It is a file."""
        return False

    def modified(self) -> datetime | None:
        """When the archive was last written to."""
        return self.source.modified()

    def open(self, begin: int = 0) -> Any:
        """The bytes from `begin` on; Damaged where they end too early."""
        file = self._open()
        while begin > 0 and (piece := file.read(min(begin, 1 << 20))):
            begin -= len(piece)
        return file

    def _open(self) -> io.RawIOBase:
        raise NotImplementedError


@dataclass(frozen=True)
class Slice(Inside):
    """`count` bytes of `source` from `begin` on, between `head` and `foot`; with a `fault`, it ends with that."""

    begin: int
    count: int
    head: bytes = b""
    foot: bytes = b""
    fault: str | None = None

    def size(self) -> int:
        """Bytes of the file, unpacked."""
        return len(self.head) + self.count + len(self.foot)

    def _open(self) -> io.RawIOBase:
        return _Part(self)


@dataclass(frozen=True)
class Zipped(Inside):
    """A file in a zip file, as its directory has it."""

    info: ZipInfo

    def size(self) -> int:
        """Bytes of the file, unpacked."""
        return self.info.file_size

    def _open(self) -> io.RawIOBase:
        return _Unzipped(self.info, Raw(self._packed()))

    def _packed(self) -> Slice:
        """Its bytes as they lie there, made to look like gzip where they are packed in that way."""
        info = self.info
        with closing(self.source.open(info.header_offset)) as file:
            head = file.read(LOCAL_HEAD.size)
        if len(head) < LOCAL_HEAD.size or not head.startswith(LOCAL_MARK):
            raise Damaged(f"the zip file is damaged: nothing at byte {info.header_offset:,}, where this should begin")
        _, name, extra = LOCAL_HEAD.unpack(head)
        begin = info.header_offset + LOCAL_HEAD.size + name + extra
        ends = (GZIP_HEAD, struct.pack("<II", info.CRC, info.file_size & 0xFFFFFFFF)) if info.compress_type == 8 else ()
        return Slice(self.address, self.files, self.path, self.source, begin, info.compress_size, *ends)


class _Part(io.RawIOBase):
    """A slice as a file object."""

    def __init__(self, part: Slice) -> None:
        self._part = part
        self._file = part.source.open(part.begin)
        self._left = part.count
        self._ends = [io.BytesIO(part.head), io.BytesIO(part.foot)]

    def readable(self) -> bool:
        return True

    def readinto(self, space: Any) -> int:
        if count := self._ends[0].readinto(space):
            return count
        if self._left:
            count = self._file.readinto(memoryview(space)[: self._left])  # type: ignore[attr-defined]
            if not count:
                raise Damaged(self._part.fault or CUT)
            self._left -= count
            return int(count)
        if not (count := self._ends[1].readinto(space)) and self._part.fault:
            raise Damaged(self._part.fault)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Unzipped(io.RawIOBase):
    """A file of a zip file as a file object; held to the size and the checksum that the directory says."""

    def __init__(self, info: ZipInfo, raw: Raw) -> None:
        self._info = info
        self._raw = raw
        self._source = METHODS[info.compress_type](raw)
        self._left = info.file_size
        self._sum = 0

    def readable(self) -> bool:
        return True

    def readinto(self, space: Any) -> int:
        room = memoryview(space)[: self._left]
        count = self._source.readinto(room) if self._left else 0
        self._left -= count
        self._sum = zlib.crc32(room[:count], self._sum)
        if count:
            return count
        if fault := self._source.fault or self._raw.fault:
            raise Damaged(fault)
        if self._left or self._sum != self._info.CRC:
            raise Damaged("the zip file is damaged (wrong size or checksum); all of this file was read")
        return 0

    def close(self) -> None:
        self._raw.close()
        super().close()
