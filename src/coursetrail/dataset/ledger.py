"""The ledger: a row for each reading of a file, and what the rows tell about a file that comes (again).

Files that only grow are read on from where they ended: a further row then `continues` the one before. So a file is a
chain of rows, and the last of them has the name under which it was seen last. Two files that begin alike share the rows
of what they begin with: what one of them is replaced by leaves these as they are.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import pyarrow as pa

from coursetrail.errors import DatasetError
from coursetrail.reading.fingerprint import Fingerprint
from coursetrail.reading.times import MOMENT

SOURCES = pa.schema(
    [
        ("source", pa.int32()),
        ("uri", pa.string()),
        ("format", pa.string()),
        ("digest", pa.string()),
        ("bytes", pa.int64()),
        ("modified", MOMENT),
        ("lines", pa.int64()),
        ("events", pa.int64()),
        ("duplicates", pa.int64()),
        ("rejected", pa.int64()),
        ("blank", pa.int64()),
        ("mended", pa.string()),
        ("fault", pa.string()),
        ("first_time", MOMENT),
        ("last_time", MOMENT),
        ("continues", pa.int32()),
        ("begin", pa.int64()),
        ("beginning", pa.string()),
        ("ingested", MOMENT),
        ("version", pa.string()),
    ]
)


@dataclass(frozen=True)
class Source:
    """One reading of a file: a row of the ledger.

    `lines = events + duplicates + rejected + blank`, always; they are those behind the first `begin` lines, which the
    source that it `continues` has. `mended` is a JSON object of what was mended and how often; `fault` says what ended
    the file early. Times are UTC, `bytes` and `digest` (BLAKE3) those of the whole file as it lay on disk, `modified`
    when it was last written to; `beginning` is what a file is known by that has grown since.
    """

    source: int
    uri: str
    format: str
    digest: str
    bytes: int
    modified: datetime | None
    lines: int
    events: int
    duplicates: int
    rejected: int
    blank: int
    mended: str | None
    fault: str | None
    first_time: datetime | None
    last_time: datetime | None
    continues: int | None
    begin: int
    beginning: str | None
    ingested: datetime
    version: str

    def __post_init__(self) -> None:
        counted = self.events + self.duplicates + self.rejected + self.blank
        if self.lines != counted:
            raise DatasetError(
                f"{self.uri}: {self.lines:,} lines were read but {counted:,} accounted for. This is a defect of "
                "coursetrail; nothing was committed. Please report it with the file's first lines."
            )

    def met_again(
        self, number: int, uri: str, digest: str, size: int, modified: datetime | None, now: datetime
    ) -> "Source":
        """The row of a file with the same lines that has another name, or is packed otherwise."""
        return replace(
            self,
            source=number,
            uri=uri,
            digest=digest,
            bytes=size,
            modified=modified,
            lines=0,
            events=0,
            duplicates=0,
            rejected=0,
            blank=0,
            mended=None,
            fault=None,
            first_time=None,
            last_time=None,
            continues=self.source,
            begin=self.begin + self.lines,
            ingested=now,
        )


class Ledger:
    """The rows of a dataset's version, and those that a run adds; each question is answered without a search.

    `digests` are those of files by their size in bytes, `beginnings` what files begin with.
    """

    def __init__(self, rows: Iterable[Source] = ()) -> None:
        self.by_number: dict[int, Source] = {}
        self.by_digest: dict[str, Source] = {}
        self.digests: dict[int, set[str]] = {}
        self.beginnings: list[Fingerprint] = []
        self._by_name: dict[str, Source] = {}
        self._followers: Counter[int] = Counter()
        for row in rows:
            self.add(row)

    @classmethod
    def of(cls, table: pa.Table) -> "Ledger":
        """From the table of sources, in the order of their numbers."""
        return cls(Source(**row) for row in table.to_pylist())

    def add(self, row: Source) -> None:
        """One more row, the newest of its file."""
        self.by_number[row.source] = row
        self.by_digest[row.digest] = row
        self.digests.setdefault(row.bytes, set()).add(row.digest)
        self._by_name[row.uri] = row
        if row.beginning:
            self.beginnings.append(Fingerprint.read(row.source, row.beginning))
        if row.continues is not None:
            self._followers[row.continues] += 1

    def without(self, rows: Iterable[Source]) -> "Ledger":
        """A ledger that has not these rows."""
        gone = {row.source for row in rows}
        return Ledger(row for row in self.by_number.values() if row.source not in gone)

    def same(self, uri: str, size: int | None, modified: datetime | None) -> Source | None:
        """The row of a file that has the name, the size (None: not known) and the time of change that it had."""
        found = self._by_name.get(uri)
        known = found and modified and found.modified == modified and size in (None, found.bytes)
        return found if known else None

    def last_named(self, uri: str) -> Source | None:
        """The last row of that name, whatever became of the file."""
        return self._by_name.get(uri)

    def named(self, uri: str) -> Source | None:
        """The last row of the file that has that name; None where it went on under another one."""
        found = self._by_name.get(uri)
        return None if found and self._followers[found.source] else found

    def chain(self, source: int) -> list[Source]:
        """The row of that number, and those that it continues, back to the first reading of the file."""
        rows = [self.by_number[source]]
        while (before := rows[-1].continues) is not None:
            rows.append(self.by_number[before])
        return rows

    def outdated(self, last: Source, new: Source) -> list[Source]:
        """The rows of the file that ends with `last` of which nothing is left in `new`, nor in any other file."""
        rows = [last]
        for row in self.chain(last.source)[1:]:
            if self._followers[row.source] > 1 or row.source == new.continues:
                break
            rows.append(row)
        return rows


def as_table(rows: Sequence[Source]) -> pa.Table:
    """Rows as an Arrow table."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=SOURCES)
