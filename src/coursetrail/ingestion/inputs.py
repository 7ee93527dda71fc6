"""Export files as they are named and opened: each is recognised once, and what reads it is given the result."""

import os
from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from coursetrail import formats
from coursetrail.errors import InputError
from coursetrail.filesystem import archives, folders
from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import Location
from coursetrail.ingestion import streams
from coursetrail.ingestion.file_kinds import why_unreadable
from coursetrail.ingestion.file_start import FileStart
from coursetrail.reading.encodings import is_utf_8
from coursetrail.reading.format import Format


class FileState(NamedTuple):
    """What shows, without opening a file, whether it is as it was: its name in the ledger, bytes, time of change.

    The size is None inside archives, whose own time of change counts; both are None for streams.
    """

    name: str
    size: int | None
    modified: datetime | None


@dataclass(frozen=True)
class Input:
    """An export: its `address`, and its `state` when it was found.

    `location` is where its bytes are, and `format` what it was recognised as. Both are None for a stream, and for a
    file that was not opened because it is unchanged. `error` is why it cannot be read.
    """

    address: str
    state: FileState
    is_stream: bool = False
    location: Location | None = None
    format: Format | None = None
    error: InputError | None = None


@dataclass(frozen=True)
class ReadyInput:
    """An export that can be read now, and more than once; `is_format_given` by the user, not by its content."""

    name: str
    location: Location
    modified: datetime | None
    format: Format
    is_format_given: bool


@dataclass(frozen=True)
class Opener:
    """How the exports of one run are opened: `scratch` takes what streams bring.

    `format` and `encoding` are those given by the user.
    """

    scratch: Path
    format: Format | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, scratch: Path, format: formats.Asked | None, encoding: str | None) -> "Opener":  # noqa: A002
        """From a format's name or a mapping file."""
        return cls(scratch, formats.find(format) if format else None, encoding)

    @property
    def text_encoding(self) -> str | None:
        """The encoding that is given, else that of the mapping; None where neither says it."""
        return self.encoding or (self.format.encoding if self.format else None)

    def named(self, address: str, known: Container[FileState] = ()) -> Input:
        """The export of that name, opened and recognised unless it is a stream or `known`."""
        if is_stream(address):
            return Input(address, FileState(shown(address), None, None), is_stream=True)
        found = Input(address, state_of(address))
        if found.state in known:
            return found
        try:
            return self.recognised(found, *self.opened(address))
        except InputError as error:
            return replace(found, error=error)

    def opened(self, address: str, most: int | None = None) -> tuple[Location, FileStart]:
        """Where the bytes of an export are, and how they start; a stream is received first, or `most` bytes of it."""
        if is_stream(address):
            file = streams.received(address, shown(address), self.scratch, most)
        elif inside := archives.containing_archive(Location.of(address)):
            archive, member = inside
            file = archives.archive(archive.address, self.scratch).file(member)
        else:
            file = Location.of(address)
        return file, self.start(file)

    def start(self, file: Location) -> FileStart:
        """How a file starts. InputError where it cannot be read."""
        return FileStart.read(file, self.text_encoding)

    def recognised(self, found: Input, location: Location, start: FileStart) -> Input:
        """The export with its location and its format; InputError where it is an archive or of no known format."""
        if start.is_archive:
            raise nested_archive(found.state.name)
        return replace(found, location=location, format=self._format(found.state.name, start))

    def ready(self, found: Input) -> ReadyInput:
        """The export, so that it can be read now: a stream is received, a file that has changed is recognised again.

        InputError where it cannot be read.
        """
        is_as_it_was = found.error or found.is_stream or (found.location and found.state == state_of(found.address))
        if not is_as_it_was:
            check(found.address)
            found = self.named(found.address)
        if found.is_stream:
            found = self.recognised(found, *self.opened(found.address))
        if found.error:
            raise found.error
        assert found.location  # noqa: S101 - for mypy: it has no error
        assert found.format  # noqa: S101
        return ReadyInput(
            found.state.name, found.location, found.state.modified, found.format, is_format_given=bool(self.format)
        )

    def _format(self, name: str, start: FileStart) -> Format:
        """The format that was given, else the one that the first lines show."""
        why = why_unreadable(start)
        if why and self.format:
            raise InputError(f"{name} is {why}.")
        try:
            fitted = self.format.fit(start.lines) if self.format else formats.recognise(start.lines, name)
        except InputError as error:
            if why:
                raise InputError(f"{name} is {why}.") from error
            if self.format:  # a mapping does not know the file's name
                raise InputError(f"{name}: {error}") from error
            raise
        found = fitted or self.format
        assert found  # noqa: S101 - for mypy: recognise returns one, or raises
        return replace(found, encoding=None if is_utf_8(self.text_encoding) else self.text_encoding)


def check(address: str) -> None:
    """Raise InputError where nothing is there, or nothing is in it, or it cannot be read.

    `-` is standard input; a folder or a pattern is not looked into.
    """
    location = Location.of(address)
    if address == "-":
        return
    try:
        if location.is_folder() or is_pattern(location):
            return
        if (inside := archives.containing_archive(location)) and archives.is_archive(inside[0]):
            return
        streams.refuse_device(location)
        size = location.size()
        is_file = location.is_file()
        if is_file and location.local is None:  # only opening it shows whether it may be read
            location.open().close()
        elif is_file and not os.access(location.path, os.R_OK):
            raise PermissionError(13, os.strerror(13))
    except FileNotFoundError as error:
        raise InputError(f"{location}: no such file. Check the spelling and the folder.") from error
    except (OSError, ValueError) as error:
        raise unreadable(location, error) from error
    if is_file and size == 0:
        raise InputError(f"{location} is empty (0 bytes). Was its download completed?")


def size_of(file: Location) -> int:
    """Bytes of an export. InputError where it is gone: a program that rotates logs may have removed it."""
    try:
        return file.size()
    except OSError as error:
        raise unreadable(file, error) from error


def state_of(address: str) -> FileState:
    """The state of an export, without opening it. InputError where it is gone."""
    name, location = shown(address), Location.of(address)
    if is_stream(address):
        return FileState(name, None, None)
    try:
        if inside := archives.containing_archive(location):
            return FileState(name, None, inside[0].modified())
        return FileState(name, location.size(), location.modified())
    except OSError as error:
        raise unreadable(location, error) from error


def shown(address: str) -> str:
    """The name of an export as the ledger has it."""
    if address == "-":
        return "standard input"
    location = Location.of(address)
    path = location.local
    return os.fsencode(path.absolute()).decode(errors="replace") if path else location.address


def is_stream(address: str) -> bool:
    """Whether an export can be read only once, and by this process."""
    location = Location.of(address)
    return address == "-" or bool(
        location.local and not location.is_file() and not archives.containing_archive(location)
    )


def is_pattern(location: Location) -> bool:
    """Whether a name is a pattern; a file of that very name is not."""
    return folders.is_pattern(location.address) and not location.is_file() and not archives.containing_archive(location)


def nested_archive(name: str) -> InputError:
    """The error for an archive that is not a file of its own."""
    return InputError(
        f"{name} is an archive, and archives are not opened inside another or from a pipe. Unpack the outer one, or "
        "save the stream into a file, first."
    )


def changed_meanwhile(name: str) -> InputError:
    """The error for a file that is not the same at the end of a reading as at its beginning."""
    return InputError(f"{name} was cut or written over while it was read; nothing of it was taken. Run this again.")
