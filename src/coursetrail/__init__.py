"""Course clickstream exports into answers that can be trusted.

import coursetrail as ct

ct.ingest("psy-001", ["psy-001_clickstream_export.gz"])
course = ct.open("psy-001")
course.analyze("browsers").table
"""

from coursetrail.analyses import ALL as ANALYSES
from coursetrail.analysis import Analysis, Result, Scope
from coursetrail.build import ingest
from coursetrail.course import Course, open  # noqa: A004 - coursetrail.open is the door
from coursetrail.engines import Choice
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

__all__ = [
    "ANALYSES",
    "Analysis",
    "Choice",
    "Course",
    "CoursetrailError",
    "DatasetError",
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
