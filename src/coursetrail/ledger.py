"""The ledger: a row for each reading of a file, and what the rows tell about a file that comes (again).

Files that only grow are read on from where they ended: a further row then `continues` the one before. So a file is a
chain of rows, and the last of them has the name under which it was seen last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property

import pyarrow as pa

from coursetrail.errors import DatasetError

MOMENT = pa.timestamp("us", tz="UTC")

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


@dataclass(frozen=True)
class Ledger:
    """The rows of a dataset's version, by number."""

    rows: Sequence[Source]

    @classmethod
    def of(cls, table: pa.Table) -> "Ledger":
        """From the table of sources."""
        return cls([Source(**row) for row in table.to_pylist()])

    def with_more(self, rows: Iterable[Source], without: Iterable[int] = ()) -> "Ledger":
        """The ledger after a commit."""
        gone = set(without)
        return Ledger([row for row in (*self.rows, *rows) if row.source not in gone])

    def same(self, uri: str, size: int | None, modified: datetime | None) -> Source | None:
        """The row of a file that has the name, the size (None: not known) and the time of change that it had."""
        found = self._by_name.get(uri)
        known = found and modified and found.modified == modified and size in (None, found.bytes)
        return found if known else None

    def named(self, uri: str) -> Source | None:
        """The last row of the file that was seen last under that name."""
        return self._by_name.get(uri)

    def digests(self, size: int | None) -> frozenset[str]:
        """The digests of files of that size, or of all if it is not known."""
        return frozenset(row.digest for row in self.rows if size is None or row.bytes == size)

    def chain(self, source: int) -> list[Source]:
        """All rows of the file that this one is of, from the first reading on."""
        rows = [self.by_number[source]]
        while (before := rows[0].continues) is not None:
            rows.insert(0, self.by_number[before])
        while following := [row for row in self.rows if row.continues == rows[-1].source]:
            rows.append(following[0])
        return rows

    @cached_property
    def by_digest(self) -> dict[str, Source]:
        """Rows by the digest of the file as it was then."""
        return {row.digest: row for row in self.rows}

    @cached_property
    def by_number(self) -> dict[int, Source]:
        """Rows by their number."""
        return {row.source: row for row in self.rows}

    @cached_property
    def _by_name(self) -> dict[str, Source]:
        return {row.uri: row for row in sorted(self.rows, key=lambda row: row.source)}


def as_table(rows: Sequence[Source]) -> pa.Table:
    """Rows as an Arrow table."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=SOURCES)
