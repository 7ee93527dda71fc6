"""Spark on loopback in processes of its own, from the pyspark wheel: a standalone cluster, a Spark Connect server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from support.processes import LOOPBACK, Processes, free_ports, get, listens


def spark_home() -> Path:
    """The folder of pyspark, which holds a whole Spark."""
    return Path(find_spec("pyspark").origin).parent


def environment() -> dict[str, str]:
    """What a process of Spark on loopback needs in its environment; its Java starts fast rather than runs fast."""
    return {
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_HOME": str(spark_home()),
        "SPARK_LOCAL_IP": LOOPBACK,
    }


class Standalone:
    """A Spark Master and the Workers `worker0` and `worker1`, one core and 1 GB each; a context manager.

    `address` is spark://host:port, `env` what a client's environment needs.
    """

    def __init__(self, folder: Path) -> None:
        self.port, self.web = free_ports(2)
        self.address = f"spark://{LOOPBACK}:{self.port}"
        self.env = environment()
        self.processes = Processes(folder)

    def __enter__(self) -> Self:
        try:
            self._start("master", "master.Master", "--port", self.port, "--webui-port", self.web)
            self.launch("worker0")
            self.launch("worker1")
            self.wait()
        except BaseException:
            self.processes.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.processes.stop()

    def launch(self, worker: str) -> None:
        """Start a Worker, also one that was killed."""
        own = ("--cores", 1, "--memory", "1g", "--webui-port", 0, "--work-dir", self.processes.folder / worker)
        self._start(worker, "worker.Worker", *own, self.address)

    def kill(self, worker: str) -> None:
        """Kill a Worker with its executors."""
        self.processes.kill(worker)

    def wait(self, workers: int = 2) -> None:
        """Wait until the Master counts so many live Workers."""
        self.processes.until(lambda: get(self.web, "/json/")["aliveworkers"] == workers)

    def _start(self, name: str, main: str, *options: object) -> None:
        command = (spark_home() / "bin/spark-class", f"org.apache.spark.deploy.{main}", "--host", LOOPBACK, *options)
        memory = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false"}
        self.processes.start(name, command, {**self.env, **memory})


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A Spark Connect server on two local cores: its address, sc://host:port."""
    (port,) = free_ports(1)
    settings = {
        "spark.connect.grpc.binding.address": LOOPBACK,
        "spark.connect.grpc.binding.port": port,
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "3",
    }
    server = ("--class", "org.apache.spark.sql.connect.service.SparkConnectServer")
    given = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    command = (spark_home() / "bin/spark-submit", "--master", "local[2]", *server, *given, "spark-internal")
    processes = Processes(folder)
    try:
        processes.start("connect", command, environment())
        processes.until(lambda: listens(port))
        yield f"sc://{LOOPBACK}:{port}"
    finally:
        processes.stop()
