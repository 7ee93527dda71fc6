"""The engines that run the SQL: each a module with a prelude, a frozen class and `connect`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from coursetrail.engines.engine import Engine
from coursetrail.errors import UsageError, did_you_mean

ALL = ("duckdb", "spark")


@dataclass(frozen=True)
class Choice:
    """Which engine answers, and where it is: Spark by `master` or `remote`, with settings of its own."""

    name: str = "duckdb"
    master: str | None = None
    remote: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name not in ALL:
            raise UsageError(f"No engine is called '{self.name}'.{did_you_mean(self.name, list(ALL))}")
        if self.name == "duckdb" and (self.master or self.remote or self.settings):
            raise UsageError("--master, --remote and --conf are Spark's: add --engine spark.")
        if self.master and self.remote:
            raise UsageError("--master starts a session, --remote asks a server that has one: give one of them.")
        if self.master and not re.match(r"local(-cluster)?(\[|$)|spark://.|yarn$|k8s://.", self.master):
            raise UsageError(f"--master takes local[2], spark://host:7077, yarn or k8s://…, not '{self.master}'.")
        if self.remote and not re.match("sc://.", self.remote):
            raise UsageError(f"--remote takes sc://host:15002, not '{self.remote}'.")

    def connect(self) -> Engine:
        """The engine, ready to be given relations."""
        if self.name == "spark":
            from coursetrail.engines import spark

            return spark.connect(self.master, self.remote, self.settings)
        from coursetrail.engines import duckdb

        return duckdb.connect()
