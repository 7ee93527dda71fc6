"""The manifest: what a commit to `events` records about the rest of the dataset.

Nothing in Delta's log protects it from a flipped bit. So the manifest has a digest of itself, and of what the log says
about each table.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple

from blake3 import blake3
from deltalake import DeltaTable

from coursetrail.dataset.errors import RESTORE
from coursetrail.dataset.schema import EVENTS
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location

VERSION = 2
"""Version of the dataset's layout; a newer one is refused."""
OURS = "coursetrail"
"""What a commit of ours calls its manifest, and itself in its number: no single bit hides both."""
DIGEST = "digest"


class Manifest(NamedTuple):
    """The versions of the other tables, the numbers of the sources that count, and whether platforms share ids.

    `contents` has a digest of the columns and the parts of each table, `time` is that of the commit, in milliseconds
    since 1970. In manifests of older releases the first is empty, the second None.
    """

    tables: Mapping[str, int]
    sources: frozenset[int]
    shared_ids: bool = False
    contents: Mapping[str, str] = MappingProxyType({})
    time: int | None = None

    def to_json(self) -> str:
        """As text; the numbers of sources are written as ranges, because there may be thousands."""
        ranges: list[list[int]] = []
        for number in sorted(self.sources):
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1][1] = number
            else:
                ranges.append([number, number])
        shared = {"shared_ids": True} if self.shared_ids else {}
        facts = {"layout": VERSION, "tables": dict(self.tables), "sources": ranges, **shared}
        facts |= {"contents": dict(self.contents), "time": self.time}
        return json.dumps({**facts, DIGEST: _digest(facts)})

    @classmethod
    def of(cls, parsed: Mapping[str, Any]) -> "Manifest":
        """From the parsed text of `to_json`. ValueError where it is not what was written."""
        facts = {name: value for name, value in parsed.items() if name != DIGEST}
        if DIGEST in parsed and parsed[DIGEST] != _digest(facts):  # those of older releases have none
            raise ValueError("another digest")
        numbers = (range(first, last + 1) for first, last in parsed["sources"])
        tables = {name: int(at) for name, at in parsed["tables"].items()}
        shared_ids, contents = bool(parsed.get("shared_ids")), parsed.get("contents", {})
        return cls(tables, frozenset(chain.from_iterable(numbers)), shared_ids, contents, parsed.get("time"))


EMPTY = Manifest({}, frozenset())
"""The manifest of a table of events that was only created."""


def manifest_of(location: Location, events: DeltaTable) -> Manifest:
    """The manifest of this version of `events`. DatasetError where it is not ours, or newer than this release."""
    return manifest_at(location, events)[0]


def manifest_at(location: Location, events: DeltaTable) -> tuple[Manifest, int]:
    """The same, and the version that has it: other programs, and a vacuum, make versions without one."""
    for at in range(events.version(), -1, -1):
        try:
            found = _manifest_in(location, at)
        except FileNotFoundError:
            break
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged_log(location / EVENTS.name, at) from error
        if found:
            return found, at
    if not events.file_uris():
        return EMPTY, 0
    raise DatasetError(f"{location / EVENTS.name}: a Delta table, but not one of coursetrail's. Choose another folder.")


def contents(columns: Iterable[str], parts: Iterable[str]) -> str:
    """The digest of what a table is made of, by names; that of a part has a digest of its bytes."""
    return _digest([sorted(columns), sorted(parts)])


def is_ours(commit: Mapping[str, Any]) -> bool:
    """Whether a commit of Delta's history has a manifest."""
    return bool(commit.get(OURS))


def time_of(commit: Mapping[str, Any]) -> int:
    """When a commit of Delta's history was made, in milliseconds since 1970: by its manifest, if it has one."""
    recorded = Manifest.of(json.loads(commit[OURS])).time if is_ours(commit) else None
    return int(commit.get("timestamp", 0) if recorded is None else recorded)


def damaged_log(table: Location, at: int) -> DatasetError:
    """The error for a table whose log does not say what was written."""
    return DatasetError(f"{table}: the table's log is damaged (version {at} is not what was written). {RESTORE}")


def _manifest_in(location: Location, at: int) -> Manifest | None:
    """The manifest of one commit; None where the commit is not ours. ValueError where it is damaged.

    Delta's own history is that of the newest version, whichever was opened.
    """
    with (location / EVENTS.name / "_delta_log" / f"{at:020}.json").open() as file:
        actions = [json.loads(line) for line in file.read().splitlines()]
    text = next((action["commitInfo"].get(OURS) for action in actions if action.get("commitInfo")), None)
    if not text:
        if any(action.get("txn", {}).get("appId") == OURS for action in actions):
            raise ValueError("no manifest")
        return None
    parsed = json.loads(text) if isinstance(text, str) else text
    if parsed.get("layout", 0) > VERSION:
        raise DatasetError(
            f"{location}: written by a newer coursetrail (layout {parsed['layout']}, this one reads up to "
            f"{VERSION}). Upgrade: pip install -U coursetrail."
        )
    return Manifest.of(parsed)


def _digest(facts: Any) -> str:
    """A digest of what JSON can hold, whatever the order of its names: 128 bits of BLAKE3, in hexadecimal."""
    return blake3(json.dumps(facts, sort_keys=True).encode()).hexdigest(16)
