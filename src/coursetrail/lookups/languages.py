"""Accept-Language headers: the language that a browser asks for first (RFC 9110 §12.5.4).

Real headers deviate from the standard: an element that cannot be read is skipped, and the rest counts.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pyarrow as pa

from coursetrail.lookups.agents import valid_unicode
from coursetrail.lookups.language_names import NAMES, SHORTEST
from coursetrail.lookups.lookup import Lookup

PARSER = "coursetrail 1"
"""Raise the number with any change that alters an answer."""

LONGEST = 1024
"""Characters of a header that are read."""

DEPRECATED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro"}

SPACE = " \t\u00a0\ufeff"
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
QUALITY = re.compile(r"[0-9]+\.?[0-9]*|\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Language:
    """A header's first choice: `language` en, `tag` en-US; `status` ok, missing, wildcard or invalid."""

    tag: str | None = None
    language: str | None = None
    status: str = "ok"


def preferred_language(header: str | None) -> Language:
    """The tag with the highest quality, the first one on a tie; `*` if there is no other. Never raises."""
    text = (header or "")[:LONGEST]
    if not text.strip(SPACE):
        return Language(status="missing")
    wanted: list[tuple[float, str]] = []
    for element in text.split(","):
        tag, *parameters = (part.strip(SPACE) for part in element.split(";"))
        if quality := _quality(parameters):
            wanted.append((quality, tag.replace("_", "-")))
    concrete = [one for one in wanted if TAG.fullmatch(one[1])]
    if concrete:
        tag = _canonical(max(concrete, key=lambda one: one[0])[1])
        return Language(tag, tag.split("-")[0])
    if any(tag == "*" for _, tag in wanted):
        return Language("*", "*", "wildcard")
    return Language(status="invalid")


def parse_languages(headers: Iterable[str]) -> pa.Table:
    """One row per distinct header, in order, with the header as key and the language's English name.

    A key is the unchanged header, except that each lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
    """
    rows = []
    for header in dict.fromkeys(map(valid_unicode, headers)):
        found = preferred_language(header)
        name = NAMES.get(found.language, found.language) if found.language else None
        rows.append({"accept_language": header, "name": name, "parser": PARSER, **asdict(found)})
    return pa.Table.from_pylist(rows, schema=LANGUAGES.schema)


def _quality(parameters: list[str]) -> float:
    """The value of q in an element's parameters, from 0 to 1; 1 if there is no q, 0 if it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip(SPACE).lower() == "q":
            value = value.strip(SPACE)
            return min(float(value), 1.0) if QUALITY.fullmatch(value) else 0.0
    return 1.0


def _canonical(tag: str) -> str:
    """The tag in standard form, `zh-hant-tw` as `zh-Hant-TW`, with the current and shortest code of the language."""
    primary, *rest = tag.lower().split("-")
    primary = DEPRECATED.get(primary, primary)
    subtags = [SHORTEST.get(primary, primary)]
    extended = False
    for subtag in rest:
        extended = extended or len(subtag) == 1
        if not extended and subtag.isalpha() and len(subtag) in (2, 4):
            subtag = subtag.upper() if len(subtag) == 2 else subtag.capitalize()
        subtags.append(subtag)
    return "-".join(subtags)


LANGUAGES = Lookup(
    name="languages",
    row="One distinct Accept-Language header.",
    key="accept_language",
    columns={
        "accept_language": (pa.string(), "the header as it was logged: the key"),
        "tag": (pa.string(), "the item of the highest quality, the first of several, for example `pt-BR`"),
        "language": (pa.string(), "the tag without its region, for example `pt`; `*` for a wildcard"),
        "name": (pa.string(), "the language in English"),
        "status": (pa.string(), "`ok`, `missing`, `wildcard` or `invalid`"),
        "parser": (pa.string(), "the version that gave this answer"),
    },
    parse=parse_languages,
    parser_version=PARSER,
)
