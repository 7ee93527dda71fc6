"""Folders and patterns as lists of the files that they stand for, in the order of their names."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import FolderEntry, Location

MAGIC = frozenset("*?[")
REASONS = {"link": "a link to a folder, or to nothing", "else": "no file"}


class FoundFile(NamedTuple):
    """A file, or what is passed over, and why."""

    place: Location
    passed: str | None


def is_pattern(name: str) -> bool:
    """Whether a name may stand for many: `*`, `?`, `[abc]`, and `**` for folders however deep."""
    return not MAGIC.isdisjoint(name)


def hidden(name: str) -> bool:
    """Whether a file or folder is not meant to be read: of the system, or of a program that was still writing."""
    return name.startswith((".", "_"))


def below(folder: Location) -> Iterator[FoundFile]:
    """All files in a folder and the folders in it; links to folders are not followed."""
    for place, kind in _entries(folder):
        if hidden(place.name):
            yield FoundFile(place, "hidden")
        elif kind == "folder":
            yield from below(place)
        else:
            yield FoundFile(place, REASONS.get(kind))


def _entries(folder: Location) -> list[FolderEntry]:
    try:
        return folder.entries()
    except PermissionError as error:
        raise unreadable(folder, error) from error


def matching(pattern: str) -> Iterator[FoundFile]:
    """The files that a pattern names, and all in the folders that it names. What is hidden it does not name."""
    scheme, mark, path = pattern.rpartition("://")
    parts = path.split("/")
    fixed = next(at for at, part in enumerate(parts) if is_pattern(part))
    start = scheme + mark + "/".join(parts[:fixed])
    folder = Location.of(start or ("/" if fixed else "."))
    if folder.is_folder():
        yield from _matching(folder, parts[fixed:])


def _matching(folder: Location, parts: list[str]) -> Iterator[FoundFile]:
    first, *rest = parts
    deep = first == "**" and rest
    if deep:
        yield from _matching(folder, rest)
    for place, kind in _entries(folder):
        if not fnmatchcase(place.name, first) or (hidden(place.name) and not hidden(first)):
            continue
        if kind != "folder":
            if not rest:
                yield FoundFile(place, REASONS.get(kind))
        elif rest:
            yield from _matching(place, parts if deep else rest)
        else:
            yield from below(place)
