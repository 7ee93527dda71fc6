"""Every analysis gives the same answer, row for row, whichever engine is asked."""

import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.analysis import Filters
from coursetrail.engines import Choice
from coursetrail.engines.engine import Engine
from coursetrail.errors import MissingExtra, QueryError, UsageError

FILTERS = (
    Filters(),
    Filters(clicks="all"),
    Filters(course="psy-001", since=date(2013, 8, 1), until=date(2013, 9, 1), without_bots=True),
    Filters(device="tablet", language="es"),
    Filters(device="unknown"),
)


@pytest.fixture(scope="module")
def java() -> None:
    """Spark runs on Java; where CI has none, that is a failure and no reason to skip."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        assert not os.environ.get("CI"), "CI has no Java: .ci/run has to install it"
        pytest.skip("NO JAVA: Spark is not tested; apt install openjdk-17-jre-headless")
    pytest.importorskip("pyspark", reason="NO PYSPARK: pip install 'coursetrail[spark]'")


@pytest.fixture(scope="module")
def session(java: None) -> Iterator[Engine]:
    """One Spark session for the whole module: it stays when an answer is given."""
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.memory": "1g"}
    with Choice("spark", "local[2]", settings=settings).connect() as engine:
        yield engine


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("filters", FILTERS, ids=lambda one: one.describe() or "all")
def test_every_analysis_is_the_same_on_every_engine(simulated, session, filters):
    embedded = list(simulated.course.answers(ALL, filters))
    distributed = list(ct.Course(simulated.course.dataset, Choice("spark")).answers(ALL, filters))
    assert len(embedded) == len(ALL)
    for one, other in zip(embedded, distributed, strict=True):
        assert one.sql == other.sql
        assert other.table.schema == one.table.schema
        assert other.table.to_pylist() == one.table.to_pylist(), one.analysis.name
        assert other.scope == one.scope


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


def test_spark_needs_a_dataset_too(tmp_path: Path):
    with pytest.raises(ct.DatasetError, match="no dataset here"):
        ct.open(tmp_path, Choice("spark"))
