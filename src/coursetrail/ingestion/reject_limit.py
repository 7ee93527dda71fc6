"""How many lines of a file may be rejected, and a file read whole within that limit."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coursetrail.errors import InputError, TooManyRejects, UsageError
from coursetrail.ingestion.inputs import ReadyInput, changed_meanwhile, size_of
from coursetrail.progress import Progress
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading, Stop

EARLY = 100_000
"""Rejects after which a run that is far above its limit stops before the end of the file."""


@dataclass(frozen=True)
class RejectLimit:
    """How many lines may be rejected: `count`, or `share` of all lines of a file."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: "str | RejectLimit") -> "RejectLimit":
        """`"100"` lines or `"2.5%"` of the lines; a limit is itself."""
        if isinstance(text, RejectLimit):
            return text
        match = re.fullmatch(r"\s*(\d{1,18}(?:\.\d+)?)\s*(%?)\s*", text)
        if not match or (not match[2] and "." in match[1]) or (match[2] and float(match[1]) > 100):
            raise UsageError(f"--max-rejects takes a number of lines or a percentage, not '{text}'. Try 100 or 2%.")
        return cls(share=float(match[1]) / 100) if match[2] else cls(count=int(match[1]))

    def allows(self, rejects: int, lines: int) -> bool:
        """Whether a whole file of `lines` may have this number of rejects."""
        return rejects <= (self.count if self.count is not None else (self.share or 0) * lines)

    def may_go_on(self, rejects: int, line: int) -> bool:
        """Whether reading may go on after this number of rejects up to `line`."""
        if self.count is not None:
            return rejects <= self.count
        return rejects < EARLY or (self.share or 0) >= 1 or rejects <= 10 * (self.share or 0) * line

    def __str__(self) -> str:
        return f"{self.count:,} lines" if self.count is not None else f"{100 * (self.share or 0):g} % of the lines"


DEFAULT_TEXT = "1%"
"""The default limit, as the command line shows it."""
DEFAULT_LIMIT = RejectLimit.parse(DEFAULT_TEXT)


@contextmanager
def whole_file(file: ReadyInput, reading: Reading, limit: RejectLimit, progress: Progress) -> Iterator[Lines]:
    """The lines of a file, to be read within the context; at its end the whole file has been digested.

    Raises TooManyRejects or InputError where `reading` stopped, and InputError for a file that changed meanwhile.
    """
    size = size_of(file.location)
    with progress.step(f"Reading {Path(file.name).name}", size) as step:
        lines = Lines(file.location, step.advance, reading.format.table, encoding=reading.format.encoding)
        try:
            yield lines
            lines.digest()  # reads what follows a fault
        except Stop:
            seen = max(number for number, _, _ in reading.rejects) - reading.prefix.lines
            raise too_many(file, reading, seen, limit, " so far") from None
        finally:
            lines.close()
    if lines.size < size and not lines.fault:
        raise changed_meanwhile(file.name)
    reading.rejects += [
        (line, "longer than 16 MiB; only its beginning is kept", reading.storable(raw, line))
        for line, raw in lines.overlong
    ]


def too_many(file: ReadyInput, reading: Reading, lines: int, limit: RejectLimit, when: str = "") -> InputError:
    """The error for a file with more rejects than the limit."""
    line, reason, _ = min(reading.rejects)
    if file.is_format_given and not reading.prefix.lines and reading.without_event >= lines:
        return InputError(
            f"{file.name}: none of its {lines:,} lines{when} can be read as {reading.format.name} (line {line:,}: "
            f"{reason}). Nothing was written. Is it the right file? Without --format or --mapping, content tells."
        )
    return TooManyRejects(
        f"{file.name}: {len(reading.rejects):,} of {lines:,} lines{when} could not be read, more than {limit} "
        f"(line {line:,}: {reason}). Nothing was written. Is it the right file, and the right --format? To take "
        "the good lines all the same, raise --max-rejects."
    )
