"""A section of a TOML file, read key by key; a wrong value is an error that lists the allowed values."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from coursetrail.errors import UsageError, did_you_mean

SECTIONS = ("time", "action", "area")
"""Columns of events with a section of their own, because a name does not describe them."""


@dataclass(frozen=True)
class TomlSection:
    """A table of the TOML file. Its methods read one key each and raise UsageError for a wrong value."""

    file: str
    name: str
    items: dict[str, Any] = field(default_factory=dict)

    def only(self, *known: str) -> None:
        """Refuse keys that are not `known`."""
        for key in self.items:
            if key in known:
                continue
            where = f"[{self.name}] " if self.name else ""
            if key in SECTIONS:
                hint = f" It has a section of its own: [{key}] with column = '…'."
            else:
                hint = did_you_mean(key, list(known))
            raise UsageError(f"{self.file}: {where}there is no key '{_shown(key)}'.{hint}")

    def section(self, key: str) -> "TomlSection":
        """A table below this one; empty if it is missing."""
        items = self.items.get(key, {})
        name = f"{self.name}.{key}" if self.name else key
        if not isinstance(items, dict):
            raise self.wrong(key, f"a section: [{name}] on a line of its own, with its keys below")
        return TomlSection(self.file, name, items)

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        value = self.items.get(key, default)
        if not isinstance(value, str) or not value or not _is_printable(value):
            raise self.wrong(key, "a text in quotes")
        return value

    def texts(self, key: str, *, required: bool = False, empty: bool = False) -> tuple[str, ...]:
        """A text, or a list of texts; empty if the key is missing."""
        value = self.items.get(key, [])
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) and (one or empty) and _is_printable(one) for one in values):
            raise self.wrong(key, "a text in quotes, or a list of them")
        if not values and (required or key in self.items):
            raise self.wrong(key, "a text in quotes, or a list of them")
        return tuple(values)

    def one_of(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        """A word of a closed list."""
        value = self.items.get(key, default)
        words = list(known)
        if value not in words:
            hint = did_you_mean(value, words) if isinstance(value, str) else f" Known: {', '.join(words)}."
            raise self.wrong(key, f"one of a closed list, not {_shown(repr(value))}", hint)
        return str(value)

    def flag(self, key: str) -> bool:
        """True or false; false if the key is missing."""
        value = self.items.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def moment(self, key: str, zone: tzinfo) -> datetime:
        """A date or time, with or without quotes; a time without a zone is in `zone`."""
        value = self.items[key]
        try:
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
            elif isinstance(value, date) and not isinstance(value, datetime):
                value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the next line adds a zone
            return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)  # type: ignore[no-any-return]
        except (ValueError, OverflowError, AttributeError, TypeError):
            raise self.wrong(key, "a date such as 2013-10-01, or a time such as 2013-10-01T12:00:00") from None

    def wrong(self, key: str, expected: str, hint: str = "") -> UsageError:
        """The error for a wrong or missing value of a key: says what is `expected`."""
        where = f"[{self.name}] " if self.name else ""
        there = "must be" if key in self.items else "is missing; it is"
        return UsageError(f"{self.file}: {where}{_shown(key)} {there} {expected}.{hint}")


def _is_printable(text: str) -> bool:
    return text.isprintable() or text == "\t"


def _shown(text: str) -> str:
    """A piece of the file as an error shows it: short, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:60]}…"
