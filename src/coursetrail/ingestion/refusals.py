"""What is said of files that are refused: in words what a verdict means for its file, and one error for several."""

from collections.abc import Sequence

from coursetrail.dataset.ledger import Source
from coursetrail.errors import CoursetrailError, InputError
from coursetrail.reading.encodings import UTF_8, same_encoding

NAMED_ERRORS = 20
"""Refused files that an error names."""


def conflict(new: Source, old: Source) -> InputError:
    """The error for a file whose old rows do not fit."""
    if not same_encoding(new.encoding, old.encoding):
        before, now = old.encoding or UTF_8, new.encoding or UTF_8
        return InputError(
            f"{new.uri} was read as {before} before (source {old.source}: {old.uri}), and now as {now}, which gives "
            f"other text. Read it with --encoding {before}, or take its old rows out and put the new in with --replace."
        )
    return InputError(
        f"{new.uri} was read before (source {old.source}) and has changed since, not only grown. Take its old rows out "
        "and put the new in with --replace, or give the new file another name."
    )


def other_encoding(new: Source, old: Source) -> InputError:
    """The error for a file that has grown, and whose encoding is not that of its old rows, nor given."""
    before, now = old.encoding or UTF_8, new.encoding or UTF_8
    return InputError(
        f"{new.uri} was read as {before} before (source {old.source}), and now as {now}. "
        f"Name its encoding: --encoding {before}, or --encoding {now} if that is what it is now."
    )


def one_error(refused: Sequence[CoursetrailError], already: Sequence[bool]) -> CoursetrailError:
    """The first error, of the class that all share; the rest are its notes, one line each.

    `already` has for each other file whether it was there before.
    """
    kind = next(kind for kind in type(refused[0]).__mro__ if all(isinstance(error, kind) for error in refused))
    if len(refused) + len(already) == 1:
        return refused[0]
    counts = f"{already.count(False)} committed, {sum(already)} there already, {len(refused)} refused"
    error: CoursetrailError = kind(f"{refused[0]} Of {len(refused) + len(already)} files: {counts}.")
    for other in refused[1:NAMED_ERRORS]:
        error.add_note(f"Refused as well: {' '.join(str(other).splitlines())}")
    if len(refused) > NAMED_ERRORS:
        error.add_note(f"And {len(refused) - NAMED_ERRORS} more.")
    return error
