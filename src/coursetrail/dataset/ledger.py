"""The ledger: one row for each reading of a file.

Files that only grow are read from where they ended: a further row then `continues` the one before. So a file is a chain
of rows, and the last of them has the name under which it was seen last.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from coursetrail.dataset.schema import SOURCES
from coursetrail.errors import DatasetError

COUNTS = ("lines", "events", "duplicates", "rejected", "blank", "header", "unfinished")
"""The columns that count lines; the first is the sum of the rest."""
RARE = ("header", "unfinished")
"""Those that an equation names only where they are not 0."""


def equation(counts: Sequence[int]) -> str:
    """Counts in the order of `COUNTS` as a sum.

    >>> equation((12, 10, 0, 1, 0, 1, 0))
    '12 lines = 10 events + 0 duplicates + 1 rejected + 0 blank + 1 header'
    """
    whole, *parts = zip(COUNTS, counts, strict=True)
    terms = (f"{number:,} {name}" for name, number in parts if number or name not in RARE)
    sign = "=" if whole[1] == sum(counts[1:]) else "≠"
    return f"{whole[1]:,} {whole[0]} {sign} {' + '.join(terms)}"


@dataclass(frozen=True)
class Source:
    """One reading of a file: a row of the ledger.

    `lines = events + duplicates + rejected + blank + header + unfinished`, always; they are those after the first
    `begin` lines, which the source that it `continues` has. `physical_lines` are those that end in a newline, where a
    record may hold several. `mended` is a JSON object of what was repaired and in how many lines, `warnings` a JSON
    list of texts; `fault` says what ended the file early. Times are UTC, `bytes` and `digest` (BLAKE3) those of the
    whole file as it lay on disk, `modified` when it was last written to; `beginning` is the fingerprint by which a file
    that has grown is recognised; `encoding` is that of the text, None where it is UTF-8.
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
    header: int
    unfinished: int
    physical_lines: int | None
    mended: str | None
    warnings: str | None
    fault: str | None
    first_time: datetime | None
    last_time: datetime | None
    clock: bool | None
    continues: int | None
    begin: int
    beginning: str | None
    ingested: datetime
    version: str
    encoding: str | None = None

    def __post_init__(self) -> None:
        counted = sum(getattr(self, name) for name in COUNTS[1:])
        if self.lines != counted:
            raise DatasetError(
                f"{self.uri}: {self.lines:,} lines were read but {counted:,} accounted for. This is a defect of "
                "coursetrail; nothing was committed. Please report it with the file's first lines."
            )

    def seen_as(
        self,
        number: int,
        uri: str,
        digest: str,
        size: int,
        modified: datetime | None,
        now: datetime,
        encoding: str | None,
    ) -> "Source":
        """The row of a file with the same lines that has another name, or other packing; it has no lines itself."""
        nothing: dict[str, Any] = dict.fromkeys(COUNTS, 0)
        return replace(
            self,
            source=number,
            uri=uri,
            digest=digest,
            bytes=size,
            modified=modified,
            **nothing,
            physical_lines=0,
            mended=None,
            warnings=None,
            fault=None,
            first_time=None,
            last_time=None,
            continues=self.source,
            begin=self.begin + self.lines,
            ingested=now,
            encoding=encoding,
        )


def as_table(rows: Sequence[Source]) -> pa.Table:
    """Rows as an Arrow table."""
    return pa.Table.from_pylist([asdict(row) for row in rows], schema=SOURCES.schema)
