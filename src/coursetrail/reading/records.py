"""Lines of an export → blocks of scanned and repaired records, and an account of the lines that are not records.

The scanner reads every line at full speed. Lines that it marks, or that the format calls suspect, go one by one to the
format's `repair`; a line that cannot be repaired becomes a reject. No line is lost: each is a record, a reject or
blank. docs/adr/0002-reading-lines.md has the reasons and the measurements.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from coursetrail.errors import InputError
from coursetrail.reading.fingerprint import SkippedPrefix
from coursetrail.reading.format import Format, Reject
from coursetrail.reading.lines import Block, Lines
from coursetrail.reading.processors import cores
from coursetrail.reading.scan import FieldSpec, Scanned
from coursetrail.reading.secrets import without_secrets_in_bytes
from coursetrail.reading.tables import HEADER

WHITE = b" \t\v\f\r\n\0"
MOST_BLANK = 10_000_000
"""Blank lines of one file; with more of them it is refused, for each line takes memory."""
MOST_REJECTED, OF_A_REJECT = 512 << 20, 200
"""Bytes of rejects that are held in memory until their file is committed, and what each takes besides its text."""


class Stop(Exception):  # noqa: N818 - requested by the caller, not an error
    """More lines were rejected than the caller allows."""


@dataclass(frozen=True)
class Batch:
    """Scanned lines with their `numbers`; only rows that are `valid` are records."""

    numbers: Any
    scanned: Scanned
    valid: Any


@dataclass
class Reading:
    """One pass over one file: its records, and an account of the lines that are not records.

    `allowed` is called at every reject, with the number of rejects and the line's number, and says whether to go on.
    `prefix` are the first lines, if they were read before; these are skipped. `threads` is how many blocks
    are scanned at the same time. A last line without a newline that cannot be read is `unfinished`, not a reject: the
    file may grow, or was cut.
    """

    format: Format
    allowed: Callable[[int, int], bool]
    threads: int = field(default_factory=cores)
    prefix: SkippedPrefix = field(default_factory=SkippedPrefix)
    lines: list[range] = field(default_factory=list)
    hashes: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    blank: "array[int]" = field(default_factory=lambda: array("q"))
    header: "array[int]" = field(default_factory=lambda: array("q"))
    unfinished: "array[int]" = field(default_factory=lambda: array("q"))
    physical: int = 0
    repaired: dict[str, list[Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    _rejected_bytes: int = 0

    def batches(self, lines: Lines, spec: FieldSpec) -> Iterator[Batch]:
        """All lines, block by block; the repaired lines of a block follow in a batch of their own."""
        for block, scanned in _scanned(self.prefix.rest(lines.blocks()), spec, self.threads):
            yield from self._of_block(block, scanned, spec, lines)
        if lines.cut_lines:
            self.unfinished.append(lines.lines)
        self.physical += lines.cut_lines + len(lines.overlong)

    def fields(self, lines: Lines, spec: FieldSpec) -> pa.RecordBatchReader:
        """The fields `r` of the records, in order."""
        form = spec.scan(b"").r.type
        return pa.RecordBatchReader.from_batches(pa.schema([("r", form)]), self._in_order(lines, spec))

    @property
    def without_event(self) -> int:
        """How many lines are not records."""
        return len(self.rejects) + len(self.ignored)

    @property
    def ignored(self) -> "array[int]":
        """The numbers of the lines that are neither records nor rejects, whatever other lines are like them."""
        return self.blank + self.header + self.unfinished

    def count(self, kind: str, numbers: Any) -> None:
        """Note that values of the lines with these numbers were changed, and how."""
        if len(numbers):
            self.repaired.setdefault(kind, []).append(np.asarray(numbers, np.int64))

    def warn(self, text: str) -> None:
        """Note, once, what a person should check: the column or field and the number of lines, never a value."""
        if text not in self.warnings:
            self.warnings.append(text)

    def storable(self, raw: bytes, number: int) -> bytes:
        """What may be stored of a rejected line with this number."""
        kept = self.format.keepable(raw)
        stored = without_secrets_in_bytes(kept)
        self.count("secret removed from a reject", [number] if stored != kept else [])
        return stored

    def kinds(self) -> dict[str, int]:
        """How many lines needed each kind of repair."""
        return {kind: sum(map(len, numbers)) for kind, numbers in sorted(self.repaired.items())}

    def leave_out(self, numbers: Any) -> None:
        """Take the lines with these numbers out of the account of rejects and repairs."""
        out = set(numbers.tolist())
        self.rejects = [reject for reject in self.rejects if reject[0] not in out]
        left = {
            kind: [part[np.isin(part, numbers, invert=True)] for part in parts] for kind, parts in self.repaired.items()
        }
        self.repaired = {kind: parts for kind, parts in left.items() if any(map(len, parts))}

    def _in_order(self, lines: Lines, spec: FieldSpec) -> Iterator[pa.RecordBatch]:
        for block, scanned in _scanned(lines.blocks(), spec, self.threads):
            parts = [
                pa.record_batch(
                    {"r": self.format.shown(part.scanned.r), "line": pa.array(part.numbers, pa.int64())}
                ).filter(pa.array(part.valid))
                for part in self._of_block(block, scanned, spec, lines)
            ]
            whole = parts[0] if len(parts) == 1 else pa.concat_batches(parts).sort_by("line")
            yield whole.select(["r"])

    def _of_block(self, block: Block, scanned: Scanned, spec: FieldSpec, lines: Lines) -> Iterator[Batch]:
        count = len(scanned.valid)
        self.physical += block.physical
        numbers = np.arange(block.first, block.first + count)
        self.lines.append(range(block.first, block.first + count))
        self.hashes.append(scanned.hashes if block.hashes is None else block.hashes)
        suspect = np.asarray(self.format.suspect(scanned.r)) | ~scanned.valid
        suspect[self._blank_ones(block, scanned)] = False
        yield Batch(numbers, scanned, ~suspect & scanned.valid)
        if suspect.any():
            ats = np.flatnonzero(suspect)
            texts = _cut(block.text, scanned.begins, ats)
            raws = texts if block.begins is None else _cut(block.raw, block.begins, ats)
            last = lines.lines if lines.unended else None
            left, repaired = self._repair(zip(numbers[ats].tolist(), texts, raws, strict=True), spec, last)
            yield Batch(left, repaired, repaired.valid)

    def _blank_ones(self, block: Block, scanned: Scanned) -> Any:
        """The rows of a block that are only a newline, noted as blank all at once: there may be millions of them."""
        rows = np.flatnonzero((np.diff(scanned.begins) == 1) & ~scanned.valid)
        self.blank.extend((rows + block.first).tolist())
        self._limit_blank()
        return rows

    def _repair(
        self, suspect: Iterable[tuple[int, bytes, bytes]], spec: FieldSpec, last: int | None
    ) -> tuple[Any, Scanned]:
        """Suspect lines as (number, text, raw bytes) → the numbers of the repaired ones, and these scanned.

        `last` is the number of a last line without a newline.
        """
        lines: dict[int, bytes] = {}
        raws: dict[int, bytes] = {}
        changed: dict[str, list[int]] = {}
        for number, text, raw in suspect:
            if self.format.table and text == HEADER:
                self.header.append(number)
                continue
            if self.format.table and not raw.strip(WHITE):
                self._note_blank(number)
                continue
            if self.format.table and (why := self.format.table.why(text)):
                self._reject(number, why, raw, last)
                continue
            try:
                found = self.format.repair(text)
            except Reject as reason:
                self._reject(number, str(reason), raw, last)
                continue
            if found is None:
                self._note_blank(number)
                continue
            lines[number], raws[number] = found.text.encode() + b"\n", raw
            for kind in dict.fromkeys(found.kinds):
                changed.setdefault(kind, []).append(number)
        for kind, numbers in changed.items():
            self.count(kind, numbers)
        scanned = spec.scan(b"".join(lines.values()), repaired=True)
        for at in np.flatnonzero(~scanned.valid):
            number = list(lines)[at]
            self._reject(number, "cannot be read", raws[number], last)
        return np.array(list(lines), np.int64), scanned

    def _note_blank(self, number: int) -> None:
        self.blank.append(number)
        self._limit_blank()

    def _limit_blank(self) -> None:
        if len(self.blank) > MOST_BLANK:
            raise InputError(
                f"More than {MOST_BLANK:,} lines are blank. Is it the right file? Remove them to read it anyway."
            )

    def _reject(self, number: int, reason: str, raw: bytes, last: int | None) -> None:
        if number == last:
            self.unfinished.append(number)
            return
        stored = self.storable(raw.rstrip(b"\r\n"), number)
        self._rejected_bytes += len(stored) + OF_A_REJECT
        if self._rejected_bytes > MOST_REJECTED:
            raise InputError(
                f"More than {MOST_REJECTED >> 20} MiB of lines cannot be read (line {number:,}: {reason}). Is it the "
                "right file, and the right --format?"
            )
        self.rejects.append((number, reason, stored))
        if not self.allowed(len(self.rejects), number):
            raise Stop


def _cut(text: pa.Buffer, begins: Any, rows: Any) -> list[bytes]:
    whole = memoryview(text)
    return [bytes(whole[begins[row] : begins[row + 1]]) for row in rows]


def _scanned(blocks: Iterable[Block], spec: FieldSpec, threads: int) -> Iterator[tuple[Block, Scanned]]:
    """The blocks in order, scanned by several threads."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[Block, Future[Scanned]]] = deque()
        for block in blocks:
            ahead.append((block, pool.submit(spec.scan, block.text)))
            if len(ahead) > threads:
                next_block, scan = ahead.popleft()
                yield next_block, scan.result()
        for next_block, scan in ahead:
            yield next_block, scan.result()
