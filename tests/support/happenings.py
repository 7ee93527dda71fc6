"""What may happen to a dataset, each with what was there before; and what a reader sees afterwards."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import coursetrail as ct
from coursetrail.dataset import maintenance
from coursetrail.filesystem.location import Location
from coursetrail.render.tables import encode
from support.exports import export, grown, ledger, line, lines

JUNK = {"max_rejects": "50%"}


def without_digests(dataset: Path) -> None:
    """Make the manifests of a dataset those of an older release."""
    for log in (dataset / "events" / "_delta_log").glob("*.json"):
        text = re.sub(r', \\"contents\\": {.*?}, \\"time\\": \d+, \\"digest\\": \\"\w+\\"', "", log.read_text())
        assert "digest" not in text
        log.write_text(text)


def whole(dataset: Path) -> int:
    """How many events a reader sees; they are those that the ledger accounts for."""
    opened = ct.open(dataset).snapshot
    counted = Counter(opened.tables["events"].to_pyarrow_table(columns=["source"])["source"].to_pylist())
    assert counted == {row["source"]: row["events"] for row in opened.sources.to_pylist() if row["events"]}
    return counted.total()


def seen(dataset: Path) -> dict[str, Any]:
    """What `contents` tells, quicker."""
    course = ct.open(dataset)
    known = set(course.sources["source"].to_pylist())
    rows = {name: course.snapshot.tables[name].to_pyarrow_table() for name in ("events", "rejects")}
    shown = {name: table.filter(pc.is_in(table["source"], pa.array(known))) for name, table in rows.items()}
    return {
        "ledger": ledger(dataset),
        "answers": {one.analysis.name: encode(one.table, "csv") for one in course.answers()},
        **{name: sorted(map(repr, table.drop(["source"]).to_pylist())) for name, table in shown.items()},
    }


def stored(dataset: Path) -> dict[str, list[Any]]:
    """Every row that a reader sees of every table that answers come from, but for the numbers of sources."""
    course = ct.open(dataset)
    tables = {name: course.sql(f"select * from {name}") for name in course.snapshot.tables if name != "sources"}
    numbered = {
        name: [column for column in ("source",) if column in rows.column_names] for name, rows in tables.items()
    }
    found = {name: sorted(map(repr, rows.drop(numbered[name]).to_pylist())) for name, rows in tables.items()}
    return {"ledger": sorted(ledger(dataset)), **found}


def several(folder: Path, first: int = 0, count: int = 4) -> list[Path]:
    return [
        export(folder, lines(30, first + 100 * n), b"junk %d\n" % n, line(n=first + 100 * n), name=f"f{n}")
        for n in range(count)
    ]


def before_ingest(folder: Path) -> None:
    ct.ingest(folder / "d", [export(folder, lines(9, 5_000), name="first")])
    several(folder)


def before_growth(folder: Path) -> None:
    ct.ingest(folder / "d", several(folder), **JUNK)
    for n in range(3):
        more = [lines(30, 100 * n), b"junk %d\n" % n, line(n=100 * n), lines(20, 100 * n + 15)]
        grown(folder, *more, name=f"f{n}")


def before_exchange(folder: Path) -> None:
    ct.ingest(folder / "d", several(folder), **JUNK)
    for n in range(2):
        grown(folder, lines(12, 7_000 + 100 * n), b"other junk\n", name=f"f{n}")


def before_compaction(folder: Path) -> None:
    for file in several(folder, count=5):
        ct.ingest(folder / "d", [file], **JUNK)


def read_all(folder: Path) -> None:
    ct.ingest(folder / "d", [folder / f"f{n}" for n in range(4)], replace=True, **JUNK)


def compact(folder: Path) -> None:
    maintenance.compact(Location.of(folder / "d"))


def copied(source: Path, target: Path) -> Path:
    """A folder once more under the name it had (names are in the ledger), with the times of its files."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(source, target))
