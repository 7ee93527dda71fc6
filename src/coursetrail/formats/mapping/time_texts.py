"""Texts of times in formats of `strptime`, and their zones, which strptime itself would take from this machine."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache

FINE = frozenset(("%S", "%f", "%c", "%X"))
"""Directives that tell moments of the same minute apart."""
_COMMENT = re.compile(r"\s*\([^()]*\)$")
"""What JavaScript and mail programs write behind an offset: the name of the zone."""
_ZONE = re.compile(r"(?<![A-Za-z])(?:UTC|GMT|Z)(?![A-Za-z])", re.IGNORECASE)
_NAME = re.compile(r"(?<![A-Za-z])[A-Za-z]{1,5}(?![A-Za-z])(?=[^A-Za-z]*$)")


def parsed(text: str, form: str, zone: tzinfo) -> datetime | None:
    """The moment of a text; one without a zone is in `zone`. None if it does not fit, or if its zone is not certain.

    `%Z` reads UTC, GMT and Z only: strptime would also accept the names of this machine's own zone, and ignore them.
    """
    certain, name = _certain(form)
    text = text.strip()
    if "(" not in form:
        text = _COMMENT.sub("", text)
    if name:
        text = _ZONE.sub(name, text)
    try:
        found = datetime.strptime(text, certain)  # noqa: DTZ007 - the next line adds a zone
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def names_zone(text: str, form: str) -> bool:
    """Whether only the name of its zone keeps a text from being read."""
    return "%Z" in directives(form) and parsed(_NAME.sub("UTC", text), form, UTC) is not None


def usable(form: str) -> bool:
    """Whether strptime knows the format, and the format has a whole date."""
    try:
        sample = datetime(2013, 7, 24, 13, 7, 9, tzinfo=UTC)
        found = parsed(sample.strftime(form), form, UTC)
    except (re.error, ValueError, OverflowError, KeyError):
        return False
    return found is not None and found.date() == sample.date()


def directives(form: str) -> list[str]:
    """The directives of a format."""
    return re.findall("%.", form)


@cache
def _certain(form: str) -> tuple[str, str]:
    """The format with something else for `%Z`, and what UTC must be called in a text so that it fits; else empty."""
    if "%Z" not in directives(form):
        return form, ""
    put, name = ("UTC", "UTC") if "%z" in directives(form) else ("%z", "+0000")
    return re.sub("%.", lambda found: put if found[0] == "%Z" else found[0], form), name
