"""A dataset that follows a folder: what arrives there is read, again and again, until the watch is stopped."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coursetrail import formats
from coursetrail.errors import InputError, StorageError
from coursetrail.filesystem.location import Location
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

    What was read, or refused, is left alone until it changes. `on_outcome` is called with every arrival, `on_refused`
    with the text of every error; `options` are further arguments of `ingest`.
    """

    dataset: str
    exports: Sequence[str]
    on_outcome: Callable[[Outcome], None]
    on_refused: Callable[[str], None]
    options: dict[str, Any] = field(default_factory=dict)
    _seen: set[FileState] = field(default_factory=set)
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

        new = [one for one in self._found() if one.state not in self._seen and _is_settled(one)]
        names = [one.address for one in new]
        try:
            if new:
                job.ingest(self.dataset, names, on_outcome=report_arrival, on_refused=report_refusal, **self.options)
                self._seen |= {one.state for one in new}
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

    def _found(self) -> list[Input]:
        """The files that are there now; what is named but absent is reported once, until it comes and goes again."""
        given = formats.asked(self.options.get("format"), self.options.get("mapping"))
        found: list[Input] = []
        absent: dict[str, str] = {}
        with TemporaryDirectory(prefix="coursetrail-") as scratch:
            opener = Opener(Path(scratch), formats.find(given) if given else None)
            for name in self.exports:
                try:
                    check(name)
                    found += expand([name], opener, self._seen)
                except (InputError, OSError) as error:
                    location = Location.of(name)
                    if location.is_folder() or is_pattern(location):  # nothing may be in it yet
                        continue
                    absent[name] = str(error)
                    with suppress(InputError):  # an empty file is there: ingest refuses it
                        found.append(Input(name, state_of(name)))
        for name in absent.keys() - self._absent:
            self.on_refused(f"{absent[name]} Looking on.")
        self._absent = set(absent)
        return [one for one in found if one.state.modified]


def _is_settled(one: Input) -> bool:
    modified = one.state.modified
    return modified is None or not one.address.endswith(PACKED) or datetime.now(UTC) - modified > SETTLED


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
