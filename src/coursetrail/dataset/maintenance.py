"""Many small files → few large ones, and old files cleared away: what keeps a dataset fast that grows every night."""

from dataclasses import dataclass
from datetime import timedelta

from coursetrail.dataset import commit, snapshot
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.dataset.staging import stage
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location
from coursetrail.progress import Progress, Silent

FULL = 128 << 20
"""Bytes of a file that is large enough to stay as it is."""
MANY = 100
"""Files below half of that, two of which go into one, from which on an ingest compacts the dataset by itself."""
KEPT = timedelta(days=7)
"""How long what a compaction or a replacement took out can still be read with an older version."""


@dataclass(frozen=True)
class Compacted:
    """How many files the events were in, and are; and how many files of older versions were cleared away."""

    before: int
    after: int
    cleared: int


def compact(place: Location, progress: Progress | None = None) -> Compacted:
    """Write a dataset's small files anew as few large ones, and clear away files that only versions need which were
    replaced over `KEPT` ago. The answers are the same. Raises DatasetError, StorageError.
    """
    if not snapshot.exists(place):
        raise DatasetError(f"{place}: no dataset here to compact. Is the name right?")
    shown = progress or Silent()
    with stage(place, shown):  # an ingest would find the tables changed under it
        Snapshot.open(place)  # what is damaged must not be made to look whole
        return compact_within(place, shown)


def compact_within(place: Location, progress: Progress) -> Compacted:
    """`compact` for a run that has the stage."""
    with progress.step("Compacting", None, "tables") as step, snapshot.storage(place):
        before = len(commit.sizes(place))
        commit.rewrite(place, FULL)
        step.advance(1)
        cleared = commit.clear(place, KEPT)
        return Compacted(before, len(commit.sizes(place)), cleared)


def is_due(place: Location) -> bool:
    """Whether a dataset has so many small files, two of which make a full one, that it should be compacted."""
    return sum(size < FULL // 2 for size in commit.sizes(place)) > MANY
