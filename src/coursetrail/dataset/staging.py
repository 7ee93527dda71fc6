"""The staging area: where an ingest keeps what is not committed yet, and its lock."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from coursetrail.dataset import commit
from coursetrail.dataset.errors import storage
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.progress import Progress

LOCK = "lock"


@dataclass(frozen=True)
class StagingArea:
    """A run's own folders: `scratch` on this machine, and `files` beside the dataset's tables for Parquet files."""

    scratch: Path
    files: Location


@contextmanager
def staging(location: Location, progress: Progress) -> Iterator[StagingArea]:
    """A staging area, as a context. On this machine one run at a time has it, and it removes what killed runs left.

    Elsewhere there is no lock: of two simultaneous runs one finds, when it commits, that the other was faster.
    """
    if folder := location.local:
        with _local_folder(folder, folder / "_staging", progress) as mine:
            commit.undo_uncommitted(location)
            yield StagingArea(mine, Location.of(mine))
        return
    files = location / "_staging" / uuid4().hex
    with private_folder() as scratch:
        with storage(location):
            files.make_folder()
        try:
            yield StagingArea(scratch, files)
        finally:
            with suppress(OSError):
                files.remove()


@contextmanager
def _local_folder(folder: Path, root: Path, progress: Progress) -> Iterator[Path]:
    with storage(folder):
        lock = _locked(root, progress)
        for old in root.iterdir():
            shutil.rmtree(old, ignore_errors=True)
        mine = root / uuid4().hex
        mine.mkdir()
    try:
        yield mine.absolute()  # DuckDB expands a ~ at the beginning of a name
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        (root / LOCK).unlink(missing_ok=True)
        lock.close()
        for empty in (root, folder):
            with suppress(OSError):  # not empty, or another run's by now
                empty.rmdir()


def _locked(root: Path, progress: Progress) -> TextIO:
    """The lock of `root`, once no other run has it; the run before may have removed the file meanwhile."""
    while True:
        root.mkdir(parents=True, exist_ok=True)
        try:
            lock = (root / LOCK).open("w")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("Waiting for another ingest into this dataset", None, "runs"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), (root / LOCK).stat()):
                return lock
        lock.close()
