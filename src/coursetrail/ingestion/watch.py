"""A dataset that follows a folder: what arrives there is read, again and again, until somebody says stop."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coursetrail import formats
from coursetrail.errors import InputError, StorageError
from coursetrail.ingestion import inputs, job
from coursetrail.ingestion.job import Outcome
from coursetrail.progress import Silent

PACKED = (".gz", ".tgz", ".zst", ".zip", ".tar")
SETTLED = timedelta(seconds=10)
"""How long a packed file must have been left alone: until then it may be one that is still being copied."""
Look = tuple[int | None, datetime | None]
GONE: Look = (None, None)


@dataclass
class Watch:
    """Looks into folders for what is new; a look that finds something is an ingest of that.

    What was read, or refused, is left alone until it changes. `ingest` are further arguments of it.
    """

    dataset: str
    exports: Sequence[str]
    tell: Callable[[Outcome], None]
    refuse: Callable[[str], None]
    ingest: dict[str, Any] = field(default_factory=dict)
    _seen: dict[str, Look] = field(default_factory=dict)
    _absent: set[str] = field(default_factory=set)

    def look(self) -> int:
        """Read what is new; how many files that was. A failed write is told too: the next look tries again."""
        arrived: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            if not outcome.already:
                arrived.append(outcome)
                self.tell(outcome)

        self._tell_absent()
        looks = {name: _look(name) for name in self._there()}
        there = {name: look for name, look in looks.items() if look != GONE}
        new = {name: look for name, look in there.items() if self._seen.get(name) != look and _is_settled(name, look)}
        try:
            if new:
                job.ingest(self.dataset, list(new), tell=tell, refuse=self._refuse, **self.ingest)
                self._seen |= new
        except (InputError, StorageError) as error:  # a file may be gone again
            self.refuse(str(error))
        return len(arrived)

    def forever(self, every: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
        """One look after the other, `every` seconds from one's beginning to the next's; yields what each read."""
        with _each_warning_once():
            while True:
                begun = time.monotonic()
                yield self.look()
                sleep(max(0.0, begun + every - time.monotonic()))

    def _there(self) -> list[str]:
        said = formats.asked(self.ingest.get("format"), self.ingest.get("mapping"))
        with TemporaryDirectory(prefix="coursetrail-") as scratch:
            try:
                opening = inputs.Inputs.of(Path(scratch), inputs.DEFAULT_LIMIT, said, Silent())
                return opening.expand(self.exports, lambda name: self._seen.get(name) == _look(name))
            except (InputError, OSError):  # nothing in the folder yet, or no folder
                return []

    def _tell_absent(self) -> None:
        """Say once of what is named that it is not there; it may come, and come back."""
        absent: dict[str, str] = {}
        for name in self.exports:
            try:
                inputs.check(name)
            except InputError as error:
                absent[name] = str(error)
        for name in absent.keys() - self._absent:
            self.refuse(f"{absent[name]} Looking on.")
        self._absent = set(absent)

    def _refuse(self, name: str, error: InputError) -> None:
        del name  # the error has it
        self.refuse(str(error))


def _look(name: str) -> Look:
    try:
        return inputs.size(name), inputs.modified(name)
    except OSError:
        return GONE


def _is_settled(name: str, look: Look) -> bool:
    modified = look[1]
    return modified is None or not name.endswith(PACKED) or datetime.now(UTC) - modified > SETTLED


@contextmanager
def _each_warning_once() -> Iterator[None]:
    """What is passed over in a folder is the same at every look."""
    told = set()

    def is_new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not (text in told or told.add(text))  # type: ignore[func-returns-value]

    inputs.LOG.addFilter(is_new)
    try:
        yield
    finally:
        inputs.LOG.removeFilter(is_new)
