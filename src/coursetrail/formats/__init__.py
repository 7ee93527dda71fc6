"""The export formats that are read, one module each."""

import os

from coursetrail.errors import InputError, UsageError, did_you_mean
from coursetrail.formats.coursera.definition import FORMAT as COURSERA
from coursetrail.formats.coursera_legacy.definition import FORMAT as COURSERA_LEGACY
from coursetrail.formats.edx.definition import FORMAT as EDX
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.reading.format import Format

ALL: tuple[Format, ...] = (COURSERA_LEGACY, COURSERA, EDX)


Asked = str | MappingFile
"""A format as it is asked for: by its name, or by a mapping file."""


def asked(name: str | None, mapping: str | os.PathLike[str] | None) -> Asked | None:
    """What a user says about the format of exports, checked; UsageError, or InputError for the mapping file."""
    if name and mapping:
        raise UsageError("--format names a format that is known, --mapping describes another: give one of them.")
    said = MappingFile.read(os.fspath(mapping)) if mapping else name
    if said:
        find(said)
    return said or None


def find(name: Asked) -> Format:
    """The format of that name, or of that mapping file."""
    if isinstance(name, MappingFile):
        found = name.format()
        if any(found.name == known.name for known in ALL):
            raise UsageError(f"{name.file}: name is '{found.name}', as a known format is called; choose another.")
        return found
    for known in ALL:
        if known.name == name:
            return known
    raise UsageError(f"No format is called '{name}'.{did_you_mean(name, [known.name for known in ALL])}")


def recognise(head: list[bytes], where: str) -> Format:
    """The format of a file that begins with these lines, judged by content; `where` names the file in the error."""
    for known in ALL:
        if found := known.fit(head):
            return found
    raise InputError(
        f"{where}: no line at its beginning looks like a clickstream. Known formats: "
        f"{', '.join(known.name for known in ALL)}; name one with --format to read it all the same, or "
        "describe it in a file for --mapping; coursetrail sniff drafts one."
    )
