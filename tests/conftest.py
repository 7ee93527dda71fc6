"""What many tests share: datasets (of lines that a test writes down, of a simulated course), and clusters."""

# Annotations that are evaluated keep DuckDB alive beyond the interpreter's end, where hypothesis has run: its
# binding then prints which references leak.
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import coursetrail as ct
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.spark import Spark
from coursetrail.simulate import simulate

settings.register_profile("tests", deadline=None)  # a busy machine is no failure
settings.load_profile("tests")
pytest.register_assert_rewrite("support")  # before its modules are imported

from support import spark_cluster
from support.hadoop.cluster import MiniHadoop
from support.machine import cannot
from support.simulated import Simulated

ROOT = Path(__file__).parents[1]
GROUPS = ("hadoop", "session", "standalone", "connect_server")
"""Tests that share something expensive, by the fixture that starts it, the longest first. Each group runs in one
process, so that a run of the tests starts each of these once."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="kill fifty times at random instead of ten")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs Java, and to which group a test belongs: here, before pytest-xdist looks for groups."""
    fixtures = getattr(item, "fixturenames", ())
    if "java" in fixtures:
        item.add_marker("java")
        if group := next((name for name in GROUPS if name in fixtures), None):
            item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put groups first, then slow tests: what runs last is short, and no process waits long for another."""

    def rank(item: pytest.Item) -> int:
        group = item.get_closest_marker("xdist_group")
        if group and group.args[0] in GROUPS:
            return GROUPS.index(group.args[0])
        return len(GROUPS) + (item.get_closest_marker("slow") is None)

    items.sort(key=rank)


@pytest.fixture(scope="session")
def course_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[dict[str, Any]]], ct.Dataset]:
    """A function: the fields of a legacy export's lines → a dataset of them."""

    def course_of(lines: Iterable[dict[str, Any]]) -> ct.Dataset:
        folder = tmp_path_factory.mktemp("course")
        export = folder / "psy-001_clickstream_export.json"
        export.write_text("".join(json.dumps(line) + "\n" for line in lines))
        ct.ingest(folder / "dataset", [export])
        return ct.open(folder / "dataset")

    return course_of


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """300 learners, 20,000 events, one line in fifty damaged."""
    folder = tmp_path_factory.mktemp("simulated")
    export = folder / "psy-001_clickstream_export.gz"
    truth = simulate(export, learners=300, events=20_000, seed=4, dirty=0.02)
    ct.ingest(folder / "dataset", [export])
    return Simulated(export, truth, ct.open(folder / "dataset"))


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four exports, long enough for something to happen while they are read."""
    folder = tmp_path_factory.mktemp("many")
    files = [folder / f"{seed}_clickstream_export.gz" for seed in range(4)]
    for seed, file in enumerate(files):
        simulate(file, learners=200, events=60_000, seed=seed, dirty=0.001)
    return files


@pytest.fixture(scope="session")
def undisturbed(many: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of these, read by one process while nothing happened."""
    dataset = tmp_path_factory.mktemp("undisturbed") / "d"
    ct.ingest(dataset, many)
    return dataset


@pytest.fixture(scope="session")
def java() -> None:
    """Spark runs on Java, from the wheel of pyspark."""
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        cannot("NO JAVA: Spark is not tested; apt install openjdk-17-jre-headless")
    pytest.importorskip("pyspark", reason="NO PYSPARK: pip install 'coursetrail[spark]'")


@pytest.fixture(scope="session")
def session(java: None) -> Iterator[Spark]:
    """The Spark session of this process, two local cores: `EngineConfig("spark")` means it while it is there."""
    settings = {"spark.sql.shuffle.partitions": "3", "spark.driver.memory": "1g", "spark.ui.enabled": "false"}
    with EngineConfig("spark", "local[2]", settings=settings).connect() as engine:
        assert isinstance(engine, Spark)
        yield engine


@pytest.fixture(scope="session")
def clusters(java: None) -> None:
    """The processes of a cluster end with the tests by a tool of Linux."""
    if not shutil.which("setpriv"):
        cannot("NO SETPRIV: clusters are not tested; they need Linux, and apt install util-linux")


@pytest.fixture(scope="session")
def hadoop(clusters: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniHadoop]:
    """HDFS and YARN: a NameNode, two DataNodes, a ResourceManager and a NodeManager."""
    jars = Path(os.environ.get("COURSETRAIL_HADOOP_JARS") or ROOT / ".hadoop")
    if not (jars / "ready").exists():
        cannot(
            f"NO HADOOP: HDFS and YARN are not tested; apt install maven; python tests/support/hadoop/fetch.py {jars}"
        )
    with MiniHadoop(tmp_path_factory.mktemp("hadoop"), jars) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def standalone(clusters: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[spark_cluster.Standalone]:
    """A Spark Master and two Workers of one core and 1 GB each."""
    with spark_cluster.Standalone(tmp_path_factory.mktemp("standalone")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def connect_server(clusters: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Spark Connect server, sc://host:port."""
    if not find_spec("grpc"):
        cannot("NO GRPC: Spark Connect is not tested; pip install 'pyspark[connect]'")
    with spark_cluster.connect_server(tmp_path_factory.mktemp("connect")) as address:
        yield address


@pytest.fixture
def canvases(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every canvas that is drawn on during the test."""
    from coursetrail.outputs.plots import canvas

    made = []

    def remembered(*size: float) -> Any:
        made.append(original(*size))
        return made[-1]

    original = canvas.blank
    monkeypatch.setattr(canvas, "blank", remembered)
    return made
