"""The number of the newest commit to `events`, in a file beside the tables: Delta Lake does not miss a lost commit.

It is written after the commit. After a crash, or of two simultaneous runs, it may be older than the log. It is never
newer, unless the log has lost commits.
"""

from contextlib import suppress

from coursetrail.filesystem.location import Location

NAME = "_newest"


def record(location: Location, version: int) -> None:
    """Record that this version was committed. Where that fails, the version before stays recorded."""
    with suppress(OSError):
        (location / NAME).write(f"{version}\n".encode())


def recorded(location: Location) -> int | None:
    """The number that was recorded last; None where there is none, as in datasets of older releases."""
    try:
        with (location / NAME).open() as file:
            return int(file.read(32))
    except (OSError, ValueError):
        return None
