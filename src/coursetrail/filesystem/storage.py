"""Errors of writing files, as one line for the user."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coursetrail.errors import StorageError
from coursetrail.filesystem.location import Location


@contextmanager
def writing(location: Location | Path, *further: type[Exception]) -> Iterator[None]:
    """Turn an OSError of a disk or an object store, or a further kind of error, into a StorageError."""
    kinds: tuple[type[Exception], ...] = (OSError, *further)
    try:
        yield
    except kinds as error:
        raise StorageError(
            f"{location}: cannot write ({first_line(error)}). Free some space, or check permissions (in a cluster: "
            "its health), then run this again; what was committed before is safe."
        ) from error


def first_line(error: Exception) -> str:
    """The text of an error in one line. A full disk is named as the system names it, whatever library reports it."""
    if full := re.search(os.strerror(errno.ENOSPC), str(error)):
        return full[0]
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
