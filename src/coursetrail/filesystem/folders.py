"""The files that a folder or a pattern stands for, sorted by name."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import FolderEntry, Location

MAGIC = frozenset("*?[")
REASONS = {"link": "a link to a folder, or to nothing", "else": "not a regular file"}


class FoundFile(NamedTuple):
    """A file; if it is `skipped`, the reason."""

    location: Location
    skipped: str | None


def is_pattern(name: str) -> bool:
    """Whether a name has wildcards: `*`, `?`, `[abc]`, or `**` for folders at any depth."""
    return not MAGIC.isdisjoint(name)


def hidden(name: str) -> bool:
    """Whether a name marks a file of the system, or one that a program is still writing."""
    return name.startswith((".", "_"))


def below(folder: Location) -> Iterator[FoundFile]:
    """All files in a folder and its subfolders; links to folders are not followed."""
    for location, kind in _entries(folder):
        if hidden(location.name):
            yield FoundFile(location, "hidden")
        elif kind == "folder":
            yield from below(location)
        else:
            yield FoundFile(location, REASONS.get(kind))


def _entries(folder: Location) -> list[FolderEntry]:
    try:
        return folder.entries()
    except PermissionError as error:
        raise unreadable(folder, error) from error


def matching(pattern: str) -> Iterator[FoundFile]:
    """The files that a pattern matches, and all files in folders that it matches. Wildcards match no hidden name."""
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
    for location, kind in _entries(folder):
        if not fnmatchcase(location.name, first) or (hidden(location.name) and not hidden(first)):
            continue
        if kind != "folder":
            if not rest:
                yield FoundFile(location, REASONS.get(kind))
        elif rest:
            yield from _matching(location, parts if deep else rest)
        else:
            yield from below(location)
