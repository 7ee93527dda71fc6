"""The library: a dataset is opened, asked, and answers in tables that other tools take."""

import doctest
import json
import sys
from datetime import date

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import coursetrail as ct
from coursetrail.analyses import analysis, find
from coursetrail.analyses.filters import Filters
from coursetrail.engines import sql
from support.clicks import CHROME, FIREFOX, HOSTILE, line


@pytest.fixture(scope="module")
def course(course_of) -> ct.Dataset:
    return course_of(
        [
            line("ann"),
            line("ann", 5, user_agent=FIREFOX),
            line("bob", 7),
            line("<b>cem</b>", 86_400, language="de"),
            line(None, 9, user_agent=None),
        ]
    )


def test_the_public_door_is_sorted_and_everything_behind_it_exists() -> None:
    assert ct.__all__ == sorted(ct.__all__)
    assert [name for name in ct.__all__ if not hasattr(ct, name)] == []
    assert all(issubclass(getattr(ct, name), ct.CoursetrailError) for name in ct.__all__ if name.endswith("Error"))


def test_the_analyses_are_in_the_order_of_the_report() -> None:
    names = (
        "browsers systems devices languages countries learners activity concentration daily sessions session-lengths "
        "time-on-task hours retention survival survival-test dropout at-risk areas items videos video-heat video-seeks "
        "paths funnel problems quality"
    )
    assert [one.name for one in ct.ANALYSES] == names.split()
    assert all(one.title and one.question.endswith("?") and one.definition for one in ct.ANALYSES)


def test_an_answer_carries_its_table_its_analysis_its_scope_and_its_sql(course) -> None:
    result = course.analyze("browsers")
    assert result.table.to_pylist() == [
        {"browser": "Chrome", "learners": 3, "share": 1.0, "clicks": 3},
        {"browser": "Firefox", "learners": 1, "share": 1 / 3, "clicks": 1},
    ]
    assert result.analysis.name == "browsers"
    assert (result.scope.learners, result.scope.events, result.scope.without_learner) == (3, 5, 1)
    assert result.scope.source == "psy-001_clickstream_export.json"
    assert result.sql == result.analysis.render(Filters())


def test_the_sql_of_an_answer_gives_the_same_answer_again(course) -> None:
    result = course.analyze("browsers", device="desktop", since=date(2013, 7, 1))
    assert course.sql(result.sql).cast(result.analysis.schema).equals(result.table)


def test_all_answers_come_in_order_over_one_connection(course) -> None:
    assert [result.analysis for result in course.answers()] == list(ct.ANALYSES)
    singly = [course.analyze(one.name).table for one in ct.ANALYSES]
    assert [result.table for result in course.answers()] == singly


def test_an_answer_becomes_a_pandas_data_frame(course) -> None:
    frame = course.analyze("learners").to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert frame["learner"].tolist() == ["ann", "<b>cem</b>", "bob"]
    assert frame["first_seen"].iloc[0] == pd.Timestamp("2013-07-31 08:00:00")


def test_an_answer_becomes_a_polars_data_frame(course) -> None:
    frame = course.analyze("devices").to_polars()
    assert isinstance(frame, pl.DataFrame)
    assert frame.rows() == [("desktop", 3, 1.0, 4)]


def test_without_the_extra_the_message_says_what_to_install(course, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ct.MissingExtra, match=r"pip install 'coursetrail\[polars\]'"):
        course.analyze("devices").to_polars()


def test_a_notebook_shows_a_table_with_definition_and_n_and_nothing_runs_in_it(course) -> None:
    shown = course.analyze("learners")._repr_html_()
    assert "<table" in shown
    assert "&lt;b&gt;cem&lt;/b&gt;" in shown
    assert "<b>cem" not in shown
    assert "n = 3 learners" in shown
    assert "30 minutes" in shown


def test_an_answer_prints_as_text(course) -> None:
    shown = str(course.analyze("browsers"))
    assert "Firefox" in shown
    assert "n = 3 learners" in shown


def test_an_analysis_that_is_misspelt_is_refused_with_the_right_name() -> None:
    with pytest.raises(ct.UsageError, match="browsers"):
        find("browser")


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"device": "Tablet"}, r"No event has the device 'Tablet'. There are: desktop"),
        ({"language": "english"}, r"No event has the language 'english'. There are: de, en"),
        ({"course": "psy-002"}, r"No event has the course 'psy-002'. There are: psy-001"),
        ({"course": ""}, r"No event has the course ''. There are: psy-001"),
        ({"course": "unknown"}, r"No event has the course 'unknown'. There are: psy-001"),
        ({"since": date(2013, 8, 2), "until": date(2013, 8, 1)}, "is not before --to"),
    ],
)
def test_a_filter_that_can_match_nothing_is_refused_with_what_there_is(course, filters, message) -> None:
    with pytest.raises(ct.UsageError, match=message):
        course.analyze("browsers", **filters)


def test_the_filters_are_told_beside_the_answer(course) -> None:
    result = course.analyze("browsers", until=date(2013, 8, 1), language="en", without_bots=True, clicks="all")
    told = result.scope.describe()
    for part in ("to 2013-08-01 (excluded)", "language en", "without bots", "every event counts as a click"):
        assert part in told
    assert "1 event outside" in told


def test_sql_reads_events_dimensions_and_the_ledger(course) -> None:
    assert course.sql("select count(*) as n from events")["n"].to_pylist() == [5]
    joined = course.sql("select distinct browser from events join agents using (user_agent) order by 1")
    assert joined["browser"].to_pylist() == ["Chrome", "Firefox"]
    assert course.sql("select language from languages order by 1")["language"].to_pylist() == ["de", "en"]
    assert course.sql("select events from sources")["events"].to_pylist() == [5]
    assert course.sql("select * from rejects").num_rows == 0
    assert isinstance(course.sql("describe events"), pa.Table)


@pytest.mark.parametrize(
    "statement",
    [
        "drop view events",
        "create table mine as select 1",
        "copy events to 'out.csv'",
        "insert into agents values (1)",
        "select 1; select 2",
        "attach 'other.db'",
        "set memory_limit = '1GB'",
        "pragma database_list",
        "install httpfs",
        "",
    ],
)
def test_sql_that_does_more_than_read_is_refused(course, statement) -> None:
    with pytest.raises(ct.QueryError):
        course.sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('{outside}')",
        "select * from '{outside}'",
        "select * from read_parquet('https://example.org/a.parquet')",
        "select * from glob('/etc/*')",
    ],
)
def test_sql_reads_no_file_outside_the_dataset(course, tmp_path, statement) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n1\n")
    with pytest.raises(ct.QueryError):
        course.sql(statement.format(outside=outside))


def test_sql_that_is_wrong_is_told_in_one_line(course) -> None:
    with pytest.raises(ct.QueryError) as error:
        course.sql("select learnr from events")
    assert "learner" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_without_a_dataset_says_how_to_make_one(tmp_path) -> None:
    with pytest.raises(ct.DatasetError, match="coursetrail ingest"):
        ct.open(tmp_path)


def test_a_course_that_is_open_does_not_see_what_is_ingested_later(tmp_path, course_of) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    for path, learner in ((first, "ann"), (second, "bob")):
        path.write_text(json.dumps(line(learner)) + "\n")
    ct.ingest(tmp_path / "dataset", [first])
    before = ct.open(tmp_path / "dataset")
    ct.ingest(tmp_path / "dataset", [second])
    assert before.analyze("learners").table["learner"].to_pylist() == ["ann"]
    assert ct.open(tmp_path / "dataset").analyze("learners").table["learner"].to_pylist() == ["ann", "bob"]


# Values as SQL text.


@pytest.mark.parametrize("value", [*HOSTILE, CHROME, "\\", "\t", "ß" * 1_000])
def test_a_literal_is_read_back_as_the_value_it_was_made_of(course, value) -> None:
    read = course.sql(f"select {sql.literal(value)} as value")
    assert read["value"].to_pylist() == [value]


def test_literals_are_typed() -> None:
    assert sql.literal(None) == "null"
    assert sql.literal(value=True) == "true"
    assert sql.literal(5) == "5"
    assert sql.literal(0.5) == "cast(0.5 as double)"
    assert sql.literal(-5) == "(-5)"
    assert sql.literal(date(2013, 8, 1)) == "timestamp '2013-08-01 00:00:00'"
    assert sql.literal("it's") == "'it''s'"


@pytest.mark.parametrize("module", [sql, analysis])
def test_the_examples_in_the_documentation_hold(module) -> None:
    assert doctest.testmod(module).failed == 0
