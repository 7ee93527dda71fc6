"""Export formats: how each file format is recognised, and how its fields become columns of events.

`ALL` lists the formats that have a name; the package `mapping` reads any other format from a description in a file.
May import `reading`, `filesystem`, `errors` and, from `dataset`, only the lists of actions and columns.
"""

import os

from coursetrail.errors import InputError, UsageError, did_you_mean
from coursetrail.formats.coursera.definition import FORMAT as COURSERA
from coursetrail.formats.coursera_legacy.definition import FORMAT as COURSERA_LEGACY
from coursetrail.formats.edx.definition import FORMAT as EDX
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.reading.encodings import encoding_named
from coursetrail.reading.format import Format

ALL: tuple[Format, ...] = (COURSERA_LEGACY, COURSERA, EDX)

Asked = str | MappingFile
"""A format as the user gives it: its name, or a mapping file."""


def asked(name: str | None, mapping: str | os.PathLike[str] | None) -> Asked | None:
    """The format that the user gives for exports, checked. Raises UsageError, or InputError for the mapping file."""
    if name and mapping:
        raise UsageError("--format names a known format, --mapping describes another one. Give only one of them.")
    given = MappingFile.read(os.fspath(mapping)) if mapping else name
    if given:
        find(given)
    return given or None


def encoding_asked(name: str | None) -> str | None:
    """The encoding that the user gives for exports, by its own name. Raises UsageError."""
    return encoding_named(name) if name is not None else None


def find(name: Asked) -> Format:
    """The format with this name, or of this mapping file. Raises UsageError."""
    if isinstance(name, MappingFile):
        found = name.format()
        if any(found.name == known.name for known in ALL):
            raise UsageError(f"{name.file}: name is '{found.name}', the name of a known format. Choose another name.")
        return found
    for known in ALL:
        if known.name == name:
            return known
    raise UsageError(f"There is no format '{name}'.{did_you_mean(name, [known.name for known in ALL])}")


def recognise(head: list[bytes], where: str) -> Format:
    """The format of a file with these first lines, recognised by content; `where` names the file in the InputError."""
    for known in ALL:
        if found := known.fit(head):
            return found
    raise InputError(
        f"{where}: no line at its beginning looks like a clickstream. Known formats: "
        f"{', '.join(known.name for known in ALL)}; name one with --format to read it anyway, or "
        "describe it in a file for --mapping; coursetrail sniff drafts one."
    )
