"""Files that are there whole or not at all."""

import os
from pathlib import Path

from coursetrail.errors import StorageError
from coursetrail.place import Place

Where = Path | Place
"""A path of this machine, or any place."""


def folder(name: str | os.PathLike[str]) -> Where:
    """The folder of that name or address."""
    place = Place.of(name)
    return Path(name) if place.local else place


def write(path: Where, data: bytes) -> Where:
    """Write beside the place, then move there; folders are made. Raises StorageError."""
    try:
        if isinstance(path, Place):
            path.above.make()
            path.write(data)
            return path
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}. Try another folder (-o), or free space."
        ) from error
    return path
