"""The study's way, literally: exports in HDFS, jobs on YARN, results in HDFS, plots of them; and faults there."""

import os
import signal
import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail import __main__ as entry
from coursetrail.dataset import commit
from coursetrail.dataset.delta import events_at
from coursetrail.dataset.ledger import COUNTS, Source
from coursetrail.dataset.manifest import manifest_of
from coursetrail.dataset.schema import SOURCES
from coursetrail.filesystem.location import Location
from coursetrail.outputs import saved
from support.exports import ASKED, contents, export, ledger, lines
from support.processes import done, started, told, wait_for
from support.spark_cluster import spark_home

YARN = ("--engine", "spark", "--master", "yarn")
EXECUTOR = "YarnCoarseGrainedExecutorBackend"
DRAWN = ("browsers", "activity", "daily", "retention", "survival")
"""One analysis for each kind of chart that lines of one course fill."""


def put(hadoop, file: Path, address: str) -> str:
    Location.of(address).parent.make_folder()
    Location.of(address).write(file.read_bytes())
    return address


@pytest.fixture(scope="module")
def raw(hadoop, simulated) -> str:
    return put(hadoop, simulated.export, f"{hadoop.fs}/raw/{simulated.export.name}")


@pytest.fixture(scope="module")
def dataset(hadoop, raw) -> str:
    """The simulated course, read by executors in YARN's containers."""
    address = f"{hadoop.fs}/courses/psy-001"
    done(started(hadoop.env, "ingest", address, raw, *YARN))
    return address


def test_executors_read_what_one_process_reads(dataset, simulated):
    """And DuckDB asks a dataset in HDFS."""
    assert contents(Location.of(dataset)) == contents(simulated.course.snapshot.location)
    assert not (Location.of(dataset) / "_staging").is_file()


def test_yarn_and_duckdb_give_the_same_bytes(hadoop, dataset):
    distributed = done(started(hadoop.env, "analyze", dataset, *ASKED, *YARN, "--format", "json", "--without", "bots"))
    embedded = done(started(hadoop.env, "analyze", dataset, *ASKED, "--format", "json", "--without", "bots"))
    assert distributed == embedded


def test_spark_submit_runs_the_driver_in_a_container_and_its_tables_are_drawn_elsewhere(hadoop, dataset, tmp_path):
    results = f"{hadoop.fs}/results/psy-001"
    submit = [spark_home() / "bin/spark-submit", "--master", "yarn", "--deploy-mode", "cluster", entry.__file__]
    command = [*map(str, submit), "analyze", dataset, *DRAWN, "-o", results]
    ran = subprocess.run(command, env={**os.environ, **hadoop.env}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    done(started(hadoop.env, "plot", "--tables", results, "-o", tmp_path / "later"))
    done(started(hadoop.env, "plot", dataset, *DRAWN, "-o", tmp_path / "direct"))
    drawn = sorted(path.name for path in (tmp_path / "direct").iterdir())
    assert len(drawn) == len(DRAWN)
    for name in drawn:
        assert (tmp_path / "later" / name).read_bytes() == (tmp_path / "direct" / name).read_bytes()


def test_one_process_reads_into_hdfs_too(hadoop, raw, simulated, tmp_path):
    address = f"{hadoop.fs}/courses/by-one-process"
    done(started(hadoop.env, "ingest", address, raw))
    assert contents(Location.of(address)) == contents(simulated.course.snapshot.location)
    assert "nothing to do" in started(hadoop.env, "ingest", address, raw).communicate()[1]
    assert ct.open(address).snapshot.version == 1, "created empty, then one commit"
    assert ct.open(address, as_of=0).sources.num_rows == 0
    done(started(hadoop.env, "report", address, "-o", f"{hadoop.fs}/reports/psy-001"))
    assert Location.of(f"{hadoop.fs}/reports/psy-001/report.html").size() > 100_000
    results = Location.of(f"{hadoop.fs}/results/by-one-process")
    done(started(hadoop.env, "analyze", address, "devices", "-o", results))
    done(started(hadoop.env, "analyze", address, "browsers", "-o", results, "--format", "parquet"))
    assert [result.analysis.name for result in saved.load(results)] == ["browsers", "devices"]
    listed = hadoop.sh("-ls", "-C", "/results/by-one-process").stdout.split()
    assert [Path(name).name for name in listed] == ["about.json", "browsers.parquet", "devices.csv"]
    assert "is a file" in told(started(hadoop.env, "analyze", address, "-o", results / "about.json"), 2)


def test_every_letter_of_a_path_in_hdfs_counts(hadoop, tmp_path):
    folder = Location.of(hadoop.fs) / "odd"
    folder.make_folder()
    names = ("a", "a#b", "a?b", "a;b", "a%20b")
    for name in names:
        (folder / name).write(name.encode())
    assert {line.rpartition("/odd/")[2] for line in hadoop.sh("-ls", "-C", "/odd").stdout.splitlines()} == {*names}
    for name in names:
        with (folder / name).open() as file:
            assert file.read() == name.encode()
    assert Location.of(hadoop.fs).is_folder()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("analyze", "{fs}/courses/absent"), 5, "no dataset here"),
        (("ingest", "{fs}/courses/x", "{fs}/raw/absent.gz"), 3, "no such file"),
        (("ingest", "{fs}/courses/x", "hdfs://127.0.0.1:1/raw/a.gz"), 3, "127.0.0.1:1"),
        (("plot", "--tables", "{fs}/raw", "-o", "plots"), 3, "no about.json here"),
    ],
)
def test_what_is_not_there_is_one_clear_line(hadoop, raw, words, code, says):
    assert says in told(started(hadoop.env, *(word.format(fs=hadoop.fs) for word in words)), code)


def test_a_folder_in_hdfs_is_read_file_by_file(hadoop, dataset, raw):
    address = f"{hadoop.fs}/courses/folder"
    done(started(hadoop.env, "ingest", address, raw.rpartition("/")[0]))
    assert ledger(Location.of(address)) == ledger(Location.of(dataset))


def test_of_two_runs_at_once_nothing_counts_twice(hadoop, tmp_path):
    """There is no lock in HDFS: whoever is slower is told to run again, and then finds what is left to do."""
    address = f"{hadoop.fs}/courses/contested"
    files = [export(tmp_path, lines(300, 1000 * n), name=f"{n}.json") for n in range(4)]
    refused, through = [], []

    def run(file: Path) -> None:
        for _ in range(20):
            try:
                ct.ingest(address, [file])
            except ct.StorageError as error:
                refused.append(str(error))
            else:
                through.append(file.name)
                return

    threads = [threading.Thread(target=run, args=[file]) for file in (*files, files[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("run this again" in text for text in refused), refused
    assert sorted(through) == sorted(["0.json", *(file.name for file in files)]), refused
    assert sorted(ledger(Location.of(address))) == [(300, 300, 0, 0, 0)] * 4
    for file in files:
        ct.ingest(tmp_path / "alone", [file])
    assert contents(Location.of(address))["answers"] == contents(tmp_path / "alone")["answers"]


def one_line(number: int) -> Source:
    """A source of one event."""
    nothing = dict.fromkeys(SOURCES.schema.names) | dict.fromkeys((*COUNTS[1:], "begin"), 0)
    told = {"uri": str(number), "format": "coursera-legacy", "digest": str(number), "version": "0"}
    return Source(
        **nothing | told | {"source": number, "bytes": 1, "lines": 1, "events": 1, "ingested": datetime.now(UTC)}
    )


def test_of_runs_that_make_a_dataset_at_once_one_comes_through(hadoop):
    """Delta Lake's library takes each of two tables created at once for done; of rows in them some would be lost."""
    for attempt in range(10):
        place = Location.of(f"{hadoop.fs}/courses/made-{attempt}")
        (place / "events").make_folder()
        together, through, refused = threading.Barrier(6), [], []

        def run(number: int, place=place, together=together, through=through, refused=refused) -> None:
            source = one_line(number)
            together.wait()
            try:
                commit.commit(place, [commit.EventsFile(f"{number}.parquet", 1, source)], [source], based_on=None)
            except ct.StorageError as error:
                refused.append(str(error))
            else:
                through.append(number)

        threads = [threading.Thread(target=run, args=[number]) for number in range(1, 7)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = events_at(place)
        assert made
        assert len(through) == 1, (through, refused)
        assert manifest_of(place, made).sources == {*through}
        assert [file.rpartition("/")[2] for file in made.file_uris()] == [f"{through[0]}.parquet"]
        assert len(refused) == 5
        assert all("run this again" in text for text in refused)


# Faults


@pytest.fixture(scope="module")
def stored(hadoop, many) -> list[str]:
    """The four exports in HDFS."""
    return [put(hadoop, file, f"{hadoop.fs}/many/{file.name}") for file in many]


def staged(address: str) -> list[str]:
    """The Parquet files of a run that is going on."""
    from pyarrow import fs

    place = Location.of(address) / "_staging"
    if not place.is_folder():
        return []
    found = place.files.get_file_info(fs.FileSelector(place.path, recursive=True))
    return [info.path for info in found if info.base_name.startswith("part-") and info.base_name.endswith(".parquet")]


def test_an_executor_that_is_killed_changes_nothing(hadoop, stored, undisturbed):
    address = f"{hadoop.fs}/courses/executor-killed"
    run = started(hadoop.env, "ingest", address, *stored, *YARN)
    wait_for(lambda: staged(address) or run.poll() is not None)
    executors = hadoop.containers(EXECUTOR)
    assert run.poll() is None
    os.kill(next(iter(executors)), signal.SIGKILL)
    done(run)
    assert contents(Location.of(address)) == contents(undisturbed)


def test_a_driver_that_is_killed_leaves_the_dataset_as_it_was(hadoop, stored, undisturbed):
    address = f"{hadoop.fs}/courses/driver-killed"
    done(started(hadoop.env, "ingest", address, stored[0]))
    before = contents(Location.of(address))
    run = started(hadoop.env, "ingest", address, *stored, *YARN)
    wait_for(lambda: staged(address) or run.poll() is not None)
    assert run.poll() is None
    run.kill()
    run.communicate()
    assert contents(Location.of(address)) == before
    done(started(hadoop.env, "ingest", address, *stored, *YARN))
    assert contents(Location.of(address)) == contents(undisturbed)


def test_hdfs_out_of_space_is_one_clear_line_and_nothing_comes_in(hadoop, stored):
    address = f"{hadoop.fs}/courses/full"
    done(started(hadoop.env, "ingest", address, stored[0]))
    before = contents(Location.of(address))
    full = {"dfs.datanode.du.reserved": 1 << 60}
    try:
        for name in ("dn0", "dn1"):
            hadoop.kill(name)
            hadoop.launch(name, **full)
        hadoop.wait()
        assert "Free some space" in told(started(hadoop.env, "ingest", address, stored[1]), 6)
        assert contents(Location.of(address)) == before
    finally:
        for name in ("dn0", "dn1"):
            hadoop.kill(name)
            hadoop.launch(name)
        hadoop.wait()
    done(started(hadoop.env, "ingest", address, stored[1]))
    assert len(ledger(Location.of(address))) == 2


def test_a_datanode_that_is_gone_is_one_clear_line_until_the_namenode_knows(hadoop, stored, undisturbed):
    """The NameNode sends writers to it for a while; what is there already has another copy."""
    address = f"{hadoop.fs}/courses/datanode-gone"
    done(started(hadoop.env, "ingest", address, stored[0]))
    before = contents(Location.of(address))
    hadoop.kill("dn1")
    try:
        run = started(hadoop.env, "ingest", address, stored[1])
        run.wait(300)
        if run.returncode:
            assert "run this again" in told(run, 6)
            assert contents(Location.of(address)) == before
        hadoop.wait(datanodes=1)
        done(started(hadoop.env, "ingest", address, *stored))
        assert contents(Location.of(address)) == contents(undisturbed)
    finally:
        hadoop.launch("dn1")
        hadoop.wait()
