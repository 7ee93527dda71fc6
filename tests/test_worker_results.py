"""The results of a cluster's workers: the same after its way to the driver, and never code."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

import coursetrail as ct
from coursetrail.dataset.ledger import COUNTS, Source
from coursetrail.dataset.schema import REJECTS, SOURCES
from coursetrail.errors import CoursetrailError
from coursetrail.ingestion.task import Extracted, SameContent
from coursetrail.ingestion.worker_results import decode, encode

SOURCE = Source(
    **dict.fromkeys(SOURCES.schema.names)
    | dict.fromkeys((*COUNTS, "begin", "bytes"), 0)
    | {"source": 3, "uri": '/\ud800a "b".json', "format": "edx", "digest": "d", "version": "0", "lines": 2, "events": 2}
    | {"ingested": datetime(2024, 3, 1, 10, 0, 0, 123456, UTC), "first_time": datetime(1990, 1, 1, tzinfo=UTC)}
)
TABLE = pa.table({"source": [3], "line": [1], "reason": ["not JSON"], "raw": [b"\xff\0"]}, schema=REJECTS.schema)
FOUND = Extracted(SOURCE, None, 0, TABLE, {"agents": ["Opera\0", "\u202e"], "languages": []}, frozenset({"a", "b"}))
SAME = SameContent(
    name="a.json",
    number=4,
    digest="d",
    bytes=9,
    modified=datetime(2024, 3, 1, tzinfo=UTC),
    encoding="utf-16",
    source=3,
)


@pytest.mark.parametrize(
    "result", [FOUND, replace(FOUND, file="x.parquet", rejects=TABLE.slice(1)), SAME, replace(SAME, modified=None)]
)
def test_a_result_is_the_same_on_the_driver(result):
    found = decode(encode(result))
    if isinstance(result, Extracted):
        assert found.rejects.equals(result.rejects)
        found = replace(found, rejects=result.rejects)
    assert found == result


@pytest.mark.parametrize("kind", [ct.TooManyRejects, ct.StorageError, CoursetrailError])
def test_an_error_of_a_worker_has_its_class_and_text(kind):
    found = decode(encode(kind("7 of 10 lines: \ud800")))
    assert (type(found), str(found)) == (kind, "7 of 10 lines: \ud800")


class Code:
    """What runs when it is unpickled."""

    def __reduce__(self):
        return Path.touch, (Path("made-by-a-worker"),)


def test_what_a_worker_sends_never_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((pa.ArrowInvalid, OSError)):
        decode(pickle.dumps(Code()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["SystemExit", "Sequence", "listed", "__builtins__"])
def test_only_errors_of_ours_are_made_by_their_name(name):
    sent = encode(ct.StorageError("x"))
    schema = pa.ipc.open_stream(sent).read_all().schema
    about = schema.metadata[b"about"].replace(b"StorageError", name.encode())
    sink = pa.BufferOutputStream()
    pa.ipc.new_stream(sink, schema.with_metadata({"about": about})).close()
    assert type(decode(bytes(sink.getvalue()))) is CoursetrailError
