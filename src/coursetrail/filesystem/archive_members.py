"""Files in archives as locations: parts of the archive, which are decompressed while they are read.

The standard library would lose bytes here. Up to a fault (a member that is cut off, damaged, or has a wrong checksum)
every byte is read; `tarfile` and `zipfile` drop the whole read in which the fault occurs. `zipfile` also takes 1.4
times as long, and reads zstd only from Python 3.14 on. docs/adr/0014-archive-members.md names the tests.
"""

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

CUT_ARCHIVE = "the archive is cut off or damaged; what came before was read"
LOCAL_HEADER = struct.Struct("<4s22xHH")
LOCAL_SIGNATURE = b"PK\3\4"
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
METHODS: dict[int, Callable[[Raw], ByteStream]] = {
    0: lambda raw: raw,
    8: lambda raw: Gunzip(raw, b"", "this file in the zip file"),
    93: lambda raw: Unzstd(raw, b"", "this file in the zip file"),
}
"""Compression methods of zip files: none, deflate, zstd."""


@dataclass(frozen=True)
class ArchiveMember(Location):
    """A file in the archive `source`; it exists and can only be read."""

    source: Location

    @property
    def local(self) -> None:
        """A member has no path of its own."""

    def is_file(self) -> bool:
        """A member is a file."""
        return True

    def is_folder(self) -> bool:
        """A member is not a folder."""
        return False

    def modified(self) -> datetime | None:
        """When the archive was last modified."""
        return self.source.modified()

    def open(self, begin: int = 0) -> Any:
        """Open the member for reading from byte `begin` on; reading raises Damaged where its bytes end too early."""
        file = self._open()
        while begin > 0 and (piece := file.read(min(begin, 1 << 20))):
            begin -= len(piece)
        return file

    def _open(self) -> io.RawIOBase:
        raise NotImplementedError


@dataclass(frozen=True)
class Slice(ArchiveMember):
    """`count` bytes of `source` from `begin` on, between `head` and `foot`; a `fault` is raised at their end."""

    begin: int
    count: int
    head: bytes = b""
    foot: bytes = b""
    fault: str | None = None

    def size(self) -> int:
        """Bytes of the file, decompressed."""
        return len(self.head) + self.count + len(self.foot)

    def _open(self) -> io.RawIOBase:
        return _SliceFile(self)


@dataclass(frozen=True)
class ZipMember(ArchiveMember):
    """A file in a zip file, described by `info` from its directory."""

    info: ZipInfo

    def size(self) -> int:
        """Bytes of the file, decompressed."""
        return self.info.file_size

    def _open(self) -> io.RawIOBase:
        return _ZipMemberFile(self.info, Raw(self._compressed()))

    def _compressed(self) -> Slice:
        """Its compressed bytes; those of deflate with the header and trailer that make them a gzip stream."""
        info = self.info
        with closing(self.source.open(info.header_offset)) as file:
            head = file.read(LOCAL_HEADER.size)
        if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL_SIGNATURE):
            raise Damaged(f"the zip file is damaged: no member begins at byte {info.header_offset:,}")
        _, name, extra = LOCAL_HEADER.unpack(head)
        begin = info.header_offset + LOCAL_HEADER.size + name + extra
        ends = (
            (GZIP_HEADER, struct.pack("<II", info.CRC, info.file_size & 0xFFFFFFFF)) if info.compress_type == 8 else ()
        )
        return Slice(self.address, self.files, self.path, self.source, begin, info.compress_size, *ends)


class _SliceFile(io.RawIOBase):
    """A slice as a file object."""

    def __init__(self, part: Slice) -> None:
        self._slice = part
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
                raise Damaged(self._slice.fault or CUT_ARCHIVE)
            self._left -= count
            return int(count)
        if not (count := self._ends[1].readinto(space)) and self._slice.fault:
            raise Damaged(self._slice.fault)
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _ZipMemberFile(io.RawIOBase):
    """A member of a zip file as a file object; its size and checksum must be those in the directory."""

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
