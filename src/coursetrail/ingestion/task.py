"""What is asked for when an export is read, and what comes back; both can be sent to a worker of a cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from coursetrail import formats
from coursetrail.dataset.ledger import Source
from coursetrail.filesystem.location import Location
from coursetrail.ingestion.reject_limit import RejectLimit


@dataclass(frozen=True)
class IngestTask:
    """How every export of a run is read.

    `into` is the folder for Parquet files, `columns` those of events that are filled, `cores` how many of the machine's
    may be used.
    """

    into: Location
    format: formats.Asked | None
    encoding: str | None
    course: str | None
    limit: RejectLimit
    columns: Sequence[str] | None
    packed: bool
    look_up: bool
    cores: int


@dataclass(frozen=True)
class Extracted:
    """An export as it was read; `file` is its Parquet file's name in the folder, None where there is no event.

    `size` is in bytes. `texts` are the distinct strings to be looked up, by table; `heads` the fingerprints' heads of
    all shorter files that begin alike.
    """

    source: Source
    file: str | None
    size: int
    rejects: pa.Table
    texts: Mapping[str, Sequence[str]]
    heads: frozenset[str]


@dataclass(frozen=True)
class SameContent:
    """An export in which nothing is new: its lines are those of `source`, or its digest is known and `source` is None.

    It is what the reader of the file finds; the verdict `Unchanged` also names the row of the ledger. `bytes`,
    `digest`, `modified` and `encoding` are the file's own; `number` is the source number that it was given.
    """

    name: str
    number: int
    digest: str
    bytes: int
    modified: datetime | None
    encoding: str | None
    source: int | None = None
