"""Folders, patterns and archives stand for the exports in them, and do no harm whatever they hold."""

import gzip
import io
import json
import logging
import stat
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.filesystem import archives
from coursetrail.filesystem.location import Location
from coursetrail.ingestion.convert import convert
from coursetrail.ingestion.expand import expand
from coursetrail.ingestion.inputs import Input, Opener
from coursetrail.reading.lines import Lines
from support.packing import zstd

pytestmark = pytest.mark.slow

Files = Mapping[str, bytes]


def export(learner: str, count: int = 20) -> bytes:
    """Lines of a legacy export, no two of them alike."""
    page = "https://class.coursera.org/psy-001/lecture/31"
    lines = (
        {"key": "pageview", "username": learner, "timestamp": 1375257600000 + number, "page_url": page}
        for number in range(count)
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def folder(path: Path, files: Files) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def zipped(path: Path, files: Files, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


def tar(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as out:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def tarred(path: Path, files: Files, pack: Callable[[bytes], bytes] = bytes) -> Path:
    path.write_bytes(pack(tar(files)))
    return path


HOLDERS: dict[str, Callable[[Path, Files], Path]] = {
    "folder": folder,
    "a.zip": zipped,
    "stored.zip": lambda path, files: zipped(path, files, zipfile.ZIP_STORED),
    "a.tar": tarred,
    "a.tar.gz": lambda path, files: tarred(path, files, gzip.compress),
    "a.tar.zst": lambda path, files: tarred(path, files, zstd),
}
FILES = {
    "a.json": export("a"),
    "b_clickstream_export.gz": gzip.compress(export("b", 3_000)),
    "d.json": export("d", 2_000),
    "deep/er/c.zst": zstd(export("c")),
}


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    (tmp_path / "stage").mkdir()
    return Opener(tmp_path / "stage")


def addresses(opener: Opener, name: object) -> list[str]:
    """The addresses of the exports that a name stands for."""
    return [found.address for found in expand([str(name)], opener)]


def texts(opener: Opener, found: Input) -> tuple[bytes, str | None]:
    """All lines of an export, and its fault."""
    lines = Lines(opener.ready(found).location)
    with closing(lines):
        found = b"".join(text for batch in lines.batches() for text in batch.column(1).view("binary").to_pylist())
    return found, lines.fault


def unpacked(data: bytes) -> bytes:
    return (
        gzip.decompress(data) if data[:2] == b"\x1f\x8b" else export("c") if data[:4] == b"\x28\xb5\x2f\xfd" else data
    )


def passed(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of what was skipped, without the name of the folder or archive."""
    return [record.getMessage().partition("skipped, ")[2] for record in caplog.records]


@pytest.mark.parametrize(("name", "hold"), HOLDERS.items(), ids=HOLDERS)
def test_the_exports_inside_are_read_as_they_are_outside(tmp_path, opener, caplog, name, hold):
    held = hold(tmp_path / name, FILES)
    inputs = expand([str(held)], opener)
    names = [f"{held}/{inside}" for inside in FILES]
    assert [found.address for found in inputs] == names
    for full, found, data in zip(names, inputs, FILES.values(), strict=True):
        ready = opener.ready(found)
        assert ready.name == full
        file = ready.location
        assert (file.size(), file.name) == (len(data), full.rpartition("/")[2])
        assert Lines(file).digest() == blake3(data).hexdigest()
        assert texts(opener, found) == (unpacked(data), None)
        with file.open(7) as again:
            assert again.read(5) == data[7:12]
    assert not caplog.records


def test_the_same_bytes_count_once_whatever_they_come_in(tmp_path, caplog):
    held = [hold(tmp_path / name, FILES) for name, hold in HOLDERS.items()]
    first = ct.ingest(tmp_path / "d", [held[1]])
    assert [Path(outcome.source.uri).name for outcome in first] == [Path(name).name for name in FILES]
    assert [outcome.source.bytes for outcome in first] == [len(data) for data in FILES.values()]
    assert [outcome.source.events for outcome in first] == [20, 3_000, 2_000, 20]
    again = ct.ingest(tmp_path / "d", held)
    assert [outcome.already for outcome in again] == [True] * len(FILES) * len(HOLDERS)
    sources = ct.open(tmp_path / "d").sources
    read = [row["uri"] for row in sources.to_pylist() if row["lines"]]  # the others are further names
    assert read == [f"{held[1]}/{name}" for name in FILES]
    table = ct.open(tmp_path / "d").sql("select distinct course from events")
    assert table["course"].to_pylist() == ["psy-001"]


JUNK = {
    ".DS_Store": b"\0",
    "README.md": b"Read me\n",
    "__MACOSX/._a.json": export("x"),
    "a.json": export("a"),
    "deep/.git/a.json": export("y"),
    "deep/empty.json": b"",
    "setup.sql": b"create table x (y int);\n",
}


@pytest.mark.parametrize(("name", "hold"), HOLDERS.items(), ids=HOLDERS)
def test_what_is_no_export_is_passed_over_and_told(tmp_path, opener, caplog, name, hold):
    held = hold(tmp_path / name, JUNK)
    assert addresses(opener, held) == [f"{held}/a.json"]
    whole = name == "folder"
    hidden = [".DS_Store", "__MACOSX", "deep/.git"] if whole else [".DS_Store", "__MACOSX/._a.json", "deep/.git/a.json"]
    assert sorted(passed(caplog)) == [
        "empty: deep/empty.json",
        f"hidden: {', '.join(hidden)}",
        "no known export: README.md, setup.sql",
    ]


def test_where_no_export_is_there_is_an_error(tmp_path, opener, caplog):
    empty = zipped(tmp_path / "empty.zip", {})
    junk = folder(tmp_path / "junk", {"README": b"Read me\n"})
    for name, why in ((empty, "no export in it[.]"), (junk, "but what was skipped")):
        with pytest.raises(ct.InputError, match=why):
            expand([str(name)], opener)


def test_of_many_files_passed_over_some_are_named(tmp_path, opener, caplog):
    folder(tmp_path / "many", {"a.json": export("a"), **{f".{number:02}": b"x" for number in range(25)}})
    expand([str(tmp_path / "many")], opener)
    (told,) = passed(caplog)
    assert told.endswith(".08, .09, and 15 more")


def test_names_in_an_archive_do_not_reach_the_terminal_as_they_are(tmp_path, opener, caplog):
    held = zipped(tmp_path / "a.zip", {"a.json": export("a"), "x\x1b[31m\u202e": b"junk\n"})
    expand([str(held)], opener)
    assert passed(caplog) == ["no known export: x␛[31m\ufffd"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.json", ["./[1].json", "./a.json"]),
        ("deep/*", ["deep/a.json", "deep/er/b.json", "deep/z.zip/z.json"]),
        ("deep/*/*.json", ["deep/er/b.json"]),
        ("**/*.json", ["./[1].json", "./a.json", "./deep/a.json", "./deep/er/b.json"]),
        ("d*", ["./deep/a.json", "./deep/er/b.json", "./deep/z.zip/z.json"]),
        ("deep/[ab].json", ["deep/a.json"]),
        ("[1].json", ["[1].json"]),
        ("?.json", ["./a.json"]),
        (".h*", ["./.hidden.json"]),
    ],
)
def test_a_pattern_stands_for_what_it_matches(tmp_path, opener, monkeypatch, pattern, found):
    names = ("a.json", "deep/a.json", "deep/er/b.json", ".hidden.json", "[1].json", ".git/a.json")
    folder(tmp_path / "in", {name: export(name) for name in names})
    zipped(tmp_path / "in" / "deep" / "z.zip", {"z.json": export("z")})
    monkeypatch.chdir(tmp_path / "in")
    assert addresses(opener, pattern) == found


def test_links_to_folders_are_not_followed(tmp_path, opener, caplog):
    held = folder(tmp_path / "in", {"a.json": export("a")})
    (held / "loop").symlink_to(held)
    (held / "gone").symlink_to(tmp_path / "gone")
    (held / "b.json").symlink_to(held / "a.json")
    assert addresses(opener, held) == [f"{held}/a.json", f"{held}/b.json"]
    assert passed(caplog) == ["a link to a folder, or to nothing: gone, loop"]


def test_of_many_files_one_refused_does_not_stop_the_others_and_is_named(tmp_path):
    bad = export("b") + b'{"key": broken\n' * 20
    held = folder(tmp_path / "in", {"a.json": export("a"), "b.json": bad, "c.json": export("c"), "e.json": bad + b"\n"})
    zipped(held / "d.zip", {"d.json": export("d")})
    (held / "broken.zip").write_bytes((held / "d.zip").read_bytes()[:-30])
    with pytest.raises(ct.InputError, match=r"b.json: 1 of 40.* Of 6 files: 3 committed, 0 .*, 3 refused") as caught:
        ct.ingest(tmp_path / "d", [held])
    notes = caught.value.__notes__
    assert [name in note for name, note in zip(("broken.zip: the directory", "e.json: 1"), notes, strict=True)] == [
        True,
        True,
    ]
    assert [Path(uri).name for uri in ct.open(tmp_path / "d").sources["uri"].to_pylist()] == [
        "a.json",
        "c.json",
        "d.json",
    ]


def test_a_table_comes_from_archives_too(tmp_path):
    held = zipped(tmp_path / "a.zip", FILES)
    done = convert([held], tmp_path / "out.csv")
    assert done.written == 5_040


# Hostile archives


@pytest.mark.parametrize("hold", [zipped, tarred])
@pytest.mark.parametrize("name", ["../../a.json", "/tmp/a.json", "//a.json", "./b/.././../a.json"])
def test_names_that_lead_out_lead_nowhere(tmp_path, opener, hold, name):
    held = hold(tmp_path / "held", {name: export("a")})
    before = sorted(tmp_path.rglob("*"))
    (found,) = expand([str(held)], opener)
    assert ".." not in found.address
    assert texts(opener, found) == (export("a"), None)
    assert sorted(tmp_path.rglob("*")) == before


def test_links_and_devices_in_archives_are_passed_over(tmp_path, opener, caplog):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as out:
        for name, kind in {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            out.addfile(info)
        info = tarfile.TarInfo("a.json")
        info.size = len(export("a"))
        out.addfile(info, io.BytesIO(export("a")))
    (tmp_path / "a.tar").write_bytes(packed.getvalue())
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out_zip:
        out_zip.writestr(link, "/etc/passwd")
        out_zip.writestr("a.json", export("a"))
    assert addresses(opener, tmp_path / "a.tar") == [f"{tmp_path}/a.tar/a.json"]
    assert passed(caplog) == ["a link: link, hard", "not a regular file: pipe"]
    assert addresses(opener, tmp_path / "a.zip") == [f"{tmp_path}/a.zip/a.json"]
    assert passed(caplog)[2:] == ["a link: link"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_with_one_name_the_last_counts(tmp_path, opener, caplog):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr("a.json", export("old"))
        out.writestr("./a.json", export("new"))
    packed = tar({"a.json": export("old")})[: 512 + 2560] + tar({"a.json": export("new")})
    (tmp_path / "a.tar").write_bytes(packed)
    for name in ("a.zip", "a.tar"):
        caplog.clear()
        (found,) = expand([str(tmp_path / name)], opener)
        assert texts(opener, found) == (export("new"), None)
        assert passed(caplog) == ["there again later; the last one counts: a.json"]


def test_names_need_not_be_utf_8(tmp_path, opener):
    held = zipped(tmp_path / "a.zip", {"z\u00e4hler.json": export("a"), "q.json": export("q")})
    utf8_unsaid = held.read_bytes().replace(b"q.json", "\u00fc.jso".encode())
    (tmp_path / "b.zip").write_bytes(utf8_unsaid)
    with tarfile.open(tmp_path / "a.tar", "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as out:
        info = tarfile.TarInfo("\u00e4.json")
        info.size = len(export("a"))
        out.addfile(info, io.BytesIO(export("a")))
    assert addresses(opener, held) == [f"{held}/q.json", f"{held}/z\u00e4hler.json"]
    assert f"{tmp_path}/b.zip/\u00fc.jso" in addresses(opener, tmp_path / "b.zip")
    (found,) = expand([str(tmp_path / "a.tar")], opener)
    assert found.address == f"{tmp_path}/a.tar/\\xe4.json"
    assert texts(opener, found) == (export("a"), None)


def test_a_zip_file_whose_names_are_not_what_it_says_is_refused(tmp_path, opener):
    held = zipped(tmp_path / "a.zip", {"\u00e4.json": export("a")})
    held.write_bytes(held.read_bytes().replace("\u00e4".encode(), b"\xff\xff"))
    refused(opener, held, "directory at the end of the zip file")


@pytest.mark.parametrize(
    ("name", "pack"), [("a.zip", zipped), ("a.tar.gz", HOLDERS["a.tar.gz"]), ("a.tar.zst", HOLDERS["a.tar.zst"])]
)
def test_a_bomb_is_not_unpacked(tmp_path, opener, monkeypatch, name, pack):
    monkeypatch.setattr(archives, "HARMLESS", 100_000)
    refused(opener, pack(tmp_path / name, {"a.json": b"\n" * 4_000_000}), "a decompression bomb")
    assert sum(path.stat().st_size for path in opener.scratch.iterdir()) < 4_000_000


def test_lists_of_names_without_end_are_not_held_in_memory(tmp_path, opener, monkeypatch):
    held = zipped(tmp_path / "a.zip", {f"{number}.json": b"x" for number in range(60)})
    monkeypatch.setattr(archives, "MOST_FILES", 50)
    refused(opener, held, "more than 50 files")
    archives.archive.cache_clear()
    monkeypatch.setattr(archives, "MOST_HEADERS", 2_000)
    refused(opener, held, "bytes of names alone")


def test_what_cannot_be_unpacked_is_refused_by_name_and_the_others_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("a.json", export("a"))
        out.writestr("b.json", export("b"), zipfile.ZIP_LZMA)
        out.write(zipped(tmp_path / "inner.zip", {"x.json": export("x")}), "inner.zip")
        out.writestr("secret.json", export("secret"))
    data = bytearray((tmp_path / "a.zip").read_bytes())
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.rindex(mark) + flags] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(
        ct.InputError, match=r"a.zip/b.json: compressed with a method .*\(14\).*1 committed.*3 refused"
    ) as caught:
        ct.ingest(tmp_path / "d", [tmp_path / "a.zip"])
    inner, secret = caught.value.__notes__
    assert "inner.zip is an archive" in inner
    assert "secret.json: it is encrypted" in secret


@pytest.mark.parametrize("data", [tar(FILES), gzip.compress(tar(FILES))], ids=["tar", "zip"])
def test_an_archive_in_a_pipe_is_one_clear_line(opener, monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    with pytest.raises(ct.InputError, match="standard input is an archive"):
        opener.ready(opener.named("-"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_standard_input_may_be_packed(opener, monkeypatch, pack):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(export("a")))))
    lines = Lines(opener.ready(opener.named("-")).location)
    assert sum(batch.num_rows for batch in lines.batches()) == 20


def refused(opener: Opener, held: Path, why: str) -> None:
    """What cannot be opened stays in the list, and is refused in its turn."""
    assert addresses(opener, held) == [str(held)]
    with pytest.raises(ct.InputError, match=why):
        opener.ready(*expand([str(held)], opener))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["tar", "tar.gz", "tar.zst"])
def test_of_a_tar_file_that_is_cut_off_all_before_the_cut_is_read_and_the_cut_is_told(tmp_path, opener, caplog, pack):
    parts = {f"{name}.json": export(name) for name in "abc"}
    whole = pack(tar(parts).rstrip(b"\0"))
    for cut in range(1, len(whole), 97 if pack is bytes else 7):
        archives.archive.cache_clear()
        caplog.clear()
        held = tmp_path / f"{cut}.tar"
        held.write_bytes(whole[:cut])
        if not archives.is_archive(Location.of(held)):
            continue
        try:
            inputs = expand([str(held)], opener)
        except ct.InputError:
            inputs = []
        read = {found.address.rpartition("/")[2]: texts(opener, found) for found in inputs}
        for name, (text, fault) in read.items():
            last = name == max(read)
            assert parts[name].startswith(text.removesuffix(b"\n")), (cut, name)
            assert text == parts[name] or last
            assert fault is None or last, (cut, name)
            assert fault or not last or any(passed(caplog)), (cut, name)
        assert any("cut off" in record.getMessage() for record in caplog.records)


def test_damage_in_a_file_of_a_zip_file_costs_nothing_before_it(tmp_path, opener):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archives.archive.cache_clear()
        held = zipped(tmp_path / "a.zip", {"a.json": export("a", 4_000), "b.json": export("b")}, method)
        data = bytearray(held.read_bytes())
        middle = data.index(b"b.json") // 2
        data[middle : middle + 3] = b"\xff\xff\xff"
        held.write_bytes(data)
        first, second = expand([str(held)], opener)
        text, fault = texts(opener, first)
        assert "damaged" in (fault or "")
        assert len(text) > 10_000
        assert text[:10_000] == export("a", 4_000)[:10_000]
        assert texts(opener, second) == (export("b"), None)


@pytest.mark.parametrize("name", ["a.tar", "stored.zip", "a.zip"])
def test_of_a_file_in_an_archive_every_byte_before_the_damage_is_read(tmp_path, opener, name):
    data = export("a", 4_000)
    held = HOLDERS[name](tmp_path / name, {"a.json": data, "b.json": export("b")})
    packed = bytearray(held.read_bytes())
    if name == "a.tar":
        before, packed = data[:200_000], packed[: 512 + 200_000]
    elif name == "stored.zip":
        packed[packed.index(data[:100]) + 200_000] ^= 0xFF
        before = data[:200_000]
    else:
        begin = packed.index(b"a.json") + len("a.json")
        packed[begin + 5_000 : begin + 5_003] = b"\xff\xff\xff"
        before = inflated_up_to_the_fault(packed[begin:])
        assert 10_000 < len(before) < len(data)
    held.write_bytes(packed)
    (first, *_) = expand([str(held)], opener)
    text, fault = texts(opener, first)
    assert text.startswith(before)
    assert "damaged" in (fault or "")


def inflated_up_to_the_fault(packed: bytes) -> bytes:
    """What zlib gives, one byte at a time, before it refuses the next."""
    member, found = zlib.decompressobj(-15), b""
    with suppress(zlib.error):
        for at in range(len(packed)):
            found += member.decompress(packed[at : at + 1])
    return found


def test_a_file_with_a_wrong_checksum_is_read_whole_and_the_fault_is_reported(tmp_path, opener):
    held = zipped(tmp_path / "a.zip", {"a.json": export("a", 400)})
    data = bytearray(held.read_bytes())
    data[data.rindex(b"PK\1\2") + 16] ^= 0xFF
    held.write_bytes(data)
    (found,) = expand([str(held)], opener)
    text, fault = texts(opener, found)
    assert text == export("a", 400)
    assert "damaged" in (fault or "")


def test_a_file_packed_with_zstd_in_a_zip_file_is_read(tmp_path, opener):
    """Python's zipfile reads these from 3.14 on."""
    data = export("a", 400)
    packed = zstd(data)
    held = zipped(tmp_path / "a.zip", {"a.json": packed}, zipfile.ZIP_STORED)
    raw = bytearray(held.read_bytes())
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        begin = raw.index(mark) + at
        raw[begin : begin + 2] = struct.pack("<H", 93)
        raw[begin + 6 : begin + 18] = struct.pack("<LLL", zlib.crc32(data), len(packed), len(data))
    held.write_bytes(raw)
    (found,) = expand([str(held)], opener)
    assert opener.ready(found).location.size() == len(data)
    assert texts(opener, found) == (data, None)


SMALL = {"a.json": export("a", 3), "b.gz": gzip.compress(export("b", 3))}


@settings(max_examples=200, deadline=None)
@given(
    hold=st.sampled_from([HOLDERS[name] for name in HOLDERS if name != "folder"]),
    flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4),
    cut=st.integers(0, 4_000),
)
def test_whatever_is_damaged_there_is_an_error_of_ours_or_what_can_be_read(tmp_path_factory, hold, flips, cut):
    logging.getLogger("coursetrail").setLevel(logging.CRITICAL)
    here = tmp_path_factory.mktemp("damaged")
    held = hold(here / "held", SMALL)
    data = bytearray(held.read_bytes())
    for at, byte in flips:
        data[at % len(data)] = byte
    held.write_bytes(data[: max(1, len(data) - (cut if cut < 2_000 else 0))])
    opener = Opener(here)
    with suppress(ct.InputError):
        for found in expand([str(held)], opener):
            with suppress(ct.InputError):
                texts(opener, found)
    logging.getLogger("coursetrail").setLevel(logging.NOTSET)
