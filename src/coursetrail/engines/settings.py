"""Which engine is meant: what was said, else what the file `coursetrail.toml` says, else what the surroundings show.

engine = "spark"
master = "spark://host:7077"        # or: remote = "sc://host:15002"

[conf]
"spark.executor.memory" = "4g"
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coursetrail.engines import Choice
from coursetrail.engines.spark import SUBMITTED
from coursetrail.errors import UsageError, did_you_mean

FILE = Path("coursetrail.toml")
KEYS = ("engine", "master", "remote", "conf")


def chosen(engine: str | None, master: str | None, remote: str | None, settings: Mapping[str, str]) -> Choice:
    """The engine of a command; a master or remote that was said puts those of the file out of force.

    UsageError for a file that cannot be read.
    """
    said = {} if engine == "duckdb" else _in_file()
    if not (master or remote):
        master, remote = said.get("master"), said.get("remote")
    name = engine or said.get("engine") or ("spark" if master or remote or SUBMITTED in os.environ else "duckdb")
    return Choice(name, master, remote, {**said.get("conf", {}), **settings})


def _in_file() -> dict[str, Any]:
    try:
        said = tomllib.loads(FILE.read_text())
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{FILE} cannot be read: {error}.") from error
    for key, value in said.items():
        if key not in KEYS:
            raise UsageError(f"{FILE}: '{key}' is no setting.{did_you_mean(key, list(KEYS))}")
        if not isinstance(value, dict if key == "conf" else str):
            raise UsageError(f"{FILE}: '{key}' takes {'a table' if key == 'conf' else 'text'}.")
    conf = said.get("conf", {})
    said["conf"] = {name: value if isinstance(value, str) else str(value).lower() for name, value in conf.items()}
    return said
