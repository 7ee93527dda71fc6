"""Whatever a file holds, each of its lines is an event, a duplicate, a reject or blank, in every format."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail import formats
from coursetrail.dataset.schema import EVENTS
from coursetrail.formats.mapping.mapping_file import MappingFile
from coursetrail.ingestion.events import events
from coursetrail.lookups.languages import parse_languages
from coursetrail.reading.format import Format
from coursetrail.reading.lines import Lines
from coursetrail.reading.network import network
from coursetrail.reading.records import Reading
from coursetrail.simulate import simulate
from support.mapping_texts import FULL

pytestmark = pytest.mark.slow

MAPPING = FULL.replace('course = "course"', 'course = ["course", "what"]')
HEADER = b"at,who,event,course,what,ip,second,clicks,email\n"
FORMS = [*formats.ALL, MappingFile("my.toml", MAPPING).format()]
PIECES = (
    *(
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b'"',
        b"\\",
        b",",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"null",
        b"1e999",
    ),
    *(
        b'"key"',
        b'"timestamp":1375257600000',
        b'"page_url":"https://class.coursera.org/a/b"',
        b'"user_ip"',
        b'"repeated"',
    ),
    *(b'"event_type":"play_video"', b'"time":"2017-09-19T23:20:00"', b'"event"', b'"POST"', b'"GET"', b'"context"'),
    *(b'"2016-06-20 14:03:25.118"', b'"pageview"', b'"at":"2020-01-01"', b'"event":"play"', b"::1%eth0", b'"\\ud800"'),
)
SMALL = st.one_of(st.binary(max_size=100), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))


def read(folder: Path, form: Format, data: bytes, course: str | None = "named") -> list[dict[str, Any]]:
    """The events, each line of the file being accounted for once."""
    (folder / "export").write_bytes(data)
    reading = Reading(form, lambda *_: True, threads=1)
    lines = Lines(folder / "export", table=form.table)
    rows = [
        row
        for batch in events(reading, lines, EVENTS.schema, 1, course, EVENTS.schema.names)
        for row in batch.to_pylist()
    ]
    numbers = [*(row["line"] for row in rows), *reading.ignored, *(line for line, _, _ in reading.rejects)]
    assert sorted(numbers) == list(range(1, lines.lines + 1))
    assert not reading.unfinished or list(reading.unfinished) == [lines.lines]
    assert lines.digest()
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@pytest.fixture(scope="module")
def exports(folder: Path) -> dict[str, bytes]:
    """A small damaged export of each format."""
    made = {}
    for form in formats.ALL:
        simulate(folder / "made.csv", learners=20, events=150, seed=3, dirty=0.2, format=form.name)
        made[form.name] = (folder / "made.csv").read_bytes()
    made["mine"] = HEADER + b"2020-01-01T10:00:00Z,ada,play,c,v,203.0.113.7,2.5,3,a@b.org\n" * 3
    return made


@example([], b"\n")
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), SMALL), max_size=5), SMALL)
def test_every_line_is_accounted_for(folder: Path, exports: dict[str, bytes], damage: Any, alone: bytes) -> None:
    for form in FORMS:
        data = exports[form.name][:4000]
        for at, gone, more in damage:
            at %= len(data) + 1
            data = data[:at] + more + data[at + gone :]
        for one in (data, alone):
            try:
                fitted = form.fit(one.splitlines(keepends=True)[:200]) or form
            except ct.InputError:
                fitted = form
            for row in read(folder, fitted, one):
                assert row["time"] is not None
                assert row["action"] is not None


@pytest.mark.parametrize("name", [form.name for form in formats.ALL])
def test_events_that_name_no_course_get_the_one_that_was_said(
    tmp_path: Path, exports: dict[str, bytes], name: str
) -> None:
    nameless = re.sub(rb'"C[\w-]{21}"', b"NULL", exports[name].replace(b"/learn/psy-001/", b"/", 60), count=60)
    (tmp_path / "export").write_bytes(nameless)
    found = []
    for course in (None, "said"):
        ct.ingest(tmp_path / str(course), [tmp_path / "export"], course=course, max_rejects="100%", look_up=False)
        rows = ct.open(tmp_path / str(course)).sql("select course from events order by line").to_pylist()
        found.append([row["course"] for row in rows])
    unsaid, said = found
    assert None in unsaid
    assert said == [course or "said" for course in unsaid]


def test_a_course_of_two_columns_is_filled_too(folder: Path) -> None:
    data = HEADER + b"2020-01-01,u,play,c1,v1,,,,\n2020-01-01,u,play,,,,,,\n"
    form = FORMS[-1].fit(data.splitlines(keepends=True))
    assert form is not None
    assert [row["course"] for row in read(folder, form, data, "said")] == ["c1-v1", "said"]


@settings(max_examples=500)
@given(st.lists(SMALL, max_size=20))
def test_the_first_lines_are_those_of_a_format_or_an_error_says_what_to_try(lines: Sequence[bytes]) -> None:
    head = [line.replace(b"\n", b"") + b"\n" for line in lines]
    known = {form.name for form in formats.ALL}
    try:
        found = formats.recognise(head, "x").name
    except ct.InputError as error:
        found = str(error)
    assert found in known or "--format" in found


ADDRESSES = st.lists(
    st.sampled_from(["::1", "fe80::1%eth0", "10.0.0.1", "203.0.113.9", "%", ",", " ", ":", "a", "ada", "\ud800"])
)


@settings(max_examples=500)
@example("2001:db8::7%ada@example.org")
@given(st.one_of(st.text(max_size=60), ADDRESSES.map("".join)))
def test_of_an_address_nothing_but_a_prefix_is_kept(text: str) -> None:
    assert re.fullmatch(r"[0-9.]+\.0/24|[0-9a-f:]*::/48|", network(text) or "")


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=()), max_size=40), max_size=5))
def test_any_headers_have_a_language_or_a_reason(texts: list[str]) -> None:
    for row in parse_languages(texts).to_pylist():
        assert row["status"] in ("ok", "missing", "wildcard", "invalid")
        assert (row["language"] is None) == (row["status"] in ("missing", "invalid"))
        json.dumps(row).encode()
