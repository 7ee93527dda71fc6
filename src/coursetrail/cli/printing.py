"""What the commands print: data to standard output, messages to standard error."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from coursetrail.analyses.analysis import Result
from coursetrail.analyses.open_dataset import Dataset
from coursetrail.dataset.ledger import COUNTS, equation
from coursetrail.errors import StorageError, UsageError
from coursetrail.filesystem.location import Location
from coursetrail.render.wording import clean, visible
from coursetrail.render.writer import Writer

SHOWN = ("source", "file", *COUNTS, "first_time", "last_time", "fault")


def check_printable(writer: Writer, tables: int) -> None:
    """Raise UsageError for several tables in a format that cannot print more than one."""
    if tables > 1 and writer.join is None:
        raise UsageError(
            f"Several tables cannot share one {writer.name}: name one analysis, or write files with -o DIR."
        )


def refuse_binary(writer: Writer) -> None:
    """Raise UsageError where a binary format would be printed to a terminal."""
    if writer.is_binary and sys.stdout.isatty():
        raise UsageError(f"{writer.name.capitalize()} is binary: redirect it into a file (> file.{writer.ending}).")


def print_results(results: Sequence[Result], form: str) -> None:
    """All answers in one stream, or the only one."""
    from coursetrail.render.tables import find_writer

    writer = find_writer(form)
    refuse_binary(writer)
    tables = [writer.encode(result.table, result.caption) for result in results]
    put(writer.join(tables) if writer.join else b"".join(tables))


def save_results(results: Sequence[Result], folder: Path | Location, form: str) -> None:
    """Write one file per answer, and about.json."""
    from coursetrail.outputs.saved import save

    for result, path in zip(results, save(results, folder, form), strict=True):
        say(f"{path}: {result.table.num_rows:,} rows. {result.scope.describe()}")


def say(*lines: str) -> None:
    """Print messages to standard error, a line each; control characters are made visible."""
    for line in lines:
        click.echo(clean(line), err=True)


def put(data: bytes) -> None:
    """Write data to standard output; on a terminal, control characters in it are made visible."""
    if sys.stdout is None:
        raise StorageError("Standard output is closed: there is nowhere to print to.")
    if sys.stdout.isatty():
        data = visible(data.decode(errors="replace")).encode(errors="replace")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def print_source(row: dict[str, Any]) -> None:
    """Print how many lines of a file became events, duplicates or rejects."""
    physical = row["physical_lines"]
    differs = physical is not None and physical != row["lines"]
    more = f" ({physical:,} physical lines)" if differs else ""
    say(f"{row['uri']}: {equation([row[name] for name in COUNTS])}{more}")
    if row["mended"]:
        say(f"  repaired: {', '.join(f'{kind} {number:,}' for kind, number in json.loads(row['mended']).items())}")
    for warning in json.loads(row["warnings"] or "[]"):
        say(f"  warning: {warning}")
    if row["fault"]:
        say(f"  warning: {row['fault']}")


def ledger_text(dataset: str, opened: Dataset) -> bytes:
    """The ledger as text: files by their names, and the equation that must hold."""
    from coursetrail.render.tables import encode

    rows = opened.sources
    names = pa.array([Path(uri).name for uri in rows["uri"].to_pylist()], pa.string())
    shown = rows.set_column(rows.schema.get_field_index("uri"), "file", names).select(SHOWN)
    total = equation([sum(rows[name].to_pylist()) for name in COUNTS])
    head = f"{dataset}, version {opened.snapshot.version}\n\n"
    warned = zip(names.to_pylist(), rows["warnings"].to_pylist(), strict=True)
    warnings = [f"{clean(file)}: {clean(text)}\n" for file, texts in warned for text in json.loads(texts or "[]")]
    warnings += _unread_agents(opened.snapshot.rows("agents"))
    return head.encode() + encode(shown, "table") + f"\n{total}\n{''.join(warnings)}".encode()


def _unread_agents(agents: pa.Table | None) -> list[str]:
    """A line with the number of user agents on which the parser failed, if there are any."""
    failed = 0 if agents is None else agents["status"].to_pylist().count("error")
    subject, verb = ("1 user agent", "counts") if failed == 1 else (f"{failed:,} user agents", "count")
    return [f"{subject} could not be read and {verb} as unknown.\n"] if failed else []
