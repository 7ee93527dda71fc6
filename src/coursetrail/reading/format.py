"""What a format is: how to know it, which fields it has, and how they map to our columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from coursetrail.reading.columns import Column, Records
from coursetrail.reading.scan import FieldSpec
from coursetrail.reading.tables import DelimitedTable


class Reject(Exception):  # noqa: N818 - not an error: the verdict on one line
    """A line that cannot become an event; the text is the reason kept with it."""


@dataclass(frozen=True)
class Repaired:
    """A line made good: its JSON `text`, and `kinds`, the names of what had to be mended."""

    text: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Format:
    """An export: lines of JSON, or records of a `table`, which are scanned as lines of JSON too.

    `fit` is given the first lines of a file: this format, with what it found out about the file, or None if it is
    another's. `layout` says which fields are scanned: those of a line become a struct `r`, those of the object inside
    it a struct `v`; `within` names further fields that hold an object, and what is looked for in those. `needed` are
    the fields that `doubtful` looks at, a mask of the rows that only `mend` can judge. `url` gives the addresses that
    `page` takes apart into course, area, item and action, `address` that of the client. `columns` are
    those of events that the format fills; `extra`, if not among them, is the layout's `rest`. `raw` are the fields of a
    plain table, in their order; `shown` is what may be shown there of the fields. Where a format `repeats`, a line with
    the bytes of an earlier one is an event of its own. `keepable` is what may be kept of a rejected line.
    """

    name: str
    title: str
    fit: Callable[[list[bytes]], "Format | None"]
    layout: FieldSpec
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
    address: Callable[[Records], pa.Array] = lambda records: pa.nulls(len(records), pa.string())
    keepable: Callable[[bytes], bytes] = bytes
    shown: Callable[[pa.StructArray], pa.StructArray] = lambda r: r
