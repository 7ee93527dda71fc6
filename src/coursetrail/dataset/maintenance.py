"""Maintenance of a dataset that grows every night: small files are merged into large ones, old files are removed."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from coursetrail.dataset import commit, snapshot
from coursetrail.dataset.errors import storage
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.dataset.staging import staging
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location
from coursetrail.progress import Progress, Silent

FULL = 128 << 20
"""Bytes of a file that is large enough to stay as it is."""
MANY = 100
"""An ingest compacts a dataset that has more files below half of `FULL`: two of these go into one."""
RETENTION = timedelta(days=7)
"""How long what a compaction or a replacement took out can still be read with an older version."""


@dataclass(frozen=True)
class Compacted:
    """How many files the events were in, and are; and how many files of older versions were cleared away."""

    before: int
    after: int
    cleared: int


def compact(location: Location, progress: Progress | None = None) -> Compacted:
    """Merge a dataset's small files into a few large ones, and remove files that were replaced long ago.

    Only versions that were replaced more than `RETENTION` ago need these. The answers are the same. Raises
    DatasetError, StorageError.
    """
    if not snapshot.exists(location):
        raise DatasetError(f"{location}: no dataset here to compact. Is the name right?")
    shown = progress or Silent()
    with staging(location, shown) as area:  # else an ingest would find that the tables have changed meanwhile
        Snapshot.open(location)  # what is damaged must not be made to look whole
        return compact_within(location, area.scratch, shown)


def compact_within(location: Location, scratch: Path, progress: Progress) -> Compacted:
    """`compact` for a run that has the staging area already, with its folder `scratch`."""
    with progress.step("Compacting", None, "tables") as step, storage(location):
        before = len(commit.sizes(location))
        commit.rewrite(location, FULL, scratch)
        step.advance(1)
        cleared = commit.clear(location, RETENTION)
        return Compacted(before, len(commit.sizes(location)), cleared)


def is_due(location: Location) -> bool:
    """Whether a dataset has more than `MANY` small files, two of which make a full one."""
    return sum(size < FULL // 2 for size in commit.sizes(location)) > MANY
