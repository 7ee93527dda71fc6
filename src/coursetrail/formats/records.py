"""Lines of an export → Arrow batches of records, for an engine to map to events.

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
from coursetrail.formats.network import network
from coursetrail.formats.scan import Layout, Scanned

REMEMBERED = 200_000
"""Distinct strings whose parsed form is kept while reading."""
PAGE = ("course", "area", "item", "action")


class Stop(Exception):  # noqa: N818 - asked for, not an error
    """More lines were rejected than the reading may go on with."""


@dataclass
class Reading:
    """One reading of one file: its records, and what became of the lines that are none.

    `allowed` is asked at every reject, with their number and the line's, whether to go on. `failed` is what
    ended the records early, for an engine hands on its own error.
    """

    format: Format
    allowed: Callable[[int, int], bool]
    lines: list[range] = field(default_factory=list)
    hashes: list[Any] = field(default_factory=list)
    rejects: list[tuple[int, str, bytes]] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    mended: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    failed: Exception | None = None

    def records(self, lines: Lines, layout: Layout, *, ordered: bool = False) -> pa.RecordBatchReader:
        """Batches with the columns `line`, `sound`, `r`, `v`, `rest` (see `Scanned`), `page` and `network`.

        Only rows that are `sound` are records. The mended come behind the others of their block; with `ordered`
        they come in their place, and there is neither `page` nor `network`.
        """
        shapes = _Shapes(self.format, derived=not ordered)
        schema = shapes.batch(np.zeros(0, np.int64), layout.scan(b"")).schema
        return pa.RecordBatchReader.from_batches(schema, self._noting_failure(lines, layout, shapes, ordered))

    def kinds(self) -> dict[str, int]:
        """How often each kind of mending was done."""
        return dict(sorted(Counter(kind for _, kinds in self.mended for kind in kinds).items()))

    def _noting_failure(
        self, lines: Lines, layout: Layout, shapes: "_Shapes", ordered: bool
    ) -> Iterator[pa.RecordBatch]:
        try:
            for first, block, scanned in _scanned(lines, layout):
                batches = list(self._of_block(first, block, scanned, layout, shapes))
                if ordered and len(batches) > 1:
                    whole = pa.concat_batches([batch.filter(batch["sound"]) for batch in batches])
                    batches = [whole.sort_by("line")]
                yield from batches
        except Exception as error:
            self.failed = error
            raise

    def _of_block(
        self, first: int, block: pa.Buffer, scanned: Scanned, layout: Layout, shapes: "_Shapes"
    ) -> Iterator[pa.RecordBatch]:
        count = len(scanned.sound)
        self.lines.append(range(first, first + count))
        self.hashes.append(scanned.hashes)
        doubtful = np.asarray(self.format.doubtful(scanned.r)) | ~scanned.sound
        sound = ~doubtful
        yield shapes.batch(np.arange(first, first + count), scanned, sound)
        if doubtful.any():
            whole = memoryview(block)
            texts = {
                first + int(at): bytes(whole[scanned.begins[at] : scanned.begins[at + 1]])
                for at in np.flatnonzero(doubtful)
            }
            yield shapes.batch(*self._mend(texts, layout))

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


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _scanned(lines: Lines, layout: Layout) -> Iterator[tuple[int, pa.Buffer, Scanned]]:
    """The blocks, in order, scanned by as many threads as there are processors."""
    with ThreadPoolExecutor(cores()) as pool:
        ahead: deque[tuple[int, pa.Buffer, Future[Scanned]]] = deque()
        for first, block in lines.blocks():
            ahead.append((first, block, pool.submit(layout.scan, block)))
            if len(ahead) > cores():
                number, text, scan = ahead.popleft()
                yield number, text, scan.result()
        for number, text, scan in ahead:
            yield number, text, scan.result()


@dataclass
class _Shapes:
    """Batches of one shape, with pages and networks looked up once for each distinct string."""

    format: Format
    derived: bool

    def __post_init__(self) -> None:
        self._pages = _Remembered(self.format.page)
        self._networks = _Remembered(lambda address: (network(address),))

    def batch(self, numbers: Any, scanned: Scanned, sound: Any = None) -> pa.RecordBatch:
        columns = {
            "line": pa.array(numbers, pa.int64()),
            "sound": pa.array(scanned.sound if sound is None else sound),
            "r": scanned.r,
            "v": scanned.v,
            "rest": scanned.rest,
        }
        if self.derived:
            parts = self._pages.columns(self.format.url(scanned.r), len(PAGE))
            columns["page"] = pa.StructArray.from_arrays(parts, list(PAGE))
            columns["network"] = self._networks.columns(_field(scanned.r, self.format.address), 1)[0]
        return pa.RecordBatch.from_pydict(columns)


def _field(r: pa.StructArray, name: str) -> pa.Array:
    """A field of the records, or nulls where it is passed over."""
    return r.field(name) if r.type.get_field_index(name) >= 0 else pa.nulls(len(r), pa.string())


class _Remembered(dict[str | None, tuple[str | None, ...]]):
    """Parsed forms by their string; parses what it does not know, and never grows without end."""

    def __init__(self, parse: Callable[[str], tuple[str | None, ...]]) -> None:
        self._parse = parse

    def __missing__(self, text: str) -> tuple[str | None, ...]:
        if len(self) >= REMEMBERED:
            self.clear()
        found = self[text] = self._parse(text)
        return found

    def columns(self, strings: pa.Array, count: int) -> list[pa.DictionaryArray]:
        """The parsed forms of all strings, a column for each of their `count` parts."""
        coded = strings.dictionary_encode()
        rows = list(map(self.__getitem__, coded.dictionary.to_pylist()))
        columns = zip(*rows, strict=True) if rows else [()] * count
        return [pa.DictionaryArray.from_arrays(coded.indices, pa.array(column, pa.string())) for column in columns]
