"""What a file is: its container, format and columns; and for one of no known format a drafted mapping."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from coursetrail import formats
from coursetrail.dataset.schema import EVENTS
from coursetrail.errors import CoursetrailError, InputError, UsageError
from coursetrail.filesystem import archives
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.formats.mapping.draft import draft, personal
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.formats.mapping.private import shows_person
from coursetrail.formats.mapping.profile import ColumnProfile, Profile, look
from coursetrail.ingestion.events import events
from coursetrail.ingestion.file_kinds import archive_kind, why_unreadable
from coursetrail.ingestion.file_start import FileStart
from coursetrail.ingestion.guessed_encoding import Guess, guessed
from coursetrail.ingestion.inputs import Opener, check, nested_archive, shown, size_of
from coursetrail.reading.encodings import UTF_8
from coursetrail.reading.format import Format
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading

SHOWN_CHARACTERS = 32
SHOWN_COLUMNS = 200
MOST_OF_A_STREAM = 64 << 20
"""Bytes of a stream that are looked at: the first lines are enough."""


@dataclass(frozen=True)
class Sniffed:
    """What the first lines of a file show, and the `draft` of a mapping where its format is not known.

    `lines` of them were read: `events` are those that the format, or the draft, can read, from `first` to `last` (UTC).
    `encoding` is what they are written in; None where they are no text.
    """

    name: str
    size: int
    container: str
    format: str | None
    what: str
    look: Profile | None
    lines: int
    events: int
    first: datetime | None
    last: datetime | None
    draft: str | None
    encoding: Guess | None = None

    def describe(self) -> str:
        """A few lines for a person; values that may identify a person are shown by their shape only."""
        return "\n".join(self._described())

    def _described(self) -> Iterator[str]:
        yield f"{self.name}: {self.what}"
        yield f"  container  {self.container}, {self.size:,} bytes"
        if self.encoding:
            yield f"  encoding   {_encoding(self.encoding, has_draft=bool(self.draft))}"
        if self.look and self.look.delimiter:
            mark = {"\t": "tab", ",": "comma", ";": "semicolon"}.get(self.look.delimiter, self.look.delimiter)
            header = "names in the first line" if self.look.header else "no names in the first line"
            yield f"  table      delimiter {mark}, {header}{', backslash before quotes' * self.look.backslash}"
        if self.lines:
            span = f", {self.first:%Y-%m-%d %H:%M:%S} to {self.last:%Y-%m-%d %H:%M:%S} UTC" if self.first else ""
            yield f"  first lines {self.lines:,}: {self.events:,} events{span}"
        if self.look:
            width = min(40, max(len(column.name) for column in self.look.columns))
            yield "  columns"
            hidden = personal(self.look)
            nameless = bool(self.look.delimiter) and not self.look.header
            for column in self.look.columns[:SHOWN_COLUMNS]:
                example = _example(column, hidden=column.name in hidden or nameless)
                yield f"    {column.name:{width}}  {column.kind:10}  {example}".rstrip()
            if (more := len(self.look.columns) - SHOWN_COLUMNS) > 0:
                yield f"    and {more:,} more"


def sniff(export: str | os.PathLike[str], *, encoding: str | None = None) -> Sniffed:
    """Look at the first lines of a file, of one in an archive too; `-` is standard input. InputError for a folder.

    `encoding` is that of the text; by default it is guessed.
    """
    given = formats.encoding_asked(encoding)
    address = os.fspath(export)
    location = Location.of(address)
    if address != "-" and location.is_folder():
        raise InputError(f"{location} is a folder. Name a file in it.")
    check(address)
    with private_folder() as folder:
        name = shown(address)
        opener = Opener(folder, encoding=given)
        file, start = opener.opened(address, most=MOST_OF_A_STREAM)
        if start.is_archive and file != location:
            raise nested_archive(name)
        if start.is_archive:
            return _archive(file, folder)
        guess = Guess(given, is_certain=True) if given else guessed(start.first)
        if guess.name != UTF_8 and not given:
            start = FileStart.read(file, guess.name)
        size = size_of(file)
        if what := why_unreadable(start):
            return Sniffed(name, size, "not readable", None, what, None, 0, 0, None, None, None)
        copy = Path(folder) / "head"
        copy.write_bytes(b"".join(start.lines))
        return _sniffed(name, size, start, copy, guess)


def _archive(location: Location, scratch: Path) -> Sniffed:
    """An archive: which file in it to look at."""
    names = sorted(archives.archive(location.address, scratch).files)
    what = archive_kind(names)
    if not what:
        what = f"an archive of {len(names):,} files{f'; look at one: {location / names[0]}' if names else ''}"
    return Sniffed(str(location), size_of(location), "zip or tar", None, what, None, 0, 0, None, None, None)


def _sniffed(name: str, size: int, start: FileStart, copy: Path, guess: Guess) -> Sniffed:
    first = start.lines
    seen = look(first)
    known, drafted = _known(first), None
    if known:
        what = f"{known.name} ({known.title})"
        if (
            seen and seen.delimiter and not known.table
        ):  # lines of JSON with something before them; their pieces may identify people
            seen = None
    elif seen:
        what = f"no known format, but {'a table' if seen.delimiter else 'lines of JSON'}: a mapping can describe it"
        drafted = draft(seen, _name(name), None if guess.name == UTF_8 else guess.name)
        known = _fitted(drafted, first)
    else:
        what = "no known format, neither a table nor lines of JSON"
    counted = _counted(known, copy) if known else (0, None, None)
    form = known.name if known and not drafted else None
    return Sniffed(name, size, start.container, form, what, seen, len(first), *counted, drafted, guess)


def _encoding(guess: Guess, *, has_draft: bool) -> str:
    """The encoding as a person should read it, with what to do about it."""
    if guess.name == UTF_8:
        mark = " with a byte order mark" if guess.has_mark else ""
        return f"{UTF_8}{mark}{'' if guess.is_certain else ', but some lines are not: these bytes become numbers'}"
    known = "" if guess.is_certain else ", probably: check names that are not plain ASCII"
    hint = "the draft says so" if has_draft else f"read it with --encoding {guess.name}"
    return f"{guess.name}{' by its byte order mark' if guess.has_mark else ''}{known}; {hint}"


def _known(first: list[bytes]) -> Format | None:
    try:
        return formats.recognise(first, "")
    except InputError:
        return None


def _fitted(drafted: str, first: list[bytes]) -> Format | None:
    """The format of a draft, if it is complete."""
    try:
        return MappingFile("the draft", drafted).format().fit(first)
    except CoursetrailError:
        return None


def _counted(form: Format, copy: Path) -> tuple[int, datetime | None, datetime | None]:
    """Events among the first lines, the earliest and the latest."""
    reading = Reading(form, lambda _, __: True)
    times = [
        time
        for batch in events(reading, Lines(copy, table=form.table), EVENTS.schema, 0, None, ("time",))
        for time in batch["time"].to_pylist()
    ]
    return len(times), min(times, default=None), max(times, default=None)


def _name(name: str) -> str:
    """A mapping's name from a file's."""
    stem = re.sub(r"(\.(gz|csv|tsv|txt|json|jsonl|ndjson|log))+$", "", Path(name).name.lower())
    return re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:40].strip("-") or "my-format"


def _example(column: ColumnProfile, *, hidden: bool) -> str:
    """A value, shortened; of what may be personal only its shape: `a` for letters, `9` for digits."""
    if not column.values:
        return ""
    value = next((one for one in column.values if not shows_person(one)), column.values[0])
    if hidden:
        value = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", value))
    value = " ".join(value.split())
    return value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"


def one_draft(found: list[Sniffed]) -> str | None:
    """The draft for files of one kind; None where none is needed, UsageError where they need several."""
    drafts = {re.sub("(?m)^name = .*$", "", one.draft): one.draft for one in found if one.draft}
    if len(drafts) > 1:
        raise UsageError("These files need different mappings: sniff one of each kind at a time.")
    return next(iter(drafts.values()), None)
