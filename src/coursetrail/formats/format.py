"""What a format is: how to know it, which fields it has, and how they map to our columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


class Reject(Exception):  # noqa: N818 - not an error: the verdict on one line
    """A line that cannot become an event; the text is the reason kept with it."""


@dataclass(frozen=True)
class Mended:
    """A line made good: its JSON `text`, and `kinds`, the names of what had to be mended."""

    text: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Format:
    """An export of JSON lines.

    `fields` are the top-level fields with a place in `columns` or `kept`, by JSON name and engine type; the
    engine reads them into a struct `r`. `nested` are those of the field that is JSON in a string (`v`), read
    where `nested_if` holds. `sound` is true of lines that need no mending. `columns` are SQL expressions over
    `r`, `v`, `page` (of `page_url`) and `network` (of `address`). `kept` are the members of `extra`, each a
    JSON name and an expression that gives JSON text or null; the first is a field of text, given as it is.
    """

    name: str
    title: str
    recognise: Callable[[bytes], bool]
    mend: Callable[[bytes], Mended | None]
    fields: Mapping[str, str]
    sound: str
    nested: Mapping[str, str]
    nested_in: str
    nested_if: str
    url: str
    page: Callable[[str], tuple[str | None, ...]]
    address: str
    columns: Mapping[str, str]
    kept: Mapping[str, str]
