"""Every kind of cluster answers: HDFS, a Spark of its own, Spark Connect, YARN; and answers the same after losses."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack

import pytest

from support import spark_cluster
from support.exports import ASKED, contents
from support.processes import MORTAL, done, started, told, wait_for

ASK = """
import json, sys
from coursetrail.engines.config import EngineConfig
with EngineConfig("spark", **json.loads(sys.argv[1])).connect() as engine:
    answer = engine.query("select count(*) as numbers, sum(id) as total from range(0, 1000, 1, 4)")
    print(json.dumps(answer.to_pylist()))
"""
LONG = """
import sys
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import QueryError
with EngineConfig("spark", remote=sys.argv[1]).connect() as engine:
    print("asking", flush=True)
    try:
        engine.query("select count(*) from range(0, 1000000000000)")
    except QueryError as error:
        print(error)
"""
ANSWER = [{"numbers": 1000, "total": 499_500}]


def asked(env: Mapping[str, str], **choice: object) -> object:
    """What the cluster answers to a process of its own, since a process has one Spark session."""
    command = [*MORTAL, sys.executable, "-c", ASK, json.dumps(choice)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_hdfs_gives_back_what_was_put_there(hadoop, tmp_path):
    (tmp_path / "clicks.txt").write_text("one\ntwo\n")
    put = hadoop.sh("-put", tmp_path / "clicks.txt", "/clicks.txt")
    assert put.returncode == 0, put.stderr
    assert hadoop.sh("-cat", f"{hadoop.fs}/clicks.txt").stdout == "one\ntwo\n"


def test_a_file_outlives_a_datanode(hadoop, tmp_path):
    (tmp_path / "kept.txt").write_text("kept\n")
    put = hadoop.sh("-put", tmp_path / "kept.txt", "/kept.txt")
    assert put.returncode == 0, put.stderr
    hadoop.kill("dn0")
    assert hadoop.sh("-cat", "/kept.txt").stdout == "kept\n"
    hadoop.launch("dn0")
    hadoop.wait()


def test_a_standalone_cluster_answers(standalone):
    assert asked(standalone.env, master=standalone.address) == ANSWER


def test_a_standalone_cluster_answers_with_one_worker_less(standalone):
    standalone.kill("worker0")
    standalone.wait(workers=1)
    assert asked(standalone.env, master=standalone.address) == ANSWER
    standalone.launch("worker0")
    standalone.wait()


def test_a_connect_server_answers(connect_server):
    assert asked({}, remote=connect_server) == ANSWER


def test_yarn_answers(hadoop):
    settings = {"spark.executor.instances": "1"}
    assert asked(hadoop.env, master="yarn", settings=settings) == ANSWER


# A folder that all workers see


def test_a_standalone_cluster_reads_and_answers_the_same(standalone, many, undisturbed, tmp_path):
    choice = ("--master", standalone.address)
    done(started(standalone.env, "ingest", tmp_path / "d", *many, *choice))
    assert contents(tmp_path / "d") == contents(undisturbed)
    distributed = done(started(standalone.env, "analyze", tmp_path / "d", *ASKED, "--format", "json", *choice))
    assert distributed == done(started({}, "analyze", undisturbed, *ASKED, "--format", "json"))


def test_a_connect_server_reads_and_answers_the_same(connect_server, many, undisturbed, tmp_path):
    choice = ("--remote", connect_server)
    done(started({}, "ingest", tmp_path / "d", *many, *choice))
    assert contents(tmp_path / "d") == contents(undisturbed)
    distributed = done(started({}, "analyze", tmp_path / "d", *ASKED, "--format", "json", *choice))
    assert distributed == done(started({}, "analyze", undisturbed, *ASKED, "--format", "json"))


def test_a_setting_that_a_connect_server_refuses_is_one_clear_line(connect_server, undisturbed):
    choice = ("--remote", connect_server, "--conf", "spark.executor.memory=4g")
    assert "spark.executor.memory" in told(started({}, "analyze", undisturbed, "devices", *choice), 7)


def test_a_connect_server_that_dies_is_one_clear_line(clusters, tmp_path):
    pytest.importorskip("grpc")
    with ExitStack() as up:
        address = up.enter_context(spark_cluster.connect_server(tmp_path))
        run = subprocess.Popen([*MORTAL, sys.executable, "-c", LONG, address], stdout=subprocess.PIPE, text=True)
        assert run.stdout.readline() == "asking\n"
    answer, _ = run.communicate(timeout=900)
    assert run.returncode == 0
    assert "The query failed on Spark: " in answer
    assert answer.count("\n") == 1


@pytest.mark.parametrize("what", ["ingest", "analyze"])
def test_a_worker_that_is_killed_changes_nothing(standalone, many, undisturbed, tmp_path, what):
    """With its executor; the work is done again by the other worker."""
    words = [tmp_path / "d", *many] if what == "ingest" else [undisturbed, *ASKED, "--format", "json"]
    work = standalone.processes.folder / "worker0"
    before = set(work.glob("app-*"))
    run = started(standalone.env, what, *words, "--master", standalone.address)
    wait_for(lambda: set(work.glob("app-*/*/stderr")) - {path for old in before for path in old.glob("*/stderr")})
    time.sleep(4)  # until it has taken a task
    assert run.poll() is None
    standalone.kill("worker0")
    try:
        answer = done(run)
        if what == "ingest":
            assert contents(tmp_path / "d") == contents(undisturbed)
        else:
            assert answer == done(started({}, "analyze", undisturbed, *ASKED, "--format", "json"))
    finally:
        standalone.launch("worker0")
        standalone.wait()
