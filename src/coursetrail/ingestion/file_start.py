"""What the first bytes of a file show: what it is packed in, whether it is an archive, and its first lines."""

from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa

from coursetrail.filesystem import archives
from coursetrail.filesystem.compression import ByteStream, Gunzip, Raw, opened
from coursetrail.filesystem.location import Location
from coursetrail.reading.encodings import Transcoded, is_utf_8
from coursetrail.reading.lines import BLOCK, CR, Lines, line_end, unify

LINES = 200
"""First lines by which a file's format is recognised."""
PIECE = 1 << 18
MOST = 64 << 20
"""Bytes of a file in which its first lines must be found."""


@dataclass(frozen=True)
class FileStart:
    """The `first` bytes of a file, decompressed, its `container` (plain, gzip or zstd), and its first lines.

    The lines are in UTF-8 if the file's `encoding` is given; an archive has none.
    """

    first: bytes
    encoding: str | None
    container: str
    is_archive: bool
    lines: list[bytes]

    @classmethod
    def read(cls, location: Location, encoding: str | None = None) -> "FileStart":
        """Open a file and read no more than that takes. InputError where it cannot be read."""
        raw = Raw(location)
        with closing(raw):
            source: ByteStream
            source, head = opened(raw)
            container = "plain" if source is raw else "gzip" if isinstance(source, Gunzip) else "zstd"
            data = bytearray(head)
            is_at_end = _read_up_to(source, data, PIECE)
            first = bytes(data[:PIECE])
            if archives.is_start_of_archive(first[: archives.START_BYTES], is_packed=source is not raw):
                return cls(first, encoding, container, True, [])
            if encoding and not is_utf_8(encoding):
                source, data, is_at_end = Transcoded(source, bytes(data), encoding), bytearray(), False
            while not is_at_end and max(map(data.count, (b"\n", b"\r"))) < LINES and len(data) < BLOCK:
                is_at_end = _read_up_to(source, data, len(data) + PIECE)
        unify(memoryview(data), at_end=is_at_end, everywhere=line_end(data) == CR)
        lines = data.split(b"\n", LINES)
        whole = lines[:LINES] if len(lines) > LINES else lines if is_at_end and lines[-1] else lines[:-1]
        if not whole and data:
            return cls(first, encoding, container, False, first_lines(Lines(location, first=MOST, encoding=encoding)))
        return cls(first, encoding, container, False, [bytes(line) + b"\n" for line in whole])


def _read_up_to(source: ByteStream, data: bytearray, size: int) -> bool:
    """Append to `data` until it has `size` bytes; whether the end was reached."""
    space = memoryview(bytearray(PIECE))
    while len(data) < size:
        count = source.readinto(space[: size - len(data)])
        if not count:
            return True
        data += space[:count]
    return False


def first_lines(lines: Lines) -> list[bytes]:
    """The first lines of a file whose very first one is longer than a block."""
    with closing(lines):
        for batch in lines.batches():
            return [bytes(text) for text in batch.column(1)[:LINES].view(pa.binary()).to_pylist()]
    return []
