"""A dataset that follows a folder: what arrives there is read, again and again, until somebody says stop."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from coursetrail import build, exports, formats
from coursetrail.build import Outcome
from coursetrail.errors import InputError, StorageError
from coursetrail.progress import Silent

PACKED = (".gz", ".tgz", ".zst", ".zip", ".tar")
SETTLED = timedelta(seconds=10)
"""How long a packed file must have been left alone: until then it may be one that is still being copied."""
Look = tuple[int | None, datetime | None]


@dataclass
class Watch:
    """Looks into folders for what is new; each look is an ingest.

    A file that is refused is told once, and left alone until it changes. `ingest` are further arguments of it.
    """

    dataset: str
    exports: Sequence[str]
    tell: Callable[[Outcome], None]
    refuse: Callable[[str], None]
    ingest: dict[str, Any] = field(default_factory=dict)
    _refused: dict[str, Look] = field(default_factory=dict)

    def look(self) -> int:
        """Read what is new; how many files those were. A failed write is told too: the next look tries again."""
        arrived: list[Outcome] = []

        def tell(outcome: Outcome) -> None:
            if not outcome.already:
                arrived.append(outcome)
                self.tell(outcome)

        names = [name for name in self._there() if self._refused.get(name) != _look(name) and _is_settled(name)]
        try:
            if names:
                build.ingest(self.dataset, names, tell=tell, refuse=self._refuse, **self.ingest)
        except StorageError as error:
            self.refuse(str(error))
        return len(arrived)

    def forever(self, every: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
        """One look after the other, `every` seconds from one's beginning to the next's; yields what each read."""
        while True:
            begun = time.monotonic()
            yield self.look()
            sleep(max(0.0, begun + every - time.monotonic()))

    def _there(self) -> list[str]:
        said = formats.asked(self.ingest.get("format"), self.ingest.get("mapping"))
        with TemporaryDirectory(prefix="coursetrail-") as scratch:
            try:
                return exports.Opening.of(Path(scratch), exports.DEFAULT_LIMIT, said, Silent()).expand(self.exports)
            except (InputError, OSError):  # nothing in the folder yet, or no folder
                return []

    def _refuse(self, name: str, error: InputError) -> None:
        self._refused[name] = _look(name)
        self.refuse(str(error))


def _look(name: str) -> Look:
    try:
        return exports.size(name), exports.modified(name)
    except OSError:
        return None, None


def _is_settled(name: str) -> bool:
    _, modified = _look(name)
    return modified is None or not name.endswith(PACKED) or datetime.now(UTC) - modified > SETTLED
