"""Writing output files: each is written completely or not at all."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from coursetrail.errors import StorageError, UsageError
from coursetrail.filesystem.location import Location

Where = Path | Location
"""A path on this machine, or any location."""


def folder(name: str | os.PathLike[str]) -> Where:
    """The folder of that name or address, which need not exist; UsageError or StorageError if it cannot be written to.

    Call it before the work, which may take hours. Outside this machine only writing a file shows whether it is
    possible, so the folder is made for it.
    """
    location = Location.of(name)
    try:
        return _check_local(path) if (path := location.local) else _check_remote(location)
    except OSError as error:
        raise _not_writable(location, error) from error


def _check_local(path: Path) -> Path:
    existing = next(one for one in (path, *path.absolute().parents) if os.path.lexists(one))
    if not existing.is_dir():
        raise UsageError(f"{existing} is a file; -o takes a folder.")
    TemporaryFile(dir=existing).close()
    return path


def _check_remote(location: Location) -> Location:
    if location.is_file():
        raise UsageError(f"{location} is a file; -o takes a folder.")
    location.make_folder()
    trial = location / f".{uuid4().hex}"
    trial.write(b"")
    trial.remove()
    return location


def write(path: Where, data: bytes) -> Where:
    """Write the file completely or not at all, and make its folders. Raises StorageError."""
    location = Location.of(path)
    try:
        location.parent.make_folder()
        location.write(data)
    except OSError as error:
        raise _not_writable(path, error) from error
    return path


def remove(path: Where) -> None:
    """Remove the file, if there is one. Raises StorageError."""
    try:
        Location.of(path).remove()
    except OSError as error:
        raise _not_writable(path, error) from error


def _not_writable(path: Where, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror or error}. Try another folder (-o), or free space.")
