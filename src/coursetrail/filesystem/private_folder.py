"""A temporary folder that only this user can enter, with a name that no one can foresee; what killed runs left goes."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

NAME = re.compile(r"coursetrail-(\d+)-\w+")
"""The number of the process is in the name, so that what it left can be removed once it is gone."""


def private_folder() -> TemporaryDirectory[str]:
    """A new folder of mode 0700, removed when it is closed; those of this user's ended processes go first."""
    for old in _left_behind():
        shutil.rmtree(old, ignore_errors=True)
    return TemporaryDirectory(prefix=f"coursetrail-{os.getpid()}-", ignore_cleanup_errors=True)


def _left_behind() -> Iterator[Path]:
    with suppress(OSError):
        for entry in os.scandir(gettempdir()):
            found = NAME.fullmatch(entry.name)
            if found and entry.is_dir(follow_symlinks=False) and not _is_running(int(found[1])):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                        yield Path(entry.path)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
