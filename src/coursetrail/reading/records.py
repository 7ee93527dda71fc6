"""Lines of an export → blocks of records, scanned and mended, and what became of the lines that are none.

The scanner reads every line at full speed. What it refuses, or what the format calls doubtful, goes line by line to
the format's `mend`, and what cannot be mended becomes a reject. A line is never skipped: each is a record, a reject
or blank. docs/adr/0002-reading-lines.md has the reasons and the measurements.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from coursetrail.reading.fingerprint import SkippedPrefix
from coursetrail.reading.format import Format, Reject
from coursetrail.reading.lines import Block, Lines
from coursetrail.reading.scan import FieldSpec, Scanned


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Stop(Exception):  # noqa: N818 - asked for, not an error
    """More lines were rejected than the reading may go on with."""


@dataclass(frozen=True)
class Batch:
    """Lines as they were scanned, with their `numbers`; only rows that are `sound` are records."""

    numbers: Any
    scanned: Scanned
    valid: Any


@dataclass
class Reading:
    """One reading of one file: its records, and what became of the lines that are none.

    `allowed` is asked at every reject, with their number and the line's, whether to go on. `passing` says what the
    file begins with that was read before: those lines are no records. `failed` is what ended the fields early, for an
    engine hands on its own error. `threads` scan at once.
    """

    format: Format
    allowed: Callable[[int, int], bool]
    threads: int = field(default_factory=cores)
    passing: SkippedPrefix = field(default_factory=SkippedPrefix)
    lines: list[range] = field(default_factory=list)
    hashes: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    repaired: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    failed: Exception | None = None

    def batches(self, lines: Lines, layout: FieldSpec) -> Iterator[Batch]:
        """All lines, block by block; what was mended comes as a batch of its own behind that it was in."""
        for block, scanned in _scanned(self.passing.rest(lines.blocks()), layout, self.threads):
            yield from self._of_block(block, scanned, layout)

    def fields(self, lines: Lines, layout: FieldSpec) -> pa.RecordBatchReader:
        """The fields `r` of the records, in their order."""
        form = layout.scan(b"").r.type
        return pa.RecordBatchReader.from_batches(pa.schema([("r", form)]), self._in_order(lines, layout))

    def kinds(self) -> dict[str, int]:
        """How often each kind of mending was done."""
        return dict(sorted(Counter(kind for _, kinds in self.repaired for kind in kinds).items()))

    def _in_order(self, lines: Lines, layout: FieldSpec) -> Iterator[pa.RecordBatch]:
        try:
            for block, scanned in _scanned(lines.blocks(), layout, self.threads):
                parts = [
                    pa.record_batch(
                        {"r": self.format.shown(part.scanned.r), "line": pa.array(part.numbers, pa.int64())}
                    ).filter(pa.array(part.valid))
                    for part in self._of_block(block, scanned, layout)
                ]
                whole = parts[0] if len(parts) == 1 else pa.concat_batches(parts).sort_by("line")
                yield whole.select(["r"])
        except Exception as error:
            self.failed = error
            raise

    def _of_block(self, block: Block, scanned: Scanned, layout: FieldSpec) -> Iterator[Batch]:
        count = len(scanned.valid)
        numbers = np.arange(block.first, block.first + count)
        self.lines.append(range(block.first, block.first + count))
        self.hashes.append(scanned.hashes if block.hashes is None else block.hashes)
        suspect = np.asarray(self.format.suspect(scanned.r)) | ~scanned.valid
        yield Batch(numbers, scanned, ~suspect)
        if suspect.any():
            ats = np.flatnonzero(suspect)
            texts = _cut(block.text, scanned.begins, ats)
            raws = texts if block.begins is None else _cut(block.raw, block.begins, ats)
            good, repaired = self._repair(zip(numbers[ats].tolist(), texts, raws, strict=True), layout)
            yield Batch(good, repaired, repaired.valid)

    def _repair(self, suspect: Iterable[tuple[int, bytes, bytes]], layout: FieldSpec) -> tuple[Any, Scanned]:
        """Doubtful lines, as (number, text, raw bytes) → the numbers of those made good, and these scanned."""
        good: dict[int, bytes] = {}
        raws: dict[int, bytes] = {}
        for number, text, raw in suspect:
            if self.format.table and (why := self.format.table.why(text)):
                self._reject(number, why, raw)
                continue
            try:
                found = self.format.repair(text)
            except Reject as reason:
                self._reject(number, str(reason), raw)
                continue
            if found is None:
                self.blank.append(number)
                continue
            good[number], raws[number] = found.text.encode() + b"\n", raw
            if found.kinds:
                self.repaired.append((number, found.kinds))
        scanned = layout.scan(b"".join(good.values()), repaired=True)
        for at in np.flatnonzero(~scanned.valid):
            number = list(good)[at]
            self._reject(number, "cannot be read", raws[number])
        return np.array(list(good), np.int64), scanned

    def _reject(self, number: int, reason: str, raw: bytes) -> None:
        self.rejects.append((number, reason, self.format.keepable(raw.rstrip(b"\n"))))
        if not self.allowed(len(self.rejects), number):
            raise Stop


def _cut(text: pa.Buffer, begins: Any, rows: Any) -> list[bytes]:
    whole = memoryview(text)
    return [bytes(whole[begins[row] : begins[row + 1]]) for row in rows]


def _scanned(blocks: Iterable[Block], layout: FieldSpec, threads: int) -> Iterator[tuple[Block, Scanned]]:
    """The blocks, in order, scanned by so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[Block, Future[Scanned]]] = deque()
        for block in blocks:
            ahead.append((block, pool.submit(layout.scan, block.text)))
            if len(ahead) > threads:
                next_block, scan = ahead.popleft()
                yield next_block, scan.result()
        for next_block, scan in ahead:
            yield next_block, scan.result()
