"""Which engine is used: the options of the call, else the environment, else a file.

engine = "spark"
master = "spark://host:7077"        # or: remote = "sc://host:15002"

[conf]
spark.executor.memory = "4g"
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coursetrail.engines.config_file import ConfigFile
from coursetrail.engines.engine import Engine
from coursetrail.engines.spark import SUBMITTED
from coursetrail.errors import UsageError, did_you_mean
from coursetrail.reading import bounded_toml

KEYS = ("engine", "master", "remote", "conf")
VARIABLE = "COURSETRAIL_"


@dataclass(frozen=True)
class EngineKind:
    """An engine by its `name`; `is_distributed` if it has an address, and workers that read files themselves."""

    name: str
    connect: "Callable[[EngineConfig], Engine]"
    is_distributed: bool


def _connect_duckdb(_: "EngineConfig") -> Engine:
    from coursetrail.engines import duckdb

    return duckdb.connect()


def _connect_spark(config: "EngineConfig") -> Engine:
    from coursetrail.engines import spark

    return spark.connect(config.master, config.remote, config.settings)


DUCKDB = EngineKind("duckdb", _connect_duckdb, is_distributed=False)
SPARK = EngineKind("spark", _connect_spark, is_distributed=True)
KINDS = (DUCKDB, SPARK)
"""All engines; the first is the default."""
ENGINES = tuple(kind.name for kind in KINDS)


@dataclass(frozen=True)
class EngineConfig:
    """Which engine answers, and where it is: Spark by `master` or `remote`, with settings of its own.

    `said_by` is what it was taken from, besides the call: the environment, or a file.
    """

    name: str = DUCKDB.name
    master: str | None = None
    remote: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    said_by: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.name not in ENGINES:
            raise UsageError(f"No engine is called '{self.name}'.{did_you_mean(self.name, list(ENGINES))}")
        if not self.is_distributed and (self.master or self.remote or self.settings):
            raise UsageError("--master, --remote and --conf are Spark's: add --engine spark.")
        if self.master and self.remote:
            raise UsageError("--master starts a session, --remote asks a server that has one: give one of them.")
        if self.master and not re.match(r"local(-cluster)?(\[|$)|spark://.|yarn$|k8s://.", self.master):
            raise UsageError(f"--master takes local[2], spark://host:7077, yarn or k8s://…, not '{self.master}'.")
        if self.remote and not re.match("sc://.", self.remote):
            raise UsageError(f"--remote takes sc://host:15002, not '{self.remote}'.")

    @property
    def is_distributed(self) -> bool:
        """Whether the engine has workers, which read files themselves."""
        return self._kind.is_distributed

    def connect(self) -> Engine:
        """The engine, ready to be given relations."""
        return self._kind.connect(self)

    @property
    def _kind(self) -> EngineKind:
        return next(kind for kind in KINDS if kind.name == self.name)


@dataclass(frozen=True)
class _Settings:
    """What the call, the environment or the file says; UsageError where one of them contradicts itself."""

    origin: str
    engine: str | None = None
    master: str | None = None
    remote: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name:
            try:
                EngineConfig(self.name, self.master, self.remote)
            except UsageError as error:
                raise UsageError(f"{self.origin}: {error}" if self.origin else str(error)) from error

    @property
    def name(self) -> str | None:
        """The engine, if it is named or follows from an address."""
        return self.engine or (SPARK.name if self.master or self.remote else None)


def chosen(
    engine: str | None,
    master: str | None,
    remote: str | None,
    settings: Mapping[str, str],
    file: ConfigFile | None = None,
) -> EngineConfig:
    """The engine of a command. Options override the environment, and that overrides the file.

    UsageError for a file that cannot be read, and for a contradiction within the call, the environment or the file.
    """
    sources = (_Settings("", engine, master, remote, settings), _in_environment(), _in_file(file))
    default = SPARK if SUBMITTED in os.environ else DUCKDB
    named = next((one for one in sources if one.name), _Settings(""))
    name = named.name or default.name
    if name == DUCKDB.name:
        return EngineConfig(name, settings=settings, said_by=named.origin)
    address = next((one for one in sources if one.master or one.remote), _Settings(""))
    conf = {name: value for one in reversed(sources) for name, value in one.conf.items()}
    origins = dict.fromkeys(one.origin for one in sources if one in (named, address) or one.conf)
    return EngineConfig(name, address.master, address.remote, conf, " and ".join(filter(None, origins)))


def _in_environment() -> _Settings:
    engine, master, remote = (os.environ.get(VARIABLE + key.upper()) or None for key in KEYS[:3])
    return _Settings("the environment", engine, master, remote)


def _in_file(found: ConfigFile | None) -> _Settings:
    if found is None:
        return _Settings("")
    file = found.path
    try:
        settings = bounded_toml.parse(found.content.decode(), str(file), "See coursetrail ingest --help.")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} cannot be read: {error}.") from error
    for key, value in settings.items():
        if key not in KEYS:
            raise UsageError(f"{file}: '{key}' is no setting.{did_you_mean(key, list(KEYS))}")
        if not isinstance(value, dict if key == "conf" else str):
            raise UsageError(f"{file}: '{key}' takes {'a table' if key == 'conf' else 'text'}.")
    return _Settings(str(file), **{**settings, "conf": dict(_flat(file, settings.get("conf", {})))})


def _flat(file: Path, table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their dotted names; TOML reads an unquoted dotted name as nested tables."""
    for key, value in table.items():
        name = before + key
        if isinstance(value, dict):
            yield from _flat(file, value, f"{name}.")
        elif isinstance(value, str | int | float):
            yield name, value if isinstance(value, str) else str(value).lower()
        else:
            raise UsageError(f"{file}: the setting '{name}' takes text, a number, true or false.")
