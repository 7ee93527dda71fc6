"""The lines of a file: all of them, each with its number, whatever the file is packed in."""

import gzip
import random
import zlib
from bisect import bisect_left
from pathlib import Path
from typing import NamedTuple

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from coursetrail.errors import InputError
from coursetrail.reading import lines as module
from coursetrail.reading.lines import Lines
from support.packing import zstd

ABC = b"a\nb\nc\n"
MANY = b"".join(b"line %d of a file %d\n" % (number, number * 7919 % 10007) for number in range(60_000))


SKIPPED = b"\x5a\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"
"""A zstd frame that holds none of the data."""


def zstd_blocks(*blocks: bytes) -> bytes:
    """One zstd frame of blocks that are not compressed (RFC 8878), so that a test knows where each begins."""
    framed = b"\x28\xb5\x2f\xfd\x00\x58"
    for number, block in enumerate(blocks, start=1):
        framed += (len(block) << 3 | (number == len(blocks))).to_bytes(3, "little") + block
    return framed


PACKS = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd}


class Read(NamedTuple):
    texts: list[bytes]
    numbers: list[int]
    counted: int
    overlong: list[tuple[int, bytes]]
    fault: str | None


def read(folder: Path, data: bytes) -> Read:
    path = folder / "export"
    path.write_bytes(data)
    lines = Lines(path)
    batches = list(lines.batches())
    texts = [text for batch in batches for text in batch.column(1).view("binary").to_pylist()]
    numbers = [number for batch in batches for number in batch.column(0).to_pylist()]
    assert lines.digest() == blake3(data).hexdigest()
    assert lines.size == len(data)
    return Read(texts, numbers, lines.lines, lines.overlong, lines.fault)


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 64)
    monkeypatch.setattr(module, "LONGEST", 1000)
    monkeypatch.setattr(module, "RETAINED", 10)


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"", []),
        (b"\n", [b"\n"]),
        (b"\n\n", [b"\n", b"\n"]),
        (b"a", [b"a\n"]),
        (b"a\nb", [b"a\n", b"b\n"]),
        (b"a\r\nb\r\n", [b"a\r\n", b"b\r\n"]),
        (b"\xef\xbb\xbfa\n", [b"\xef\xbb\xbfa\n"]),
        (b"\0\0\0a\nb\0\n", [b"\0\0\0a\n", b"b\0\n"]),
        (b"\xff\xfe\x89\n\xc3\n", [b"\xff\xfe\x89\n", b"\xc3\n"]),
        (b"a\x0bc\x0cd\x1ce\xc2\x85f\xe2\x80\xa8g\n", [b"a\x0bc\x0cd\x1ce\xc2\x85f\xe2\x80\xa8g\n"]),
        (b"a\rb\r\rc", [b"a\n", b"b\n", b"\n", b"c\n"]),
        (b"a\rb\r\nc\nd\r", [b"a\n", b"b\r\n", b"c\n", b"d\n"]),
        (b"a\r\nb\rc\n", [b"a\r\n", b"b\rc\n"]),
        (b'{"a":1}\n{"b":2}\r{"c":"x\ry"}\n', [b'{"a":1}\n', b'{"b":2}\n', b'{"c":"x\ry"}\n']),
    ],
    ids=[
        "empty",
        "newline",
        "newlines",
        "no end",
        "last has no end",
        "CRLF",
        "BOM",
        "NUL",
        "no text",
        "other breaks",
        "CR",
        "mixed",
        "a CR in a line",
        "CR between objects",
    ],
)
@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
def test_every_line_keeps_its_bytes_but_for_its_end(tmp_path, data, texts, pack):
    found = read(tmp_path, pack(data))
    assert found.texts == texts
    assert found.numbers == list(range(1, len(texts) + 1))
    assert (found.counted, found.fault) == (len(texts), None)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_packing_is_known_by_its_bytes_and_not_by_a_name(tmp_path, pack):
    plain = tmp_path / "export.gz"
    plain.write_bytes(ABC)
    packed = tmp_path / "export.txt"
    packed.write_bytes(pack(ABC))
    for path in (plain, packed):
        lines = Lines(path)
        assert sum(batch.num_rows for batch in lines.batches()) == 3
        assert lines.fault is None


def test_a_pass_may_end_before_the_end_of_the_file(tmp_path, small_blocks):
    path = tmp_path / "export"
    path.write_bytes(MANY)
    lines = Lines(path)
    assert next(lines.batches()).num_rows > 0
    lines.close()  # an unclosed file is a warning, and a warning an error


def test_members_that_follow_each_other_are_one_stream_even_within_a_line(tmp_path):
    data = gzip.compress(b"a\nb") + gzip.compress(b"") + gzip.compress(b"c\nd\n")
    assert read(tmp_path, data).texts == [b"a\n", b"bc\n", b"d\n"]


@pytest.mark.parametrize("zeros", [1, 511, 3 << 20])
def test_zeros_behind_a_member_are_padding(tmp_path, zeros):
    found = read(tmp_path, gzip.compress(ABC) + bytes(zeros) + gzip.compress(b"d\n") + bytes(zeros))
    assert (found.texts, found.fault) == ([b"a\n", b"b\n", b"c\n", b"d\n"], None)


@pytest.mark.parametrize("missing", [1, 8, 100, 5_000])
def test_what_came_before_a_cut_in_gzip_is_read_and_the_cut_is_told(tmp_path, missing):
    packed = gzip.compress(MANY)[:-missing]
    there = zlib.decompressobj(31).decompress(packed)
    found = read(tmp_path, packed)
    whole = there.count(b"\n")
    assert found.texts[:whole] == there.splitlines(keepends=True)[:whole]
    assert len(found.texts) - whole in (0, 1)  # the line that the cut went through
    assert found.fault is not None
    assert "cut off" in found.fault


def test_a_gzip_file_cut_off_in_its_head_has_no_line_and_a_fault(tmp_path):
    for size in range(2, 12):
        found = read(tmp_path, gzip.compress(ABC)[:size])
        assert (found.texts, found.counted) == ([], 0)
        assert found.fault is not None


def test_what_came_before_a_wrong_checksum_is_read_to_the_last_byte(tmp_path):
    packed = bytearray(gzip.compress(ABC) + gzip.compress(MANY))
    packed[-5] ^= 1
    found = read(tmp_path, bytes(packed))
    assert b"".join(found.texts) == ABC + MANY
    assert found.fault is not None
    assert "damaged" in found.fault


def test_what_came_before_damage_inside_a_member_is_read_to_the_last_byte(tmp_path):
    member = bytearray(gzip.compress(MANY, 1))
    middle = len(member) // 2
    member[middle : middle + 200] = b"\xff" * 200  # whatever these bits are, in the end they are no deflate code
    sizes = range(len(member))
    accepted = bisect_left(sizes, True, key=lambda size: unpacked(bytes(member[:size])) is None) - 1
    there = unpacked(bytes(member[:accepted]))
    assert there
    found = read(tmp_path, gzip.compress(ABC) + bytes(member))
    assert b"".join(found.texts) == ABC + there + (b"" if there.endswith(b"\n") else b"\n")
    assert found.fault is not None


def unpacked(packed: bytes) -> bytes | None:
    try:
        return zlib.decompressobj(31).decompress(packed)
    except zlib.error:
        return None


def test_garbage_behind_gzip_is_told_and_costs_nothing_before_it(tmp_path):
    found = read(tmp_path, gzip.compress(ABC) + b"<html>gateway timeout</html>")
    assert found.texts == [b"a\n", b"b\n", b"c\n"]
    assert found.fault is not None
    assert "damaged" in found.fault


def test_lines_longer_than_a_block_are_whole(tmp_path, small_blocks):
    data = b"".join(bytes([97 + size % 26]) * size + b"\n" for size in (1, 63, 64, 65, 127, 128, 500, 0, 990, 3))
    assert b"".join(read(tmp_path, data).texts) == data
    assert b"".join(read(tmp_path, gzip.compress(data)).texts) == data
    assert b"".join(read(tmp_path, zstd(data)).texts) == data


@pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)
@pytest.mark.parametrize("last", [b"after\n", b"after", b""], ids=["whole", "no end", "nothing"])
def test_of_a_line_above_the_limit_the_beginning_is_kept_and_the_count_goes_on(tmp_path, small_blocks, pack, last):
    data = b"before\n" + b"L" * 200_000 + b"\n" + last
    found = read(tmp_path, pack(data))
    assert found.texts == [b"before\n", *([b"after\n"] if last else [])]
    assert found.numbers == [1, *([3] if last else [])]
    assert found.overlong == [(2, b"L" * 10)]
    assert found.counted == 2 + bool(last)


def test_a_line_above_the_limit_may_end_the_file_without_a_newline(tmp_path, small_blocks):
    found = read(tmp_path, b"before\n" + b"L" * 200_000)
    assert (found.numbers, found.overlong, found.counted) == ([1], [(2, b"L" * 10)], 2)


def test_any_text_in_any_packing_comes_out_as_it_went_in(tmp_path, monkeypatch):
    draw = random.Random(1)
    for _ in range(100):
        monkeypatch.setattr(module, "BLOCK", draw.choice([16, 100, 257, 4096]))
        whole = b"".join(draw.choice([b"a", b"b", b"xyz" * 90, b"\n", b"\n"]) for _ in range(draw.randrange(400)))
        whole += b"\n" if whole and not whole.endswith(b"\n") else b""
        step = draw.randrange(1, 5_000)
        packed = b"".join(
            gzip.compress(whole[at : at + step], draw.randrange(10)) + bytes(draw.choice([0, 0, 3]))
            for at in range(0, max(1, len(whole)), step)
        )
        framed = b"".join(zstd(whole[at : at + step]) for at in range(0, len(whole), step)) or zstd(b"")
        for data in (whole, packed, framed):
            found = read(tmp_path, data)
            assert b"".join(found.texts) == whole
            assert found.counted == whole.count(b"\n") == len(found.texts)
            assert found.fault is None


def test_progress_counts_the_bytes_of_the_file_as_it_lies_on_disk(tmp_path):
    path = tmp_path / "export.gz"
    path.write_bytes(gzip.compress(MANY))
    told: list[int] = []
    for _ in Lines(path, told.append).batches():
        pass
    assert sum(told) == path.stat().st_size


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path):
    with pytest.raises(InputError, match=r"No such file.*Check the path"):
        Lines(tmp_path / "absent")


def test_frames_of_zstd_that_follow_each_other_are_one_stream_and_others_are_skipped(tmp_path):
    data = SKIPPED + zstd(b"a\nb") + SKIPPED * 3 + zstd(b"") + zstd_blocks(b"c", b"", b"\nd\n") + SKIPPED
    found = read(tmp_path, data)
    assert (found.texts, found.fault) == ([b"a\n", b"bc\n", b"d\n"], None)


def test_zstd_cut_off_anywhere_gives_every_whole_block_before_the_cut(tmp_path):
    blocks = [b"one\n", b"two\nthree\n", b"", b"four\n" * 9, b"five"]
    packed = SKIPPED + zstd_blocks(*blocks[:3]) + zstd_blocks(*blocks[3:])
    ends = [packed.index(block) + len(block) for block in blocks if block]
    whole = b"".join(blocks)
    frames = (len(SKIPPED), len(SKIPPED + zstd_blocks(*blocks[:3])))
    for size in range(4, len(packed)):
        there = b"".join(block for block, end in zip([b for b in blocks if b], ends, strict=True) if end <= size)
        found = read(tmp_path, packed[:size])
        text = b"".join(found.texts)
        assert text.startswith(there)
        assert whole.startswith(text.removesuffix(b"\n"))
        assert (found.fault is None) == (size in frames), size
        assert found.fault is None or "zstd stream is cut off" in found.fault


@pytest.mark.parametrize("missing", [1, 3, 100, 5_000, 100_000])
def test_what_came_before_a_cut_in_zstd_is_read_to_the_last_whole_block(tmp_path, missing):
    packed = zstd(ABC) + zstd(MANY)
    found = read(tmp_path, packed[:-missing])
    text = b"".join(found.texts)
    assert (ABC + MANY).startswith(text.removesuffix(b"\n"))
    assert len(text) > len(ABC + MANY) * (1 - missing / len(packed)) - 2 * (128 << 10)
    assert found.fault is not None
    assert "cut off" in found.fault


@pytest.mark.parametrize("tail", [b"<html>gateway timeout</html>", b"\0", b"more\n"])
def test_garbage_behind_zstd_is_told_and_costs_nothing_before_it(tmp_path, tail):
    for whole in (ABC, MANY):
        found = read(tmp_path, zstd(whole) + tail)
        assert b"".join(found.texts) == whole
        assert found.fault is not None
        assert "damaged" in found.fault


def test_a_block_of_zstd_that_cannot_be_is_damage_and_costs_nothing_before_it(tmp_path):
    packed = zstd_blocks(*[b"line %d\n" % number for number in range(50_000)], b"last\n")
    at = packed.index(b"line 49000\n")
    damaged = packed[: at - 3] + b"\xff\xff\xff" + packed[at:]  # a block of a kind that there is not
    found = read(tmp_path, damaged)
    assert found.texts == [b"line %d\n" % number for number in range(49_000)]
    assert found.fault is not None
    assert "zstd stream is damaged" in found.fault


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, 10**6),
    flip=st.integers(1, 255),
    cut=st.integers(0, 10**6),
    pack=st.sampled_from([gzip.compress, zstd]),
)
def test_whatever_is_damaged_reading_ends_and_every_byte_is_digested(tmp_path_factory, at, flip, cut, pack):
    packed = bytearray(pack(MANY[:9_000]) + pack(b"") + pack(MANY[:999]))
    packed[at % len(packed)] ^= flip
    data = bytes(packed[: len(packed) - cut % 99])
    found = read(tmp_path_factory.mktemp("damaged"), data)  # which asserts digest and size
    assert found.counted == len(found.texts) == len(found.numbers)
