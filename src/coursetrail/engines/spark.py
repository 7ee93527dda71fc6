"""Apache Spark: the distributed engine; local, a cluster by its master, or a Spark Connect server."""

import logging
import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from coursetrail.dataset.errors import RESTORE, VERIFY
from coursetrail.engines import prelude
from coursetrail.errors import DatasetError, MissingExtra, QueryError
from coursetrail.filesystem.location import check_reachable

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.parser.escapedStringLiterals": "true",
}
"""Settings with which Spark reads our SQL as DuckDB does; they override a user's."""

READING = {"parquet.page.verify-checksum.enabled": "true"}
"""Options of reading Parquet: a session that exists already, or a server's, has not our settings of Hadoop."""

LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "16",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.warehouse.dir": str(Path(gettempdir()) / "spark-warehouse"),  # Spark creates it; it stays empty
    "spark.sql.optimizer.canChangeCachedPlanOutputPartitioning": "true",
}
"""Settings of a session that starts here; a user's own override these."""

CONNECT_PORT = 15002
SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""The environment variable that spark-submit sets for the program that it runs."""


@dataclass(frozen=True)
class Spark:
    """A Spark session with coursetrail's settings and prelude.

    A session that is `ours` was started here, and is stopped at the end. One that is `alone` has no other user.
    """

    session: Any
    ours: bool
    alone: bool
    cached: list[Any] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(*_errors()):  # Spark may be gone
            if self.ours:
                self.session.stop()
                return
            for frame in self.cached:
                frame.unpersist()

    @property
    def cores(self) -> int:
        """Processors that a task may use."""
        with _errors_of("question for spark.task.cpus"):
            return int(self.session.conf.get("spark.task.cpus", "1"))

    def register(
        self, name: str, content: Sequence[str] | pa.Table, schema: pa.Schema, title: str | None = None
    ) -> None:
        """Make Parquet files or an Arrow table a relation; no files make an empty one of `schema`.

        An error calls it `title`, by default its name.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        kinds = from_arrow_schema(schema, prefer_timestamp_ntz=False)
        with _errors_of(f"opening of the table '{title or name}'"):
            if isinstance(content, pa.Table):
                with _active_as_before(self.session):
                    frame = self.session.createDataFrame(content, kinds)
            elif content:
                frame = self.session.read.options(**READING).schema(kinds).parquet(*map(_hadoop, content))
            else:
                nothing = [f"cast(null as {kind.dataType.simpleString()}) as {kind.name}" for kind in kinds]
                frame = self.session.range(0).selectExpr(*nothing)
            frame.createOrReplaceTempView(name)

    def view(self, name: str, sql: str) -> None:
        """Make a query over relations a relation."""
        with _errors_of(f"view '{name}'"):
            self.session.sql(sql).createOrReplaceTempView(name)

    def materialize(self, name: str, sql: str) -> None:
        """Make the rows of a query a relation, computed once (at its first use)."""
        with _errors_of(f"relation '{name}'"):
            frame = self.session.sql(sql).cache()
            self.cached.append(frame)
            frame.createOrReplaceTempView(name)

    def query(self, sql: str, what: str = "query") -> pa.Table:
        """Run one SQL text; `what` names it in a QueryError. Times come without a zone, and are UTC."""
        with _errors_of(what):
            table = self.session.sql(sql).toArrow()
        return table.cast(pa.schema([_plain(field) for field in table.schema]))

    def queries(self, texts: Sequence[tuple[str, str]]) -> Generator[pa.Table]:
        """Run several, each an SQL text and its `what`, two at a time; the answers in order.

        The second is planned and compiled while the first leaves processors free. When the caller asks for no more, no
        further one begins, and what runs is cancelled where the session is ours alone. It is not waited for.
        """
        pool = ThreadPool(2)
        try:
            yield from pool.imap(lambda text: self.query(*text), texts)
        finally:
            pool.terminate()
            if self.alone:
                with suppress(*_errors()):
                    self.session.interruptAll()

    def map_on_workers(self, items: Sequence[bytes], run: Callable[[bytes], bytes]) -> list[bytes]:
        """Run a function of this package on each item, a task each on the workers; the answers in order.

        The workers need this package too. A task that is lost with its worker is run again, so `run` must allow that.
        """
        from pyspark.sql import functions

        work = functions.udf(lambda number: run(items[number]), "binary", useArrow=False).asNondeterministic()
        with _errors_of("work of the workers"):
            tasks = self.session.range(0, len(items), 1, len(items))
            answers = tasks.select("id", work("id").alias("answer")).toArrow()
        return [bytes(answer) for answer in answers.sort_by("id")["answer"].to_pylist()]


def connect(master: str | None = None, remote: str | None = None, settings: Mapping[str, str] | None = None) -> Spark:
    """A session on `master` (default: all local cores) or on a Spark Connect server at `remote` (sc://host:port).

    If a session exists already, a new one with settings and views of its own is made beside it. The settings of
    `spark-submit` are in force. Raises MissingExtra without pyspark or Java.
    """
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtra("The engine 'spark' needs pyspark: pip install 'coursetrail[spark]'.") from error
    existing = None if remote else _existing(SparkSession)
    if not (existing or remote or SUBMITTED in os.environ or _java()):
        raise MissingExtra("Spark needs Java 17 or newer: install one (apt install openjdk-17-jre-headless).")
    given = settings or {}
    try:
        if existing:
            session = _beside(existing)
        elif remote:
            session = _connected(SparkSession, remote)
        else:
            session = _started(SparkSession, master, given)
        for name, value in {**(given if existing or remote else {}), **SETTINGS}.items():
            session.conf.set(name, value)
        for function in prelude.SPARK:
            session.sql(function)
    except ImportError as error:  # pyspark asks for these only now
        raise MissingExtra("Spark Connect needs more of pyspark: pip install 'coursetrail[connect]'.") from error
    except _errors() as error:
        where = remote or master or "this machine"
        raise QueryError(
            f"No Spark session on {where}: {_message(error)}. Is it up, and are the address and --conf right?"
        ) from error
    return Spark(session, ours=existing is None, alone=session is not existing)


@contextmanager
def _active_as_before(session: Any) -> Iterator[None]:
    """PySpark 4.3 makes a session active that gets a table from Python; the one of the user stays it."""
    before = _existing(type(session))
    yield
    if before is not None and before is not session and hasattr(before, "_jsparkSession"):
        type(before)._activeSession = before  # noqa: SLF001 - what createDataFrame itself sets
        before._jvm.SparkSession.setActiveSession(before._jsparkSession)  # noqa: SLF001


@contextmanager
def _errors_of(what: str) -> Iterator[None]:
    """Raise an error of ours for whatever Spark raises; `what` names the request."""
    try:
        yield
    except _errors() as error:
        text = _message(error)
        if re.search(r"PATH_NOT_FOUND|FAILED_READ_FILE", str(error)):
            raise DatasetError(
                f"Spark cannot read a file of the dataset ({text}). Do all workers see this path? {VERIFY} {RESTORE}"
            ) from error
        raise QueryError(f"The {what} failed on Spark: {text}") from error


def _errors() -> tuple[type[Exception], ...]:
    """What Spark raises: its own errors, those of Java and of its server, and those of connections."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    server = sys.modules.get("grpc")  # only Spark Connect loads it
    return (PySparkException, Py4JError, RuntimeError, OSError, *([server.RpcError] if server else []))


def _check_reachable(address: str) -> None:
    """Raise OSError where no server answers at the address, or at any of several: Spark would try for minutes."""
    scheme, _, rest = address.partition("://")
    if scheme not in ("sc", "spark"):
        return
    failed = None
    for server in re.split("[/;]", rest)[0].split(","):
        host, _, port = server.partition(":")
        try:
            check_reachable(host, int(port) if port.isdecimal() else CONNECT_PORT)
        except OSError as error:
            failed = error
        else:
            return
    if failed:
        raise failed


def _existing(sessions: Any) -> Any:
    """The session of this thread, or of the process, or None."""
    try:
        return sessions.active()
    except RuntimeError:
        return None


def _beside(session: Any) -> Any:
    """A session with settings and views of its own; Spark Connect has that from 4.3 on."""
    try:
        return session.newSession()
    except (AttributeError, NotImplementedError):
        return session


def _connected(sessions: Any, remote: str) -> Any:
    """A new session of a Spark Connect server; once that is gone, the client gives up after 20 s, not 10 minutes."""
    _check_reachable(remote)
    session = sessions.builder.appName("coursetrail").remote(remote).create()
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=5)])
    return session


def _started(sessions: Any, master: str | None, settings: Mapping[str, str]) -> Any:
    _check_reachable(master or "")
    logging.getLogger().addFilter(_is_not_of_py4j)
    builder = sessions.builder.appName("coursetrail")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # else workers import a pyspark.py that lies in the current folder
    if not master or master.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    submitted = SUBMITTED in os.environ  # the settings of spark-submit are in force already
    for name, value in {**({} if submitted else LOCAL), **settings}.items():
        builder = builder.config(name, value)
    return (builder if submitted and not master else builder.master(master or "local[*]")).getOrCreate()


def _is_not_of_py4j(record: logging.LogRecord) -> bool:
    """A broken connection to Java, also by Ctrl-C, becomes an error of ours; its traces add nothing."""
    return "py4j" not in record.pathname


def _java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=str(Path(home) / "bin") if home else None) is not None


def _hadoop(file: str) -> str:
    """An address with the scheme that Spark has for it."""
    return re.sub("^s3://", "s3a://", file)


def _plain(field: pa.Field) -> pa.Field:
    kind = pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type
    return pa.field(field.name, kind)


def _message(error: Exception) -> str:
    """Spark's message in one line, without the traces of Java; of an error on a worker the last line of its trace."""
    text = str(error).split("JVM stacktrace", maxsplit=1)[0]
    _, worker, trace = text.rpartition("Traceback (most recent call last):")
    raised = re.search(r"^\S.*", trace.lstrip("\n"), re.MULTILINE) if worker else None
    causes = re.findall(r"^(?:Caused by)?: (?:[\w.$]+: )?+(?!Exception thrown in awaitResult)(.+)", text, re.MULTILINE)
    return " ".join((raised[0] if raised else causes[0] if causes else text).split())[:400]
