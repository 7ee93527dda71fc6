"""What a format is: how it is recognised, its fields, and how these map to the columns of events."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from coursetrail.reading.columns import Column, Records
from coursetrail.reading.scan import FieldSpec
from coursetrail.reading.tables import DelimitedTable


class Reject(Exception):  # noqa: N818 - not an error: the verdict on one line
    """A line that cannot become an event; the text is the reason that is stored with it."""


@dataclass(frozen=True)
class Repaired:
    """A repaired line: its JSON `text`, and `kinds`, the names of the repairs."""

    text: str
    kinds: tuple[str, ...]


class Page(NamedTuple):
    """What the address of a page says; all null if it is not an address of a course."""

    course: str | None
    area: str | None
    item: str | None
    action: str | None


@dataclass(frozen=True)
class Format:
    """The format of an export: lines of JSON, or records of a `table`, which are scanned as lines of JSON.

    - `fit` takes the first lines of a file and returns this format, with what these lines say of it, or None.
    - `spec` says which fields are scanned: those of a line become a struct `r`, those of the object inside it a struct
      `v`; `within` names further fields that hold an object, and the fields of these.
    - `suspect` returns a mask of the rows that `repair` must decide about; `needed` are the fields that it uses.
    - `url` returns the addresses that `page` parses into a `Page`, and `address` those of the clients.
    - `columns` are the columns of events that the format fills; `extra`, if it is not one of them, is `rest`.
    - `raw` are the fields of a plain table, in order; `shown` removes from them what must not be shown.
    - If a format `repeats`, a line with the same bytes as an earlier one is an event of its own.
    - `clock` says whether its times have a time of day, and not only a day.
    - `watched` are texts that columns of events are made of, by the name in the file: the column of events, and how
      the texts are read. A file where one has no value in any line gets a warning.
    - `event_id`, if there is one, reads the ids of events: a line with the id of an earlier one is a duplicate.
    - `keepable` is the part of a rejected line that may be stored.
    - `encoding` is that of the file; None is UTF-8.
    """

    name: str
    title: str
    fit: Callable[[list[bytes]], "Format | None"]
    spec: FieldSpec
    raw: tuple[str, ...]
    needed: tuple[str, ...]
    suspect: Callable[[pa.StructArray], Any]
    repair: Callable[[bytes], Repaired | None]
    url: Callable[[Records], pa.Array]
    page: Callable[[str], tuple[str | None, ...]]
    columns: Mapping[str, Column]
    within: Mapping[str, FieldSpec] = field(default_factory=dict)
    table: DelimitedTable | None = None
    repeats: bool = False
    clock: bool = True
    watched: Mapping[str, tuple[str, Callable[[pa.StructArray], pa.Array]]] = field(default_factory=dict)
    event_id: Callable[[pa.StructArray], pa.Array] | None = None
    address: Callable[[Records], pa.Array] = lambda records: pa.nulls(len(records), pa.string())
    keepable: Callable[[bytes], bytes] = bytes
    shown: Callable[[pa.StructArray], pa.StructArray] = lambda r: r
    encoding: str | None = None
