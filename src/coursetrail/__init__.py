"""Course clickstream exports into answers that can be trusted.

import coursetrail as ct

ct.ingest("psy-001", ["psy-001_clickstream_export.gz"])
dataset = ct.open("psy-001")
dataset.analyze("browsers").table
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursetrail.analyses import ALL as ANALYSES
    from coursetrail.analyses.analysis import Analysis, Result
    from coursetrail.analyses.open_dataset import Dataset, open  # noqa: A004 - coursetrail.open is the door
    from coursetrail.analyses.scope import Scope
    from coursetrail.engines.config import EngineConfig
    from coursetrail.errors import (
        CoursetrailError,
        DatasetError,
        InputError,
        MissingExtra,
        QueryError,
        StorageError,
        TooManyRejects,
        UsageError,
    )
    from coursetrail.ingestion.job import ingest

__all__ = [
    "ANALYSES",
    "Analysis",
    "CoursetrailError",
    "Dataset",
    "DatasetError",
    "EngineConfig",
    "InputError",
    "MissingExtra",
    "QueryError",
    "Result",
    "Scope",
    "StorageError",
    "TooManyRejects",
    "UsageError",
    "ingest",
    "open",
]

_HOMES = {
    "ANALYSES": "analyses:ALL",
    **dict.fromkeys(("Analysis", "Result"), "analyses.analysis"),
    "Scope": "analyses.scope",
    "ingest": "ingestion.job",
    **dict.fromkeys(("Dataset", "open"), "analyses.open_dataset"),
    "EngineConfig": "engines.config",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: a command, or a second process, needs little of it."""
    if name == "errors":
        return import_module(f"{__name__}.errors")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, other = _HOMES.get(name, "errors").partition(":")
    value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), other or name)
    return value


def __dir__() -> list[str]:
    return __all__
