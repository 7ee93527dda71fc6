"""Files that are there whole or not at all."""

import os
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from coursetrail.errors import StorageError, UsageError
from coursetrail.filesystem.location import Location

Where = Path | Location
"""A path of this machine, or any place."""


def folder(name: str | os.PathLike[str]) -> Where:
    """The folder of that name or address, there or not; UsageError or StorageError if nothing can be written into it.

    To be asked before the work, which may take hours. Elsewhere only a trial can tell, and the folder is made for it.
    """
    place = Location.of(name)
    try:
        return _tried_here(path) if (path := place.local) else _tried(place)
    except OSError as error:
        raise _refused(place, error) from error


def _tried_here(path: Path) -> Path:
    there = next(one for one in (path, *path.absolute().parents) if os.path.lexists(one))
    if not there.is_dir():
        raise UsageError(f"{there} is a file; -o takes a folder.")
    TemporaryFile(dir=there).close()
    return path


def _tried(place: Location) -> Location:
    if place.is_file():
        raise UsageError(f"{place} is a file; -o takes a folder.")
    place.make_folder()
    trial = place / f".{uuid4().hex}"
    trial.write(b"")
    trial.remove()
    return place


def write(path: Where, data: bytes) -> Where:
    """Write the file whole or not at all; folders are made. Raises StorageError."""
    place = Location.of(path)
    try:
        place.parent.make_folder()
        place.write(data)
    except OSError as error:
        raise _refused(path, error) from error
    return path


def _refused(path: Where, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror or error}. Try another folder (-o), or free space.")
