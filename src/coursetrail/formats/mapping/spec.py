"""Reads and checks a mapping file (TOML): which column or path of a file fills which column of events.

Every error names the file, the key and the allowed values. docs/mapping.md is the reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa

from coursetrail.dataset.actions import ACTIONS, AREAS
from coursetrail.dataset.schema import EVENT_COLUMNS
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.formats.mapping.sections import TomlSection
from coursetrail.formats.mapping.time_texts import usable
from coursetrail.reading.bounded_toml import parse as parse_toml
from coursetrail.reading.encodings import encoding_named

TEXTS, NUMBERS = (
    tuple(column.name for column in EVENT_COLUMNS if column.mapped and (column.type == pa.string()) == is_text)
    for is_text in (True, False)
)
CONSTANTS = (*TEXTS, "action", "area")
LISTS = {"action": ACTIONS, "area": AREAS}
UNITS = {"days": 86_400_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds in each unit of time."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_COLUMNS = 64
"""Columns of a file: the scanner's limit."""
MAX_FORMATS = 16
"""Formats of times in one mapping."""
HINT = (
    "Pass the mapping with --mapping, and the export as the file to read; docs/mapping.md shows how to write a mapping."
)


@dataclass(frozen=True)
class TimeSpec:
    """The columns of the time and how it is written: in `formats` of strptime, as a number of `unit`s, else ISO 8601.

    Of several formats the first that fits a text is used.

    The texts of several `columns` are joined by a space. Numbers count from the origin that `origins` has for the value
    in `origin_column`, else from `origin`. A text without a zone is in `zone`.
    """

    columns: tuple[str, ...]
    formats: tuple[str, ...]
    unit: str | None
    zone: tzinfo
    origin: datetime
    origin_column: str | None
    origins: Mapping[str, datetime]


@dataclass(frozen=True)
class Translation:
    """The meaning of a column's values in a closed list of ours; `default` is for all other values and for null."""

    column: str
    values: Mapping[str, str]
    default: str | None


@dataclass(frozen=True)
class Dialect:
    """How a table is written, if its first line does not show it; `names` are for a table without a header."""

    delimiter: str | None = None
    names: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ("",)
    backslash: bool = False


@dataclass(frozen=True)
class MappingSpec:
    """The contents of a mapping `file`.

    `columns` maps columns of events to the columns of the file that fill them. `dropped` columns are stored nowhere.
    `repeats` says whether equal lines are events of their own; None where the times decide. Lines with the same
    text in the column `event_id` are one event. `encoding` is that of the file; None is UTF-8.
    """

    file: str
    name: str
    title: str
    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    time: TimeSpec
    translations: Mapping[str, Translation]
    dialect: Dialect
    dropped: tuple[str, ...] = ()
    repeats: bool | None = None
    event_id: str | None = None
    encoding: str | None = None

    @property
    def stored(self) -> frozenset[str]:
        """Columns whose own text is in no column of events, so that `extra` stores it."""
        origin = {self.time.origin_column} if self.time.origin_column else set()
        plain = {name for names in self.columns.values() for name in names}
        return frozenset({one.column for one in self.translations.values()} | origin) - plain

    @property
    def read(self) -> dict[str, str]:
        """Every column of the file that is read, and what it is read for."""
        found = {name: "origin_column" for name in [self.time.origin_column] if name}
        found |= {one.column: ours for ours, one in self.translations.items()}
        found |= {name: ours for ours, names in self.columns.items() for name in names}
        return found | dict.fromkeys(self.time.columns, "time")


def parse(text: str, file: str) -> MappingSpec:
    """The contents of a mapping file's text; `file` names it in errors. Raises only UsageError."""
    whole = _toml(text, file)
    whole.only(
        *("name", "title", "encoding", "duplicates", "event_id", "drop"),
        *("file", "columns", "constants", "time", "action", "area"),
    )
    name = whole.text("name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", name):
        raise whole.wrong("name", "lower-case letters, digits, - and _, such as name = 'my-platform'")
    columns, constants = whole.section("columns"), whole.section("constants")
    columns.only(*TEXTS, *NUMBERS)
    constants.only(*CONSTANTS)
    fixed = {key: constants.text(key) for key in constants.items}
    for key in fixed.keys() & LISTS:
        constants.one_of(key, LISTS[key])
    translations = {key: _translation(whole.section(key), LISTS[key]) for key in LISTS if key in whole.items}
    for key in fixed.keys() & {*columns.items, *translations}:
        raise constants.wrong(key, "left out, because a column of the file already fills it")
    if "action" not in {*fixed, *translations}:
        raise UsageError(
            f"{file}: nothing says what was done. Add [action] with the column that says it, or action = 'page_view' "
            "to [constants] if it is always the same."
        )
    mapping = MappingSpec(
        file=file,
        name=name,
        title=whole.text("title", name),
        columns={key: _several(columns, key) for key in columns.items},
        constants=fixed,
        time=_time(whole.section("time")),
        translations=translations,
        dialect=_dialect(whole.section("file")),
        dropped=whole.texts("drop"),
        encoding=_encoding(whole),
        event_id=whole.text("event_id") if "event_id" in whole.items else None,
        repeats=whole.one_of("duplicates", ("drop", "keep")) == "keep" if "duplicates" in whole.items else None,
    )
    used = mapping.read | ({mapping.event_id: "event_id"} if mapping.event_id else {})
    if len({*used, *mapping.dropped}) > MAX_COLUMNS or len(mapping.dialect.names) > MAX_COLUMNS:
        raise UsageError(f"{file}: more than {MAX_COLUMNS} columns of the file are named; leave some out.")
    for name in mapping.dropped:
        uses = (ours for read, ours in used.items() if read == name or read.startswith(f"{name}."))
        if ours := next(uses, None):
            raise whole.wrong("drop", f"without '{name}', which is read for {ours}")
    return mapping


def _toml(text: str, file: str) -> "TomlSection":
    """The whole text, checked before it is parsed: what a parser does with it must be bounded."""
    return TomlSection(file, "", parse_toml(text, file, HINT))


def _encoding(whole: "TomlSection") -> str | None:
    """The encoding of the file, by our name for it."""
    if "encoding" not in whole.items:
        return None
    try:
        return encoding_named(whole.text("encoding"))
    except UsageError as error:
        raise UsageError(f"{whole.file}: {error}") from error


def _several(columns: "TomlSection", key: str) -> tuple[str, ...]:
    names = columns.texts(key)
    if len(names) > 1 and key in NUMBERS:
        raise columns.wrong(key, "the name of one column")
    return names


def _translation(section: "TomlSection", known: tuple[str, ...]) -> Translation:
    section.only("column", "values", "default")
    values = section.section("values")
    default = "other" if section.name == "action" else None
    return Translation(
        section.text("column"),
        {key: values.one_of(key, known) for key in values.items},
        section.one_of("default", known) if "default" in section.items else default,
    )


def _time(section: "TomlSection") -> TimeSpec:
    section.only("column", "format", "unit", "zone", "origin", "origin_column", "origins")
    zone = _zone(section)
    origins = section.section("origins")
    unit = section.one_of("unit", tuple(UNITS)) if "unit" in section.items else None
    written = section.texts("format")
    if unit and written:
        raise section.wrong("format", "left out, because unit says that the time is a number")
    if not unit and (found := section.items.keys() & {"origin", "origin_column", "origins"}):
        raise section.wrong(min(found), "used only with unit, such as unit = 'days'")
    if ("origins" in section.items) != ("origin_column" in section.items):
        raise section.wrong(
            "origins", "a section [time.origins] together with origin_column, whose values are its keys"
        )
    if not all(map(usable, written)) or len(written) > MAX_FORMATS:
        raise section.wrong(
            "format",
            "a format of Python's strptime that has a date, such as '%d.%m.%Y %H:%M', or a list of at most "
            f"{MAX_FORMATS} of them",
        )
    return TimeSpec(
        columns=section.texts("column", required=True),
        formats=written,
        unit=unit,
        zone=zone,
        origin=section.moment("origin", zone) if "origin" in section.items else EPOCH,
        origin_column=section.text("origin_column") if "origin_column" in section.items else None,
        origins={key: origins.moment(key, zone) for key in origins.items},
    )


def _zone(section: "TomlSection") -> tzinfo:
    name = section.text("zone", "UTC")
    known = available_timezones()
    if name not in known:
        hint = did_you_mean(name, sorted(known))
        raise section.wrong("zone", "a time zone such as 'Asia/Shanghai'", hint if len(hint) < 100 else "")
    return UTC if name == "UTC" else ZoneInfo(name)


def _dialect(section: "TomlSection") -> Dialect:
    section.only("delimiter", "names", "nulls", "backslash")
    delimiter = section.text("delimiter") if "delimiter" in section.items else None
    if delimiter is not None and not re.fullmatch(r"[\t !#-\[\]-~]", delimiter):
        raise section.wrong("delimiter", 'one character, such as ";" or "\\t"')
    names = section.texts("names")
    if len(set(names)) < len(names):
        raise section.wrong("names", "names that are all different")
    nulls = section.texts("nulls", empty=True) if "nulls" in section.items else ("",)
    if len(nulls) > 16:
        raise section.wrong("nulls", "at most 16 texts")
    return Dialect(delimiter, names, nulls, section.flag("backslash"))
