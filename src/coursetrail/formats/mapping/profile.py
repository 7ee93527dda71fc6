"""The first lines of a file of a kind nobody told us → its columns and a look at their values."""

import csv
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from coursetrail.formats.edx.payload import MARK, cleaned
from coursetrail.reading.tables import DELIMITERS
from coursetrail.reading.times import moment

NULLS = ("NULL", "\\N", "null", "None", "NA", "N/A", "nan", "?")
"""Texts by which programs say that nothing is there."""
DEEPEST = 4
"""How far below a line's object a member is a column of its own."""
FORMATS = tuple(
    f"{day}{clock}"
    for day in ("%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y%m%d")
    for clock in (" %H:%M:%S", " %H:%M", "")
)
"""Formats of times that are tried, in this order; days before months."""
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
PLAUSIBLE = (datetime(2000, 1, 1, tzinfo=UTC).timestamp(), datetime(2040, 1, 1, tzinfo=UTC).timestamp())
ENOUGH = 0.8
"""Share of a column's values that must be of a kind for the column to be of it."""
NAME = re.compile(r"[^\W\d][\w .:/#()-]{0,60}")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}")


@dataclass(frozen=True)
class ColumnProfile:
    """A column by name, and its values in the first lines, without those that say nothing."""

    name: str
    values: tuple[str, ...]

    @cached_property
    def kind(self) -> str:
        """Empty, ISO 8601, a format of strptime, s, ms, us, number, mail, address or text."""
        if not self.values:
            return "empty"
        if self._all(NUMBER.fullmatch):
            for unit, scale in PER_SECOND.items():
                if self._all(lambda value: PLAUSIBLE[0] <= _number(value) / scale < PLAUSIBLE[1]):  # noqa: B023
                    return unit
            return self._written() or "number"
        if self._all(lambda value: re.match(r"\d{4}-\d\d-\d\d", value) and moment(value)):
            return "ISO 8601"
        if self._all(MAIL.fullmatch):
            return "mail"
        if self._all(ADDRESS.fullmatch):
            return "address"
        return self._written() or "text"

    @property
    def distinct(self) -> tuple[str, ...]:
        """The values, each once."""
        return tuple(dict.fromkeys(self.values))

    def _all(self, fits: Callable[[str], object]) -> bool:
        """Whether nearly all values fit: a file may be damaged in its first lines too."""
        return sum(map(bool, map(fits, self.values))) >= ENOUGH * len(self.values)

    def _written(self) -> str | None:
        return next((form for form in FORMATS if self._all(lambda value: _parsed(value, form))), None)  # noqa: B023


@dataclass(frozen=True)
class Profile:
    """Lines of JSON, or a table of this delimiter, with the names of its first line or without any."""

    columns: tuple[ColumnProfile, ...]
    delimiter: str | None = None
    header: bool = False
    backslash: bool = False
    nulls: tuple[str, ...] = ()


def look(head: Sequence[bytes]) -> Profile | None:
    """What the first lines of a file show; None where they are neither lines of JSON nor a table."""
    lines = [line.decode(errors="replace").removeprefix("\ufeff") for line in head]
    lines = [line for line in lines if line.strip("\0 \t\r\n")]
    if not lines:
        return None
    if lines[0].lstrip().startswith("{"):
        records = [dict(_flat(found)) for line in lines if (found := _object(line))]
        return _looked(records) if records else None
    if lines[0].lstrip().startswith(("[", "<")):
        return None
    lines = [line for line in lines if not re.search(MARK, line)]  # cut at commas, nobody could tell what was sent
    return _table(lines) if lines else None


def _table(lines: list[str]) -> Profile | None:
    backslash = any('\\"' in line for line in lines)
    tables = {delimiter: _rows(lines, delimiter, backslash) for delimiter in DELIMITERS}
    width = {delimiter: Counter(map(len, rows)).most_common(1)[0] for delimiter, rows in tables.items() if rows}
    width = {delimiter: found for delimiter, found in width.items() if found[0] > 1}
    if not width:
        return None
    delimiter = max(width, key=lambda mark: (width[mark][1] / len(tables[mark]), width[mark][0]))
    rows = [row for row in tables[delimiter] if len(row) == width[delimiter][0]]
    header = rows[0] == tables[delimiter][0] and _names(rows)
    names = [name.strip() if header else f"column_{place}" for place, name in enumerate(rows[0], 1)]
    records = [dict(zip(names, map(_kept, row), strict=True)) for row in (rows[1:] if header else rows)]
    looked = _looked(records, names)
    return Profile(looked.columns, delimiter, header, backslash, looked.nulls)


def _kept(cell: str) -> str:
    return cleaned(cell) or ""


def _rows(lines: list[str], delimiter: str, backslash: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=delimiter, escapechar="\\" if backslash else None))
    return rows


def _names(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: texts that are all different, none of them a value further down."""
    first = [name.strip() for name in rows[0]]
    below = [set(column) for column in zip(*rows[1:], strict=True)] or [set()] * len(first)
    fresh = all(name not in values for name, values in zip(first, below, strict=True))
    return len(set(first)) == len(first) and fresh and all(map(NAME.fullmatch, first))


def _looked(records: list[dict[str, str]], names: Iterable[str] = ()) -> Profile:
    values: dict[str, list[str]] = {name: [] for name in names}
    nulls = set()
    for record in records:
        for name, value in record.items():
            held = values.setdefault(name, [])
            if value in NULLS:
                nulls.add(value)
            elif value.strip():
                held.append(value.strip())
    columns = tuple(ColumnProfile(name, tuple(held)) for name, held in values.items())
    return Profile(columns, nulls=tuple(null for null in NULLS if null in nulls))


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    kept = cleaned(found)  # nothing of what forms were sent with is shown, or drafted into a file
    return kept if isinstance(kept, dict) else None


def _flat(found: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        path = above + name.replace(".", "\\.")
        if isinstance(value, dict) and value and depth < DEEPEST:
            yield from _flat(value, f"{path}.", depth + 1)
        elif value is not None:
            yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: str) -> float:
    return float(value) if NUMBER.fullmatch(value) else math.nan


def _parsed(value: str, form: str) -> bool:
    try:
        found = datetime.strptime(value, form)  # noqa: DTZ007 - only whether it can be
    except (ValueError, OverflowError):
        return False
    return PLAUSIBLE[0] <= found.replace(tzinfo=UTC).timestamp() < PLAUSIBLE[1]
