"""Files that are there whole or not at all."""

import os
from pathlib import Path

from coursetrail.errors import StorageError


def write(path: Path, data: bytes) -> Path:
    """Write beside the place, then move there; folders are made. Raises StorageError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
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
