"""The promises that hold for any bytes, of every reader and lookup; `fuzz_readers.py` looks for bytes that break them.

A target gets bytes and raises if a promise is broken. Errors that are meant for users are allowed.
"""

# ruff: noqa: E402 - the expected results come from the folder of the tests

import gzip
import io
import json
import logging
import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import pyarrow as pa

from coursetrail import formats
from coursetrail.dataset.schema import EVENTS
from coursetrail.errors import CoursetrailError, InputError, UsageError
from coursetrail.formats.coursera import reference_files
from coursetrail.formats.edx.payload import redact, redact_line
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.ingestion.events import events
from coursetrail.ingestion.expand import expand
from coursetrail.ingestion.inputs import Opener
from coursetrail.ingestion.sniff import sniff
from coursetrail.lookups.agents import parse_agents
from coursetrail.lookups.languages import parse_languages
from coursetrail.reading import lines as lines_module
from coursetrail.reading.format import Format, Reject
from coursetrail.reading.lines import Lines
from coursetrail.reading.network import network
from coursetrail.reading.records import Reading
from coursetrail.reading.tables import DelimitedTable
from coursetrail.simulate import simulate
from support import records_by_hand
from support.lines_of_json import line as line_of_json
from support.scanned_lines import CODED, LAYOUT, is_right

FOLDER = TemporaryDirectory(prefix="coursetrail-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
HERE = Path(FOLDER.name)
KNOWN = {form.name: form for form in formats.ALL}
MAPPED = MappingFile(
    "mine.toml",
    """
name = "mine"
drop = ["mail"]
[columns]
learner = "who"
item = "what"
network = "ip"
position = "second"
weight = "clicks"
[time]
column = "at"
[action]
column = "event"
default = "other"
[action.values]
play = "video_play"
""",
)
TABLE = b"at,who,event,what,second,clicks,ip,mail,note\n2020-01-01 10:00:00,ada,play,v1,2.5,3,203.0.113.7,a@b.org,x\n"
OBJECTS = (
    b'{"at": "2020-01-01T10:00:00Z", "who": "ada", "event": "play", "second": 2.5, "clicks": 1, "n": {"a": [1]}}\n'
)
MOST = 20
"""How many times the size of a file its stored data may have, apart from a few kilobytes."""


@dataclass(frozen=True)
class Target:
    """What is done with bytes, and the first bytes to try."""

    holds: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def text_of(data: bytes) -> str:
    """Any text, also with lone surrogates."""
    return (
        data.decode(errors="surrogatepass")
        if b"\xed" in data and _decodes(data)
        else data.decode(errors="surrogateescape")
    )


def _decodes(data: bytes) -> bool:
    try:
        data.decode(errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def read(form: Format, data: bytes, block: int = 1 << 16) -> tuple[Reading, list[dict[str, Any]]]:
    """A file's events; every line is accounted for exactly once."""
    file = HERE / "export"
    file.write_bytes(data)
    reading = Reading(form, lambda *_: True, threads=1)
    lines = Lines(file, table=form.table)
    lines_module.BLOCK = block
    rows = [
        row for batch in events(reading, lines, EVENTS.schema, 1, "c", EVENTS.schema.names) for row in batch.to_pylist()
    ]
    places = [*(row["line"] for row in rows), *reading.blank, *(place for place, _, _ in reading.rejects)]
    places += [place for place, _ in lines.overlong]
    assert sorted(places) == list(range(1, lines.lines + 1)), (sorted(places), lines.lines)
    assert all(row[name] is not None for row in rows for name in ("source", "line", "platform", "time", "action"))
    size = sum(len(str(row["extra"] or "")) for row in rows) + sum(len(raw) for _, _, raw in reading.rejects)
    assert size <= MOST * len(data) + 4096, (size, len(data))
    for row in rows:
        assert row["extra"] is None or isinstance(json.loads(row["extra"]), dict)
    return reading, rows


def is_read(form: Format, data: bytes) -> None:
    """A file is read to its end, as its `fit` decides; one in four gives the same in small blocks."""
    fitted = _fitted(form, data) or form
    reading, rows = read(fitted, data)
    if len(data) % 4 == 0:
        again, same = read(fitted, data, 509)
        assert {row["line"]: row for row in rows} == {row["line"]: row for row in same}
        assert sorted(reading.rejects) == sorted(again.rejects)
    if form.name == "edx":
        for row in rows:
            hides_forms(row["extra"])
        for _, _, raw in reading.rejects:
            assert re.fullmatch(r'(?:[a-zA-Z_]+|[{}\[\]",:\\ ]|…)*', raw.decode())


def _fitted(form: Format, data: bytes) -> Format | None:
    with suppress(InputError):
        return form.fit(data.splitlines(keepends=True)[:200])
    return None


def is_known_or_refused(data: bytes) -> None:
    """The first lines of a file belong to a format, which can read the file, or there is an InputError."""
    with suppress(InputError):
        read(formats.recognise(data.splitlines(keepends=True)[:200], "this"), data)


def is_repaired(data: bytes) -> None:
    """A line is repaired, is blank, or has a reason."""
    forms = [*formats.ALL, MAPPED.format().fit([OBJECTS])]
    for form in forms:
        with suppress(Reject):
            if found := form.repair(data):
                assert isinstance(json.loads(found.text.encode()), dict)
                assert form.spec.scan(found.text.encode() + b"\n", repaired=True).valid.tolist() in ([True], [False])


def hides_forms(text: str | None) -> None:
    """No JSON in a text, at any depth, has a member that a form was sent with."""
    if text is None:
        return
    try:
        value = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        assert not re.search(r'(?i)"\s*post\s*\\*"\s*:', text), text
        return
    if not isinstance(value, str) or value != text:
        _hides(value)


def _hides(value: Any) -> None:
    match value:
        case dict():
            assert not any(name.strip().upper() == "POST" for name in value), value
            for one in value.values():
                _hides(one)
        case list():
            for one in value:
                _hides(one)
        case str():
            hides_forms(value)


def is_without_forms(data: bytes) -> None:
    """Of a payload no form is stored, and the rest is JSON; of a line that is not JSON, only known words are stored."""
    for request in (False, True):
        if (found := redact(text_of(data), request)) is not None:
            found.encode()
            hides_forms(found)
    assert re.fullmatch(r'(?:[a-zA-Z_]+|[{}\[\]",:\\ ]|…)*', redact_line(data).decode())


def is_no_mapping_or_one(data: bytes) -> None:
    """A mapping is understood or refused, and everything it reads is accounted for."""
    try:
        form = MappingFile("mine.toml", data.decode(errors="replace")).format()
    except UsageError:
        return
    for export in (TABLE + TABLE[46:], OBJECTS):
        with suppress(InputError, UsageError):
            read(form.fit(export.splitlines(keepends=True)) or form, export)


def is_sniffed(data: bytes) -> None:
    """Any file is described, with a limited length; a draft is TOML."""
    (HERE / "sniffed").write_bytes(data)
    try:
        found = sniff(HERE / "sniffed")
    except CoursetrailError:
        return
    assert len(found.describe()) < 100_000
    if found.draft is not None:
        tomllib.loads(found.draft)
        with suppress(UsageError):
            MappingFile("draft", found.draft).format()


def is_unpacked(data: bytes) -> None:
    """An archive or a compressed file gives its content or one of our errors; only the scratch folder is written to."""
    file, stage = HERE / "held", HERE / "stage"
    file.write_bytes(data)
    stage.mkdir(exist_ok=True)
    opener = Opener(stage)
    with suppress(InputError):
        for found in expand([str(file)], opener):
            with suppress(InputError):
                lines = Lines(opener.ready(found).location)
                size = sum(len(block.raw) for block in lines.blocks())
                assert size <= len(data) << 15, (size, len(data))  # four bytes of zstd may stand for 128 KiB
    for rest in stage.iterdir():
        rest.unlink()
    assert {path.name for path in HERE.iterdir()} <= {"held", "stage", "export", "sniffed", "table.csv"}


def is_a_table(data: bytes) -> None:
    """A reference table is read, with each record a row or a reject, or refused."""
    (HERE / "table.csv").write_bytes(data)
    with suppress(InputError):
        found = reference_files.read(HERE / "table.csv", ("course_id", "user_id", "grade"))
        assert len(found.rows) + len(found.rejects) <= found.records


def is_looked_up(parse: Callable[[list[str]], pa.Table], data: bytes) -> None:
    """A row for each distinct text, and no row that stands for an error."""
    texts = [text_of(line) for line in data.split(b"\n")[:4]]
    found = parse(texts)
    assert 0 < len(found) <= len(set(texts))
    assert "error" not in found["status"].to_pylist()
    assert found.nbytes <= 3 * len(data) + 4096 * len(found)


def is_a_network(data: bytes) -> None:
    """An address is cut to its prefix, or the text is not an address."""
    found = network(text_of(data))
    assert found is None or re.fullmatch(r"[0-9.]+\.0/24|[0-9a-f:]+/48", found), found


def is_scanned(data: bytes) -> None:
    """Lines of JSON have the values that Python's json finds, or are left to Python."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    for layout in (LAYOUT, CODED):
        scanned = layout.scan(b"".join(lines))
        for row, line in enumerate(lines):
            is_right(scanned, row, line)
    assert scanned.hashes.tolist() == list(map(records_by_hand.hashed, lines))


def are_records(data: bytes) -> None:
    """Records of tables are cut and read as by the slow reader; the first byte chooses the kind of table."""
    how, data = data[0] if data else 0, data[1:] + b"\n"
    names, delimiter, backslash = tuple("abcd"[: 1 + how % 4]), ",;\t|"[how >> 2 & 3], bool(how & 16)
    header = b"a,b\n" if how & 32 else None
    found = DelimitedTable(names, delimiter, backslash, ("", "NULL"), header).records(data, True)
    expected = records_by_hand.converted(data, names, delimiter, backslash, (b"", b"NULL"), header)
    assert bytes(found.json) == b"".join(made for _, made in expected)
    assert found.hashes.tolist() == [records_by_hand.hashed(raw) for raw, _ in expected]


def simulated(name: str, size: int = 1_500) -> list[bytes]:
    """Pieces of a damaged, simulated export."""
    file = HERE / "made.csv"
    simulate(file, learners=40, events=600, seed=7, dirty=0.3, format=name)
    data = file.read_bytes()
    file.unlink()
    return [piece + b"\n" for piece in _pieces(data.split(b"\n"), size)]


def _pieces(lines: list[bytes], size: int) -> Iterator[bytes]:
    held: list[bytes] = []
    for line in lines:
        held.append(line)
        if sum(map(len, held)) > size:
            yield b"\n".join(held)
            held = []


def _payloads() -> list[bytes]:
    texts = ['{"POST": {"a": ["b"]}, "GET": {"n": ["/"]}}', '{"id": "i4x", "code": "x", "d": [{"post": 1}]}', "x"]
    return [made.encode() for text in texts for made in (text, json.dumps(text), json.dumps({"e": text}))]


def _packed() -> list[bytes]:
    data = b"".join(simulated("coursera-legacy", 400)[:2])
    held = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("a.json", data)
            archive.writestr("deep/b.gz", gzip.compress(data))
        held.append(out.getvalue())
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo("a.json")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packing:
        packing.write(data)
    tar_whole = out.getvalue()[:3072]
    return [*held, tar_whole, gzip.compress(tar_whole), gzip.compress(data), bytes(stream.getvalue())]


def _agents() -> list[bytes]:
    found = []
    for row in simulated("coursera-legacy", 300):
        found += [match.encode() for match in re.findall(r'"user_agent": ?"([^"]+)"', row.decode(errors="replace"))]
    return found


def _lines_of_json() -> list[bytes]:
    import random

    draw = random.Random(1)
    return [line_of_json(draw)[:-1] for _ in range(300)]


def _both(names: list[str]) -> list[bytes]:
    return [piece for name in names for piece in simulated(name)]


TARGETS: dict[str, Target] = {
    **{name: Target(partial(is_read, form), partial(simulated, name)) for name, form in KNOWN.items()},
    "mapped": Target(partial(is_read, MAPPED.format()), lambda: [TABLE, OBJECTS]),
    "recognise": Target(is_known_or_refused, lambda: _both(list(KNOWN))),
    "repair": Target(is_repaired, lambda: [*_both(["coursera-legacy", "edx"]), OBJECTS]),
    "payload": Target(is_without_forms, _payloads),
    "toml": Target(
        is_no_mapping_or_one,
        lambda: [MAPPED.text.encode(), *(path.read_bytes() for path in (ROOT / "examples").glob("*.toml"))],
    ),
    "sniff": Target(is_sniffed, lambda: [TABLE * 3, OBJECTS * 3, *_both(["coursera"])[:5]]),
    "archives": Target(is_unpacked, _packed),
    "reference-tables": Target(
        is_a_table, lambda: [b"course_id,jhu_user_id,grade\nc1,u1,0.5\n", b'"course_id"\n"a\\"\nb"\n']
    ),
    "agents": Target(partial(is_looked_up, parse_agents), _agents),
    "languages": Target(
        partial(is_looked_up, parse_languages), lambda: [b"en-US,en;q=0.8,de;q=0.6", b"zh-hant_tw", b"*"]
    ),
    "network": Target(is_a_network, lambda: [b"10.0.0.7, 203.0.113.9", b"2001:db8::1%eth0", b"::ffff:1.2.3.4"]),
    "scan": Target(is_scanned, _lines_of_json),
    "records": Target(
        are_records, lambda: [b"\x12" + piece for piece in simulated("coursera", 500)[:40]] + [b'\0"a""b"\n']
    ),
}
WORDS = (
    *(
        '"POST"',
        '"GET"',
        '\\"POST\\"',
        '"event"',
        '"event_type"',
        '"context"',
        '"data"',
        '"repeated"',
        '"time"',
        '"ip"',
    ),
    *('"key"', '"value"', '"timestamp"', '"page_url"', '"user_ip"', '"user_agent"', "server_timestamp", "course_id"),
    *(
        '":{"',
        '":["',
        '"}',
        "null",
        "true",
        "1e999",
        "-0",
        "NaN",
        "\\u0000",
        "\\ud800",
        "\\n",
        "\\\\",
        "0001-01-01T00:00",
    ),
    *("9999-12-31T23:59:59+00:00", "2016-02-30", "\xef\xbb\xbf", "\xed\xa0\x80", "\xff", "\0", '""', '","', "\r\n"),
    *(
        "[columns]",
        "[time]",
        "[action.values]",
        "unit = ",
        "zone = ",
        "format = ",
        "user_id",
        "http://",
        "::1",
        "q=0.5",
    ),
)
"""Words that are worth trying in any position."""


def quiet() -> None:
    """Suppress the messages about skipped files."""
    logging.getLogger("coursetrail").setLevel(logging.CRITICAL)
