"""A dataset that follows a folder: what arrives there is read, again and again, until the watch is stopped."""

import logging
import time
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from coursetrail import formats
from coursetrail.errors import InputError, StorageError
from coursetrail.filesystem.compression import unreadable
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.ingestion import job
from coursetrail.ingestion.expand import LOG, expand
from coursetrail.ingestion.inputs import FileState, Input, Opener, check, is_pattern, state_of
from coursetrail.ingestion.job import Outcome

PACKED = (".gz", ".tgz", ".zst", ".zip", ".tar")
SETTLED = timedelta(seconds=10)
"""How long a packed file must have been left alone: until then it may still be being copied."""


@dataclass
class Watch:
    """Looks into folders for what is new; a look that finds something is an ingest of that.

    What was read, or refused, is left alone until it changes: `seen` has the last state of each file, by its name.
    `on_outcome` is called with every arrival, `on_refused` with the text of every error; `options` are further
    arguments of `ingest`.
    """

    dataset: str
    exports: Sequence[str]
    on_outcome: Callable[[Outcome], None]
    on_refused: Callable[[str], None]
    options: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, FileState] = field(default_factory=dict)
    _absent: set[str] = field(default_factory=set)

    def look(self) -> int:
        """Read what is new; how many files that was. A failed write is reported too: the next look tries again."""
        arrived: list[Outcome] = []

        def report_arrival(outcome: Outcome) -> None:
            if not outcome.already:
                arrived.append(outcome)
                self.on_outcome(outcome)

        def report_refusal(name: str, error: InputError) -> None:
            del name  # the error has it
            self.on_refused(str(error))

        with private_folder() as scratch:
            new = self._new(scratch)
            for one in new:
                if one.error:
                    self.on_refused(str(one.error))
                    self.seen[one.state.name] = one.state
            good = [one for one in new if not one.error]
            try:
                if good:
                    job.ingest(self.dataset, good, on_outcome=report_arrival, on_refused=report_refusal, **self.options)
                    self.seen |= {one.state.name: one.state for one in good}
            except (InputError, StorageError) as error:  # a file may be gone again
                self.on_refused(str(error))
        return len(arrived)

    def forever(self, every: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
        """One look after the other, `every` seconds from one's beginning to the next's; yields what each read."""
        with _each_warning_once():
            while True:
                begun = time.monotonic()
                yield self.look()
                sleep(max(0.0, begun + every - time.monotonic()))

    def _new(self, scratch: Path) -> list[Input]:
        """The files that are new or have changed; files that are left alone are not opened.

        What is named but absent is reported once, until it comes and goes again.
        """
        given = formats.asked(self.options.get("format"), self.options.get("mapping"))
        opener = Opener.of(scratch, given, formats.encoding_asked(self.options.get("encoding")))
        left_alone = _LeftAlone(frozenset(self.seen.values()))
        found: list[Input] = []
        absent: dict[str, str] = {}
        for name in self.exports:
            try:
                check(name)
                found += expand([name], opener, left_alone)
            except (InputError, OSError) as error:
                location = Location.of(name)
                if location.is_folder() or is_pattern(location):  # nothing may be in it yet
                    continue
                refused = error if isinstance(error, InputError) else unreadable(name, error)
                state = FileState(name, None, None)
                with suppress(InputError):
                    state = state_of(name)
                if state.modified:
                    found.append(Input(name, state, error=refused))
                else:
                    absent[name] = str(refused)
        for name in absent.keys() - self._absent:
            self.on_refused(f"{absent[name]} Looking on.")
        self._absent = set(absent)
        return [one for one in found if one.state.modified and one.state not in left_alone]


class _LeftAlone:
    """The states in which a file is not opened: those that were `seen`, and those of what may still be copied."""

    def __init__(self, seen: Container[FileState]) -> None:
        self.seen = seen
        self._now = datetime.now(UTC)

    def __contains__(self, state: object) -> bool:
        if state in self.seen:
            return True
        if not (isinstance(state, FileState) and state.modified and state.name.endswith(PACKED)):
            return False
        return self._now - state.modified <= SETTLED


@contextmanager
def _each_warning_once() -> Iterator[None]:
    """Log each warning once: what is skipped in a folder is the same at every look."""
    logged: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if text in logged:
            return False
        logged.add(text)
        return True

    LOG.addFilter(is_new)
    try:
        yield
    finally:
        LOG.removeFilter(is_new)
