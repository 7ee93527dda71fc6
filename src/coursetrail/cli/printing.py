"""What the commands print: data to standard output, talk to standard error."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from coursetrail.analyses.analysis import Result
from coursetrail.analyses.open_dataset import Dataset
from coursetrail.errors import StorageError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.render.wording import clean

SHOWN = ("source", "file", "lines", "events", "duplicates", "rejected", "blank", "first_time", "last_time", "fault")


def print_results(results: Sequence[Result], form: str) -> None:
    """Answers one below the other; JSON as one array."""
    from coursetrail.render.tables import encode

    binary_ok(form)
    texts = [encode(result.table, form, result) for result in results]
    if form == "json" and len(texts) > 1:
        put(b"[" + b",\n".join(text.rstrip() for text in texts) + b"]\n")
    else:
        put(b"\n".join(texts))


def save_results(results: Sequence[Result], folder: Path | Location, form: str) -> None:
    """One file an answer, and what they are."""
    from coursetrail.outputs.saved import save

    for result, path in zip(results, save(results, folder, form), strict=True):
        say(f"{path}: {result.table.num_rows:,} rows. {result.scope.describe()}")


def binary_ok(form: str) -> None:
    """Refuse to write bytes where a person reads."""
    if form == "parquet" and sys.stdout.isatty():
        raise UsageError("Parquet is binary: redirect it into a file (> file.parquet).")


def say(text: str) -> None:
    """A line of talk."""
    click.echo(clean(text), err=True)


def put(data: bytes) -> None:
    """Data."""
    if sys.stdout is None:
        raise StorageError("Standard output is closed: there is nowhere to print to.")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def tell_source(row: dict[str, Any]) -> None:
    """What became of a file's lines."""
    say(
        f"{row['uri']}: {row['lines']:,} lines = {row['events']:,} events + {row['duplicates']:,} duplicates "
        f"+ {row['rejected']:,} rejected + {row['blank']:,} blank"
    )
    if row["mended"]:
        say(f"  mended: {row['mended']}")
    if row["fault"]:
        say(f"  warning: {row['fault']}")


def ledger_text(dataset: str, opened: Dataset) -> bytes:
    """The ledger for a person: files by their names, and the sum that must come out."""
    from coursetrail.render.tables import encode

    rows = opened.sources
    names = pa.array([Path(uri).name for uri in rows["uri"].to_pylist()], pa.string())
    shown = rows.set_column(rows.schema.get_field_index("uri"), "file", names).select(SHOWN)
    sums = [sum(rows[name].to_pylist()) for name in ("lines", "events", "duplicates", "rejected", "blank")]
    total = "lines = events + duplicates + rejected + blank: {:,} = {:,} + {:,} + {:,} + {:,}".format(*sums)
    head = f"{dataset}, version {opened.snapshot.version}\n\n"
    return head.encode() + encode(shown, "table") + f"\n{total}\n".encode()
