"""The export formats that are read, one module each."""

from coursetrail.errors import InputError, UsageError, did_you_mean
from coursetrail.formats import edx, legacy
from coursetrail.formats.format import Format

ALL: tuple[Format, ...] = (edx.FORMAT, legacy.FORMAT)


def find(name: str) -> Format:
    """The format of that name."""
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
        f"{', '.join(known.name for known in ALL)}; name one with --format to read it all the same."
    )
