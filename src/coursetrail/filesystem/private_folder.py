"""A temporary folder that only this user can enter, with a name that no one can foresee; what killed runs left goes."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

NAME = re.compile(r"\.?coursetrail-\w+")
LOCK = ".in-use"
"""Locked as long as a process uses the folder: the kernel unlocks it when that process ends, however it ends."""


@contextmanager
def private_folder(inside: Path | None = None) -> Iterator[Path]:
    """A new folder of mode 0700, removed at the end; those that this user's ended runs left behind go first.

    It is hidden `inside` another folder, by default in the one for temporary files.
    """
    _sweep(inside or Path(gettempdir()))
    prefix = ".coursetrail-" if inside else "coursetrail-"
    with TemporaryDirectory(prefix=prefix, dir=inside, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / f"{LOCK}.new").open("w") as lock:
            with suppress(OSError):  # some file systems have no locks: no later run removes the folder then
                fcntl.flock(lock, fcntl.LOCK_EX)
                (folder / f"{LOCK}.new").rename(folder / LOCK)  # seen by others only once it is locked
            yield folder


def _sweep(parent: Path) -> None:
    with suppress(OSError):
        for entry in os.scandir(parent):
            with suppress(OSError):
                is_ours = entry.stat(follow_symlinks=False).st_uid == os.getuid()
                if is_ours and NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                    _remove_if_unused(Path(entry.path))


def _remove_if_unused(folder: Path) -> None:
    """Remove a folder whose lock no process holds. One without a lock is being made."""
    with (folder / LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
