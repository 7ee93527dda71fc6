"""Records of tables: cut where Python's own csv cuts them, and one bad record costs one line."""

import csv
import io
import itertools
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coursetrail.reading import _scan
from coursetrail.reading import lines as module
from coursetrail.reading.lines import Lines
from coursetrail.reading.scan import FieldSpec
from coursetrail.reading.tables import DelimitedTable
from support import records_by_hand

ABC = DelimitedTable(("a", "b", "c"))
PRISTINE = DelimitedTable(("a", "b", "c"), backslash=True, nulls=("", "NULL", "\\N"))


def converted(table: DelimitedTable, data: bytes) -> list[object]:
    found = table.records(data, True)
    assert found.consumed == len(data)
    lines = bytes(found.json).split(b"\n")[:-1]
    assert len(found.begins) == len(lines) + 1 == len(found.hashes) + 1
    shown = {b"": None, b"#": "header"}
    return [shown[line] if line in shown else table.why(line) or list(json.loads(line).values()) for line in lines]


@pytest.mark.parametrize(
    ("table", "data", "expected"),
    [
        (ABC, b"1,2,3\n", [["1", "2", "3"]]),
        (ABC, b"1,2,3\r\n", [["1", "2", "3"]]),
        (ABC, b'"1","2","3"\r\n', [["1", "2", "3"]]),
        (ABC, b",,\n", [[None, None, None]]),
        (ABC, b'"","",""\n', [[None, None, None]]),
        (ABC, b'"a,b","c\nd","e""f"\n', [["a,b", "c\nd", 'e"f']]),
        (ABC, b'"a,b","c\r\nd","""f"""\n', [["a,b", "c\r\nd", '"f"']]),
        (ABC, b"1,2,3\r4,5,6\r\n7,8,9\n", [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]),
        (ABC, b'1,"2\r2","3"\r\r4,5,6\n', [["1", "2\r2", "3"], None, ["4", "5", "6"]]),
        (ABC, b'1,2,"/o\n4,5,"/x"\n7,8,9\n', ["a quote is never closed", ["4", "5", "/x"], ["7", "8", "9"]]),
        (ABC, b'1,2,"/o\n4,5,6\n"7",8,9\n', ["a quote is never closed", ["4", "5", "6"], ["7", "8", "9"]]),
        (ABC, b"\n1,2,3\n\r\n", [None, ["1", "2", "3"], None]),
        (ABC, b"1,2\n1,2,3\n", ["2 fields where there should be 3", ["1", "2", "3"]]),
        (ABC, b"1\n", ["1 field where there should be 3"]),
        (ABC, b"1,2,3,4\n", ["4 fields where there should be 3"]),
        (ABC, b'1,"2,3\n1,2,3\n', ["a quote is never closed", ["1", "2", "3"]]),
        (ABC, b'1,"say "hi" now",3\n', [["1", 'say "hi" now', "3"]]),
        (ABC, b'1,2"x,3\n', [["1", '2"x', "3"]]),
        (ABC, b"\xef\xbb\xbf1,2,3\n", [["1", "2", "3"]]),
        (ABC, b'\xef\xbb\xbf"1",2,3\n', [["1", "2", "3"]]),
        (ABC, b"\x01\t,NULL,\\N\n", [["\x01\t", "NULL", "\\N"]]),
        (DelimitedTable(("a", "b"), delimiter="\t"), b'1,"x"\t"y\tz"\n', [['1,"x"', "y\tz"]]),
        (PRISTINE, b'"\\"q\\"","\\\\","a\nb"\n', [['"q"', "\\", "a\nb"]]),
        (PRISTINE, b'"{\\"k\\":\\"a,b\\"}",NULL,\\N\n', [['{"k":"a,b"}', None, None]]),
        (PRISTINE, b'"NULL","\\N",NA\n', [[None, None, "NA"]]),
        (PRISTINE, b'"x\\",2,3\n', [["x\\", "2", "3"]]),  # saved again by a program that knows no backslash
        (PRISTINE, b'"{""k"":""v""}",2,3\n', [['{"k":"v"}', "2", "3"]]),
        (DelimitedTable(("a", "b"), header=b"a,b\n"), b"a,b\n1,2\na,b\n", ["header", ["1", "2"], "header"]),
    ],
)
def test_what_a_record_says(table, data, expected):
    assert converted(table, data) == expected


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@settings(max_examples=300)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=6), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_what_a_csv_writer_wrote_comes_back(rows, backslash, end):
    """Quoted throughout, in both ways of writing a quote."""
    out = io.StringIO()
    dialect = {"escapechar": "\\", "doublequote": False} if backslash else {}
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end, **dialect).writerows(rows)
    table = DelimitedTable(("a", "b", "c"), backslash=backslash, nulls=())
    if backslash or not any("\\" in text for row in rows for text in row):
        assert converted(table, out.getvalue().encode()) == [list(row) for row in rows]


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(1, 4), st.booleans())
def test_any_bytes_are_records_or_have_a_reason(data, fields, backslash):
    """No byte is lost: records follow each other without a gap, whatever is in them."""
    table = DelimitedTable(tuple("abcd"[:fields]), backslash=backslash)
    data += b"\n"
    found = table.records(data, True)
    begins = found.begins.tolist()
    assert begins[0] == 0
    assert begins[-1] == len(data)
    assert all(data[end - 1 : end] in (b"\n", b"\r") and begin < end for begin, end in itertools.pairwise(begins))
    assert bytes(found.json).count(b"\n") == len(begins) - 1


PIECES = rb', ; " \ a b "" "," NULL a;b'.split(b" ")
BYTES = st.lists(
    st.sampled_from([*PIECES, b"\n", b"\r\n", b"\r", b"\0", b"\x01", b"\xff", b"\xef\xbb\xbf"]), max_size=40
).map(b"".join)


@settings(max_examples=300)
@given(
    BYTES,
    st.sampled_from([b"\n", b"\r"]),
    st.integers(1, 4),
    st.sampled_from(",;"),
    st.booleans(),
    st.sampled_from([None, b"a;b\n", b"a,b\r\n"]),
)
def test_any_bytes_are_cut_and_read_as_by_hand(data, end, fields, delimiter, backslash, header):
    table = DelimitedTable(tuple("abcd"[:fields]), delimiter, backslash, ("", "NULL"), header)
    found = table.records(data + end, True)
    expected = records_by_hand.converted(data + end, table.names, delimiter, backslash, (b"", b"NULL"), header)
    assert bytes(found.json) == b"".join(json for _, json in expected)
    assert np.diff(found.begins).tolist() == [len(raw) for raw, _ in expected]
    unified = [raw if raw.endswith(b"\n") else raw[:-1] + b"\n" for raw, _ in expected]
    assert found.hashes.tolist() == [records_by_hand.hashed(raw) for raw in unified]
    assert found.physical == len(records_by_hand.END.findall(data + end))


@given(st.lists(st.binary(max_size=100).map(lambda line: line.replace(b"\n", b"") + b"\n")), st.binary(max_size=9))
def test_lines_have_the_hashes_that_ledgers_keep(lines, unended):
    expected = [records_by_hand.hashed(line) for line in lines]
    assert np.frombuffer(_scan.hashes(b"".join(lines)), np.uint64).tolist() == expected
    assert FieldSpec({}, {}, rest=False).scan(b"".join(lines)).hashes.tolist() == expected
    assert _scan.hashes(unended.replace(b"\n", b"")) == b""


@example(b'"x\\",a,b\ny",c', 2, False, 10)
@settings(max_examples=300)
@given(BYTES, st.integers(1, 4), st.booleans(), st.integers(1, 60))
def test_where_a_block_ends_makes_no_difference(data, fields, backslash, size):
    table = DelimitedTable(tuple("abcd"[:fields]), backslash=backslash)
    data += b"\n"
    whole = table.records(data, True)
    got, at = b"", 0
    for end in (*range(size, len(data), size), len(data)):
        part = table.records(data[at:end], end == len(data))
        got, at = got + bytes(part.json), at + part.consumed
    assert got == bytes(whole.json)


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_blocks_of_any_size_give_the_same_records(size, tmp_path, monkeypatch):
    rows = [(str(number), f'a "{number}"\nb', "x" * (number % 50)) for number in range(200)]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    (tmp_path / "t.csv").write_text(out.getvalue(), newline="")
    monkeypatch.setattr(module, "BLOCK", size)
    lines = Lines(tmp_path / "t.csv", table=ABC)
    found = [json.loads(line) for block in lines.blocks() for line in bytes(block.text).splitlines()]
    assert [tuple(value or "" for value in record.values()) for record in found] == rows
    assert lines.lines == len(rows)


def test_batches_are_the_records_as_they_lie_in_the_file(tmp_path):
    (tmp_path / "t.csv").write_bytes(b'1,"2\n2",3\nbroken\n4,5,6')
    texts = [
        text
        for batch in Lines(tmp_path / "t.csv", table=ABC).batches()
        for text in batch.column(1).view("binary").to_pylist()
    ]
    assert texts == [b'1,"2\n2",3\n', b"broken\n", b"4,5,6\n"]


def test_many_quotes_that_are_never_closed_take_no_endless_time():
    """Each could be read to the end of the block: after some, only short records are looked for."""
    data = b'"x\n' * 400_000
    found = ABC.records(data, True)
    assert len(found.hashes) == 400_000
    assert bytes(found.json).startswith(b"!0\n!0\n")
