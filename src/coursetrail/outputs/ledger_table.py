"""The ledger as the report shows it: how many lines of every source became events, duplicates or rejects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from coursetrail.dataset.ledger import COUNTS


@dataclass(frozen=True)
class LedgerRow:
    """One source, or the total of all."""

    name: str
    format: str
    digest: str
    version: str
    counts: tuple[int, ...]
    fault: str

    @property
    def balanced(self) -> bool:
        """Whether `lines = events + duplicates + rejected + blank`."""
        return self.counts[0] == sum(self.counts[1:])

    @property
    def equation(self) -> str:
        """The counts as an equation."""
        lines, *parts = (f"{number:,} {name}" for number, name in zip(self.counts, COUNTS, strict=True))
        return f"{lines} {'=' if self.balanced else '≠'} {' + '.join(parts)}"


@dataclass(frozen=True)
class LedgerTable:
    """Every source in order, their total, and the time from the first to the last event (UTC)."""

    entries: list[LedgerRow]
    total: LedgerRow
    first: datetime | None
    last: datetime | None
    counted: tuple[str, ...] = COUNTS

    @property
    def faults(self) -> list[LedgerRow]:
        """The sources with a fault, or whose counts do not add up."""
        return [entry for entry in self.entries if entry.fault or not entry.balanced]


def ledger(sources: pa.Table) -> LedgerTable:
    """The table `sources` of a dataset as a ledger."""
    rows = sources.to_pylist()
    entries = [_entry(row) for row in rows]
    sums = [sum(entry.counts[index] for entry in entries) for index in range(len(COUNTS))]
    return LedgerTable(
        entries=entries,
        total=LedgerRow("all sources", "", "", "", tuple(sums), ""),
        first=min((row["first_time"] for row in rows if row["first_time"]), default=None),
        last=max((row["last_time"] for row in rows if row["last_time"]), default=None),
    )


def _entry(row: dict[str, Any]) -> LedgerRow:
    return LedgerRow(
        name=_name(row["uri"] or ""),
        format=row["format"] or "",
        digest=(row["digest"] or "")[:12],
        version=row["version"] or "",
        counts=tuple(row[name] or 0 for name in COUNTS),
        fault=row["fault"] or "",
    )


def _name(uri: str) -> str:
    """The file's name only: a report is passed on, and must not show folders of this machine or keys in an address."""
    try:
        path = urlsplit(uri).path if "://" in uri else uri
    except ValueError:
        path = uri.partition("?")[0]
    return path.rstrip("/").rpartition("/")[2] or "(no name)"
