"""Every analysis gives the same answer, row for row, whichever engine is asked."""

import os
import pickle
import re
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.relations import USED, materialized, named_relations
from coursetrail.cli.main import main
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.duckdb import connect as duckdb
from coursetrail.engines.spark import Spark
from coursetrail.errors import MissingExtra, QueryError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.formats.coursera_legacy.definition import FORMAT
from coursetrail.reading.lines import Lines
from coursetrail.reading.records import Reading
from coursetrail.reading.scan import FieldSpec
from support.exports import contents, export, ledger, lines
from support.processes import started, told, wait_for

FILTERS = (
    Filters(),
    Filters(clicks="all"),
    Filters(course="psy-001", since=date(2013, 8, 1), until=date(2013, 9, 1), without_bots=True),
    Filters(device="tablet", language="es"),
    Filters(device="unknown"),
)


@pytest.fixture(scope="module")
def spread(simulated, session, tmp_path_factory) -> ct.Dataset:
    """The simulated course as workers of Spark have read it."""
    place = tmp_path_factory.mktemp("spread") / "dataset"
    ct.ingest(place, [simulated.export], engine=EngineConfig("spark"))
    return ct.open(place)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("filters", "asked"),
    [(FILTERS[0], ALL), (FILTERS[2], ALL), *((one, ALL[:8]) for one in (FILTERS[1], *FILTERS[3:]))],
    ids=lambda one: one.describe() or "no filter" if isinstance(one, Filters) else str(len(one)),
)
def test_every_analysis_is_the_same_on_every_engine(simulated, session, filters, asked):
    embedded = list(simulated.course.answers(asked, filters))
    distributed = list(ct.Dataset(simulated.course.snapshot, EngineConfig("spark")).answers(asked, filters))
    are_the_same(embedded, distributed, len(asked))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_every_analysis_is_the_same_whichever_engine_read_the_export(simulated, spread, session):
    expected = list(simulated.course.answers())
    are_the_same(expected, list(spread.answers()), len(ALL))
    here, there = simulated.course.answers(ALL[:8]), ct.Dataset(spread.snapshot, EngineConfig("spark")).answers(ALL[:8])
    are_the_same(list(here), list(there), 8)


def are_the_same(embedded: list[ct.Result], distributed: list[ct.Result], count: int) -> None:
    assert len(embedded) == len(distributed) == count
    for one, other in zip(embedded, distributed, strict=True):
        assert one.sql == other.sql
        assert other.table.schema == one.table.schema
        assert other.table.to_pylist() == one.table.to_pylist(), one.analysis.name
        assert other.scope == one.scope


@pytest.mark.parametrize("filters", FILTERS, ids=lambda one: one.describe() or "all")
def test_spark_folds_the_events_once_for_all_that_ask_for_no_more(simulated, session, filters):
    course = ct.Dataset(simulated.course.snapshot, EngineConfig("spark"))
    with course.engine() as engine:
        engine.materialize("used", materialized(USED, filters))
        asked = {
            one.name: engine.session.sql(one.render(filters, computed=(USED,))).inputFiles()
            for one in ALL
            if named_relations(one.sql) == (USED,)
        }
        folds = engine.session.table("used").storageLevel
    again = {name for name, files in asked.items() if any("/events/" in file for file in files)}
    assert folds.useMemory
    assert again == {one.name for one in ALL if one.name in asked and re.search(r"\b(from|join) events\b", one.sql)}
    assert {"learners"} <= again < set(asked)  # whose sessions are not in the fold


def test_two_questions_run_at_a_time_and_are_answered_in_order(session, tmp_path):
    session.session.udf.register("meet", waiting(tmp_path), "boolean")
    texts = [(f"select meet('{own}', '{other}') as met, '{own}' as name", own) for own, other in ("ab", "ba")]
    answers = [table.to_pylist() for table in session.queries(texts)]
    assert answers == [[{"met": True, "name": "a"}], [{"met": True, "name": "b"}]]


def test_what_runs_beside_a_question_that_fails_is_cancelled(session, tmp_path):
    session.session.udf.register("meet", waiting(tmp_path), "boolean")
    failing = "select case when meet('a', 'b') then raise_error('by itself') end as one"
    with pytest.raises(QueryError, match=r"The first failed on Spark: .*by itself"):
        list(session.queries([(failing, "first"), ("select meet('b', 'nobody')", "second")]))
    nothing_runs_on(session)
    assert not (tmp_path / "b.left").exists()


def test_answers_that_nobody_asks_for_any_more_are_not_computed(session, tmp_path):
    session.session.udf.register("meet", waiting(tmp_path), "boolean")
    texts = [(f"select meet('{own}', '{other}')", own) for own, other in ("ab", "ba", "cz", "dz", "ez")]
    answers = session.queries(texts)
    next(answers)
    wait_for(lambda: (tmp_path / "c").exists() and (tmp_path / "d").exists())
    answers.close()
    nothing_runs_on(session)
    assert not list(tmp_path.glob("[cde].left"))
    assert not (tmp_path / "e").exists()


def nothing_runs_on(session: Spark) -> None:
    """Wait until Spark knows of no job."""
    wait_for(lambda: not session.session.sparkContext.statusTracker().getActiveJobsIds())


def waiting(folder: Path) -> Callable[[str, str], bool]:
    """A function for workers: leave a mark, and wait for one at most a minute; was it there?"""

    def wait(own: str, other: str) -> bool:
        (folder / own).touch()
        ends = time.monotonic() + 600
        while not (folder / other).exists() and time.monotonic() < ends:
            time.sleep(0.05)
        (folder / f"{own}.left").touch()
        return (folder / other).exists()

    return wait


# Ingest by workers


def test_workers_read_what_one_process_reads(simulated, spread):
    assert contents(spread.snapshot.location) == contents(simulated.course.snapshot.location)
    kinds = pc.unique(spread.sources["mended"]).to_pylist()
    assert kinds == pc.unique(simulated.course.sources["mended"]).to_pylist() != [None]


def test_many_files_are_one_version_and_the_same_bytes_count_once(tmp_path, session):
    files = [export(tmp_path, lines(40, 100 * n), b"junk\n", name=f"{n}.json") for n in range(3)]
    twin = export(tmp_path, lines(40), b"junk\n", name="twin.json")
    outcomes = ct.ingest(tmp_path / "d", [*files, twin], max_rejects="1", engine=EngineConfig("spark"))
    assert [outcome.already for outcome in outcomes] == [False, False, False, True]
    assert ct.open(tmp_path / "d").snapshot.version == 1  # which names the twin
    assert ledger(tmp_path / "d") == [(41, 40, 0, 1, 0)] * 3
    again = ct.ingest(tmp_path / "d", [*files, twin], max_rejects="1", engine=EngineConfig("spark"))
    assert all(outcome.already for outcome in again)
    assert ct.open(tmp_path / "d").snapshot.version == 1  # as it was
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
    outcomes = ct.ingest(tmp_path / "d", held, engine=EngineConfig("spark"))
    assert [outcome.already for outcome in outcomes] == [False, False, True, True]
    assert [outcome.source.uri for outcome in outcomes[:2]] == [f"{held[0]}/{number}.json" for number in range(2)]
    assert ledger(tmp_path / "d") == [(40, 40, 0, 0, 0)] * 2


def test_of_a_bad_file_nothing_comes_in_and_the_good_ones_stay(tmp_path, session):
    good = export(tmp_path, lines(40), name="good.json")
    bad = export(tmp_path, lines(1), *(b"junk %d\n" % n for n in range(9)), name="bad.json")
    told = r"bad.json: 9 of 10 lines.* Of 2 files: 1 committed, 0 there already, 1 refused"
    with pytest.raises(ct.TooManyRejects, match=told):
        ct.ingest(tmp_path / "d", [good, bad], engine=EngineConfig("spark"))
    assert ledger(tmp_path / "d") == [(40, 40, 0, 0, 0)]


def test_every_refused_file_is_named_after_those_that_were_committed(tmp_path, session, capsys):
    there, new = (export(tmp_path, lines(40, 100 * n), name=f"{n}.json") for n in range(2))
    bad = [export(tmp_path, lines(1), *(b"junk %d\n" % k for k in range(9)), name=f"bad{n}.json") for n in range(22)]
    foreign = export(tmp_path, b"a,b\n" * 9, name="foreign.csv")
    ct.ingest(tmp_path / "d", [there])
    with pytest.raises(SystemExit, match=r"^3$"):
        main(["ingest", str(tmp_path / "d"), *map(str, (foreign, there, new, *bad)), "--engine", "spark"])
    said = [line.removeprefix(f"{tmp_path}/") for line in capsys.readouterr().err.splitlines() if ".json" in line]
    assert said[0].startswith("1.json: 40 lines")
    assert said[1].startswith("0.json: nothing to do")
    assert [line.partition("bad")[2][:2].strip(".") for line in said[2:]] == [str(n) for n in range(19)]


def test_the_first_refused_file_is_the_error_and_the_others_are_its_notes(tmp_path, session):
    good = export(tmp_path, lines(40), name="good.json")
    bad = [export(tmp_path, lines(1), *(b"junk %d\n" % k for k in range(9)), name=f"bad{n}.json") for n in range(22)]
    outcomes = []
    with pytest.raises(ct.TooManyRejects, match=r"bad0.json.* 1 committed, 0 there already, 22 refused") as caught:
        ct.ingest(tmp_path / "d", [*bad, good], engine=EngineConfig("spark"), on_outcome=outcomes.append)
    assert [Path(one.source.uri).name for one in outcomes] == ["good.json"]
    assert len(caught.value.__notes__) == 20
    assert "bad19.json: 9 of 10 lines" in caught.value.__notes__[18]
    assert caught.value.__notes__[19] == "And 2 more."


def test_a_task_has_the_cores_that_spark_gives_it(tmp_path, session, monkeypatch):
    tasks = []

    def map_on_workers(spark, items, run):
        tasks.append(pickle.loads(run.args[0])[0])
        return there(spark, items, run)

    there = Spark.map_on_workers
    monkeypatch.setattr(Spark, "map_on_workers", map_on_workers)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(4))], engine=EngineConfig("spark"))
    assert [task.cores for task in tasks] == [1]


def test_on_one_core_one_thread_scans_and_duckdb_has_one_and_less_memory(tmp_path):
    threads: set[str] = set()

    class Watched(FieldSpec):
        def scan(self, block, *, repaired=False):
            threads.add(threading.current_thread().name)
            return super().scan(block, repaired=repaired)

    layout = Watched(FORMAT.spec.fields, {})
    file = export(tmp_path, lines(60_000))
    assert len(list(Reading(FORMAT, lambda *_: True, threads=1).batches(Lines(Location.of(file)), layout))) > 1
    assert len({name for name in threads if name.startswith("ThreadPool")}) == 1
    with duckdb(threads=1) as engine:
        rows = engine.query("select name, value from duckdb_settings() where name in ('threads', 'memory_limit')")
    assert {row["name"]: row["value"] for row in rows.to_pylist()} == {"threads": "1", "memory_limit": "286.1 MiB"}


def test_either_engine_goes_on_where_the_other_ended(tmp_path, session):
    first, second = (export(tmp_path, lines(9, 100 * n), name=f"{n}.json") for n in range(2))
    ct.ingest(tmp_path / "d", [first])
    ct.ingest(tmp_path / "d", [second], engine=EngineConfig("spark"))
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 900), name="3.json")])
    assert [row["source"] for row in ct.open(tmp_path / "d").sources.to_pylist()] == [1, 2, 3]
    assert ledger(tmp_path / "d") == [(9, 9, 0, 0, 0), (9, 9, 0, 0, 0), (5, 5, 0, 0, 0)]


def test_workers_have_no_standard_input_and_no_pipes(tmp_path):
    """A reader that opened the pipe would wait for somebody to write into it."""
    os.mkfifo(tmp_path / "pipe")
    good = export(tmp_path, lines(1))
    for stream in ("-", tmp_path / "pipe"):
        with pytest.raises(UsageError, match="cannot read standard input or a pipe"):
            ct.ingest(tmp_path / "d", [good, stream], engine=EngineConfig("spark"))
    assert not (tmp_path / "d").exists()


def test_an_empty_dataset_has_the_same_answers(course_of, session, tmp_path):
    course = course_of([{"key": "pageview", "username": None, "timestamp": 1375257600000, "page_url": ""}])
    embedded, distributed = course.answers(), ct.Dataset(course.snapshot, EngineConfig("spark")).answers()
    for one, other in zip(embedded, distributed, strict=True):
        assert other.table.equals(one.table), one.analysis.name


def test_a_query_that_spark_refuses_is_one_line_that_names_it(session):
    with pytest.raises(QueryError, match=r"The analysis 'x' failed on Spark: .*nothing_there") as caught:
        session.query("select * from nothing_there", "analysis 'x'")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_that_spark_does_not_see_is_a_fault_of_the_dataset(session, tmp_path):
    schema = pa.schema([("number", pa.int64())])
    with pytest.raises(ct.DatasetError, match=r"nothing.parquet.* Do all workers see this path\?") as caught:
        session.register("absent", [str(tmp_path / "nothing.parquet")], schema)
    assert "\n" not in str(caught.value)
    file = tmp_path / "gone.parquet"
    pq.write_table(pa.table({"number": [1]}), file)
    session.register("gone", [str(file)], schema)
    file.unlink()
    with pytest.raises(ct.DatasetError, match=r"gone.parquet.* Do all workers see this path\?"):
        session.query("select sum(number) from gone")


def test_whatever_spark_refuses_is_one_line(session):
    with pytest.raises(QueryError, match=r"The view 'v' failed on Spark: .*nothing_there"):
        session.view("v", "select * from nothing_there")
    with pytest.raises(QueryError, match=r"The relation '.*' failed on Spark: .*nothing_there"):
        session.materialize("v", "select * from nothing_there")


def test_what_is_wrong_on_a_worker_is_told(session):
    with pytest.raises(QueryError, match=r"failed on Spark: ModuleNotFoundError: No module named 'not_there'$"):
        session.map_on_workers([b""], lambda item: __import__("not_there"))
    with pytest.raises(QueryError, match=r"failed on Spark: Job aborted.* Python worker exited unexpectedly"):
        session.map_on_workers([b""], lambda item: os._exit(3))


def test_a_session_of_the_users_stays_as_it_is(course_of, session):
    from pyspark.sql import SparkSession

    mine = session.session.newSession()
    mine.createDataFrame([(1,)], "number int").createOrReplaceTempView("agents")
    mine.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    mine.conf.set("spark.sql.ansi.enabled", "false")
    assert SparkSession.getActiveSession() is mine
    course = course_of([{"key": "pageview", "username": None, "timestamp": 1375257600000, "page_url": ""}])
    settings = {"spark.sql.shuffle.partitions": "1"}
    ct.Dataset(course.snapshot, EngineConfig("spark", settings=settings)).analyze("devices")
    assert SparkSession.getActiveSession() is mine
    assert mine.sql("select * from agents").collect() == [(1,)]
    assert {view.name for view in mine.catalog.listTables()} == {"agents"}
    assert not mine.catalog.functionExists("microseconds")
    assert mine.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
    assert mine.conf.get("spark.sql.ansi.enabled") == "false"
    assert mine.conf.get("spark.sql.shuffle.partitions") == "3"


def test_a_session_of_another_thread_stays(session):
    with ThreadPoolExecutor(1) as aside:
        (answer,) = aside.map(one_answer, ["select 1 as one"])
    assert answer == [{"one": 1}]
    assert session.query("select 1 as one").to_pylist() == answer


def one_answer(text: str) -> list[dict[str, object]]:
    with EngineConfig("spark").connect() as engine:
        return engine.query(text).to_pylist()


def test_a_session_that_is_there_needs_no_java_of_ours(session, monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert one_answer("select 1 as one") == [{"one": 1}]


@pytest.mark.parametrize("text", ["spark.x", "=1", ""])
def test_a_setting_without_a_name_or_value_is_a_wrong_call(simulated, text, capsys):
    with pytest.raises(SystemExit, match=r"^2$"):
        main(["analyze", str(simulated.course.snapshot.location), "--engine", "spark", "--conf", text])
    assert "--conf takes NAME=VALUE" in capsys.readouterr().err


@pytest.mark.parametrize("setting", ["spark.ui.enabled=maybe", "spark.sql.ansi.enabled=", "spark.driver.memory=x"])
def test_a_setting_that_is_nonsense_is_one_clear_line(simulated, java, setting):
    place = simulated.course.snapshot.location
    run = started({}, "analyze", place, "devices", "--master", "local[1]", "--conf", setting)
    assert "Error: No Spark session on local[1]: " in told(run, 7)


def no_session_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setattr(SparkSession, "_instantiatedSession", None)


def test_without_java_there_is_one_clear_line(monkeypatch, tmp_path):
    pytest.importorskip("pyspark")
    no_session_is_there(monkeypatch)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingExtra, match="Spark needs Java 17"):
        EngineConfig("spark").connect()


def test_without_pyspark_there_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark.sql", None)
    with pytest.raises(MissingExtra, match=r"pip install 'coursetrail\[spark\]'"):
        EngineConfig("spark").connect()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("sparc",), "Did you mean 'spark'"),
        (("duckdb", "local[2]"), "add --engine spark"),
        (("spark", "foo://x"), "--master takes local.*, not 'foo://x'"),
        (("spark", "localhost"), "--master takes"),
        (("spark", None, "localhost:15002"), "--remote takes sc://host:15002, not"),
    ],
)
def test_an_engine_that_is_not_there_is_a_wrong_call(words, told):
    with pytest.raises(UsageError, match=told):
        EngineConfig(*words)


def test_a_master_and_a_remote_are_one_too_many():
    with pytest.raises(UsageError, match="give one of them"):
        EngineConfig("spark", "local", "sc://here")


@pytest.mark.parametrize("kind", ["spark", "sc"])
def test_where_no_cluster_answers_there_is_one_clear_line(java, monkeypatch, kind):
    no_session_is_there(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{kind}://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(QueryError, match=f"No Spark session on {address}: .*refused.* Is it up") as caught:
        EngineConfig("spark", **{"master" if kind == "spark" else "remote": address}).connect()
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_need_no_workers(tmp_path, monkeypatch):
    monkeypatch.setattr("coursetrail.engines.spark.connect", None)
    with pytest.raises(ct.InputError, match="x: "):
        ct.ingest(tmp_path / "d", [export(tmp_path, b"hello\n", name="x")], engine=EngineConfig("spark"))


def test_spark_needs_a_dataset_too(tmp_path: Path):
    with pytest.raises(ct.DatasetError, match="no dataset here"):
        ct.open(tmp_path, EngineConfig("spark"))
