"""Text that is not UTF-8: read in the encoding that is given, guessed by `sniff`, and never made equal to another."""

import gzip
import json
import os
import pickle
import threading
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.schema import REJECTS
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.spark import Spark
from coursetrail.filesystem.location import Location
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.ingestion import on_spark, refusals, streams, worker_results
from coursetrail.ingestion import sniff as sniffing
from coursetrail.ingestion.convert import convert
from coursetrail.ingestion.file_kinds import UNREADABLE
from coursetrail.ingestion.reject_limit import DEFAULT_LIMIT
from coursetrail.ingestion.resume import Continues, KnownContent, SourceIndex
from coursetrail.ingestion.sniff import sniff
from coursetrail.ingestion.task import Extracted, IngestTask
from coursetrail.ingestion.watch import Watch
from coursetrail.reading.encodings import CODECS, Transcoded, encoding_named
from support.exports import export, grown, line

MAPPING = """name = "mine"
[columns]
learner = "user"
course = "course"
[constants]
action = "page_view"
[time]
column = "at"
"""
LATIN = ["Müller", "Møller", "Maller"]
TEXTS: list[tuple[str, bytes, str, list[str]]] = [
    ("latin-1", b"", "latin-1", LATIN),
    ("cp1252", b"", "cp1252", [*LATIN, "“Müller”"]),
    ("utf-16-le", b"", "utf-16-le", LATIN),
    ("utf-16-be", b"", "utf-16-be", LATIN),
    ("utf-16", b"\xff\xfe", "utf-16-le", LATIN),
    ("utf-16", b"\xfe\xff", "utf-16-be", LATIN),
    ("utf-16-le", b"\xff\xfe", "utf-16-le", LATIN),
    ("utf-16", b"\xff\xfe", "utf-16-le", ["日本太郎", "\U0001f600 王"]),
    ("shift-jis", b"", "cp932", ["日本太郎", "山田花子", "ソ\\能", "Maller"]),
    ("gb18030", b"", "gb18030", ["王小明", "李华", "\U0001f600 王", "Maller"]),
]
"""The encoding that is given, a byte order mark, Python's codec, and names."""


def table(*names: str, first: int = 0) -> str:
    rows = (f'"{name}",C,2024-03-01 10:00:{at:02}\n' for at, name in enumerate(names, first))
    return "".join(rows) if first else "user,course,at\n" + "".join(rows)


def mapping(folder: Path, more: str = "") -> Path:
    path = folder / "my.toml"
    path.write_text(more + MAPPING)
    return path


def learners(dataset: Path) -> list[str]:
    return ct.open(dataset).sql("select learner from events order by source, line")["learner"].to_pylist()


def row(dataset: Path) -> dict[str, Any]:
    return ct.open(dataset).sources.to_pylist()[-1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("encoding", "mark", "codec", "names"), TEXTS)
def test_names_are_read_in_the_encoding_that_is_given(
    tmp_path: Path, encoding: str, mark: bytes, codec: str, names: list[str], packed: bool
) -> None:
    data = mark + table(*names).encode(codec)
    file = export(tmp_path, gzip.compress(data) if packed else data)
    ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path), encoding=encoding)
    assert learners(tmp_path / "d") == names
    found = row(tmp_path / "d")
    assert found["encoding"] == encoding_named(encoding)
    assert set(json.loads(found["mended"] or "{}")) <= {"byte order mark"}
    assert found["bytes"] == file.stat().st_size


@pytest.mark.parametrize(("encoding", "mark", "codec", "names"), TEXTS)
def test_a_mapping_says_the_encoding_and_a_draft_writes_it(
    tmp_path: Path, encoding: str, mark: bytes, codec: str, names: list[str]
) -> None:
    file = export(tmp_path, mark + table(*names).encode(codec), name="t.csv")
    found = sniff(file)
    assert found.encoding
    assert found.encoding.is_certain == codec.startswith("utf-16")
    assert ("probably" in found.describe()) != found.encoding.is_certain
    assert (found.lines, found.events) == (len(names) + 1, len(names))
    assert found.draft
    (tmp_path / "draft.toml").write_text(found.draft)
    ct.ingest(tmp_path / "d", [file], mapping=tmp_path / "draft.toml")
    assert learners(tmp_path / "d") == names


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_lines_of_json_in_utf_16_are_read_and_a_known_format_is_recognised(tmp_path: Path, codec: str) -> None:
    data = b"".join(line(username=name, n=at) for at, name in enumerate(LATIN)).decode().encode(codec)
    file = export(tmp_path, data)
    said = sniff(file)
    assert said.format == "coursera-legacy"
    assert "read it with --encoding utf-16" in said.describe()
    with pytest.raises(ct.InputError, match="is text in UTF-16; read it with --encoding utf-16"):
        ct.ingest(tmp_path / "d", [file])
    ct.ingest(tmp_path / "d", [file], encoding=codec)
    assert learners(tmp_path / "d") == LATIN


def test_a_member_of_an_archive_has_an_encoding_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("t.csv", table(*LATIN).encode("utf-16"))
    ct.ingest(tmp_path / "d", [tmp_path / "all.zip"], mapping=mapping(tmp_path, 'encoding = "utf-16"\n'))
    assert learners(tmp_path / "d") == LATIN


def test_other_names_of_an_encoding_are_understood_and_others_are_refused(tmp_path: Path) -> None:
    others = {"Latin1": "iso-8859-1", "cp1252": "windows-1252", "SJIS": "shift-jis", "cp932": "shift-jis"}
    others |= {"gbk": "gb18030", "GB2312": "gb18030", "UTF-16LE": "utf-16-le", "utf8": "utf-8", "utf16": "utf-16"}
    assert {name: encoding_named(name) for name in others} == others
    file = export(tmp_path, table("ada").encode())
    for name in ("klingon", "rot13", "idna", "utf-7", "", "a\0b"):
        with pytest.raises(ct.UsageError, match=r"There is no encoding .* Known: utf-8, utf-16"):
            ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path), encoding=name)
    with pytest.raises(ct.UsageError, match=r"my\.toml: There is no encoding 'klingon'. Known: utf-8"):
        ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path, 'encoding = "klingon"\n'))
    with pytest.raises(ct.UsageError, match="encoding must be a text in quotes"):
        ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path, "encoding = 1\n"))


@pytest.mark.parametrize(
    ("encoding", "invalid"),
    [
        ("windows-1252", [b"\x81", b"\x8d", b"\x81\x8d"]),
        ("shift-jis", [b"\x85\xff", b"\x86\xff", b"\xeb\x81\x9f\xff"]),
        ("gb18030", [b"\x80", b"\xff", b"\xff\x80"]),
        ("utf-16-le", [b"\0\xd8", b"\1\xd8", b"\0\xdc"]),
        ("utf-16-be", [b"\xd8\0", b"\xd8\1", b"\xdc\0"]),
    ],
)
def test_bytes_that_are_invalid_in_the_encoding_stay_apart_and_are_counted(
    tmp_path: Path, encoding: str, invalid: list[bytes]
) -> None:
    names = [*(f"M{at}ller" for at in range(len(invalid))), "Mller"]
    data = table(*names).encode(CODECS[encoding])
    for at, these in enumerate(invalid):
        name = f"M{at}ller".encode(CODECS[encoding])
        unit = len(name) // 6
        data = data.replace(name, name[:unit] + these + name[2 * unit :])
    ct.ingest(tmp_path / "d", [export(tmp_path, data)], mapping=mapping(tmp_path), encoding=encoding)
    found = learners(tmp_path / "d")
    assert len(set(found)) == len(names)
    assert all(name.startswith("M\ufffd") for name in found[:-1])
    assert json.loads(row(tmp_path / "d")["mended"]) == {"invalid UTF-8": len(invalid)}
    assert f"{len(invalid)} lines have bytes that are not {encoding}" in row(tmp_path / "d")["warnings"]


def test_latin_1_that_is_read_as_utf_8_gets_a_warning_that_names_the_way_out(tmp_path: Path) -> None:
    ct.ingest(tmp_path / "d", [export(tmp_path, table(*LATIN).encode("latin-1"))], mapping=mapping(tmp_path))
    assert len(set(learners(tmp_path / "d"))) == len(LATIN)
    [warning] = json.loads(row(tmp_path / "d")["warnings"])
    assert warning.startswith("2 lines have bytes that are not utf-8")
    assert "--encoding" in warning


class Pieces:
    """Bytes that come a few at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.fault: str | None = None
        self._data, self._step = data, step

    def readinto(self, space: memoryview) -> int:
        piece, self._data = self._data[: self._step], self._data[self._step :]
        space[: len(piece)] = piece
        return len(piece)


def transcoded(data: bytes, encoding: str, step: int = 1 << 10, head: int = 0) -> tuple[bytes, str | None]:
    stream = Transcoded(Pieces(data[head:], step), data[:head], encoding)
    found, space = b"", memoryview(bytearray(7))
    while count := stream.readinto(space):
        found += bytes(space[:count])
    return found, stream.fault


HOSTILE = st.lists(
    st.one_of(
        st.sampled_from([b"\xe90*", b"\x81", b"\xff", b"\0", b"\0\xd8", b"\n", b'"', b"\xeb\x81\x9f"]),
        st.binary(max_size=3),
    )
).map(b"".join)


@pytest.mark.parametrize("encoding", [name for name in CODECS if name != "utf-8"])
@given(data=HOSTILE, step=st.integers(1, 5), head=st.integers(0, 4))
@example(data=b"\xe90*", step=9, head=0)  # of which Python's decoder of GB18030 loses the end
def test_no_byte_is_lost_whatever_the_pieces(encoding: str, data: bytes, step: int, head: int) -> None:
    found, fault = transcoded(data, encoding, step, head)
    assert (found, fault) == transcoded(data, encoding)
    codec = CODECS[encoding]
    text = found.decode(errors="surrogatepass")
    if encoding == "utf-16":
        codec = "utf-16-be" if data.startswith(b"\xfe\xff") else "utf-16-le"
    if codec.startswith("utf-16"):
        half = len(data) % 2
        pairs = data[: len(data) - half]
        if half and "\ud800" <= pairs[-2:].decode(codec, "surrogatepass") <= "\udbff":
            pairs = pairs[:-2]  # the first half of a character whose second half is cut
        assert (fault is None) == (half == 0)
        assert text.encode(codec, "surrogatepass") == pairs
    else:
        assert fault is None
        try:
            assert text == data.decode(codec)
        except UnicodeDecodeError:
            assert text == data.decode(codec, "surrogateescape")
            assert any("\udc80" <= one <= "\udcff" for one in text)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_that_is_cut_inside_a_character_goes_on_when_it_has_grown(tmp_path: Path, encoding: str) -> None:
    whole = table(*LATIN).encode(encoding)
    options: dict[str, Any] = {"mapping": mapping(tmp_path), "encoding": encoding}
    ct.ingest(tmp_path / "d", [export(tmp_path, whole[:-9])], **options)
    found = row(tmp_path / "d")
    assert "ends in the middle of a character" in found["fault"]
    assert (found["lines"], found["events"], found["unfinished"], found["header"]) == (4, 2, 1, 1)
    ct.ingest(tmp_path / "d", [grown(tmp_path, whole, table("Åse", first=3).encode(encoding))], **options)
    assert learners(tmp_path / "d") == [*LATIN, "Åse"]
    found = row(tmp_path / "d")
    assert (found["continues"], found["begin"], found["events"], found["fault"]) == (1, 3, 2, None)


def test_a_watch_reads_what_is_new_in_the_encoding_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    export(tmp_path / "in", table(*LATIN).encode("utf-16"), name="t.csv")
    refused: list[str] = []
    options = {"mapping": mapping(tmp_path), "encoding": "utf-16"}
    watch = Watch(str(tmp_path / "d"), [str(tmp_path / "in")], lambda _: None, refused.append, options)
    assert watch.look() == 1
    grown(tmp_path / "in", (table(*LATIN) + table("Åse", first=3)).encode("utf-16"), name="t.csv")
    assert (watch.look(), watch.look(), refused) == (1, 0, [])
    assert learners(tmp_path / "d") == [*LATIN, "Åse"]


def test_the_same_text_in_another_encoding_is_not_read_twice(tmp_path: Path) -> None:
    options: dict[str, Any] = {"mapping": mapping(tmp_path)}
    ct.ingest(tmp_path / "d", [export(tmp_path, table(*LATIN).encode("utf-16-le"))], encoding="utf-16-le", **options)
    saved = export(tmp_path, table(*LATIN).encode(), name="saved.csv")
    assert [one.already for one in ct.ingest(tmp_path / "d", [saved], **options)] == [True]
    grown(tmp_path, (table(*LATIN) + table("Åse", first=3)).encode(), name="saved.csv")
    ct.ingest(tmp_path / "d", [saved], **options)
    assert learners(tmp_path / "d") == [*LATIN, "Åse"]


def test_the_same_bytes_in_another_encoding_are_another_text(tmp_path: Path) -> None:
    file = export(tmp_path, table(*LATIN).encode("latin-1"))
    options: dict[str, Any] = {"mapping": mapping(tmp_path)}
    ct.ingest(tmp_path / "d", [file], **options)
    assert ct.ingest(tmp_path / "d", [file], **options)[0].already
    assert ct.ingest(tmp_path / "d", [file], encoding="utf-8", **options)[0].already
    copy = export(tmp_path, file.read_bytes(), name="copy.csv")
    for one in (file, copy):
        with pytest.raises(ct.InputError, match=r"was read as utf-8 before .* and now as iso-8859-1.*--replace"):
            ct.ingest(tmp_path / "d", [one], encoding="latin-1", **options)
    ct.ingest(tmp_path / "d", [file], encoding="latin-1", replace=True, **options)
    assert learners(tmp_path / "d") == LATIN
    assert ct.ingest(tmp_path / "d", [file], **options)[0].already  # nothing was said about the encoding
    assert ct.ingest(tmp_path / "d", [file], encoding="latin-1", **options)[0].already


def test_a_file_that_grows_in_another_encoding_is_not_read_without_a_word(tmp_path: Path) -> None:
    options: dict[str, Any] = {"mapping": mapping(tmp_path)}
    begin, more = table("Maller").encode(), table("Müller", first=1).encode("latin-1")
    file = export(tmp_path, begin)
    ct.ingest(tmp_path / "d", [file], encoding="latin-1", **options)
    grown(tmp_path, begin, more)
    for replacing in (False, True):
        with pytest.raises(ct.InputError, match=r"was read as iso-8859-1 before .*, and now as utf-8. .*--encoding"):
            ct.ingest(tmp_path / "d", [file], replace=replacing, **options)
    ct.ingest(tmp_path / "d", [file], encoding="latin-1", **options)
    assert learners(tmp_path / "d") == ["Maller", "Müller"]


@pytest.mark.parametrize("by_mapping", [False, True])
def test_utf_8_is_the_same_whether_it_is_given_or_not(tmp_path: Path, by_mapping: bool) -> None:
    plain = mapping(tmp_path)
    given: dict[str, Any] = {"mapping": plain, "encoding": "utf8"}
    if by_mapping:
        (tmp_path / "utf8.toml").write_text('encoding = "utf-8"\n' + MAPPING)
        given = {"mapping": tmp_path / "utf8.toml"}
    for at, options in enumerate([given, {"mapping": plain}, given]):
        text = table(*LATIN) + "".join(table(f"Åse {n}", first=3 + n) for n in range(at))
        ct.ingest(tmp_path / "d", [export(tmp_path, text.encode(), name="a.csv")], **options)
    assert learners(tmp_path / "d") == [*LATIN, "Åse 0", "Åse 1"]
    assert ct.open(tmp_path / "d").sources["encoding"].to_pylist() == [None] * 3


def test_a_file_that_an_earlier_ledger_calls_utf_8_may_grow(tmp_path: Path) -> None:
    """Before 0.1.0 the ledger had both, null and `utf-8`."""
    ct.ingest(tmp_path / "d", [export(tmp_path, table(*LATIN).encode(), name="a.csv")], mapping=mapping(tmp_path))
    old, new = (
        Source(**row(tmp_path / "d") | {"encoding": name, "source": at}) for name, at in (("utf-8", 1), (None, 2))
    )
    index = SourceIndex([old])
    grown_file = Extracted(
        replace(new, digest="other", continues=1), None, 0, REJECTS.schema.empty_table(), {}, frozenset()
    )
    assert index.verdict(grown_file, is_stream=False) == Continues(old)
    assert "changed since, not only grown" in str(refusals.conflict(new, old))


def test_a_damaged_line_does_not_make_another_encoding_of_utf_8(tmp_path: Path) -> None:
    data = table(*LATIN, "Åse").encode().replace("Åse".encode(), b"\xc5se")
    found = sniff(export(tmp_path, data))
    assert found.encoding
    assert (found.encoding.name, found.encoding.is_certain) == ("utf-8", False)
    assert found.draft
    assert "encoding" not in found.draft


def test_a_byte_order_mark_of_utf_8_is_named_and_needs_no_encoding(tmp_path: Path) -> None:
    found = sniff(export(tmp_path, table(*LATIN).encode("utf-8-sig"), name="t.csv"))
    assert "utf-8 with a byte order mark" in found.describe()
    assert found.draft
    assert "encoding" not in found.draft


def test_the_encoding_that_is_given_to_sniff_counts(tmp_path: Path) -> None:
    file = export(tmp_path, table("Иван", "Ольга").encode("cp1251"), name="t.csv")
    found = sniff(file, encoding="cp1251")
    assert found.draft
    assert 'encoding = "windows-1251"' in found.draft


STARTS = [
    b"\xfd7zXZ\0\0\4",
    b"BZh91AY&SYxx",
    b"\x04\x22\x4d\x18x",
    b"7z\xbc\xaf\x27\x1c\0",
    b"Rar!\x1a\x07\0",
    b"PAR1\x15\x04",
    b"ORC\n\x0b",
    b"SQLite format 3\0\x10",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0",
    b"%PDF-1.7\n",
    "ab".encode("utf-32"),
    b"<!DOCTYPE html>\n<html>",
    b"<?xml version='1.0'?>\n",
    b'[\n {"a": 1},\n {"a": 2}\n]\n',
    b'\xef\xbb\xbf[{"a": 1}]',
]


def test_every_kind_of_file_has_an_example() -> None:
    assert len(STARTS) == len(UNREADABLE) + 1


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("data", STARTS)
def test_what_sniff_says_of_a_file_ingest_says_too(tmp_path: Path, data: bytes, mapped: bool) -> None:
    file = export(tmp_path, data)
    what = sniff(file).what
    with pytest.raises(ct.InputError) as refused:
        ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path) if mapped else None)
    assert str(refused.value) == f"{file} is {what}."


def test_of_a_folder_the_reason_is_given_for_what_is_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "in").mkdir()
    export(tmp_path / "in", line(), name="good.json")
    export(tmp_path / "in", line(n=2).decode().encode("utf-16"), name="wide.json")
    ct.ingest(tmp_path / "d", [tmp_path / "in"])
    assert "skipped, text in UTF-16; read it with --encoding utf-16: wide.json" in caplog.text


def test_a_spreadsheet_is_named_by_ingest_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(ct.InputError, match="is a spreadsheet; save the sheet as CSV"):
        ct.ingest(tmp_path / "d", [tmp_path / "t.xlsx"])


def test_a_converted_file_is_in_utf_8(tmp_path: Path) -> None:
    file = export(tmp_path, table(*LATIN).encode("utf-16"), name="t.csv")
    done = convert([file], tmp_path / "o.csv", mapping=mapping(tmp_path), encoding="utf-16", columns=["user"])
    assert done.written == 3
    assert (tmp_path / "o.csv").read_text(encoding="utf-8").splitlines() == ['"user"', *(f'"{one}"' for one in LATIN)]


def test_a_worker_is_given_the_encoding(tmp_path: Path) -> None:
    file = export(tmp_path, table(*LATIN).encode("utf-16"), name="t.csv")
    given_mapping = MappingFile.read(str(mapping(tmp_path)))
    task = IngestTask(Location.of(tmp_path), given_mapping, "utf-16", None, DEFAULT_LIMIT, None, True, True, 1)
    result = on_spark.extract_one(pickle.dumps((task, KnownContent({}, []))), pickle.dumps((str(file), 1)))
    found = worker_results.decode(result)
    assert isinstance(found, Extracted)
    assert (found.source.events, found.source.encoding) == (3, "utf-16")


def test_a_nul_inside_of_a_key_makes_another_key(tmp_path: Path) -> None:
    names = [b"ab", b"a\0b", b"a\0\0b", b"\0ab", b"ab\0"]
    rows = b"".join(b'"' + name + b'",C,2024-03-01 10:00:00\n' for name in names)
    ct.ingest(tmp_path / "d", [export(tmp_path, b"user,course,at\n", rows)], mapping=mapping(tmp_path))
    wanted = ["ab", "a\ufffd00b", "a\ufffd00\ufffd00b", "\ufffd00ab", "ab\ufffd00"]
    assert learners(tmp_path / "d") == wanted
    text = b"".join(line(username="NAME", n=at).replace(b"NAME", name) for at, name in enumerate(names))
    ct.ingest(tmp_path / "e", [export(tmp_path, text)])
    assert learners(tmp_path / "e") == wanted
    assert json.loads(row(tmp_path / "e")["mended"]) == {"NUL bytes": 4}


def test_a_nul_between_values_is_dropped(tmp_path: Path) -> None:
    text = line().replace(b'"username"', b'"user\0name"\0').replace(b"{", b"\0\0{")
    ct.ingest(tmp_path / "d", [export(tmp_path, text)])
    assert learners(tmp_path / "d") == ["ada"]


def test_a_device_is_refused_and_a_pipe_without_a_writer_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("/dev/zero", "is a device, not a file"), (tmp_path / "pipe", "is empty: nothing came in")):
        for read in (sniff, lambda one: ct.ingest(tmp_path / "d", [one])):
            with pytest.raises(ct.InputError, match=said):
                read(name)
        with pytest.raises(ct.InputError, match=said):
            convert([name], tmp_path / "o.csv", format="edx")


def test_of_an_endless_pipe_sniff_reads_the_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "MOST_OF_A_STREAM", 1 << 20)
    os.mkfifo(tmp_path / "pipe")

    def write() -> None:
        with suppress(BrokenPipeError), (tmp_path / "pipe").open("wb", buffering=0) as out:
            while True:
                out.write(line())

    writer = threading.Thread(target=write)
    writer.start()
    found = sniff(tmp_path / "pipe")
    writer.join()
    assert (found.format, found.size < 4 << 20) == ("coursera-legacy", True)


LONG = 10_000_000


@pytest.mark.parametrize(
    ("field", "column"),
    [("language", "accept_language"), ("user_agent", "user_agent"), ("username", "learner"), ("page_url", None)],
)
def test_a_field_of_ten_megabytes_leaves_a_dataset_that_can_be_analysed(
    tmp_path: Path, field: str, column: str | None
) -> None:
    begin = "https://class.coursera.org/psy-001/wiki/" if field == "page_url" else ""
    long = [f"{begin}{'x' * LONG}{end}" for end in "ab"]
    file = export(tmp_path, *(line(**{field: value}) for value in [*long, "short"]))
    ct.ingest(tmp_path / "d", [file])
    opened = ct.open(tmp_path / "d")
    assert [result.scope.events for result in opened.answers()]
    mended = json.loads(row(tmp_path / "d")["mended"] or "{}")
    if column:
        assert mended == {f"cut {column}": 2}
        assert max(len(text) for text in opened.sql(f"select {column} as t from events")["t"].to_pylist()) < 1200
    if column == "learner":
        assert len(set(learners(tmp_path / "d"))) == 3


def test_the_workers_of_spark_read_the_encoding_that_is_given(tmp_path: Path, session: Spark) -> None:
    files = [export(tmp_path, table(*LATIN).encode("utf-16"), name=name) for name in ("a.csv", "b.csv")]
    files[1].write_bytes(gzip.compress(table("Åse").encode("utf-16")))
    engine = EngineConfig("spark")
    ct.ingest(tmp_path / "d", files, mapping=mapping(tmp_path), encoding="utf-16", engine=engine)
    assert sorted(learners(tmp_path / "d")) == sorted([*LATIN, "Åse"])
    assert ct.open(tmp_path / "d").sources["encoding"].to_pylist() == ["utf-16"] * 2
    with pytest.raises(ct.InputError, match="is text in UTF-16; read it with --encoding utf-16"):
        ct.ingest(tmp_path / "d", files, mapping=mapping(tmp_path), encoding="latin-1", engine=engine)


@pytest.mark.parametrize("codec", ["utf-16-le", "gb18030"])
def test_a_stream_that_is_cut_off_is_read_up_to_the_cut(tmp_path: Path, codec: str) -> None:
    names = [f"王{number}" for number in range(2000)]
    packed = gzip.compress(("user,course,at\n" + "".join(f"{name},C,2024-03-01\n" for name in names)).encode(codec))
    file = export(tmp_path, packed[: len(packed) * 3 // 4], name="t.csv.gz")
    ct.ingest(tmp_path / "d", [file], mapping=mapping(tmp_path), encoding=codec)
    found = row(tmp_path / "d")
    assert "gzip stream is cut off" in found["fault"]
    read = learners(tmp_path / "d")
    assert read == names[: len(read)]
    assert len(read) > len(names) // 2
    assert found["unfinished"] == 1
