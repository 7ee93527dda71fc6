"""Where an ingest keeps what is not committed yet; and on one machine, one ingest at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO
from uuid import uuid4

from coursetrail.dataset import commit, snapshot
from coursetrail.filesystem.location import Location
from coursetrail.progress import Progress

LOCK = "lock"


@dataclass(frozen=True)
class Stage:
    """Where a run keeps what is not committed yet: a folder of this machine, and one beside the dataset's tables."""

    scratch: Path
    parts: Location


@contextmanager
def stage(place: Location, progress: Progress) -> Iterator[Stage]:
    """On this machine, one run at a time has the stage, and what killed runs left there is swept.

    Elsewhere there is no lock: of two runs at once one finds, when it commits, that the other was faster.
    """
    if folder := place.local:
        with _local_stage(folder, folder / "_staging", progress) as mine:
            commit.settle(place)
            yield Stage(mine, Location.of(mine))
        return
    parts = place / "_staging" / uuid4().hex
    with TemporaryDirectory(prefix="coursetrail-") as scratch:
        with snapshot.storage(place):
            parts.make_folder()
        try:
            yield Stage(Path(scratch), parts)
        finally:
            with suppress(OSError):
                parts.remove()


@contextmanager
def _local_stage(folder: Path, root: Path, progress: Progress) -> Iterator[Path]:
    with snapshot.storage(folder):
        held = _turn(root, progress)
        for old in root.iterdir():
            shutil.rmtree(old, ignore_errors=True)
        mine = root / uuid4().hex
        mine.mkdir()
    try:
        yield mine.absolute()  # DuckDB takes ~ in front of a name for a home folder
    finally:
        shutil.rmtree(mine, ignore_errors=True)
        (root / LOCK).unlink(missing_ok=True)
        held.close()
        for empty in (root, folder):
            with suppress(OSError):  # not empty, or another run's by now
                empty.rmdir()


def _turn(root: Path, progress: Progress) -> TextIO:
    """The lock of `root`, once no other run holds it; the run before may have removed the file meanwhile."""
    while True:
        root.mkdir(parents=True, exist_ok=True)
        try:
            held = (root / LOCK).open("w")
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with progress.step("Waiting for another ingest into this dataset", None, "runs"):
                fcntl.flock(held, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(held.fileno()), (root / LOCK).stat()):
                return held
        held.close()
