"""The contents of forms (`event.POST`) are stored nowhere, however they are nested and however they are broken."""

import itertools
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.dataset.schema import EVENTS
from coursetrail.errors import TooManyRejects
from coursetrail.formats.edx import definition
from coursetrail.formats.edx.payload import redact_line
from coursetrail.ingestion.convert import convert
from coursetrail.ingestion.events import events
from coursetrail.ingestion.sniff import sniff
from coursetrail.reading import lines as lines_module
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.scan import FieldSpec, Kind

pytestmark = pytest.mark.slow

SECRET = "Zq7xKwJvB9mT"
PARTS = (SECRET[:6], SECRET[6:])
"""What is cut off in its middle is a secret too."""
PLAIN = {
    "username": "ada",
    "event_source": "server",
    "time": "2017-09-19T23:20:00.553635+00:00",
    "agent": "Opera/9.80",
    "page": None,
    "host": "courses.example.org",
    "session": "",
    "referer": "https://courses.example.org/courses/Org/C1/R/info",
    "context": {"user_id": 3, "org_id": "Org", "course_id": "Org/C1/R", "path": "/admin/auth/user/add/"},
    "ip": "203.0.113.7",
}
POSTS: tuple[dict[str, Any], ...] = (
    {"password1": [SECRET]},
    {"password1": SECRET},
    {"csrf": ["x"], "email": ["a@b.org", f"{SECRET}@example.org"]},
    {"first_name": f'é {SECRET} " \\ {{', "username": ["grace"]},
    {"event": json.dumps({"id": SECRET}), "page": SECRET, "time": ["2017-09-19T23:20:00"]},
    {"deep": {"GET": {"x": SECRET}}},
    {SECRET: ""},
)
KINDS = ("/admin/auth/user/add/", "/login_ajax", "problem_check", "edx.new.thing")


def text(value: Any) -> str:
    return json.dumps(value)


SHAPES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "object": lambda form: {"event": form},
    "text": lambda form: {"event": text(form)},
    "text of text": lambda form: {"event": text(text(form))},
    "thrice packed": lambda form: {"event": text(text(text(form)))},
    "cut": lambda form: {"event": text({**form, "POST": {**form["POST"], "z": "z" * 600}})[:512]},
    "text of text, cut": lambda form: {"event": text(text({"POST": {**form["POST"], "z": "z" * 600}}))[:512]},
    "in a list": lambda form: {"event": [1, form]},
    "in a list as text": lambda form: {"event": text([1, text(form)])},
    "deeper": lambda form: {"event": {"a": {"b": [form, {"POST": form["POST"]}]}}},
    "deeper as text": lambda form: {"event": text({"a": {"b": text(form)}})},
    "lower case": lambda form: {"event": {"post": form["POST"]}},
    "beside others": lambda form: {"event": text({**form, "id": 3})},
    "data": lambda form: {"data": form},
    "data as text": lambda form: {"data": text(form)},
    "context": lambda form: {"event": {}, "context": {**PLAIN["context"], "request": form}},
    "context as text": lambda form: {"event": {}, "context": text({"request": text(form)})},
    "another field": lambda form: {"event": {}, "more": form},
    "another field as text": lambda form: {"event": {}, "more": text(form)},
    "another field, cut": lambda form: {"event": {}, "more": text({"POST": {**form["POST"], "z": "z" * 600}})[:512]},
}


def escaped(line: str) -> str:
    """Names written with escapes, as JSON allows."""
    return line.replace("POST", "\\u0050OST")


def twice(line: str) -> str:
    """The payload before another one of the same name."""
    return line[:-1] + ', "event": "{}", "data": {}, "more": 1, "context": {}}'


def second(line: str) -> str:
    return line.replace('"event_type"', '"name"').replace('"time"', '"timestamp"', 1)


WRITINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "escaped": escaped,
    "twice": twice,
    "second": second,
    "syslog": lambda line: f"Sep 20 07:08:07 lms01 [tracking]: {line}",
    "zeros": lambda line: "\0" * 826 + line,
    "followed": lambda line: f"{line} {line}",
    "in a list": lambda line: f"[{line}]",
    "apostrophe": lambda line: line.replace("Opera", "Op\\'era"),
    "number": lambda line: line.replace('"ada"', "7"),
    "wrong time": lambda line: line.replace("2017-09-19T", "2017-09-19 um "),
}
lines = st.builds(
    lambda shape, writing, post, get, kind: WRITINGS[writing](
        json.dumps({**PLAIN, "event_type": kind, **SHAPES[shape]({"POST": post, "GET": get})})
    ).encode(),
    st.sampled_from(list(SHAPES)),
    st.sampled_from(list(WRITINGS)),
    st.sampled_from(POSTS),
    st.sampled_from([{}, {"next": ["/"]}]),
    st.sampled_from(KINDS),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A line with a form, cut anywhere, with bytes changed that are not of the secret."""
    line = bytearray(draw(lines))
    secret = [match.span() for match in re.finditer(SECRET.encode(), line)]
    names = [(match.start(), match[0]) for match in re.finditer(rb"POST|\\u0050OST|post", line)]
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(line) - 1))
        if not any(begin <= at < end for begin, end in secret):
            line[at] = draw(st.sampled_from(b"\"\\{}[],: \n\0'\xffaX0")) if draw(st.booleans()) else line[at] ^ 1
    # A member that is not called POST and has no GET beside it cannot be recognised as a form. Of two forms in a line,
    # only the first has a GET.
    assume(all(line.startswith(name, start) for start, name in names[1:]))
    assume(re.search(rb'(POST|\\u0050OST|post|GET)\\*"', line))
    end = draw(st.one_of(st.just(len(line)), st.integers(0, len(line))))
    begin = draw(st.one_of(st.just(0), st.integers(0, 60), st.integers(0, len(line))))
    return bytes(line[begin:end]) + b"\n"


def kept(data: bytes, folder: Path) -> str:
    """All that is kept or shown of the lines of a log."""
    (folder / "log").write_bytes(data)
    reading = Reading(definition.FORMAT, lambda *_: True)
    made = list(events(reading, Lines(folder / "log"), EVENTS.schema, 1, None, EVENTS.schema.names))
    told = [repr(batch.to_pylist()) for batch in made]
    told += [repr((reason, raw)) for _, reason, raw in reading.rejects]
    spec = FieldSpec({**definition.FORMAT.spec.fields, "more": Kind.ANY, "evenu": Kind.ANY}, {}, rest=False)
    shown = Reading(definition.FORMAT, lambda *_: True).fields(Lines(folder / "log"), spec)
    return "\n".join([*told, repr(shown.read_all().to_pylist())])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@settings(max_examples=200, deadline=None)
@given(data=st.lists(damaged(), min_size=1, max_size=12).map(b"".join))
def test_no_damage_brings_a_form_to_light(data, folder):
    told = kept(data, folder)
    assert not [part for part in PARTS if part in told]


@pytest.mark.parametrize("writing", WRITINGS)
def test_no_way_to_write_it_brings_a_form_to_light(writing, folder):
    told = kept(
        b"".join(
            WRITINGS[writing](
                json.dumps({**PLAIN, "event_type": kind, **shape({"POST": post, "GET": {}}), "n": number})
            ).encode()
            + b"\n"
            for number, (kind, post, shape) in enumerate(itertools.product(KINDS, POSTS, SHAPES.values()))
        ),
        folder,
    )
    assert not [told[max(0, told.index(part) - 500) :][:600] for part in PARTS if part in told]


@given(st.binary(max_size=300))
def test_of_rejected_lines_only_names_and_punctuation_are_kept(line):
    assert re.fullmatch(r'(?:[a-zA-Z_]+|[{}\[\]",:\\ ]|…)*', redact_line(line).decode())
    assert "mypage1" not in redact_line(b'"mypage1": "page"').decode()


def many(count: int) -> Iterator[bytes]:
    """Lines of all shapes, a third of them broken."""
    draw = random.Random(11)
    for number in range(count):
        form = {"POST": draw.choice(POSTS), "GET": {"n": [str(number)]}}
        fields = {**PLAIN, "event_type": draw.choice(KINDS), **draw.choice(list(SHAPES.values()))(form), "n": number}
        line = draw.choice(list(WRITINGS.values()))(json.dumps(fields)).encode()
        yield (line[: draw.randrange(len(line))] if draw.random() < 0.3 else line) + b"\n"


def texts_of_files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            yield path, repr(pq.read_table(path, partitioning=None).to_pylist())
        elif path.is_file():
            yield path, path.read_bytes().decode(errors="replace")


def test_no_file_of_a_dataset_or_of_convert_holds_what_forms_were_sent_with(tmp_path):
    log = tmp_path / "tracking.log"
    log.write_bytes(json.dumps({**PLAIN, "event_type": "/", "event": ""}).encode() + b"\n" + b"".join(many(1_000)))
    ct.ingest(tmp_path / "out" / "dataset", [log], max_rejects="100%")
    for ending in ("csv", "parquet"):
        convert([log], tmp_path / "out" / f"all.{ending}", max_rejects="100%")
        convert([log], tmp_path / "out" / f"some.{ending}", columns=["more", "event", "context"], max_rejects="100%")
    (tmp_path / "out" / "rest").mkdir()
    source = ct.open(tmp_path / "out" / "dataset").sources.to_pylist()[0]
    assert source["events"] > 400
    assert source["rejected"] > 200
    files = list(texts_of_files(tmp_path / "out"))
    assert len(files) > 10
    assert not [path for path, told in files if any(part in told for part in PARTS)]
    assert any("GET" in told for _, told in files)


def test_neither_errors_nor_overlong_lines_hold_it(tmp_path, monkeypatch):
    monkeypatch.setattr(lines_module, "LONGEST", 1 << 10)
    monkeypatch.setattr(lines_module, "BLOCK", 1 << 9)
    good = json.dumps({**PLAIN, "event_type": "/", "event": ""})
    form = json.dumps({**PLAIN, "event_type": "/", "event": {"POST": {"password1": [SECRET], "x": "x" * 300_000}}})
    log = tmp_path / "tracking.log"
    log.write_text(f"{good}\n{form}\n{form[:-3]}\n{good[:-4]}\n")
    with pytest.raises(TooManyRejects) as raised:
        ct.ingest(tmp_path / "d", [log], max_rejects="0")
    assert not [part for part in PARTS if part in str(raised.value)]
    ct.ingest(tmp_path / "d", [log], max_rejects="100%")
    rejects = ct.open(tmp_path / "d").sql("select reason, raw from rejects order by line").to_pylist()
    assert [one["reason"][:11] for one in rejects] == ["longer than", "longer than", "JSON cut of"]
    assert not [part for part in PARTS if part in repr(rejects)]


@pytest.mark.parametrize("shape", SHAPES)
def test_neither_what_sniff_says_nor_its_draft_holds_it(tmp_path, shape):
    path = tmp_path / "tracking.log"
    posts = itertools.cycle(POSTS)
    for write, known in itertools.product(WRITINGS.values(), (True, False)):
        line = write(json.dumps({**PLAIN, "event_type": KINDS[0], **SHAPES[shape]({"POST": next(posts), "GET": {}})}))
        path.write_text(3 * f"{line if known else line.replace('event_source', 'source')}\n")
        found = sniff(path)
        told = found.describe() + (found.draft or "")
        assert not any(part in told for part in PARTS), told
