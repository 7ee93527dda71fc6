"""Zip and tar archives as folders of files, which are read without extracting them.

The standard library reads the list of members; archive_members.py reads their bytes, and says why. No file is ever
written under the name that an archive gives it. Only a tar file that is compressed as a whole (gzip, zstd) is
decompressed into the scratch folder first, once for all its members.
"""

import io
import stat
import struct
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile, ZipFile, ZipInfo

from coursetrail.errors import InputError
from coursetrail.filesystem.archive_members import CUT_ARCHIVE, METHODS, Slice, ZipMember
from coursetrail.filesystem.compression import ByteStream, Raw, opened, unreadable
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.storage import writing

MOST_FILES = 100_000
"""Members that an archive may have; a longer list would take too much memory."""
MOST_HEADERS = 16 << 20
"""Bytes that are read at a time from the list of members."""
LONGEST_NAME = 1_000
BOMB = 200
"""How many times its size an archive may decompress to, where that is more than `HARMLESS` bytes."""
HARMLESS = 1 << 30
START_BYTES = tarfile.BLOCKSIZE
"""First bytes that show an archive."""
ZIP = (b"PK\3\4", b"PK\5\6")
DUPLICATE = "there again later; the last one counts"


@dataclass
class Archive:
    """The files in an archive by name, each a location or the reason why it cannot be read.

    `skipped` lists (name, reason) of members that are no files to read. `fault` says what ended the archive early.
    """

    address: str
    files: dict[str, Location | str] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    fault: str | None = None

    def file(self, name: str) -> Location:
        """The file of that name; InputError if it cannot be read."""
        found = self.files.get(name, "no such file in the archive")
        if isinstance(found, str):
            raise InputError(f"{self.address}/{name}: {found}.")
        return found

    def add(self, name: str, file: Location | str) -> None:
        """Add a file; of two with the same name the later one counts, as when an archive is extracted."""
        if len(name) > LONGEST_NAME:
            self.skipped.append((f"{name[:40]}…", f"a name of more than {LONGEST_NAME:,} characters"))
            return
        if name in self.files:
            self.skipped.append((name, DUPLICATE))
        self.files[name] = file
        if len(self.files) + len(self.skipped) > MOST_FILES:
            raise InputError(f"{self.address}: more than {MOST_FILES:,} files in one archive. Unpack it first.")


def is_archive(file: Location) -> bool:
    """Whether a file is a zip or tar archive, the latter compressed or not; judged by its first bytes."""
    raw = Raw(file)
    with closing(raw):
        source, head = opened(raw)
        return is_start_of_archive(_filled(source, head), is_packed=source is not raw)


def is_start_of_archive(head: bytes, *, is_packed: bool) -> bool:
    """Whether the first `START_BYTES` bytes, unpacked, are those of an archive; a zip file that is packed is none."""
    return (not is_packed and head.startswith(ZIP)) or _is_tar(head)


def containing_archive(location: Location) -> tuple[Location, str] | None:
    """The archive and the name in it, if the first part of an address is an archive's; else None."""
    if _is_file(location):
        return None
    parts = location.address.split("/")
    for at in range(len(parts) - 1, 3 if "://" in location.address else 0, -1):
        if _is_file(archive := Location.of("/".join(parts[:at]))):
            return archive, "/".join(parts[at:])
    return None


@lru_cache(maxsize=4)
def archive(address: str, scratch: Path) -> Archive:
    """The content of the archive at an address; InputError if its list of members cannot be read."""
    location = Location.of(address)
    found = Archive(address)
    try:
        with closing(location.open()) as file:
            is_zip = file.read(4) in ZIP
        if is_zip:
            _read_zip(location, found)
        else:
            _read_tar(_unpacked(location, scratch, found), location, found)
            _end_with_fault(found)
    except OSError as error:
        raise unreadable(location, error) from error
    return found


def _read_zip(location: Location, into: Archive) -> None:
    try:
        with _LimitedReader(location) as file, ZipFile(file) as opened_zip:
            infos = opened_zip.infolist()
    except (BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError) as error:
        raise InputError(
            f"{location}: the directory at the end of the zip file cannot be read ({error}). Check that its "
            "download was completed; zip -FF may repair it."
        ) from error
    size = location.size()
    if _is_bomb(sum(info.file_size for info in infos), size):
        raise _bomb_error(location)
    for info in infos:
        name = _clean(_decoded(info))
        if stat.S_ISLNK(info.external_attr >> 16):
            into.skipped.append((name, "a link"))
        elif name and not info.is_dir():
            into.add(name, _why_not(info, size) or ZipMember(*_named(location, name), location, info))


def _why_not(info: ZipInfo, size: int) -> str | None:
    if not 0 <= info.header_offset < size:
        return "its position is outside the archive, which is damaged"
    if info.flag_bits & 1:
        return "it is encrypted; unpack the archive with its password first"
    if info.compress_type not in METHODS:
        return f"compressed with a method that is not supported ({info.compress_type}); unpack the archive first"
    return None


def _decoded(info: ZipInfo) -> str:
    """The name; many programs write UTF-8 without setting the flag for it."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _read_tar(tar: Location, location: Location, into: Archive) -> None:
    total = tar.size()
    with _LimitedReader(tar) as file:
        try:
            for info in _infos(file):
                if info.isdir():
                    continue
                name = _clean(info.name)
                if not info.isreg():
                    into.skipped.append((name, "a link" if info.issym() or info.islnk() else "not a regular file"))
                elif info.issparse():
                    into.add(name, "a sparse file; unpack the archive first")
                else:
                    into.add(name, Slice(*_named(location, name), tar, info.offset_data, info.size))
                if info.offset_data + info.size > total:
                    into.fault = into.fault or CUT_ARCHIVE
                    return
        except (tarfile.TarError, ValueError, EOFError, OverflowError):
            into.fault = into.fault or CUT_ARCHIVE
        else:
            file.seek(min(file.reached, total))
            if (end := file.read(tarfile.BLOCKSIZE)).strip(b"\0") or not end:
                into.fault = into.fault or CUT_ARCHIVE


def _infos(file: "_LimitedReader") -> Iterator[tarfile.TarInfo]:
    """The headers in a tar file, up to its end or an invalid one; ReadError for one that leads backwards."""
    with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
        while info := tar.next():
            tar.members = []  # type: ignore[attr-defined] # tarfile keeps every header in memory
            if info.size < 0 or tar.offset <= file.reached:
                raise tarfile.ReadError
            file.reached = tar.offset
            yield info


def _unpacked(location: Location, scratch: Path, into: Archive) -> Location:
    """The tar file, decompressed if needed; a fault of its compression is the archive's."""
    raw = Raw(location)
    with closing(raw):
        source, _ = opened(raw)
        if source is raw:
            return location
        size = 0
        path = scratch / f"tar-{uuid4().hex}"
        space = memoryview(bytearray(1 << 20))
        with writing(scratch), path.open("wb") as out:
            while count := source.readinto(space):
                out.write(space[:count])
                size += count
                if _is_bomb(size, raw.bytes):
                    raise _bomb_error(location)
        into.fault = source.fault or raw.fault
    return Location.of(path)


def _end_with_fault(found: Archive) -> None:
    """The fault that ends an archive is the fault of its last file."""
    name = next(reversed(found.files), "")
    if found.fault and isinstance(last := found.files.get(name), Slice):
        found.files[name] = replace(last, fault=found.fault)


class _LimitedReader(io.BufferedReader):
    """An archive whose list of members is read, at most `MOST_HEADERS` bytes at once."""

    def __init__(self, location: Location) -> None:
        super().__init__(location.open(), 1 << 16)  # type: ignore[arg-type]
        self._location = location
        self.reached = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes; InputError if the archive makes zipfile or tarfile ask for more than the limit."""
        if size is not None and size > MOST_HEADERS:
            raise InputError(
                f"{self._location}: {size:,} bytes of names alone: this is not an archive of exports. Unpack it first."
            )
        return super().read(MOST_HEADERS if size is None or size < 0 else size)


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _filled(source: ByteStream, head: bytes) -> bytes:
    """The first block of a possible tar file."""
    space = memoryview(bytearray(tarfile.BLOCKSIZE))
    while len(head) < len(space) and (count := source.readinto(space)):
        head += space[:count]
    return head


def _clean(name: str) -> str:
    """A name in an archive without parts that lead out of it; bytes that are not UTF-8 are written as `\\xe4`."""
    inside = "/".join(part for part in name.split("/") if part not in ("", ".", ".."))
    return inside.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _named(location: Location, name: str) -> tuple[str, Any, str]:
    inside = location / name
    return inside.address, inside.files, inside.path


def _is_file(location: Location) -> bool:
    try:
        return location.is_file() or bool(location.local and location.local.exists() and not location.local.is_dir())
    except (OSError, ValueError):  # too long, or no name at all
        return False


def _is_bomb(size: int, packed: int) -> bool:
    return size > max(HARMLESS, BOMB * packed)


def _bomb_error(location: Location) -> InputError:
    return InputError(
        f"{location}: it would unpack to more than {BOMB} times its size, as a decompression bomb does. If it is not "
        "one, unpack it first."
    )
