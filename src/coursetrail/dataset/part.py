"""Parts: the Parquet files of a table. The name of a part has digests of its bytes, which no other part has.

A part never changes, so its name can say what is in it. Delta Lake, other programs and older releases need not know
that, and a compaction, an older version or a copy of the dataset have the digests with the parts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from blake3 import blake3
from deltalake import DeltaTable

from coursetrail.dataset.errors import RESTORE, VERIFY
from coursetrail.errors import DatasetError
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.storage import first_line
from coursetrail.reading.processors import cores

BLOCK = 1 << 20
TAIL = 64 << 10
"""Bytes at the end of a part that are read first: most footers are shorter."""
NAME = re.compile(r"part-[0-9a-f-]{36}-(?P<footer>[0-9a-f]{16})-(?P<whole>[0-9a-f]{32})\.parquet")


class Seal(NamedTuple):
    """Digests (BLAKE3, in hexadecimal) of a part: 64 bits of its footer, 128 bits of all its bytes."""

    footer: str
    whole: str

    def name(self) -> str:
        """A new name for the part; equal rows may be added again after they were removed."""
        return f"part-{uuid4()}-{self.footer}-{self.whole}.parquet"


def sealed(file: Location) -> str:
    """The name of a Parquet file once it is a part."""
    return Seal(_footer(file), digest(file)).name()


def sealed_bytes(data: bytes) -> str:
    """The same of a Parquet file in memory."""
    footer = blake3(data[-_footer_length(data) :]).hexdigest(8)
    return Seal(footer, blake3(data).hexdigest(16)).name()


@dataclass(frozen=True)
class Part:
    """A part as the log of its table has it: its size in bytes, how many rows, and lowest and highest values.

    `rows` is None where another program did not record it.
    """

    file: Location
    size: int
    rows: int | None
    lowest: Mapping[str, Any]
    highest: Mapping[str, Any]

    @property
    def seal(self) -> Seal | None:
        """The digests; None for a part that an older release or another program wrote."""
        named = NAME.fullmatch(self.file.name)
        return Seal(named["footer"], named["whole"]) if named else None

    def may_hold(self, sources: Sequence[int]) -> bool:
        """Whether rows of these sources may be in it."""
        low, high = self.lowest.get("source"), self.highest.get("source")
        return (low is None or low <= max(sources)) and (high is None or high >= min(sources))

    def fault(self, *, whole: bool) -> str | None:
        """What is wrong with its bytes, or only with its footer, as far as it has digests. Raises OSError."""
        if self.seal is None:
            return None
        found = digest(self.file) if whole else _footer(self.file)
        return None if found == (self.seal.whole if whole else self.seal.footer) else "it is not what was written"

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Its rows; DatasetError where it is not what was written."""
        check([self], whole=self.file.local is not None)
        try:
            with self.file.files.open_input_file(self.file.path) as file:
                yield from pq.ParquetFile(file, page_checksum_verification=True).iter_batches()
        except (OSError, pa.ArrowException) as error:
            raise damaged(self.file, first_line(error)) from error


def parts_of(location: Location, table: DeltaTable) -> list[Part]:
    """The parts of a table that is open, at its own `location`, by their names."""
    found = pa.table(table.get_add_actions(flatten=True)).to_pylist()
    parts = [
        Part(
            location / row["path"],
            row["size_bytes"],
            row.get("num_records"),
            {name[4:]: value for name, value in row.items() if name.startswith("min.") and value is not None},
            {name[4:]: value for name, value in row.items() if name.startswith("max.") and value is not None},
        )
        for row in found
    ]
    return sorted(parts, key=lambda part: part.file.name)


def columns_of(table: DeltaTable) -> list[str]:
    """The names of a table's columns."""
    return [field.name for field in table.schema().fields]


def part_names(table: DeltaTable) -> list[str]:
    """The names of a table's parts."""
    return list(pa.table(table.get_add_actions(flatten=True))["path"].to_pylist())


def lost(parts: Iterable[Part], sizes: Mapping[str, int]) -> list[tuple[Part, str]]:
    """The parts that are missing from a folder with files of these sizes, or have another size; and what is wrong."""
    found = [(part, sizes.get(part.file.name)) for part in parts]
    return [
        (part, "it is missing" if size is None else f"it has {size:,} bytes, not {part.size:,}")
        for part, size in found
        if size != part.size
    ]


def check(parts: Sequence[Part], *, whole: bool) -> None:
    """Raise DatasetError where the bytes of a part, or only its footer, are not what was written."""

    def fault(part: Part) -> str | None:
        try:
            return part.fault(whole=whole)
        except OSError as error:
            return first_line(error)

    with ThreadPoolExecutor(cores()) as pool:
        for part, wrong in zip(parts, pool.map(fault, parts), strict=True):
            if wrong:
                raise damaged(part.file, wrong)


def damaged(part: Location, why: str) -> DatasetError:
    """The error for a part whose rows cannot be trusted."""
    return DatasetError(f"{part}: this part of the dataset is damaged ({why}). {VERIFY} {RESTORE}")


def digest(file: Location) -> str:
    """The digest of all bytes of a file, as names of parts have it. Raises OSError."""
    found = blake3()
    block = memoryview(bytearray(BLOCK))
    with file.open() as opened:
        while count := opened.readinto(block):  # type: ignore[attr-defined]
            found.update(block[:count])
    return found.hexdigest(16)


def _footer(file: Location) -> str:
    """The digest of a Parquet file's footer, with its length and the magic bytes."""
    size = file.size()
    with file.open() as opened:
        tail = _end(opened, size, TAIL)
        length = _footer_length(tail)
        if length > len(tail):
            tail = _end(opened, size, length)
    return blake3(tail[-length:]).hexdigest(8)


def _footer_length(tail: bytes) -> int:
    return int.from_bytes(tail[-8:-4], "little") + 8


def _end(opened: IO[bytes], size: int, count: int) -> bytes:
    """The last `count` bytes, or all there are."""
    opened.seek(max(size - count, 0))
    parts = []
    while data := opened.read(count):
        parts.append(data)
    return b"".join(parts)
