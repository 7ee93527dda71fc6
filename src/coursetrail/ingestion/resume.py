"""Files that come again: grown, renamed, packed, repeated or changed; one verdict on each.

A file is known by its name, size and time of change; by the digest of its bytes; or by the fingerprint of its lines,
which does not depend on its packing. Two files that begin alike share the rows of what they begin with: what replaces
one of them leaves these rows as they are.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from coursetrail.dataset.ledger import Source
from coursetrail.ingestion.inputs import FileState
from coursetrail.ingestion.task import Extracted, SameContent
from coursetrail.reading.encodings import UTF_8, same_encoding
from coursetrail.reading.fingerprint import Fingerprint


@dataclass(frozen=True)
class New:
    """A file that was not read before."""


@dataclass(frozen=True)
class Continues:
    """A file that begins with what `source` has, and goes on."""

    source: Source


@dataclass(frozen=True)
class Unchanged:
    """A file in which nothing is new: its content is that of `source`.

    `alias` is the row to be added where it has another name, or other packing, than before.
    """

    source: Source
    alias: Source | None = None


@dataclass(frozen=True)
class Conflict:
    """A file with the name of `source`, which has changed otherwise than by growing; `outdated` are the rows of it
    that no other file shares.
    """

    source: Source
    outdated: Sequence[Source]


@dataclass(frozen=True)
class OtherEncoding:
    """A file that has grown since it was read as `source`, in another encoding, without an encoding being given."""

    source: Source


Verdict = New | Continues | Unchanged | Conflict | OtherEncoding


@dataclass(frozen=True)
class KnownContent:
    """What a reader must know to find what is not new: digests of files by their size, and fingerprints."""

    digests: Mapping[int, Collection[str]]
    fingerprints: Sequence[Fingerprint]


class SourceIndex:
    """The sources of a dataset's version, and those that a run adds; each question is answered without a search.

    `states` are those in which files were seen last, `by_digest` has the newest source of each digest. Only sources of
    the `encoding` that the user gives are in them, if one is given: in another one the same bytes are another text.
    """

    def __init__(self, rows: Iterable[Source] = (), encoding: str | None = None) -> None:
        self._encoding = encoding
        self._otherwise: dict[str, Source] = {}
        self.by_number: dict[int, Source] = {}
        self.by_digest: dict[str, Source] = {}
        self.states: dict[FileState, Source] = {}
        self._digests: dict[int, set[str]] = {}
        self._fingerprints: list[Fingerprint] = []
        self._by_name: dict[str, Source] = {}
        self._followers: Counter[int] = Counter()
        self._moved: set[int] = set()
        for row in rows:
            self.add(row)

    @classmethod
    def of(cls, table: pa.Table, encoding: str | None = None) -> "SourceIndex":
        """From the table of sources, in the order of their numbers."""
        return cls((Source(**row) for row in table.to_pylist()), encoding)

    @property
    def known(self) -> KnownContent:
        """What the reader of a file must know."""
        return KnownContent(self._digests, self._fingerprints)

    def add(self, row: Source) -> None:
        """Add a row, the newest of its file."""
        if before := self._by_name.get(row.uri):
            for state in _states(before):
                self.states.pop(state, None)
        self.by_number[row.source] = row
        if self._encoding in (None, row.encoding or UTF_8):
            self.by_digest[row.digest] = row
            self.states |= dict.fromkeys(_states(row), row)
            self._digests.setdefault(row.bytes, set()).add(row.digest)
        else:
            self._otherwise[row.digest] = row
        self._by_name[row.uri] = row
        if row.beginning:
            self._fingerprints.append(Fingerprint.read(row.source, row.beginning))
        if row.continues is not None:
            self._followers[row.continues] += 1

    def without(self, rows: Iterable[Source]) -> "SourceIndex":
        """An index without these rows."""
        gone = {row.source for row in rows}
        index = SourceIndex((row for row in self.by_number.values() if row.source not in gone), self._encoding)
        index._moved = self._moved
        return index

    def is_named(self, name: str) -> bool:
        """Whether a file was last seen under that name."""
        return self._last_of(name) is not None

    def unchanged(self, state: FileState) -> Unchanged | None:
        """The verdict on a file in a state in which it was seen before; None for any other: it must be read."""
        row = self.states.get(state)
        return Unchanged(row) if row else None

    def note_moves(self, found: Iterable[Extracted | SameContent]) -> None:
        """Note which files have another name now: the old name is free for a new file."""
        for one in found:
            if isinstance(one, Extracted):
                name, before = one.source.uri, one.source.continues
            else:
                name, before = one.name, self._source_of(one).source
            if before is not None and self.by_number[before].uri != name:
                self._moved |= {row.source for row in self._chain(before)}

    def verdict(self, found: Extracted | SameContent, *, is_stream: bool) -> Verdict:
        """What a file is, after it was read. All streams have the same name, so it says nothing about them."""
        if isinstance(found, SameContent):
            row, last = self._source_of(found), self._by_name.get(found.name)
            is_alias = not is_stream and (last is None or last.digest != found.digest)
            return Unchanged(row, self._alias(found, row) if is_alias else None)
        source = found.source
        if source.digest in self.by_digest:
            return Unchanged(self.by_digest[source.digest])
        last = self._last_of(source.uri) if not is_stream else None
        same = self._otherwise.get(source.digest)
        if same and not self._followers[same.source]:
            last = last or same
        if last and source.continues != last.source and last.source not in self._moved:
            return Conflict(last, self._outdated(last, source))
        if last and not same_encoding(source.encoding, last.encoding) and not self._encoding:
            return OtherEncoding(last)
        return New() if source.continues is None else Continues(self.by_number[source.continues])

    def _alias(self, found: SameContent, row: Source) -> Source:
        return row.seen_as(
            found.number, found.name, found.digest, found.bytes, found.modified, datetime.now(UTC), found.encoding
        )

    def _source_of(self, found: SameContent) -> Source:
        return self.by_number[found.source] if found.source else self.by_digest[found.digest]

    def _last_of(self, name: str) -> Source | None:
        """The last row of the file that has that name; None where it has got another one."""
        found = self._by_name.get(name)
        return None if found and self._followers[found.source] else found

    def _chain(self, source: int) -> list[Source]:
        """The row of that number, and those that it continues, back to the first reading of the file."""
        rows = [self.by_number[source]]
        while (before := rows[-1].continues) is not None:
            rows.append(self.by_number[before])
        return rows

    def _outdated(self, last: Source, new: Source) -> list[Source]:
        """The rows of the file that ends with `last` of which nothing is left in `new`, nor in any other file."""
        rows = [last]
        for row in self._chain(last.source)[1:]:
            if self._followers[row.source] > 1 or row.source == new.continues:
                break
            rows.append(row)
        return rows


def _states(row: Source) -> Sequence[FileState]:
    """The states in which a file is as this row saw it, in an archive too; none where its time of change is unknown."""
    if not row.modified:
        return ()
    return FileState(row.uri, row.bytes, row.modified), FileState(row.uri, None, row.modified)


def to_read_again(found: Mapping[int, object]) -> list[int]:
    """The keys of files that begin like a shorter one of them: once that is a source, they are read again."""
    shortest: set[str] = set()
    again = []
    new = {key: one for key, one in found.items() if isinstance(one, Extracted) and one.source.lines > one.source.blank}
    for key, one in sorted(new.items(), key=lambda item: item[1].source.begin + item[1].source.lines):
        if shortest & one.heads:
            again.append(key)
        elif one.source.beginning:
            shortest.add(Fingerprint.read(one.source.source, one.source.beginning).head)
    return again
