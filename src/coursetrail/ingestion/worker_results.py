"""What a worker of a cluster found in an export, as bytes: an Arrow table of rejects, and JSON in its schema.

The driver reads data from it, and never code: whoever controls a worker does not control the driver.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import pyarrow as pa

from coursetrail import errors
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.schema import REJECTS, SOURCES
from coursetrail.errors import CoursetrailError
from coursetrail.ingestion.task import Extracted, SameContent

WorkerResult = Extracted | SameContent | CoursetrailError
TIMES = {field.name for field in SOURCES.schema if pa.types.is_timestamp(field.type)}


def encode(result: WorkerResult) -> bytes:
    """The result as bytes."""
    rejects = REJECTS.schema.empty_table()
    if isinstance(result, Extracted):
        rejects = result.rejects
        fields = {
            "source": asdict(result.source),
            "file": result.file,
            "size": result.size,
            "texts": {table: list(texts) for table, texts in result.texts.items()},
            "heads": sorted(result.heads),
        }
    elif isinstance(result, SameContent):
        fields = asdict(result)
    else:
        fields = {"text": str(result)}
    about = {"result": type(result).__name__, "fields": fields}
    sink = pa.BufferOutputStream()
    schema = REJECTS.schema.with_metadata({"about": json.dumps(about, default=datetime.isoformat)})
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(rejects.cast(REJECTS.schema).replace_schema_metadata(schema.metadata))
    return bytes(sink.getvalue())


def decode(data: bytes) -> WorkerResult:
    """The result that `encode` made bytes of. An error has the class of ours that it had, and its text."""
    table = pa.ipc.open_stream(data).read_all()
    about = json.loads((table.schema.metadata or {})[b"about"])
    name, fields = about["result"], about["fields"]
    if name == Extracted.__name__:
        return Extracted(
            **fields
            | {
                "source": Source(**_with_times(fields["source"])),
                "rejects": table.replace_schema_metadata(None),
                "heads": frozenset(fields["heads"]),
            }
        )
    if name == SameContent.__name__:
        return SameContent(**_with_times(fields))
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, CoursetrailError):
        return kind(fields["text"])
    return CoursetrailError(fields["text"])


def _with_times(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in TIMES and value is not None else value
        for name, value in fields.items()
    }
