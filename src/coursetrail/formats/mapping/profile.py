"""Profiles the first lines of a file of unknown format: its columns and the kinds of their values."""

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

from coursetrail.formats.edx.payload import FORM_PATTERN, redact_value
from coursetrail.formats.mapping.time_texts import parsed
from coursetrail.reading.tables import DELIMITERS
from coursetrail.reading.times import moment

NULLS = ("NULL", "\\N", "null", "None", "NA", "N/A", "nan", "?")
"""Texts that programs write for a missing value."""
MAX_DEPTH = 4
"""Members up to this depth are columns of their own; deeper objects are shown as JSON."""
DAYS = (
    *("%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%Y", "%d.%m.%y", "%d-%m-%Y", "%Y%m%d"),
    *("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%A, %d %B %Y", "%d-%b-%Y", "%Y-%m-%d"),
)
CLOCKS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
FORMATS = (
    *(f"{day}{between}{clock}" for day in DAYS for between in (" ", ", ") for clock in CLOCKS),
    *DAYS,
    "%d/%b/%Y:%H:%M:%S %z",
    *(f"%a, %d %b %Y %H:%M:%S{zone}" for zone in (" %Z", "")),
    "%a %b %d %Y %H:%M:%S %Z%z",
    "%a %b %d %H:%M:%S %Z %Y",
    "%a %b %d %H:%M:%S %Y",
)
"""Formats of times, in the order in which they are tried; day before month."""
LONGEST_TIME = 80
ENOUGH_VALUES = 50
"""Values of a column by which the format of its times is found."""
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
PLAUSIBLE = (datetime(2000, 1, 1, tzinfo=UTC).timestamp(), datetime(2040, 1, 1, tzinfo=UTC).timestamp())
ENOUGH = 0.8
"""A column is of a kind if this share of its values is."""
NAME = re.compile(r"[^\W\d][\w .:/#()'\u2019-]{0,60}")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
MAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){3,7}")


@dataclass(frozen=True)
class ColumnProfile:
    """A column with its values in the first lines, without nulls."""

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

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        """The different values, in order."""
        return tuple(dict.fromkeys(self.values))

    def _all(self, fits: Callable[[str], object]) -> bool:
        """Whether most values fit: the first lines of a file may be damaged too."""
        return _most(fits, self.values)

    def _written(self) -> str | None:
        if not self._all(lambda value: len(value) <= LONGEST_TIME and re.search(r"\d.*\d", value)):
            return None
        few = self.distinct[:ENOUGH_VALUES]
        return next((form for form in FORMATS if _most(lambda value: _is_written(value, form), few)), None)  # noqa: B023


@dataclass(frozen=True)
class Profile:
    """The columns of JSON lines, or of a table with this delimiter, with or without a header."""

    columns: tuple[ColumnProfile, ...]
    delimiter: str | None = None
    header: bool = False
    backslash: bool = False
    nulls: tuple[str, ...] = ()


def look(head: Sequence[bytes]) -> Profile | None:
    """The profile of a file with these first lines; None if they are neither JSON lines nor a table."""
    lines = [line.decode(errors="replace").removeprefix("\ufeff") for line in head]
    lines = [line for line in lines if line.strip("\0 \t\r\n")]
    if not lines:
        return None
    if lines[0].lstrip().startswith("{"):
        records = [dict(_flat(found)) for line in lines if (found := _object(line))]
        return _profile(records) if records else None
    if lines[0].lstrip().startswith(("[", "<")):
        return None
    # Split at commas, a form can no longer be recognised.
    lines = [line for line in lines if not re.search(FORM_PATTERN, line)]
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
    names = [name.strip() if header else f"column_{number}" for number, name in enumerate(rows[0], 1)]
    records = [dict(zip(names, map(_redacted_cell, row), strict=True)) for row in (rows[1:] if header else rows)]
    found = _profile(records, names)
    return Profile(found.columns, delimiter, header, backslash, found.nulls)


def _redacted_cell(cell: str) -> str:
    return redact_value(cell) or ""


def _rows(lines: list[str], delimiter: str, backslash: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=delimiter, escapechar="\\" if backslash else None))
    return rows


def _names(rows: list[list[str]]) -> bool:
    """Whether the first row holds names: all different, and none of them a value of its column below."""
    first = [name.strip() for name in rows[0]]
    below = [set(column) for column in zip(*rows[1:], strict=True)] or [set()] * len(first)
    fresh = all(name not in values for name, values in zip(first, below, strict=True))
    return len(set(first)) == len(first) and fresh and all(map(NAME.fullmatch, first))


def _profile(records: list[dict[str, str]], names: Iterable[str] = ()) -> Profile:
    values: dict[str, list[str]] = {name: [] for name in names}
    nulls = set()
    for record in records:
        for name, value in record.items():
            column = values.setdefault(name, [])
            if value in NULLS:
                nulls.add(value)
            elif value.strip():
                column.append(value.strip())
    columns = tuple(ColumnProfile(name, tuple(column)) for name, column in values.items())
    return Profile(columns, nulls=tuple(null for null in NULLS if null in nulls))


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    redacted = redact_value(found)  # a draft must not show the contents of forms
    return redacted if isinstance(redacted, dict) else None


def _flat(found: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        path = above + name.replace(".", "\\.")
        if isinstance(value, dict) and value and depth < MAX_DEPTH:
            yield from _flat(value, f"{path}.", depth + 1)
        elif value is not None:
            yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: str) -> float:
    return float(value) if NUMBER.fullmatch(value) else math.nan


def _is_written(value: str, form: str) -> bool:
    found = parsed(value, form, UTC)
    return found is not None and PLAUSIBLE[0] <= found.timestamp() < PLAUSIBLE[1]


def _most(fits: Callable[[str], object], values: Sequence[str]) -> bool:
    """Whether enough of the values fit; asks no more than that takes."""
    left = len(values) * (1 - ENOUGH)
    for value in values:
        if not fits(value):
            left -= 1
            if left < 0:
                return False
    return True
