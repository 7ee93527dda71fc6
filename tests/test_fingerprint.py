"""Files that begin as others do: what is new in them is found whatever blocks they come in and whatever grew before."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.reading.fingerprint import (
    Fingerprint,
    PrefixMismatch,
    SkippedPrefix,
    fingerprint_of,
    hashes_of,
)
from coursetrail.reading.lines import Block
from coursetrail.reading.tables import DelimitedTable

File = list[bytes]
TABLE = DelimitedTable(("a", "b"))


def blocks(file: File, sizes: Sequence[int], table: bool) -> Iterator[Block]:
    """The lines, or records, in blocks of so many, the sizes over and over again."""
    at = turn = 0
    while at < len(file):
        size = sizes[turn % len(sizes)]
        raw = pa.py_buffer(b"".join(file[at : at + size]))
        if table:
            found = TABLE.records(raw, True)
            yield Block(at + 1, found.physical, found.json, raw, found.begins, found.hashes)
        else:
            yield Block(at + 1, size, raw, raw)
        at, turn = at + size, turn + 1


def known(source: int, file: File, lines: int) -> Fingerprint | None:
    whole = list(blocks(file, [max(1, len(file))], False))
    return fingerprint_of(source, [hashes_of(block) for block in whole], lines)


def read(file: File, beginnings: Sequence[Fingerprint], sizes: Sequence[int], table: bool) -> tuple[int | None, File]:
    """As an ingest reads it: which source the file goes on from, and the lines behind that."""
    passings = [SkippedPrefix(beginnings)]
    while True:
        new: File = []
        try:
            for block in passings[-1].rest(blocks(file, sizes, table)):
                assert bytes(block.raw).startswith(file[block.first - 1])
                hashes = hashes_of(block)
                assert len(hashes) == bytes(block.text).count(b"\n")
                if table:
                    assert block.begins.tolist()[0] == 0
                    assert block.begins.tolist()[-1] == len(block.raw)
                new += bytes(block.raw).splitlines(keepends=True)
        except PrefixMismatch as told:
            passings.append(SkippedPrefix([told.fingerprint] if told.fingerprint else []))
            assert len(passings) < 4
            continue
        passed = [hash_ for part in passings[-1].skipped for hash_ in part.tolist()]
        assert len(passed) >= passings[-1].lines
        assert len(passed) + len(new) == len(file)
        return (passings[-1].matched.source if passings[-1].matched else None), new


LINES = st.lists(st.sampled_from([b"1,2\n", b"3,4\n", b"5\n", b"\n"]), max_size=40)
GROWTH = st.lists(st.tuples(st.integers(0, 40), LINES, st.integers(0, 2)), max_size=5)


@settings(max_examples=500)
@given(GROWTH, LINES, st.integers(0, 40), LINES, st.lists(st.integers(1, 20), min_size=1, max_size=4), st.booleans())
def test_a_file_goes_on_behind_the_longest_beginning_that_is_known(history, start, keep, more, sizes, table):
    """Versions of a file come one after the other, each of them a beginning of the last and something else."""
    file, seen = start, {}
    for source, (kept, added, half) in enumerate(history):
        lines = len(file) - half
        if lines > 0:
            seen[source] = file[:lines]
        file = file[:kept] + added
    file = file[:keep] + more
    beginnings = [one for source, lines in seen.items() if (one := known(source, lines, len(lines)))]
    fitting = [lines for lines in seen.values() if file[: len(lines)] == lines]
    expected = max(map(len, fitting), default=0)
    source, new = read(file, beginnings, sizes, table)
    assert new == file[expected:]
    assert (len(seen[source]) if source is not None else 0) == expected


@given(LINES.filter(bool), st.integers(1, 50))
def test_a_beginning_comes_back_from_what_the_ledger_keeps(file, lines):
    one = known(3, file, lines)
    assert one is not None
    assert Fingerprint.read(3, one.written()) == one
    assert one.lines == min(lines, len(file))


def test_a_beginning_of_no_lines_is_none():
    assert fingerprint_of(1, [], 5) is None
    assert known(1, [b"a\n"], 0) is None


def members(lines: File) -> bytes:
    """Each line packed alone, as programs do that append to a gzip file."""
    return b"".join(map(gzip.compress, lines))


def test_a_log_that_is_packed_line_by_line_is_known_and_grows(tmp_path: Path) -> None:
    event = {"key": "pageview", "username": "ada", "page_url": "https://class.coursera.org/psy-001/lecture/31"}
    lines = [json.dumps({**event, "timestamp": 1375257600000 + at}).encode() + b"\n" for at in range(60)]
    (tmp_path / "plain").write_bytes(b"".join(lines[:50]))
    (tmp_path / "packed.gz").write_bytes(members(lines))
    first, second = ct.ingest(tmp_path / "d", [tmp_path / "plain", tmp_path / "packed.gz"], look_up=False)
    assert (first.source.events, second.source.events) == (50, 10)
    assert second.source.continues == first.source.source
