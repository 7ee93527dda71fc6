"""What a dataset's storage can refuse, as errors of ours with what to try."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import CommitFailedError, DeltaError

from coursetrail.errors import DatasetError, StorageError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.storage import first_line, writing

RESTORE = "Restore the folder from a copy, or ingest the exports into a new one."
"""What helps where a dataset is damaged."""


@contextmanager
def storage(location: Location | Path) -> Iterator[None]:
    """Raise StorageError for what a disk, an object store or Delta Lake refuses to write."""
    with writing(location, DeltaError):
        try:
            yield
        except CommitFailedError as error:
            raise StorageError(
                f"{location}: another run changed the dataset at the same moment; run this again. ({first_line(error)})"
            ) from error


def unreadable_table(what: str, error: Exception) -> DatasetError:
    """The error for a table that cannot be opened, unless a newer Delta Lake wrote it or it may not be read."""
    why = first_line(error)
    if "Unsupported" in why:
        return DatasetError(
            f"{what.partition(':')[0]}: written by a newer Delta Lake ({why}): pip install -U deltalake"
        )
    if "Permission denied" in why:
        return DatasetError(f"{what.partition(':')[0]}: may not be read (Permission denied). Check who owns it.")
    return DatasetError(f"{what} ({why}). {RESTORE}")
