"""Answers as tables: what a person, a spreadsheet and a program read."""

import csv
import datetime
import json
import re
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO

import pyarrow as pa
import pytest
from pyarrow import parquet

from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.errors import UsageError
from coursetrail.render.charts import Bars, Table
from coursetrail.render.tables import WRITERS, encode
from support import results

SCOPE = replace(results.SCOPE, source="psy-001.gz")
DEVICES = [
    ("desktop", 18248, 0.83745),
    ("tablet", 1980, 0.09087),
    ("tv", 6, 0.000275),
    ("unknown", 109, 0.005),
]
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\tTAB",
    "\rCR",
    "\x1b[31mred\x1b[0m",
    "\x9b31m",
    "a\0b",
    "\u202egnp.exe",
    'say "hi", all\nof you',
    "x" * 500,
)


def result(rows, chart=None, **columns):
    """A result whose columns are name, learners and share."""
    kinds = {"device": pa.string(), "learners": pa.int64(), "share": pa.float64()}
    analysis = Analysis(
        name="devices",
        title="Learners by kind of device",
        question="What do learners use?",
        definition="A learner counts once for every kind of device.",
        columns=kinds,
        sql="",
        chart=chart or Bars(label="device", value="learners", share="share"),
    )
    values = zip(*rows, strict=True) if rows else [[], [], []]
    arrays = [pa.array(column, kind) for column, kind in zip(values, kinds.values(), strict=True)]
    return Result(analysis, pa.table(arrays, schema=analysis.schema), SCOPE, "")


def hostile():
    return result([(text, 1, 0.1) for text in HOSTILE])


def written(answer, form):
    return encode(answer.table, form, answer.caption)


def read_csv(data):
    return list(csv.reader(StringIO(data.decode(), newline="")))


def test_a_text_table_stands_between_its_title_and_its_definition():
    assert str(result(DEVICES)) == (
        "Learners by kind of device\n"
        "\n"
        "device   learners   share\n"
        "───────  ────────  ──────\n"
        "desktop    18,248  83.7 %\n"
        "tablet      1,980   9.1 %\n"
        "tv              6  <0.1 %\n"
        "unknown       109   0.5 %\n"
        "\n"
        "A learner counts once for every kind of device.\n"
        "n = 21,790 learners, 3,475,223 events. Left out: 12 events without a learner id.\n"
    )


def test_a_long_text_table_says_how_many_rows_it_leaves_out_and_keeps_the_unknown_value():
    rows = [(f"device {number}", 9, 0.1) for number in range(40)] + [("unknown", 7, 0.01)]
    lines = str(result(rows)).splitlines()
    assert lines[4].startswith("device 0 ")
    assert lines[18].startswith("device 14 ")
    assert lines[19:21] == ["… 25 more rows", "unknown           7   1.0 %"]


def test_a_table_is_cut_where_its_chart_says():
    lines = str(result([("a", 1, 0.1)] * 5, chart=Table(top=2))).splitlines()
    assert lines[6] == "… 3 more rows"


def test_one_row_is_never_hidden_behind_a_line_that_says_so():
    assert "more row" not in str(result([("a", 1, 0.1)] * 3, chart=Table(top=2)))


def test_a_single_wide_row_stands_upright():
    answer = result([], chart=Table())
    wide = pa.table({f"top_{number}_percent_share": [number / 100] for number in range(1, 10)})
    lines = str(replace(answer, table=wide)).splitlines()
    assert lines[4:6] == ["top 1 percent share  1.0 %", "top 2 percent share  2.0 %"]


def test_an_answer_without_rows_says_so():
    assert "(no rows)" in str(result([]))


def test_wide_letters_keep_the_columns_aligned():
    rows = [("浏览器", 1, 0.5), ("abcdef", 2, 0.5)]
    lines = str(result(rows)).splitlines()
    assert lines[4:6] == ["浏览器         1  50.0 %", "abcdef         2  50.0 %"]


def test_nothing_in_the_data_reaches_the_terminal_as_a_command():
    text = str(hostile())
    assert not [letter for letter in text if ord(letter) < 32 and letter != "\n"]
    assert not set(text) & set("\x7f\x9b\u202e")
    assert "␛[31mred␛[0m" in text
    assert max(map(len, text.splitlines())) < 110


def test_json_holds_no_raw_control_character_but_the_same_text():
    data = written(hostile(), "json")
    assert not set(data.decode()) & set("\x1b\x9b\x00\u202e\r\t")
    assert [row["device"] for row in json.loads(data)["rows"]] == list(HOSTILE)


def test_csv_is_plain_and_ends_each_line_with_a_line_feed():
    assert written(result(DEVICES), "csv") == (
        b'device,learners,share\n"desktop",18248,0.83745\n"tablet",1980,0.09087\n"tv",6,0.000275\n"unknown",109,0.005\n'
    )


def test_csv_without_rows_is_its_header():
    assert written(result([]), "csv") == b"device,learners,share\n"


def test_a_spreadsheet_runs_no_cell_of_a_csv():
    cells = [row[0] for row in read_csv(written(hostile(), "csv"))[1:]]
    shown = [re.sub("[\0\x1b\x9b]", "", text) for text in HOSTILE]
    assert cells == [f"'{text}" if text[0] in "=+-@" else text for text in shown]


def test_a_column_name_is_no_formula_either():
    assert encode(pa.table({"=1+1": [1]}), "csv") == b'"\'=1+1"\n1\n'


def test_negative_numbers_in_csv_are_untouched():
    assert encode(pa.table({"change": [-5, None], "rate": [-0.5, 1e20]}), "csv") == (b"change,rate\n-5,-0.5\n,1e+20\n")


def test_csv_reads_back_as_written():
    texts = ["plain", 'quote " here', "comma, here", "line\nbreak", "", "ünï 汉字"]
    assert [row[0] for row in read_csv(encode(pa.table({"text": texts, "n": range(6)}), "csv"))] == [
        "text",
        *texts,
    ]


def test_json_says_what_was_counted_how_and_over_what():
    answer = json.loads(written(result(DEVICES), "json"))
    assert list(answer) == ["name", "title", "definition", "scope", "columns", "rows"]
    assert answer["scope"]["learners"] == 21790
    assert answer["scope"]["description"] == SCOPE.describe()
    assert answer["columns"][1] == {"name": "learners", "type": "int64"}
    assert answer["rows"][0] == {"device": "desktop", "learners": 18248, "share": 0.83745}


def test_json_has_no_number_that_json_does_not_know():
    table = pa.table({"share": [float("nan"), float("inf"), 0.5]})
    rows = json.loads(encode(table, "json"), parse_constant=pytest.fail)["rows"]
    assert rows == [{"share": None}, {"share": None}, {"share": 0.5}]


def test_parquet_keeps_types_and_carries_the_definition():
    table = parquet.read_table(BytesIO(written(result(DEVICES), "parquet")))
    metadata = table.schema.metadata
    assert table.column("learners").type == pa.int64()
    assert table.column("device").to_pylist() == ["desktop", "tablet", "tv", "unknown"]
    assert metadata[b"coursetrail.definition"] == b"A learner counts once for every kind of device."
    assert json.loads(metadata[b"coursetrail.scope"])["events"] == 3475235


def anything():
    """A column of every kind that a query may answer with."""
    moment = datetime.datetime.fromisoformat("2013-07-23T01:02:03.450")
    return pa.table(
        {
            "when": pa.array([moment], pa.timestamp("us")),
            "zoned": pa.array([moment], pa.timestamp("us", "UTC")),
            "fine": pa.array([1_000_000_001], pa.timestamp("ns")),
            "day": [moment.date()],
            "hour": [moment.time()],
            "wait": [datetime.timedelta(minutes=30)],
            "sum": pa.array([Decimal(7)], pa.decimal128(38, 0)),
            "exact": [Decimal("0.25")],
            "raw": [b"\xff="],
            "kinds": pa.array(["tv"]).dictionary_encode(),
            "items": [["a", "b"]],
            "place": [{"x": 1.5}],
            "flag": [True],
            "nothing": pa.nulls(1),
            "view": pa.array(["=1"], pa.string_view()),
            "span": pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        }
    )


def test_any_kind_of_column_becomes_json():
    (row,) = json.loads(encode(anything(), "json"))["rows"]
    assert row["when"] == row["zoned"] == "2013-07-23T01:02:03.450000Z"
    assert row["fine"] == "1970-01-01T00:00:01Z"
    assert row["day"] == "2013-07-23"
    assert row["wait"] == 1800
    assert row["sum"] == 7
    assert row["exact"] == 0.25
    assert row["raw"] == "\\xff="
    assert row["items"] == ["a", "b"]
    assert row["place"] == {"x": 1.5}
    assert row["nothing"] is None


def test_any_kind_of_column_becomes_csv():
    header, cells = read_csv(encode(anything(), "csv"))
    row = dict(zip(header, cells, strict=True))
    assert row["when"] == "2013-07-23 01:02:03.450000"
    assert row["sum"] == "7"
    assert row["kinds"] == "tv"
    assert row["items"] == '["a", "b"]'
    assert row["view"] == "'=1"
    assert row["nothing"] == ""


def test_any_kind_of_column_becomes_text_and_parquet():
    assert "2013-07-23 01:02:03" in encode(anything(), "table").decode()
    stored = anything().drop_columns(["span"])
    assert parquet.read_table(BytesIO(encode(stored, "parquet"))).num_columns == 15


def test_columns_of_one_name_are_both_kept():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    assert json.loads(encode(table, "json"))["rows"] == [{"n": 1, "n_2": 2}]
    assert encode(table, "csv") == b"n,n_2\n1,2\n"
    assert parquet.read_table(BytesIO(encode(table, "parquet"))).column_names == ["n", "n_2"]


def test_a_year_has_no_thousands_separator():
    lines = encode(pa.table({"year": [2013], "events": [2013]}), "table").decode().splitlines()
    assert lines[2].split() == ["2013", "2,013"]


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="Did you mean 'parquet'"):
        encode(pa.table({"n": [1]}), "parket")


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.name)
def test_the_same_table_gives_the_same_bytes(writer):
    assert written(hostile(), writer.name) == written(hostile(), writer.name)


def test_a_notebook_shows_an_escaped_table_with_definition_and_n():
    page = hostile()._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "\x1b" not in page
    assert "<caption>Learners by kind of device</caption>" in page
    assert "A learner counts once for every kind of device." in page
    assert "n = 21,790 learners" in page


def test_a_result_prints_itself_as_text():
    assert str(result(DEVICES)).encode() == written(result(DEVICES), "table")


@pytest.mark.parametrize("writer", [writer for writer in WRITERS if writer.decode], ids=lambda writer: writer.name)
def test_what_a_format_reads_is_what_it_wrote(writer):
    kept = (*(text for text in HOSTILE if not re.search("[\0\x1b\x9b]", text)), "", "a;=1", "a\t +1", None)
    before = result([(text, 1, 0.1) for text in kept]).table
    assert writer.decode(writer.encode(before, None), before.schema).to_pylist() == before.to_pylist()


def test_no_two_formats_share_a_name_or_an_ending():
    for key in ("name", "ending"):
        assert len({getattr(writer, key) for writer in WRITERS}) == len(WRITERS)


def test_one_table_is_an_object_and_several_are_an_array():
    (writer,) = (writer for writer in WRITERS if writer.name == "json")
    one = written(result(DEVICES), "json")
    assert writer.join([one]) == one
    assert json.loads(writer.join([one, one])) == [json.loads(one), json.loads(one)]


def test_listing_the_formats_loads_no_templates_and_no_terminal_library():
    code = "import sys, coursetrail.render.tables; print({'jinja2', 'rich', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
