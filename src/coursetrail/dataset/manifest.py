"""The manifest: what a commit to `events` records about the rest of the dataset."""

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

from deltalake import DeltaTable

from coursetrail.dataset.schema import EVENTS
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location

VERSION = 2
"""Version of the dataset's layout; a newer one is refused."""


class Manifest(NamedTuple):
    """The versions of the other tables, the numbers of the sources that count, and whether platforms share ids."""

    tables: Mapping[str, int]
    sources: frozenset[int]
    shared_ids: bool = False

    def to_json(self) -> str:
        """As text; the numbers of sources are written as ranges, because there may be thousands."""
        ranges: list[list[int]] = []
        for number in sorted(self.sources):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        shared = {"shared_ids": True} if self.shared_ids else {}
        return json.dumps({"layout": VERSION, "tables": dict(self.tables), "sources": ranges, **shared})

    @classmethod
    def of(cls, parsed: Mapping[str, Any]) -> "Manifest":
        """From the parsed text of `to_json`."""
        numbers = (range(first, last + 1) for first, last in parsed["sources"])
        tables = {name: int(at) for name, at in parsed["tables"].items()}
        return cls(tables, frozenset(chain.from_iterable(numbers)), bool(parsed.get("shared_ids")))


EMPTY = Manifest({}, frozenset())
"""The manifest of a table of events that was only created."""


def manifest_of(location: Location, events: DeltaTable) -> Manifest:
    """The manifest of this version of `events`. DatasetError where it is not ours, or newer than this release."""
    for at in range(events.version(), -1, -1):  # other programs may have compacted the table since
        try:
            text = _commit_info(location, at).get("coursetrail")
        except FileNotFoundError:
            break
        if text:
            parsed = json.loads(text) if isinstance(text, str) else text
            if parsed.get("layout", 0) > VERSION:
                raise DatasetError(
                    f"{location}: written by a newer coursetrail (layout {parsed['layout']}, this one reads up to "
                    f"{VERSION}). Upgrade: pip install -U coursetrail."
                )
            return Manifest.of(parsed)
    if not events.file_uris():
        return EMPTY
    raise DatasetError(f"{location / EVENTS.name}: a Delta table, but not one of coursetrail's. Choose another folder.")


def _commit_info(location: Location, at: int) -> dict[str, Any]:
    """What a commit records about itself; Delta's own history is that of the newest version, whichever was opened."""
    with (location / EVENTS.name / "_delta_log" / f"{at:020}.json").open() as file:
        for line in file.read().splitlines():
            if info := json.loads(line).get("commitInfo"):
                return dict(info)
    return {}
