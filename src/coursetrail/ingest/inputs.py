"""Export files as they are opened: found, checked, spooled, recognised, read within a limit of rejects."""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from coursetrail import formats
from coursetrail.dataset import snapshot
from coursetrail.errors import InputError, TooManyRejects, UsageError
from coursetrail.filesystem import archives, folders
from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import Location
from coursetrail.progress import Progress
from coursetrail.reading.format import Format
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading, Stop

HEAD = 200
"""Lines at the beginning of a file that its format is judged by."""
LOG = logging.getLogger("coursetrail")
NAMED = 10
"""Files that are passed over for one reason and named in the log."""
EARLY = 100_000
"""Rejects after which a run that is far above its limit stops before the end of the file."""


@dataclass(frozen=True)
class Limit:
    """How many lines may be rejected: `count`, or `share` of all lines of a file."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: "str | Limit") -> "Limit":
        """`"100"` lines or `"2.5%"` of the lines; a limit is itself."""
        if isinstance(text, Limit):
            return text
        match = re.fullmatch(r"\s*(\d{1,18}(?:\.\d+)?)\s*(%?)\s*", text)
        if not match or (not match[2] and "." in match[1]) or (match[2] and float(match[1]) > 100):
            raise UsageError(f"--max-rejects takes a number of lines or a percentage, not '{text}'. Try 100 or 2%.")
        return cls(share=float(match[1]) / 100) if match[2] else cls(count=int(match[1]))

    def allows(self, rejects: int, lines: int) -> bool:
        """Whether a whole file may have so many rejects."""
        return rejects <= (self.count if self.count is not None else (self.share or 0) * lines)

    def may_go_on(self, rejects: int, line: int) -> bool:
        """Whether a file can be read on, `rejects` having been met up to `line`."""
        if self.count is not None:
            return rejects <= self.count
        return rejects < EARLY or (self.share or 0) >= 1 or rejects <= 10 * (self.share or 0) * line

    def __str__(self) -> str:
        return f"{self.count:,} lines" if self.count is not None else f"{100 * (self.share or 0):g} % of the lines"


DEFAULT_LIMIT = Limit(share=0.01)


@dataclass(frozen=True)
class Inputs:
    """How export files are opened in one run; `stage` is a folder for what streams bring."""

    stage: Path
    limit: Limit
    chosen: Format | None
    progress: Progress

    @classmethod
    def of(cls, stage: Path, limit: str | Limit, format: formats.Asked | None, progress: Progress) -> "Inputs":  # noqa: A002
        """From what a user says; UsageError where that does not fit."""
        return cls(stage, Limit.parse(limit), formats.find(format) if format else None, progress)

    def file(self, export: str | os.PathLike[str]) -> tuple[str, Location]:
        """The name to show and a file that can be read twice; `-` is standard input."""
        name = os.fspath(export)
        if name == "-":
            return shown(name), _no_archive(shown(name), self._spool(shown(name), None))
        check(name)
        place = Location.of(name)
        if inside := archives.containing_archive(place):
            held, member = inside
            return shown(name), _no_archive(name, archives.archive(held.address, self.stage).file(member))
        if (path := place.local) and not path.is_file():
            return shown(name), _no_archive(name, self._spool(shown(name), path))
        if archives.is_archive(place):  # `expand` leaves those that cannot be opened
            archives.archive(place.address, self.stage)
        return shown(name), _no_archive(name, place)

    def expand(self, names: Sequence[str], known: Callable[[str], bool] = lambda _: False) -> list[str]:
        """The names of all exports that are meant by these, in their order.

        A folder or pattern stands for the exports in it, an archive too. What in there is no export is passed over, and
        a line of the log says so; what cannot be read stays, to be refused in its turn; what is `known`, and no
        archive, is not opened. InputError where none is left.
        """
        found: list[str] = []
        for name in names:
            place = Location.of(name)
            if name == "-":
                found.append(name)
            elif place.is_folder() or _is_pattern(place):
                files = folders.below(place) if place.is_folder() else folders.matching(name)
                found += self._several(name, files, known)
            elif place.is_file() and archives.is_archive(place):
                found += self._several(name, [folders.FoundFile(place, None)], known)
            else:
                found.append(name)
        return found

    def _several(self, name: str, files: Iterable[folders.FoundFile], known: Callable[[str], bool]) -> list[str]:
        passed: dict[str, list[str]] = {}
        exports: list[str] = []
        for file, why in self._unpacked(files, known):
            if why := why or (None if known(file.address) else self._why_not(file)):
                passed.setdefault(why, []).append(file.address.removeprefix(name).removeprefix("/"))
            else:
                exports.append(file.address)
        for why, those in passed.items():
            more = f", and {len(those) - NAMED:,} more" if len(those) > NAMED else ""
            LOG.warning("%s: passed over, %s: %s%s", _printable(name), why, _printable(", ".join(those[:NAMED])), more)
        if not exports:
            raise InputError(f"{name}: no export in it{' but what was passed over' if passed else ''}.")
        return exports

    def _unpacked(
        self, files: Iterable[folders.FoundFile], known: Callable[[str], bool]
    ) -> Iterator[folders.FoundFile]:
        """The files, and those of archives among them."""
        for found in files:
            archive = None
            with suppress(InputError):  # refused when its turn comes
                if not found.skipped and not known(found.location.address) and archives.is_archive(found.location):
                    archive = archives.archive(found.location.address, self.stage)
            if not archive:
                yield found
                continue
            if archive.fault:
                LOG.warning("%s: %s", _printable(archive.address), archive.fault)
            for name, why in archive.skipped:
                yield folders.FoundFile(found.location / name, why)
            for name, file in sorted(archive.files.items()):
                hidden = any(map(folders.hidden, name.split("/")))
                place = found.location / name if isinstance(file, str) else file
                yield folders.FoundFile(place, "hidden" if hidden else None)

    def _why_not(self, file: Location) -> str | None:
        """Why a file that was not named itself is passed over; None for an export, and for what cannot be read."""
        try:
            if not file.size():
                return "empty"
            if archives.is_archive(file):
                return None
            first = head(file)
        except (InputError, OSError):
            return None
        known = (*formats.ALL, self.chosen) if self.chosen else formats.ALL
        try:
            return None if any(one.fit(first) for one in known) else "no known export"
        except InputError as error:  # of a mapping
            return f"{error}".rstrip(".")

    def format(self, name: str, file: Location) -> Format:
        """The format that was named, else the one that the file's beginning shows."""
        first = head(file)
        if not self.chosen:
            return formats.recognise(first, name)
        try:
            return self.chosen.fit(first) or self.chosen
        except InputError as error:  # of a mapping, which does not know the file's name
            raise InputError(f"{name}: {error}") from error

    def read(self, name: str, file: Location, reading: Reading, run: Callable[[Lines], None]) -> Lines:
        """Let `run` read the file's lines, and hold it to the limit of rejects."""
        size, _ = look(file)
        with self.progress.step(f"Reading {Path(name).name}", size) as step:
            lines = Lines(file, step.advance, reading.format.table)
            try:
                run(lines)
                lines.digest()  # reads what is left behind a fault
            except Stop:
                seen = max(number for number, _, _ in reading.rejects) - reading.prefix.lines
                raise self.too_many(name, reading, seen, " so far") from None
            finally:
                lines.close()
        if lines.size < size and not lines.fault:
            raise changed(name)
        reading.rejects += [
            (line, "longer than 16 MiB; only its beginning is kept", reading.format.keepable(raw))
            for line, raw in lines.overlong
        ]
        return lines

    def too_many(self, name: str, reading: Reading, lines: int, when: str = "") -> InputError:
        """The error for a file with more rejects than the limit."""
        line, reason, _ = min(reading.rejects)
        if self.chosen and not reading.prefix.lines and len(reading.rejects) + len(reading.blank) >= lines:
            return InputError(
                f"{name}: none of its {lines:,} lines{when} can be read as {reading.format.name} (line {line:,}: "
                f"{reason}). Nothing was written. Is it the right file? Without --format or --mapping, content tells."
            )
        return TooManyRejects(
            f"{name}: {len(reading.rejects):,} of {lines:,} lines{when} could not be read, more than {self.limit} "
            f"(line {line:,}: {reason}). Nothing was written. Is it the right file, and the right --format? To take "
            "the good lines all the same, raise --max-rejects."
        )

    def _spool(self, name: str, pipe: Path | None) -> Location:
        out = self.stage / f"stream-{uuid4().hex}"
        with snapshot.storage(self.stage), out.open("wb") as copy:
            for piece in _pieces(name, pipe):
                copy.write(piece)
        if out.stat().st_size == 0:
            raise InputError(f"{name} is empty: nothing came in. Did the command before the pipe fail?")
        return Location.of(out)


def check(name: str) -> None:
    """Raise InputError for a name that stands for no export: nothing is there, or nothing in it, or it is unreadable.

    `-` is standard input.
    """
    if name == "-":
        return
    place = Location.of(name)
    try:
        if place.is_folder() or _is_pattern(place):
            return
        if (inside := archives.containing_archive(place)) and archives.is_archive(inside[0]):
            return
        size = place.size()
        is_file = place.is_file()
        if is_file:
            place.open().close()
    except FileNotFoundError as error:
        raise InputError(f"{place}: no such file. Check the spelling and the folder.") from error
    except (OSError, ValueError) as error:
        raise unreadable(place, error) from error
    if is_file and size == 0:
        raise InputError(f"{place} is empty (0 bytes). Was its download completed?")


def shown(name: str) -> str:
    """The name of an export as the ledger has it."""
    if name == "-":
        return "standard input"
    place = Location.of(name)
    return os.fsencode(path.absolute()).decode(errors="replace") if (path := place.local) else place.address


def is_stream(name: str) -> bool:
    """Whether an export can be read only once, and by this process."""
    place = Location.of(name)
    return name == "-" or bool(place.local and not place.is_file() and not archives.containing_archive(place))


def modified(name: str) -> datetime | None:
    """When an export, or the archive that it is in, was last written to; None for streams."""
    if is_stream(name):
        return None
    place = Location.of(name)
    inside = archives.containing_archive(place)
    return (inside[0] if inside else place).modified()


def size(name: str) -> int | None:
    """Bytes of an export as it lies there; None for streams, and inside archives."""
    if name == "-":
        return None
    place = Location.of(name)
    return look(place)[0] if place.is_file() else None


def look(file: Location) -> tuple[int, datetime | None]:
    """Bytes of a file, and when it was last written to. InputError where it is gone meanwhile."""
    try:
        return file.size(), file.modified()
    except OSError as error:
        raise unreadable(file, error) from error


def changed(name: str) -> InputError:
    """The error for a file that is not the same at the end of a reading as at its beginning."""
    return InputError(f"{name} was cut or written over while it was read; nothing of it was taken. Run this again.")


def _pieces(name: str, pipe: Path | None) -> Iterator[bytes]:
    """What comes out of a pipe, or of standard input."""
    if pipe is None and sys.stdin is None:
        raise InputError(f"{name} is closed. Name a file, or put a command before the pipe.")
    try:
        with nullcontext(sys.stdin.buffer) if pipe is None else pipe.open("rb") as stream:
            while piece := stream.read(1 << 20):
                yield piece
    except OSError as error:
        raise unreadable(name, error) from error


def head(file: Location) -> list[bytes]:
    """The first lines of a file, as they lie there."""
    with closing(Lines(file)) as lines:
        for batch in lines.batches():
            return [bytes(text) for text in batch.column(1)[:HEAD].view(pa.binary()).to_pylist()]
    return []


def _is_pattern(place: Location) -> bool:
    """Whether a name is a pattern; what is there under that very name is none."""
    return folders.is_pattern(place.address) and not place.is_file() and not archives.containing_archive(place)


def _no_archive(name: str, file: Location) -> Location:
    if archives.is_archive(file):
        raise InputError(
            f"{name} is an archive, and such are not opened inside another or from a pipe. Unpack the outer one, or "
            "save the stream into a file, first."
        )
    return file


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
