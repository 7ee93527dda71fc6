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
    """Write the file whole or not at all; folders are made. Raises StorageError."""
    place = Place.of(path)
    try:
        place.above.make()
        place.write(data)
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}. Try another folder (-o), or free space."
        ) from error
    return path
