"""Names → the exports that they stand for: a folder, a pattern or an archive stands for the exports in it."""

import logging
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from coursetrail import formats
from coursetrail.errors import InputError
from coursetrail.filesystem import archives, folders
from coursetrail.filesystem.archives import Archive
from coursetrail.filesystem.folders import FoundFile
from coursetrail.filesystem.location import Location
from coursetrail.ingestion.file_kinds import archive_kind, why_unreadable
from coursetrail.ingestion.file_start import FileStart
from coursetrail.ingestion.inputs import FileState, Input, Opener, is_pattern, is_stream, state_of
from coursetrail.render.wording import clean

LOG = logging.getLogger("coursetrail")
LOGGED = 10
"""Skipped files that the log names for one reason."""


class Skipped(NamedTuple):
    """A file that is not an export, and the reason."""

    address: str
    reason: str


def expand(names: Sequence[str | Input], opener: Opener, known: Container[FileState] = frozenset()) -> list[Input]:
    """All exports that these names stand for, in their order, each recognised; an input stands for itself.

    A file in a folder or archive that is no export is skipped, and a line of the log says so. A file that cannot be
    read stays, with its error. A file that is `known` is not opened. InputError where nothing is left.
    """
    found: list[Input] = []
    for name in names:
        if isinstance(name, Input):
            found.append(name)
            continue
        location = Location.of(name)
        if name != "-" and location.is_folder():
            found += _several(name, folders.below(location), opener, known)
        elif name != "-" and is_pattern(location):
            found += _several(name, folders.matching(name), opener, known)
        elif is_stream(name) or archives.containing_archive(location):
            found.append(opener.named(name, known))
        else:
            found += _named(name, location, opener, known)
    return found


def _named(name: str, location: Location, opener: Opener, known: Container[FileState]) -> list[Input]:
    """A file that was named itself, or what is in it if it is an archive."""
    unopened = Input(name, FileState(name, None, None))
    try:
        unopened = Input(name, state_of(name))
        if unopened.state in known:
            return [unopened]
        start = opener.start(location)
        if not start.is_archive:
            return [opener.recognised(unopened, location, start)]
        archive = archives.archive(location.address, opener.scratch)
    except InputError as error:
        return [Input(name, unopened.state, error=error)]
    if what := archive_kind(archive.files):
        return [Input(name, unopened.state, error=InputError(f"{name} is {what}."))]
    return _selected(name, _members(location, archive, opener, known))


def _several(name: str, files: Iterable[FoundFile], opener: Opener, known: Container[FileState]) -> list[Input]:
    return _selected(name, (one for file in files for one in _in_folder(file, opener, known)))


def _selected(name: str, found: Iterable[Input | Skipped]) -> list[Input]:
    """The exports; those that are skipped are logged, by their reasons."""
    skipped: dict[str, list[str]] = {}
    inputs: list[Input] = []
    for one in found:
        if isinstance(one, Input):
            inputs.append(one)
        else:
            skipped.setdefault(one.reason, []).append(one.address.removeprefix(name).removeprefix("/"))
    for reason, those in skipped.items():
        more = f", and {len(those) - LOGGED:,} more" if len(those) > LOGGED else ""
        LOG.warning("%s: skipped, %s: %s%s", clean(name), reason, clean(", ".join(those[:LOGGED])), more)
    if not inputs:
        raise InputError(f"{name}: no export in it{' but what was skipped' if skipped else ''}.")
    return inputs


def _in_folder(file: FoundFile, opener: Opener, known: Container[FileState]) -> Iterator[Input | Skipped]:
    """A file of a folder, or what is in it if it is an archive."""
    location, reason = file
    if reason:
        yield Skipped(location.address, reason)
        return
    unopened = Input(location.address, FileState(location.address, None, None))
    try:
        unopened = Input(location.address, state_of(location.address))
        if unopened.state in known:
            yield unopened
            return
        if not unopened.state.size:
            yield Skipped(location.address, "empty")
            return
        start = opener.start(location)
        archive = archives.archive(location.address, opener.scratch) if start.is_archive else None
    except InputError as error:
        yield Input(location.address, unopened.state, error=error)
        return
    if archive:
        yield from _members(location, archive, opener, known)
    else:
        yield _judged(unopened, location, start, opener)


def _members(
    location: Location, archive: Archive, opener: Opener, known: Container[FileState]
) -> Iterator[Input | Skipped]:
    """The files in an archive."""
    if archive.fault:
        LOG.warning("%s: %s", clean(archive.address), archive.fault)
    for name, reason in archive.skipped:
        yield Skipped((location / name).address, reason)
    for name in sorted(archive.files):
        address = (location / name).address
        if any(map(folders.hidden, name.split("/"))):
            yield Skipped(address, "hidden")
            continue
        unopened = Input(address, state_of(address))
        if unopened.state in known:
            yield unopened
            continue
        try:
            file = archive.file(name)
            if not file.size():
                yield Skipped(address, "empty")
                continue
            start = opener.start(file)
        except (InputError, OSError) as error:
            refused = error if isinstance(error, InputError) else InputError(f"{address}: {error}.")
            yield Input(address, unopened.state, error=refused)
            continue
        yield _judged(unopened, file, start, opener)


def _judged(unopened: Input, location: Location, start: FileStart, opener: Opener) -> Input | Skipped:
    """The export, if a known format or the given one fits; an archive in an archive stays, with its error."""
    known = (*formats.ALL, opener.format) if opener.format else formats.ALL
    try:
        if not start.is_archive and not any(one.fit(start.lines) for one in known):
            return Skipped(unopened.address, why_unreadable(start) or "no known export")
    except InputError as error:  # of a mapping
        return Skipped(unopened.address, f"{error}".rstrip("."))
    try:
        return opener.recognised(unopened, location, start)
    except InputError as error:
        return Input(unopened.address, unopened.state, error=error)
