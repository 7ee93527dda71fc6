"""Archives, zip and tar, as folders of files that are read where they lie.

Nothing in an archive is ever written under its own name. Of a zip file the directory is read, and each file as it is
unpacked; of a tar file the heads, and each file as a part of it. Only a tar file that is packed as a whole (gzip,
zstd) is unpacked into the scratch folder first, once for all files in it.
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

from coursetrail.dataset.errors import storage
from coursetrail.errors import InputError
from coursetrail.filesystem.archive_members import CUT, METHODS, Slice, Zipped
from coursetrail.filesystem.compression import ByteStream, Raw, opened, unreadable
from coursetrail.filesystem.location import Location

MOST_FILES = 100_000
"""Files that an archive may hold; a list of more would not be held in memory."""
MOST_HEADS = 16 << 20
"""Bytes that the list of files may have."""
LONGEST_NAME = 1_000
BOMB = 200
"""Times its size that an archive may unpack to, once that is more than `HARMLESS` bytes."""
HARMLESS = 1 << 30
HEAD = tarfile.BLOCKSIZE
"""First bytes that show an archive."""
ZIP = (b"PK\3\4", b"PK\5\6")
DUPLICATE = "there again later, and the last one counts"


@dataclass
class Archive:
    """What is in an archive: the files by name, or why one cannot be read; what is passed over, and why.

    `fault` says what ended the archive early.
    """

    address: str
    files: dict[str, Location | str] = field(default_factory=dict)
    passed: list[tuple[str, str]] = field(default_factory=list)
    fault: str | None = None

    def file(self, name: str) -> Location:
        """The file of that name; InputError where it cannot be read."""
        found = self.files.get(name, "no such file in the archive")
        if isinstance(found, str):
            raise InputError(f"{self.address}/{name}: {found}.")
        return found

    def add(self, name: str, file: Location | str) -> None:
        """One more file; of two with one name the later counts, as it does when an archive is unpacked."""
        if len(name) > LONGEST_NAME:
            self.passed.append((f"{name[:40]}…", f"a name of more than {LONGEST_NAME:,} characters"))
            return
        if name in self.files:
            self.passed.append((name, DUPLICATE))
        self.files[name] = file
        if len(self.files) + len(self.passed) > MOST_FILES:
            raise InputError(f"{self.address}: more than {MOST_FILES:,} files in one archive. Unpack it first.")


def is_archive(file: Location) -> bool:
    """Whether a file is a zip or tar archive, the latter packed or not; judged by its first bytes."""
    raw = Raw(file)
    with closing(raw):
        source, head = opened(raw)
        return is_start_of_archive(_filled(source, head), is_packed=source is not raw)


def is_start_of_archive(head: bytes, *, is_packed: bool) -> bool:
    """Whether the first `HEAD` bytes, unpacked, are those of an archive; a zip file that is packed is none."""
    return (not is_packed and head.startswith(ZIP)) or _is_tar(head)


def holder(place: Location) -> tuple[Location, str] | None:
    """The archive and the name in it, where an address goes on behind an archive's own; None for any other."""
    if _is_file(place):
        return None
    parts = place.address.split("/")
    for at in range(len(parts) - 1, 3 if "://" in place.address else 0, -1):
        if _is_file(archive := Location.of("/".join(parts[:at]))):
            return archive, "/".join(parts[at:])
    return None


@lru_cache(maxsize=4)
def archive(address: str, scratch: Path) -> Archive:
    """What is in the archive at an address; InputError where that cannot be found out."""
    place = Location.of(address)
    found = Archive(address)
    try:
        with closing(place.open()) as file:
            is_zip = file.read(4) in ZIP
        if is_zip:
            _read_zip(place, found)
        else:
            _read_tar(_unpacked(place, scratch, found), place, found)
            _tell_the_last(found)
    except OSError as error:
        raise unreadable(place, error) from error
    return found


def _read_zip(place: Location, into: Archive) -> None:
    try:
        with _Heads(place) as file, ZipFile(file) as opened_zip:
            infos = opened_zip.infolist()
    except (BadZipFile, NotImplementedError, ValueError, struct.error, EOFError, OverflowError) as error:
        raise InputError(
            f"{place}: the directory at the end of the zip file cannot be read ({error}). Was its download completed? "
            "zip -FF may mend it."
        ) from error
    size = place.size()
    if _is_bomb(sum(info.file_size for info in infos), size):
        raise _bomb(place)
    for info in infos:
        name = _clean(_decoded(info))
        if stat.S_ISLNK(info.external_attr >> 16):
            into.passed.append((name, "a link"))
        elif name and not info.is_dir():
            into.add(name, _why_not(info, size) or Zipped(*_named(place, name), place, info))


def _why_not(info: ZipInfo, size: int) -> str | None:
    if not 0 <= info.header_offset < size:
        return "it does not lie in the archive, which is damaged"
    if info.flag_bits & 1:
        return "it is encrypted; unpack the archive with its password first"
    if info.compress_type not in METHODS:
        return f"packed in a way that is not read here (method {info.compress_type}); unpack the archive first"
    return None


def _decoded(info: ZipInfo) -> str:
    """The name; many programs write UTF-8 without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _read_tar(tar: Location, place: Location, into: Archive) -> None:
    total = tar.size()
    with _Heads(tar) as file:
        try:
            for info in _infos(file):
                if info.isdir():
                    continue
                name = _clean(info.name)
                if not info.isreg():
                    into.passed.append((name, "a link" if info.issym() or info.islnk() else "no file"))
                elif info.issparse():
                    into.add(name, "a sparse file; unpack the archive first")
                else:
                    into.add(name, Slice(*_named(place, name), tar, info.offset_data, info.size))
                if info.offset_data + info.size > total:
                    into.fault = into.fault or CUT
                    return
        except (tarfile.TarError, ValueError, EOFError, OverflowError):
            into.fault = into.fault or CUT
        else:
            file.seek(min(file.reached, total))
            if (end := file.read(tarfile.BLOCKSIZE)).strip(b"\0") or not end:
                into.fault = into.fault or CUT


def _infos(file: "_Heads") -> Iterator[tarfile.TarInfo]:
    """The heads in a tar file, until its end or one that is none; raises for one that leads back."""
    with tarfile.open(fileobj=file, mode="r:", encoding="utf-8", errors="surrogateescape") as tar:
        while info := tar.next():
            tar.members = []  # type: ignore[attr-defined] # it keeps all that it met
            if info.size < 0 or tar.offset <= file.reached:
                raise tarfile.ReadError
            file.reached = tar.offset
            yield info


def _unpacked(place: Location, scratch: Path, into: Archive) -> Location:
    """The tar file itself; a fault in its packing is the archive's."""
    raw = Raw(place)
    with closing(raw):
        source, _ = opened(raw)
        if source is raw:
            return place
        size = 0
        path = scratch / f"tar-{uuid4().hex}"
        space = memoryview(bytearray(1 << 20))
        with storage(scratch), path.open("wb") as out:
            while count := source.readinto(space):
                out.write(space[:count])
                size += count
                if _is_bomb(size, raw.bytes):
                    raise _bomb(place)
        into.fault = source.fault or raw.fault
    return Location.of(path)


def _tell_the_last(found: Archive) -> None:
    """What ends an archive ends the last file in it."""
    name = next(reversed(found.files), "")
    if found.fault and isinstance(last := found.files.get(name), Slice):
        found.files[name] = replace(last, fault=found.fault)


class _Heads(io.BufferedReader):
    """An archive as its directory is read: never more than `MOST_HEADS` bytes at once."""

    def __init__(self, place: Location) -> None:
        super().__init__(place.open(), 1 << 16)  # type: ignore[arg-type]
        self._place = place
        self.reached = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """At most so many bytes; InputError where an archive asks for more."""
        if size is not None and size > MOST_HEADS:
            raise InputError(
                f"{self._place}: {size:,} bytes of names alone are no archive of exports. Unpack it first."
            )
        return super().read(MOST_HEADS if size is None or size < 0 else size)


def _is_tar(head: bytes) -> bool:
    try:
        tarfile.TarInfo.frombuf(head[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def _filled(source: ByteStream, head: bytes) -> bytes:
    """The first block of a tar file, if it is one."""
    space = memoryview(bytearray(tarfile.BLOCKSIZE))
    while len(head) < len(space) and (count := source.readinto(space)):
        head += space[:count]
    return head


def _clean(name: str) -> str:
    """A name in an archive without what leads out of it; bytes that are no UTF-8 are written as `\\xe4`."""
    inside = "/".join(part for part in name.split("/") if part not in ("", ".", ".."))
    return inside.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _named(place: Location, name: str) -> tuple[str, Any, str]:
    inside = place / name
    return inside.address, inside.files, inside.path


def _is_file(place: Location) -> bool:
    try:
        return place.is_file() or bool(place.local and place.local.exists() and not place.local.is_dir())
    except (OSError, ValueError):  # too long, or no name at all
        return False


def _is_bomb(size: int, packed: int) -> bool:
    return size > max(HARMLESS, BOMB * packed)


def _bomb(place: Location) -> InputError:
    return InputError(
        f"{place}: it would unpack to more than {BOMB} times its size: a bomb, by all appearances. If it is none, "
        "unpack it first."
    )
