"""Where a file or folder is: a path on this machine, or an address in HDFS or an object store."""

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
from uuid import uuid4

from pyarrow import fs

from coursetrail.errors import InputError, MissingExtra, UsageError, did_you_mean

SCHEMES = ("hdfs", "s3")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = r"[\w-]{1,63}(\.[\w-]{1,63})*"
_HOSTS = {
    "hdfs": rf"({_NAME}(:\d{{1,5}})?)?",
    "s3": _NAME,
}  # hdfs:///… is Hadoop's default file system


@dataclass(frozen=True)
class Location:
    """A file or folder, which need not exist: `address` as the user writes it, `path` as `files` has it.

    Methods raise OSError when they fail.
    """

    address: str
    files: fs.FileSystem
    path: str

    @classmethod
    def of(cls, address: "str | os.PathLike[str] | Location") -> "Location":
        """From a path or an address: hdfs://namenode:9000/…, s3://bucket/….

        UsageError for another scheme and for a malformed address, InputError when no NameNode answers.
        """
        if isinstance(address, Location):
            return address
        text = os.fspath(address)
        if not (parts := _split(text)):
            return cls(text, fs.LocalFileSystem(), str(Path(text).absolute()))
        scheme, host, path = parts
        files = _file_system(scheme, host if scheme == "hdfs" else "")
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
    def parent(self) -> "Location":
        """The folder that contains this; the root itself for the root."""
        return Location.of(path.parent if (path := self.local) else self.address.rpartition("/")[0])

    @property
    def local(self) -> Path | None:
        """The path on this machine; None for an address elsewhere."""
        return Path(self.address) if isinstance(self.files, fs.LocalFileSystem) else None

    @property
    def uri(self) -> str:
        """The address with its scheme."""
        return self.address if self.local is None else self.local.absolute().as_uri()

    def is_file(self) -> bool:
        """Whether it is an existing file."""
        return path.is_file() if (path := self.local) else bool(self._info().is_file)

    def is_folder(self) -> bool:
        """Whether it is an existing folder."""
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
        """When the file was last modified, in UTC; None if that is not known."""
        if path := self.local:
            return _EPOCH + timedelta(microseconds=path.stat().st_mtime_ns // 1000)
        nanoseconds = self._info().mtime_ns
        return _EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None

    def entries(self) -> list["FolderEntry"]:
        """What the folder contains, sorted by name. A link to a file on this machine counts as the file."""
        if path := self.local:
            with os.scandir(path) as found:
                kinds = {one.name: _kind(one) for one in found}
        else:
            with _as_os_errors(self.address):
                infos = self.files.get_file_info(fs.FileSelector(self.path))
            kinds = {info.base_name: "folder" if info.type == fs.FileType.Directory else "file" for info in infos}
        return [FolderEntry(self / name, kind) for name, kind in sorted(kinds.items())]

    def sizes(self) -> dict[str, int]:
        """Bytes of each file in the folder, by its name."""
        if path := self.local:
            with os.scandir(path) as found:
                return {one.name: one.stat().st_size for one in found if one.is_file()}
        with _as_os_errors(self.address):
            infos = self.files.get_file_info(fs.FileSelector(self.path))
        return {info.base_name: info.size or 0 for info in infos if info.type == fs.FileType.File}

    def open(self, begin: int = 0) -> IO[bytes]:
        """Open the file for reading from byte `begin` on, unbuffered."""
        if path := self.local:
            file = path.open("rb", buffering=0)
            file.seek(begin)
            return file
        with _as_os_errors(self.address):
            return _RemoteFile(self, begin)  # type: ignore[return-value]

    def make_folder(self) -> None:
        """Create the folder and its parents; an existing folder is fine."""
        if path := self.local:
            path.mkdir(parents=True, exist_ok=True)
            return
        with _as_os_errors(self.address):
            self.files.create_dir(self.path, recursive=True)

    def write(self, data: bytes) -> None:
        """Write the whole file or nothing; an existing file is replaced."""
        self._write_from(io.BytesIO(data))

    def write_new(self, data: bytes) -> None:
        """Write a file that nothing refers to yet; of a run that is killed, a part of it may stay."""
        with _as_os_errors(self.address):
            try:
                with self._output() as out:
                    out.write(data)
            except OSError:
                self.remove()
                raise

    def put_file(self, file: Path) -> None:
        """Write the whole content of a local file or nothing; on this machine the file is moved."""
        if path := self.local:
            try:
                file.replace(path)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            else:
                return
        with file.open("rb") as source:
            self._write_from(source)

    def move(self, target: "Location") -> None:
        """Move the file within one file system; an existing target is replaced."""
        if (path := self.local) and target.local:
            path.replace(target.local)
            return
        with _as_os_errors(self.address):
            if target.is_file():  # HDFS does not replace
                target.remove()
            self.files.move(self.path, target.path)

    def remove(self) -> None:
        """Remove the file, or the folder with its content; a missing one is fine."""
        with _as_os_errors(self.address), suppress(FileNotFoundError):
            if path := self.local:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            elif self.is_folder():
                self.files.delete_dir(self.path)
            else:
                self.files.delete_file(self.path)

    def _write_from(self, source: IO[bytes]) -> None:
        part = self.parent / f".{self.name}.{uuid4().hex}.part"
        with _as_os_errors(self.address):
            try:
                with part._output() as out:  # noqa: SLF001 - of the same class
                    shutil.copyfileobj(source, out, 4 << 20)
                part.move(self)
            except BaseException:
                part.remove()
                raise

    def _output(self) -> IO[bytes]:
        path = self.local
        return path.open("xb") if path else cast("IO[bytes]", self.files.open_output_stream(self.path))

    def _info(self) -> fs.FileInfo:
        with _as_os_errors(self.address):
            return self.files.get_file_info(self.path)


class FolderEntry(NamedTuple):
    """One entry of a folder. `kind` is file, folder, link (to a folder or to nothing) or else."""

    location: Location
    kind: str


def _kind(found: "os.DirEntry[str]") -> str:
    if found.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if found.is_file() else "link" if found.is_symlink() else "else"


class _RemoteFile(io.RawIOBase):
    """A remote file as a Python file object."""

    def __init__(self, location: Location, begin: int) -> None:
        self._location = location
        self._file = location.files.open_input_file(location.path)
        if begin:
            self._file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = 0 if whence == os.SEEK_SET else self.tell() if whence == os.SEEK_CUR else self._file.size()
        self._file.seek(start + offset)
        return self.tell()

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, space: Any) -> int:
        with _as_os_errors(self._location.address):
            data = self._file.read(len(space))
        space[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


@contextmanager
def _as_os_errors(address: str) -> Iterator[None]:
    """Raise the libraries' own errors as OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # hdfs-native has its own exception classes
        text = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise OSError(5, f"{text[:200]}", address) from error


def on_this_machine(name: str | os.PathLike[str]) -> Path:
    """The path of output that is only written on this machine; UsageError for an address."""
    if _split(os.fspath(name)):
        raise UsageError(f"{name}: this is written to a path of this machine, and can be copied from there.")
    return Path(name)


def _split(text: str) -> tuple[str, str, str] | None:
    """Scheme, host and path of an address (`#` and `?` are part of the path); None for a path on this machine."""
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
    """Raise OSError without a retry if no server listens; the clients of clusters retry for a long time."""
    socket.create_connection((host, port), timeout=20).close()


@lru_cache
def _file_system(scheme: str, host: str) -> fs.FileSystem:
    """The file system of an address; credentials come from the environment, as for other tools."""
    if scheme == "s3":
        return fs.S3FileSystem(endpoint_override=os.environ.get("AWS_ENDPOINT_URL"))
    try:
        from hdfs_native.fsspec import HdfsFileSystem
    except ImportError as error:
        raise MissingExtra("Addresses in HDFS need hdfs-native: pip install 'coursetrail[hdfs]'.") from error

    class Hdfs(HdfsFileSystem):
        """The class of hdfs-native treats a path as a URL and drops what follows a `#`, `?` or `;`."""

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return path

    name, _, port = host.partition(":")
    try:
        if port:  # without a port it names a group of NameNodes, which only Hadoop's configuration knows
            check_reachable(name, int(port))
        with _as_os_errors(f"hdfs://{host}"):
            return fs.PyFileSystem(fs.FSSpecHandler(Hdfs(name or None, int(port) if port else None)))
    except OSError as error:
        raise InputError(
            f"hdfs://{host}: no NameNode answers ({error.strerror or error}). Check that it is running and that the "
            "address is right. An address without a port must be known in HADOOP_CONF_DIR."
        ) from error
