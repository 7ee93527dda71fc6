"""The ledger as the report shows it: how many lines of every source became events, duplicates or rejects."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from coursetrail.dataset.ledger import COUNTS, equation


@dataclass(frozen=True)
class LedgerRow:
    """One source, or the total of all."""

    name: str
    format: str
    digest: str
    version: str
    counts: tuple[int, ...]
    notes: tuple[str, ...]

    @property
    def balanced(self) -> bool:
        """Whether the first count is the sum of the rest."""
        return self.counts[0] == sum(self.counts[1:])

    @property
    def equation(self) -> str:
        """The counts as an equation."""
        return equation(self.counts)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person should look at: what ended the file early, warnings, and counts that do not add up."""
        return self.notes if self.balanced else (*self.notes, f"The counts do not add up: {self.equation}.")


@dataclass(frozen=True)
class LedgerTable:
    """Every source in order, their total, and the time from the first to the last event (UTC)."""

    entries: list[LedgerRow]
    total: LedgerRow
    first: datetime | None
    last: datetime | None
    counted: tuple[str, ...] = COUNTS


def ledger(sources: pa.Table) -> LedgerTable:
    """The table `sources` of a dataset as a ledger."""
    rows = sources.to_pylist()
    entries = [_entry(row) for row in rows]
    sums = [sum(entry.counts[index] for entry in entries) for index in range(len(COUNTS))]
    return LedgerTable(
        entries=entries,
        total=LedgerRow("all sources", "", "", "", tuple(sums), ()),
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
        notes=tuple(filter(None, (row["fault"], *json.loads(row["warnings"] or "[]")))),
    )


def _name(uri: str) -> str:
    """The file's name only: a report is passed on, and must not show folders of this machine or keys in an address."""
    try:
        path = urlsplit(uri).path if "://" in uri else uri
    except ValueError:
        path = uri.partition("?")[0]
    return path.rstrip("/").rpartition("/")[2] or "(no name)"
