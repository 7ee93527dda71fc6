"""What can go wrong, as one tree; each class owns the exit code of the command line.

    CoursetrailError            1  anything below
    ├── UsageError              2  the words of the call do not fit: unknown name, bad date
    ├── InputError              3  a file that cannot be read or is no clickstream
    │   └── TooManyRejects      4  more lines could not be read than the call allows
    ├── DatasetError            5  no dataset there, half-written, foreign, or of a newer version
    ├── StorageError            6  the disk is full or a folder cannot be written
    ├── QueryError              7  an engine refused an analysis or a query
    └── MissingExtra            8  an optional package is not installed

A message says what happened and what to try, in one line.
"""

from collections.abc import Sequence


class CoursetrailError(Exception):
    """The base of every error that coursetrail raises on purpose."""

    exit_code = 1


class UsageError(CoursetrailError):
    """A name, date or option does not fit."""

    exit_code = 2


class InputError(CoursetrailError):
    """An export cannot be read, or is not what it was said to be."""

    exit_code = 3


class TooManyRejects(InputError):  # noqa: N818 - reads as what happened
    """More lines of a file were rejected than `max_rejects` allows; nothing of it was committed."""

    exit_code = 4


class DatasetError(CoursetrailError):
    """The folder holds no dataset that this version can read."""

    exit_code = 5


class StorageError(CoursetrailError):
    """Writing failed: disk full, read-only folder, quota."""

    exit_code = 6


class QueryError(CoursetrailError):
    """An engine could not run an analysis or a query; the text names it."""

    exit_code = 7


class MissingExtra(CoursetrailError):  # noqa: N818 - reads as what happened
    """A feature needs a package that the plain install does not bring."""

    exit_code = 8


NAMED = 20
"""Names that a message lists, and `COMPARED` those among which it looks for a near miss."""
COMPARED = 2_000


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`" Did you mean 'browsers'?"` for a near miss, else the list of what is known."""
    from difflib import get_close_matches

    near = get_close_matches(word[:100], known[:COMPARED], n=1)
    return f" Did you mean '{near[0]}'?" if near else f" Known: {listed(known)}."


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    >>> listed(["a", "b"]), listed(["a"] * 1_020)[-17:]
    ('a, b', ' and 1,000 more')
    """
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
