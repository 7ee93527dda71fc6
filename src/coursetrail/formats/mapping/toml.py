"""A mapping file (TOML) → what it says, checked: which column or path of a file feeds which column of events.

Every error names the file, the key, and what may stand there. docs/mapping.md is the reference.
"""

import re
import tomllib
from collections.abc import Mapping as Named
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from coursetrail.dataset.actions import ACTIONS, AREAS
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.formats.mapping.sections import TomlSection

TEXTS = (
    *("platform", "course", "learner", "item", "url", "referrer", "cookie", "user_agent", "accept_language"),
    *("network", "country", "region", "timezone"),
)
NUMBERS = ("position", "position_from", "rate", "weight")
CONSTANTS = (*TEXTS, "action", "area")
LISTS = {"action": ACTIONS, "area": AREAS}
UNITS = {"days": 86_400_000_000, "s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds of each unit that a time may be counted in."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 64
"""Columns of a file that can be told apart: the scanner's limit."""
LONGEST = 1 << 20
"""Characters that a mapping file may have: more is another kind of file."""


@dataclass(frozen=True)
class Time:
    """Where the time stands and how it is written: a `format` of strptime, a number of `unit`s, else ISO 8601.

    Of several `columns` the texts are joined by a space. Numbers count from the origin that `origins` has for the value
    in `origin_column`, else from `origin`. Texts that name no zone are of `zone`.
    """

    columns: tuple[str, ...]
    format: str | None
    unit: str | None
    zone: tzinfo
    origin: datetime
    origin_column: str | None
    origins: Named[str, datetime]


@dataclass(frozen=True)
class Translation:
    """What the values of a column mean in a closed list of ours; `default` is for all others, null included."""

    column: str
    values: Named[str, str]
    default: str | None


@dataclass(frozen=True)
class Dialect:
    """How a table is written, as far as that is not found in its first line; `names` are for one without a header."""

    delimiter: str | None = None
    names: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ("",)
    backslash: bool = False


@dataclass(frozen=True)
class Mapping:
    """What a mapping `file` says. `columns` are ours by what feeds them; `dropped` columns are kept nowhere."""

    file: str
    name: str
    title: str
    columns: Named[str, tuple[str, ...]]
    constants: Named[str, str]
    time: Time
    translations: Named[str, Translation]
    dialect: Dialect
    dropped: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def kept(self) -> frozenset[str]:
        """Columns whose text is not that of a column of ours, so that it must be kept beside them."""
        origin = {self.time.origin_column} if self.time.origin_column else set()
        plain = {name for names in self.columns.values() for name in names}
        return frozenset({one.column for one in self.translations.values()} | origin) - plain

    @property
    def read(self) -> dict[str, str]:
        """Every column of the file that is read, and for what."""
        found = {name: "origin_column" for name in [self.time.origin_column] if name}
        found |= {one.column: ours for ours, one in self.translations.items()}
        found |= {name: ours for ours, names in self.columns.items() for name in names}
        return found | dict.fromkeys(self.time.columns, "time")


def parse(text: str, file: str) -> Mapping:
    """What the text of a mapping file says; `file` names it in a UsageError, the only error there is."""
    try:
        if len(text) > LONGEST:
            raise UsageError(f"{file}: too long for a mapping. Which file is the mapping, which the export?")
        whole = TomlSection(file, "", tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise UsageError(
            f"{file} is no TOML: {' '.join(str(error).split())}. docs/mapping.md shows how to write it."
        ) from error
    whole.only("name", "title", "duplicates", "drop", "file", "columns", "constants", "time", "action", "area")
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
        raise constants.wrong(key, f"no '{key}' at all, for a column of the file feeds it already")
    if "action" not in {*fixed, *translations}:
        raise UsageError(
            f"{file}: nothing says what was done. Add [action] with the column that does, or action = 'page_view' "
            "to [constants] if all of it is the same."
        )
    mapping = Mapping(
        file=file,
        name=name,
        title=whole.text("title", name),
        columns={key: _several(columns, key) for key in columns.items},
        constants=fixed,
        time=_time(whole.section("time")),
        translations=translations,
        dialect=_dialect(whole.section("file")),
        dropped=whole.texts("drop"),
        repeats=whole.one_of("duplicates", ("drop", "keep"), "drop") == "keep",
    )
    if len({*mapping.read, *mapping.dropped}) > MOST or len(mapping.dialect.names) > MOST:
        raise UsageError(f"{file}: more than {MOST} columns of a file are named; leave some out.")
    for name in mapping.dropped:
        uses = (ours for read, ours in mapping.read.items() if read == name or read.startswith(f"{name}."))
        if ours := next(uses, None):
            raise whole.wrong("drop", f"without '{name}', which is read for {ours}")
    return mapping


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


def _time(section: "TomlSection") -> Time:
    section.only("column", "format", "unit", "zone", "origin", "origin_column", "origins")
    zone = _zone(section)
    origins = section.section("origins")
    unit = section.one_of("unit", tuple(UNITS)) if "unit" in section.items else None
    form = section.text("format") if "format" in section.items else None
    if unit and form:
        raise section.wrong("format", "nothing, for unit says that the time is a number")
    if not unit and (found := section.items.keys() & {"origin", "origin_column", "origins"}):
        raise section.wrong(min(found), "an origin only beside unit, such as unit = 'days'")
    if ("origins" in section.items) != ("origin_column" in section.items):
        raise section.wrong("origins", "[time.origins] beside origin_column, the column that its keys are values of")
    if form and not _usable(form):
        raise section.wrong("format", "a format of Python's strptime that has a date, such as '%d.%m.%Y %H:%M'")
    return Time(
        columns=section.texts("column", required=True),
        format=form,
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


def _usable(form: str) -> bool:
    """Whether strptime knows the format, and what it reads is a whole date."""
    try:
        sample = datetime(2013, 7, 24, 13, 7, 9, tzinfo=UTC)
        return datetime.strptime(sample.strftime(form), form).date() == sample.date()  # noqa: DTZ007
    except (ValueError, re.error, OverflowError, KeyError):
        return False


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
