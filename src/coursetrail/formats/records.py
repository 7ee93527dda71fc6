"""Lines of an export → blocks of records, scanned and mended, and what became of the lines that are none.

The scanner reads every line at full speed. What it refuses, or what the format calls doubtful, goes line by line to
the format's `mend`, and what cannot be mended becomes a reject. A line is never skipped: each is a record, a reject
or blank. docs/adr/0002-reading-lines.md has the reasons and the measurements.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from coursetrail.formats.format import Format, Reject
from coursetrail.formats.lines import Lines
from coursetrail.formats.scan import Layout, Scanned


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Stop(Exception):  # noqa: N818 - asked for, not an error
    """More lines were rejected than the reading may go on with."""


@dataclass(frozen=True)
class Block:
    """Lines as they were scanned, with their `numbers`; only rows that are `sound` are records."""

    numbers: Any
    scanned: Scanned
    sound: Any


@dataclass
class Reading:
    """One reading of one file: its records, and what became of the lines that are none.

    `allowed` is asked at every reject, with their number and the line's, whether to go on. `failed` is what
    ended the fields early, for an engine hands on its own error. `threads` scan at once.
    """

    format: Format
    allowed: Callable[[int, int], bool]
    lines: list[range] = field(default_factory=list)
    hashes: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    mended: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    failed: Exception | None = None
    threads: int = field(default_factory=cores)

    def blocks(self, lines: Lines, layout: Layout) -> Iterator[Block]:
        """All lines, block by block; what was mended comes as a block of its own behind that it was in."""
        for first, block, scanned in _scanned(lines, layout, self.threads):
            yield from self._of_block(first, block, scanned, layout)

    def fields(self, lines: Lines, layout: Layout) -> pa.RecordBatchReader:
        """The fields `r` of the records, in their order."""
        form = layout.scan(b"").r.type
        return pa.RecordBatchReader.from_batches(pa.schema([("r", form)]), self._in_order(lines, layout))

    def kinds(self) -> dict[str, int]:
        """How often each kind of mending was done."""
        return dict(sorted(Counter(kind for _, kinds in self.mended for kind in kinds).items()))

    def _in_order(self, lines: Lines, layout: Layout) -> Iterator[pa.RecordBatch]:
        try:
            for first, block, scanned in _scanned(lines, layout, self.threads):
                parts = [
                    pa.record_batch({"r": part.scanned.r, "line": pa.array(part.numbers, pa.int64())}).filter(
                        pa.array(part.sound)
                    )
                    for part in self._of_block(first, block, scanned, layout)
                ]
                whole = parts[0] if len(parts) == 1 else pa.concat_batches(parts).sort_by("line")
                yield whole.select(["r"])
        except Exception as error:
            self.failed = error
            raise

    def _of_block(self, first: int, block: pa.Buffer, scanned: Scanned, layout: Layout) -> Iterator[Block]:
        count = len(scanned.sound)
        self.lines.append(range(first, first + count))
        self.hashes.append(scanned.hashes)
        doubtful = np.asarray(self.format.doubtful(scanned.r)) | ~scanned.sound
        yield Block(np.arange(first, first + count), scanned, ~doubtful)
        if doubtful.any():
            whole = memoryview(block)
            texts = {
                first + int(at): bytes(whole[scanned.begins[at] : scanned.begins[at + 1]])
                for at in np.flatnonzero(doubtful)
            }
            numbers, mended = self._mend(texts, layout)
            yield Block(numbers, mended, mended.sound)

    def _mend(self, texts: dict[int, bytes], layout: Layout) -> tuple[Any, Scanned]:
        """Doubtful lines by number → the numbers of those made good, and these scanned."""
        good: dict[int, bytes] = {}
        for number, raw in texts.items():
            try:
                found = self.format.mend(raw)
            except Reject as reason:
                self._reject(number, str(reason), raw)
                continue
            if found is None:
                self.blank.append(number)
                continue
            good[number] = found.text.encode() + b"\n"
            if found.kinds:
                self.mended.append((number, found.kinds))
        scanned = layout.scan(b"".join(good.values()), mended=True)
        for at in np.flatnonzero(~scanned.sound):
            number = list(good)[at]
            self._reject(number, "cannot be read", texts[number])
        return np.array(list(good), np.int64), scanned

    def _reject(self, number: int, reason: str, raw: bytes) -> None:
        self.rejects.append((number, reason, raw.rstrip(b"\n")))
        if not self.allowed(len(self.rejects), number):
            raise Stop


def _scanned(lines: Lines, layout: Layout, threads: int) -> Iterator[tuple[int, pa.Buffer, Scanned]]:
    """The blocks, in order."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[int, pa.Buffer, Future[Scanned]]] = deque()
        for first, block in lines.blocks():
            ahead.append((first, block, pool.submit(layout.scan, block)))
            if len(ahead) > threads:
                number, text, scan = ahead.popleft()
                yield number, text, scan.result()
        for number, text, scan in ahead:
            yield number, text, scan.result()
