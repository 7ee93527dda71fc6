"""Where files are: a path of this machine, or an address in HDFS or an object store."""

import errno
import io
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from pyarrow import fs

from coursetrail.errors import InputError, MissingExtra, UsageError, did_you_mean

SCHEMES = ("hdfs", "s3")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = r"[\w-]{1,63}(\.[\w-]{1,63})*"
_HOSTS = {"hdfs": rf"({_NAME}(:\d{{1,5}})?)?", "s3": _NAME}  # hdfs:///… is the file system of Hadoop's configuration


@dataclass(frozen=True)
class Location:
    """A file or folder, there or not; `address` is how it is written, `path` what `files` calls it.

    What fails raises OSError.
    """

    address: str
    files: fs.FileSystem
    path: str

    @classmethod
    def of(cls, address: "str | os.PathLike[str] | Location") -> "Location":
        """From a path or an address: hdfs://namenode:9000/…, s3://bucket/….

        UsageError for another scheme and for what is no address, InputError where no NameNode answers.
        """
        if isinstance(address, Location):
            return address
        text = os.fspath(address)
        if not (parts := _apart(text)):
            return cls(text, fs.LocalFileSystem(), str(Path(text).absolute()))
        scheme, host, path = parts
        files = _files(scheme, host if scheme == "hdfs" else "")
        return cls(f"{scheme}://{host}{path or '/'}", files, (path or "/") if scheme == "hdfs" else host + path)

    def __truediv__(self, name: str) -> "Location":
        return Location(f"{self.address.removesuffix('/')}/{name}", self.files, f"{self.path.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.address

    def __reduce__(self) -> Any:
        return Location.of, (self.address,)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def above(self) -> "Location":
        """The folder that this is in; of a root, itself."""
        return Location.of(path.parent if (path := self.local) else self.address.rpartition("/")[0])

    @property
    def local(self) -> Path | None:
        """The path on this machine, or None."""
        return Path(self.address) if isinstance(self.files, fs.LocalFileSystem) else None

    @property
    def uri(self) -> str:
        """The address with its scheme."""
        return self.address if self.local is None else self.local.absolute().as_uri()

    def is_file(self) -> bool:
        """Whether there is a file."""
        return path.is_file() if (path := self.local) else bool(self._info().is_file)

    def is_folder(self) -> bool:
        """Whether there is a folder."""
        return path.is_dir() if (path := self.local) else bool(self._info().type == fs.FileType.Directory)

    def size(self) -> int:
        """Bytes of the file."""
        if path := self.local:
            return path.stat().st_size
        info = self._info()
        if info.type == fs.FileType.NotFound:
            raise FileNotFoundError(2, "no such file", self.address)
        return info.size or 0

    def modified(self) -> datetime | None:
        """When the file was last written to, UTC; None where that is not known."""
        if path := self.local:
            return _EPOCH + timedelta(microseconds=path.stat().st_mtime_ns // 1000)
        nanoseconds = self._info().mtime_ns
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None

    def entries(self) -> list["FolderEntry"]:
        """What is in the folder, by name. A link of this machine to a file counts as the file."""
        if path := self.local:
            with os.scandir(path) as found:
                kinds = {one.name: _kind(one) for one in found}
        else:
            with _reached(self.address):
                infos = self.files.get_file_info(fs.FileSelector(self.path))
            kinds = {info.base_name: "folder" if info.type == fs.FileType.Directory else "file" for info in infos}
        return [FolderEntry(self / name, kind) for name, kind in sorted(kinds.items())]

    def hollow(self) -> list[str]:
        """The names of files in the folder that have no bytes."""
        if path := self.local:
            with os.scandir(path) as found:
                return sorted(one.name for one in found if one.is_file() and not one.stat().st_size)
        with _reached(self.address):
            infos = self.files.get_file_info(fs.FileSelector(self.path))
        return sorted(info.base_name for info in infos if info.type == fs.FileType.File and not info.size)

    def open(self, begin: int = 0) -> IO[bytes]:
        """The bytes from `begin` on, unbuffered."""
        if path := self.local:
            file = path.open("rb", buffering=0)
            file.seek(begin)
            return file
        with _reached(self.address):
            return _Stream(self, begin)  # type: ignore[return-value]

    def make(self) -> None:
        """Make the folder, and those above it."""
        if path := self.local:
            path.mkdir(parents=True, exist_ok=True)
            return
        with _reached(self.address):
            self.files.create_dir(self.path, recursive=True)

    def write(self, data: bytes) -> None:
        """Write the file whole or not at all; what was there is replaced."""
        self._take(io.BytesIO(data))

    def fetch(self, file: Path) -> None:
        """Take a file of this machine in, whole or not at all; it may be gone from there afterwards."""
        if path := self.local:
            try:
                file.replace(path)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            else:
                return
        with file.open("rb") as source:
            self._take(source)

    def move(self, target: "Location") -> None:
        """Move the file, onto what may be there, within one file system."""
        if (path := self.local) and target.local:
            path.replace(target.local)
            return
        with _reached(self.address):
            if target.is_file():  # HDFS does not replace
                target.remove()
            self.files.move(self.path, target.path)

    def remove(self) -> None:
        """Remove the file, or the folder with all that is in it; nothing is fine too."""
        with _reached(self.address), suppress(FileNotFoundError):
            if path := self.local:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            elif self.is_folder():
                self.files.delete_dir(self.path)
            else:
                self.files.delete_file(self.path)

    def _take(self, source: IO[bytes]) -> None:
        part = self.above / f".{self.name}.{os.getpid()}.part"
        with _reached(self.address):
            try:
                with part._writing() as out:  # noqa: SLF001 - another of us
                    shutil.copyfileobj(source, out, 4 << 20)
                part.move(self)
            except BaseException:
                part.remove()
                raise

    def _writing(self) -> IO[bytes]:
        path = self.local
        return path.open("wb") if path else cast("IO[bytes]", self.files.open_output_stream(self.path))

    def _info(self) -> fs.FileInfo:
        with _reached(self.address):
            return self.files.get_file_info(self.path)


class FolderEntry(NamedTuple):
    """Something in a folder: a `file`, a `folder`, a `link` to a folder or to nothing, or something `else`."""

    place: Location
    kind: str


def _kind(found: "os.DirEntry[str]") -> str:
    if found.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if found.is_file() else "link" if found.is_symlink() else "else"


class _Stream(io.RawIOBase):
    """A remote file as Python reads files."""

    def __init__(self, place: Location, begin: int) -> None:
        self._place = place
        self._file = place.files.open_input_file(place.path)
        if begin:
            self._file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        from_there = 0 if whence == os.SEEK_SET else self.tell() if whence == os.SEEK_CUR else self._file.size()
        self._file.seek(from_there + offset)
        return self.tell()

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, space: Any) -> int:
        with _reached(self._place.address):
            data = self._file.read(len(space))
        space[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def _reached(address: str) -> Iterator[None]:
    """The libraries' own errors as OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # hdfs-native has classes of its own
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(5, f"{text[:200]}", address) from error


def on_this_machine(name: str | os.PathLike[str]) -> Path:
    """The path, for what is written here only; UsageError for an address."""
    if _apart(os.fspath(name)):
        raise UsageError(f"{name}: this is written to a path of this machine, and can be copied from there.")
    return Path(name)


def _apart(text: str) -> tuple[str, str, str] | None:
    """Scheme, host and path of an address (`#` and `?` are letters like others), None for a path of this machine."""
    scheme, found, rest = text.partition("://")
    if not found or "/" in scheme:
        return None
    if scheme not in SCHEMES:
        raise UsageError(f"{text}: no such kind of address.{did_you_mean(scheme, list(SCHEMES))}")
    host, slash, path = rest.partition("/")
    if not re.fullmatch(_HOSTS[scheme], host, re.ASCII) or not 0 < int(host.partition(":")[2] or 1) < 1 << 16:
        raise UsageError(f"{text} is no address. They look like hdfs://namenode:9000/courses or s3://bucket/courses.")
    return scheme, host, (slash + path).rstrip("/")


def check_reachable(host: str, port: int) -> None:
    """Raise OSError where nobody listens, at once: clients of clusters try again and again."""
    socket.create_connection((host, port), timeout=20).close()


@lru_cache
def _files(scheme: str, host: str) -> fs.FileSystem:
    """The file system behind an address; who we are comes from the surroundings, as for other tools."""
    if scheme == "s3":
        return fs.S3FileSystem(endpoint_override=os.environ.get("AWS_ENDPOINT_URL"))
    try:
        from hdfs_native.fsspec import HdfsFileSystem
    except ImportError as error:
        raise MissingExtra("Addresses in HDFS need hdfs-native: pip install 'coursetrail[hdfs]'.") from error

    class Hdfs(HdfsFileSystem):
        """Hdfs-native's own takes paths for URLs, and drops what follows a `#`, `?` or `;`."""

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return path

    name, _, port = host.partition(":")
    try:
        if port:  # without one it is the name of several NameNodes, which only Hadoop's configuration knows
            check_reachable(name, int(port))
        with _reached(f"hdfs://{host}"):
            return fs.PyFileSystem(fs.FSSpecHandler(Hdfs(name or None, int(port) if port else None)))
    except OSError as error:
        raise InputError(
            f"hdfs://{host}: nobody answers there ({error.strerror or error}). Is the NameNode up, and the address "
            "right? One without a port must be known in HADOOP_CONF_DIR."
        ) from error
