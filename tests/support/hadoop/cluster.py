"""A real HDFS and YARN on loopback, one JVM for each daemon, from the jars of fetch.py and those in pyspark."""

import getpass
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from support.processes import LOOPBACK, MORTAL, Processes, free_ports, get
from support.spark_cluster import environment, spark_home

SHELL = "org.apache.hadoop.fs.FsShell"
ADMIN = "org.apache.hadoop.hdfs.tools.DFSAdmin"

JVM = (
    "-Xss512k",
    "-Djava.net.preferIPv4Stack=true",
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in ("io", "lang", "net", "nio", "util")),
)

SHARED = (
    "hadoop-client-api",
    "hadoop-client-runtime",
    "jcl-over-slf4j",
    "log4j-1.2-api",
    "log4j-api",
    "log4j-core",
    "log4j-slf4j2-impl",
    "slf4j-api",
    "snappy-java",
)
"""The jars in pyspark that the daemons need."""


@dataclass(frozen=True)
class Role:
    """What a daemon is: its class and memory, and its own settings: a web address, other addresses, folders."""

    main: str
    memory: str
    web: str
    addresses: tuple[str, ...]
    folders: tuple[str, ...] = ()


NAME_NODE = Role(
    main="org.apache.hadoop.hdfs.server.namenode.NameNode",
    memory="192m",
    web="dfs.namenode.http-address",
    addresses=("dfs.namenode.rpc-address",),
    folders=("dfs.namenode.name.dir",),
)
DATA_NODE = Role(
    main="org.apache.hadoop.hdfs.server.datanode.DataNode",
    memory="128m",
    web="dfs.datanode.http.address",
    addresses=("dfs.datanode.address", "dfs.datanode.ipc.address"),
    folders=("dfs.datanode.data.dir",),
)
RESOURCE_MANAGER = Role(
    main="org.apache.hadoop.yarn.server.resourcemanager.ResourceManager",
    memory="256m",
    web="yarn.resourcemanager.webapp.address",
    addresses=(
        "yarn.resourcemanager.address",
        "yarn.resourcemanager.admin.address",
        "yarn.resourcemanager.resource-tracker.address",
        "yarn.resourcemanager.scheduler.address",
    ),
    folders=("yarn.node-attribute.fs-store.root-dir",),  # by default one of /tmp that all clusters share
)
NODE_MANAGER = Role(
    main="org.apache.hadoop.yarn.server.nodemanager.NodeManager",
    memory="192m",
    web="yarn.nodemanager.webapp.address",
    addresses=("yarn.nodemanager.address", "yarn.nodemanager.localizer.address"),
    folders=("yarn.nodemanager.local-dirs", "yarn.nodemanager.log-dirs"),
)
DAEMONS = {"rm": RESOURCE_MANAGER, "nm0": NODE_MANAGER, "nn": NAME_NODE, "dn0": DATA_NODE, "dn1": DATA_NODE}


class MiniHadoop:
    """A NameNode `nn`, DataNodes `dn0` and `dn1`, a ResourceManager `rm` and a NodeManager `nm0`; a context manager.

    `fs` is the address of the file system, hdfs://host:port. `env` is what a client's environment needs: spark-submit,
    a Python driver, or a reader of HDFS outside Java. Logs and data are in `folder`.
    """

    def __init__(self, folder: Path, jars: Path) -> None:
        self.folder = folder
        self.processes = Processes(folder)
        ports = iter(free_ports(sum(1 + len(role.addresses) for role in DAEMONS.values())))
        self.settings = {
            name: {key: f"{LOOPBACK}:{next(ports)}" for key in (role.web, *role.addresses)}
            | {key: (folder / name / key).as_uri() for key in role.folders}
            for name, role in DAEMONS.items()
        }
        self.launched: dict[str, float] = {}
        self.fs = f"hdfs://{self.settings['nn']['dfs.namenode.rpc-address']}"
        shared = [jar for name in SHARED for jar in (spark_home() / "jars").glob(f"{name}-[0-9]*.jar")]
        self.jars = [*sorted(jars.resolve().glob("*.jar")), *shared]
        hadoops = {jar.stem.rpartition("-")[2] for jar in self.jars if jar.name.startswith("hadoop-client-")}
        assert len(hadoops) == 1, f"tests/support/hadoop/pom.xml and pyspark bring different Hadoops: {hadoops}"
        self.env = {
            **environment(),
            "JAVA_HOME": os.environ.get("JAVA_HOME") or str(Path(shutil.which("java")).resolve().parents[1]),
            "HADOOP_CONF_DIR": f"{folder}/conf",
            "HADOOP_HOME": str(folder),
            "HADOOP_USER_NAME": getpass.getuser(),
            "SPARK_CONF_DIR": f"{folder}/conf",
        }

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Configure and format the cluster, launch its daemons, and wait until all are in service."""
        self._configure()
        self.launch("rm")
        self.launch("nm0")
        done = self.sh(*_options(self.settings["nn"]), "-format", "-nonInteractive", main=NAME_NODE.main)
        assert done.returncode == 0, done.stderr
        for name in ("nn", "dn0", "dn1"):
            self.launch(name)
        self.wait()

    def stop(self) -> None:
        """Kill every daemon and every container."""
        self.processes.stop()
        for container in self.containers():  # each is in a session of its own and outlives its NodeManager
            with suppress(ProcessLookupError):
                os.kill(container, signal.SIGKILL)

    def launch(self, name: str, **settings: object) -> None:
        """Start a daemon, also one that was killed; `settings` win over those in conf/."""
        role = DAEMONS[name]
        self.launched[name] = time.time()
        options = _options({**self.settings[name], **settings})
        self.processes.start(name, self.java(role.main, *options, memory=role.memory, log="info"), self.env)

    def kill(self, name: str) -> None:
        """Kill a daemon; the containers of a NodeManager go on."""
        self.processes.kill(name)

    def wait(self, datanodes: int = 2, nodemanagers: int = 1) -> None:
        """Wait until the NameNode writes to so many DataNodes and the ResourceManager runs so many NodeManagers.

        A daemon that was launched again counts from when it has reported anew. A DataNode that was killed counts for
        14 seconds more, a NodeManager for two minutes.
        """
        self.processes.until(lambda: self._in_service(datanodes, nodemanagers))

    def java(self, main: str, *arguments: object, memory: str = "256m", log: str = "error") -> list[str]:
        """The command that runs a class of Hadoop; it wants `env`."""
        classes = ":".join(map(str, (self.folder / "conf", self.folder / "web", *self.jars)))
        logging = (f"-Dlog4j2.configurationFile={self.folder}/conf/log4j2-hadoop.properties", f"-Dhadoop.log={log}")
        java = f"{self.env['JAVA_HOME']}/bin/java"
        return [java, f"-Xmx{memory}", *JVM, *logging, "-cp", classes, main, *map(str, arguments)]

    def sh(self, *arguments: object, main: str = SHELL) -> subprocess.CompletedProcess[str]:
        """Run `hdfs dfs` with these arguments, or with `main=ADMIN` `hdfs dfsadmin`."""
        command = [*MORTAL, *self.java(main, *arguments)]
        return subprocess.run(command, env={**os.environ, **self.env}, capture_output=True, text=True, check=False)

    def containers(self, pattern: str = "") -> dict[int, str]:
        """The processes in YARN's containers whose command line has `pattern`: their ids and command lines."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (process / "cmdline").read_text().replace("\0", " ")
                if (process / "cwd").readlink().is_relative_to(self.folder / "nm0") and re.search(pattern, command):
                    found[int(process.name)] = command
        return found

    def _configure(self) -> None:
        words = {
            "FOLDER": str(self.folder),
            "FS": self.fs,
            "PYTHON": sys.executable,
            "SPARK": str(spark_home()),
            "USER": self.env["HADOOP_USER_NAME"],
            **self.settings["nn"],
            **self.settings["rm"],
        }
        (self.folder / "conf").mkdir()
        for template in (Path(__file__).parent / "conf").iterdir():
            text = re.sub("@(.+?)@", lambda found: words[found[1]], template.read_text())
            (self.folder / "conf" / template.name).write_text(text)
        # As files: Jetty would unpack a whole jar to find its pages.
        for jar in self.jars:
            if jar.name.startswith("hadoop-client-"):
                with zipfile.ZipFile(jar) as archive:
                    pages = [name for name in archive.namelist() if name.startswith("webapps/")]
                    archive.extractall(self.folder / "web", pages)

    def _in_service(self, datanodes: int, nodemanagers: int) -> bool:
        running = [name for name in ("dn0", "dn1") if name in self.processes.running]
        storages = self._bean("nn", "NameNode", "BlockStats")["StorageTypeStats"]
        nodes = self._get("rm", "/ws/v1/cluster/nodes?states=RUNNING")["nodes"] or {"node": []}
        return (
            not self._bean("nn", "NameNode", "NameNodeInfo")["Safemode"]
            and all(self._registered(name) for name in running)
            and sum(storage["value"]["nodesInService"] for storage in storages) == datanodes
            and sum(node["lastHealthUpdate"] > self.launched["nm0"] * 1000 for node in nodes["node"]) == nodemanagers
        )

    def _registered(self, datanode: str) -> bool:
        actors = json.loads(self._bean(datanode, "DataNode", "DataNodeInfo")["BPServiceActorInfo"])
        return [actor["ActorState"] for actor in actors] == ["RUNNING"]

    def _bean(self, daemon: str, service: str, name: str) -> Any:
        return self._get(daemon, f"/jmx?qry=Hadoop:service={service},name={name}")["beans"][0]

    def _get(self, daemon: str, path: str) -> Any:
        address = self.settings[daemon][DAEMONS[daemon].web]
        return get(int(address.rpartition(":")[2]), path)


def _options(settings: dict[str, object]) -> list[str]:
    return [f"-D{key}={value}" for key, value in settings.items()]
