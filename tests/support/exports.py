"""Lines of a legacy Coursera export, files of them, and what a reader of their dataset sees."""

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import coursetrail as ct
from coursetrail.filesystem.location import Location

ASKED = ("browsers", "languages", "learners", "activity", "daily", "retention", "areas", "items")
"""What is asked of a dataset that only its events decide; what every analysis answers, others test."""
COUNTS = ("lines", "events", "duplicates", "rejected", "blank")


def line(**fields: Any) -> bytes:
    known = {"key": "pageview", "username": "ada", "timestamp": 1375249001234, "user_agent": "Opera/9.80"}
    return json.dumps({**known, "page_url": "https://class.coursera.org/psy-001/wiki", **fields}).encode() + b"\n"


def lines(count: int, first: int = 0) -> bytes:
    return b"".join(line(n=number) for number in range(first, first + count))


def export(folder: Path, *parts: bytes, name: str = "export.json") -> Path:
    path = folder / name
    path.write_bytes(b"".join(parts))
    return path


def ledger(dataset: Path | Location) -> list[tuple[int, ...]]:
    """The counts of all sources but those that are only another name of one; headers and unfinished lines apart."""
    rows = ct.open(dataset).sources.to_pylist()
    rows = [row for row in rows if row["lines"] or row["continues"] is None]
    for row in rows:
        assert row["lines"] == sum(row[name] for name in (*COUNTS[1:], "header", "unfinished"))
    return [tuple(row[name] for name in COUNTS) for row in rows]


def contents(dataset: Path | Location) -> dict[str, Any]:
    """What a reader can see, but for the numbers of sources and the moment of ingest."""
    course = ct.open(dataset)
    answers = {name: course.analyze(name).table.to_pylist() for name in ASKED}
    rejects = course.sql("select line, reason, raw from rejects order by all").to_pylist()
    events = course.sql("select * exclude (source) from events order by all").to_pylist()
    assert course.sql("select count(*) as n from events anti join sources using (source)")["n"].to_pylist() == [0]
    return {"ledger": ledger(dataset), "answers": answers, "rejects": rejects, "events": events}


def grown(folder: Path, *parts: bytes, name: str = "export.json") -> Path:
    """The file once more, as something that was written to later."""
    path = export(folder, *parts, name=name)
    at = time.time() + random.random() + 1
    os.utime(path, (at, at))
    return path
