"""What a dataset's storage can refuse, as errors of ours with what to try."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deltalake.exceptions import CommitFailedError, DeltaError

from coursetrail.errors import DatasetError, StorageError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.storage import first_line, writing

VERIFY = "coursetrail status DATASET --verify lists all damaged parts."
RESTORE = "Restore the folder from a copy, or ingest the exports into a new one."
"""What shows the damage of a dataset, and what helps."""


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


def unreadable_part(table: str | None, why: str) -> DatasetError:
    """The error for a part of a table that an engine cannot read; it names the part where `why` does."""
    named = re.search(r"[\w.-]+\.parquet", why)
    part = named[0] if named else "a part"
    of = f" of the table '{table}'" if table else ""
    reason = "its Parquet is damaged" if named else why.rpartition(": ")[2][:120]
    return DatasetError(f"{part}{of} cannot be read ({reason}). {VERIFY} {RESTORE}")
