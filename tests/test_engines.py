"""Every analysis gives the same answer, row for row, whichever engine is asked."""

import socket
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.compute as pc
import pytest

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.analysis import Filters
from coursetrail.engines import Choice
from coursetrail.engines.engine import Engine
from coursetrail.errors import MissingExtra, QueryError, UsageError
from test_ingest import contents, export, ledger, lines

FILTERS = (
    Filters(),
    Filters(clicks="all"),
    Filters(course="psy-001", since=date(2013, 8, 1), until=date(2013, 9, 1), without_bots=True),
    Filters(device="tablet", language="es"),
    Filters(device="unknown"),
)


@pytest.fixture(scope="module")
def session(java: None) -> Iterator[Engine]:
    """One Spark session for the whole module: it stays when an answer is given."""
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.memory": "1g"}
    with Choice("spark", "local[2]", settings=settings).connect() as engine:
        yield engine


@pytest.fixture(scope="module")
def spread(simulated, session, tmp_path_factory) -> ct.Course:
    """The simulated course as workers of Spark have read it."""
    place = tmp_path_factory.mktemp("spread") / "dataset"
    ct.ingest(place, [simulated.export], choice=Choice("spark"))
    return ct.open(place)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("filters", FILTERS, ids=lambda one: one.describe() or "all")
def test_every_analysis_is_the_same_on_every_engine(simulated, session, filters):
    embedded = list(simulated.course.answers(ALL, filters))
    distributed = list(ct.Course(simulated.course.dataset, Choice("spark")).answers(ALL, filters))
    are_the_same(embedded, distributed)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_analysis_is_the_same_whichever_engine_read_the_export(simulated, spread, session):
    expected = list(simulated.course.answers())
    are_the_same(expected, list(spread.answers()))
    are_the_same(expected, list(ct.Course(spread.dataset, Choice("spark")).answers()))


def are_the_same(embedded: list[ct.Result], distributed: list[ct.Result]) -> None:
    assert len(embedded) == len(ALL)
    for one, other in zip(embedded, distributed, strict=True):
        assert one.sql == other.sql
        assert other.table.schema == one.table.schema
        assert other.table.to_pylist() == one.table.to_pylist(), one.analysis.name
        assert other.scope == one.scope


# Ingest by workers


def test_workers_read_what_one_process_reads(simulated, spread):
    assert contents(spread.dataset.place) == contents(simulated.course.dataset.place)
    kinds = pc.unique(spread.sources["mended"]).to_pylist()
    assert kinds == pc.unique(simulated.course.sources["mended"]).to_pylist() != [None]


def test_many_files_are_one_version_and_the_same_bytes_count_once(tmp_path, session):
    files = [export(tmp_path, lines(40, 100 * n), b"junk\n", name=f"{n}.json") for n in range(3)]
    twin = export(tmp_path, lines(40), b"junk\n", name="twin.json")
    outcomes = ct.ingest(tmp_path / "d", [*files, twin], max_rejects="1", choice=Choice("spark"))
    assert [outcome.already for outcome in outcomes] == [False, False, False, True]
    assert ct.open(tmp_path / "d").dataset.version == 0
    assert ledger(tmp_path / "d") == [(41, 40, 0, 1, 0)] * 3
    again = ct.ingest(tmp_path / "d", [*files, twin], max_rejects="1", choice=Choice("spark"))
    assert all(outcome.already for outcome in again)
    assert ct.open(tmp_path / "d").dataset.version == 0
    for file in files:
        ct.ingest(tmp_path / "one", [file], max_rejects="1")
    assert contents(tmp_path / "d") == contents(tmp_path / "one")
    assert not (tmp_path / "d" / "_staging").exists()


def test_workers_open_archives_themselves(tmp_path, session):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out, tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tar:
        for number in range(2):
            file = export(tmp_path, lines(40, 100 * number), name=f"{number}.json")
            out.write(file, file.name)
            tar.add(file, f"in/{file.name}")
    held = [tmp_path / "a.zip", tmp_path / "b.tar.gz"]
    outcomes = ct.ingest(tmp_path / "d", held, choice=Choice("spark"))
    assert [outcome.already for outcome in outcomes] == [False, False, True, True]
    assert [outcome.source.uri for outcome in outcomes[:2]] == [f"{held[0]}/{number}.json" for number in range(2)]
    assert ledger(tmp_path / "d") == [(40, 40, 0, 0, 0)] * 2


def test_of_a_bad_file_nothing_comes_in_and_the_good_ones_stay(tmp_path, session):
    good = export(tmp_path, lines(40), name="good.json")
    bad = export(tmp_path, lines(1), *(b"junk %d\n" % n for n in range(9)), name="bad.json")
    with pytest.raises(ct.TooManyRejects, match=r"bad.json: 9 of 10 lines.*\(1 files were committed, 1 not\)"):
        ct.ingest(tmp_path / "d", [good, bad], choice=Choice("spark"))
    assert ledger(tmp_path / "d") == [(40, 40, 0, 0, 0)]


def test_either_engine_goes_on_where_the_other_ended(tmp_path, session):
    first, second = (export(tmp_path, lines(9, 100 * n), name=f"{n}.json") for n in range(2))
    ct.ingest(tmp_path / "d", [first])
    ct.ingest(tmp_path / "d", [second], choice=Choice("spark"))
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 900), name="3.json")])
    assert [row["source"] for row in ct.open(tmp_path / "d").sources.to_pylist()] == [1, 2, 3]
    assert ledger(tmp_path / "d") == [(9, 9, 0, 0, 0), (9, 9, 0, 0, 0), (5, 5, 0, 0, 0)]


def test_workers_have_no_standard_input(tmp_path, session):
    with pytest.raises(UsageError, match="cannot read standard input"):
        ct.ingest(tmp_path / "d", ["-"], choice=Choice("spark"))


def test_an_empty_dataset_has_the_same_answers(course_of, session, tmp_path):
    course = course_of([{"key": "pageview", "username": None, "timestamp": 1375257600000, "page_url": ""}])
    for analysis in ALL:
        embedded = course.analyze(analysis.name)
        distributed = ct.Course(course.dataset, Choice("spark")).analyze(analysis.name)
        assert distributed.table.equals(embedded.table), analysis.name


def test_a_query_that_spark_refuses_is_one_line_that_names_it(session):
    with pytest.raises(QueryError, match=r"The analysis 'x' failed on Spark: .*nothing_there") as caught:
        session.query("select * from nothing_there", "analysis 'x'")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_without_java_there_is_one_clear_line(monkeypatch, tmp_path):
    pytest.importorskip("pyspark")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingExtra, match="Spark needs Java 17"):
        Choice("spark").connect()


def test_without_pyspark_there_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(MissingExtra, match=r"pip install 'coursetrail\[spark\]'"):
        Choice("spark").connect()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sparc",), "Did you mean 'spark'"),
        (("duckdb", "local[2]"), "add --engine spark"),
    ],
)
def test_an_engine_that_is_not_there_is_a_wrong_call(words, told):
    with pytest.raises(UsageError, match=told):
        Choice(*words)


def test_a_master_and_a_remote_are_one_too_many():
    with pytest.raises(UsageError, match="give one of them"):
        Choice("spark", "local", "sc://here").connect()


@pytest.mark.parametrize("kind", ["spark", "sc"])
def test_where_no_cluster_answers_there_is_one_clear_line(java, monkeypatch, kind):
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{kind}://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(QueryError, match=f"No Spark session on {address}: .*refused.* Is it up") as caught:
        Choice("spark", **{"master" if kind == "spark" else "remote": address}).connect()
    assert "\n" not in str(caught.value)


def test_spark_needs_a_dataset_too(tmp_path: Path):
    with pytest.raises(ct.DatasetError, match="no dataset here"):
        ct.open(tmp_path, Choice("spark"))
