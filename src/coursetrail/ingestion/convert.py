"""Raw exports → one CSV or Parquet file of their own fields, for tools that want a plain table."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from coursetrail import formats
from coursetrail.dataset import snapshot
from coursetrail.engines.duckdb import connect
from coursetrail.errors import StorageError, UsageError, did_you_mean
from coursetrail.filesystem.location import on_this_machine
from coursetrail.ingestion import raw_fields
from coursetrail.ingestion.inputs import DEFAULT_LIMIT, Inputs, Limit, check
from coursetrail.progress import Progress, Silent
from coursetrail.reading.records import Reading

ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Converted:
    """What became of the lines: those written, those left out, and the first reasons with their places.

    `absent` says of columns that were asked for, and that no line has a value for, which they are.
    """

    written: int
    rejected: int
    blank: int
    reasons: tuple[str, ...]
    absent: tuple[str, ...]


def convert(
    exports: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    format: str | None = None,  # noqa: A002 - the word users know
    mapping: str | os.PathLike[str] | None = None,
    max_rejects: str | Limit = DEFAULT_LIMIT,
    progress: Progress | None = None,
) -> Converted:
    """Write the raw fields of export files, one row a line, in their order; duplicates stay.

    `columns` picks fields by name, also such as the format does not know; by default all it knows. In CSV, a
    cell that a spreadsheet would run as a formula gets an apostrophe in front. Raises InputError,
    TooManyRejects, UsageError, StorageError; then nothing is written.
    """
    target = on_this_machine(out).absolute()
    ending = next((ending for ending in ENDINGS if target.name.endswith(ending)), None)
    if ending is None:
        raise UsageError(f"{target}: the last name is the output, and ends in {', '.join(ENDINGS)}.")
    for export in exports:
        check(os.fspath(export))
    said = formats.asked(format, mapping)
    if not target.parent.is_dir():
        raise StorageError(f"{target}: cannot write, for its folder is not there. Make it first: mkdir -p.")
    with snapshot.storage(target.parent), TemporaryDirectory(prefix=".coursetrail-", dir=target.parent) as folder:
        opening = Inputs.of(Path(folder), max_rejects, said, progress or Silent())
        parts: list[Path] = []
        reasons: list[str] = []
        met: set[str] = set()
        known: set[str] = set()
        written = blank = 0
        for export in opening.expand([os.fspath(export) for export in exports]):
            name, file = opening.file(export)
            form = opening.format(name, file)
            part = Path(folder) / f"{len(parts)}{ending}"
            reading = Reading(form, opening.limit.may_go_on)
            fields = columns or form.raw
            with connect(spill=Path(folder) / "spill") as engine:
                lines = opening.read(
                    name,
                    file,
                    reading,
                    lambda lines: met.update(
                        raw_fields.convert(engine, reading, lines, part, fields, not parts)  # noqa: B023
                    ),
                )
            if not opening.limit.allows(len(reading.rejects), lines.lines):
                raise opening.too_many(name, reading, lines.lines)
            written += lines.lines - len(reading.rejects) - len(reading.blank)
            blank += len(reading.blank)
            reasons += [f"{name}, line {line:,}: {reason}" for line, reason, _ in sorted(reading.rejects)]
            parts.append(part)
            known.update(form.raw)
        _join(parts, Path(folder) / f"whole{ending}").replace(target)
    absent = tuple(
        f"no line has a value for '{name}'.{'' if name in known else did_you_mean(name, sorted(known))}"
        for name in columns or ()
        if name not in met
    )
    return Converted(written, len(reasons), blank, tuple(reasons[:5]), absent)


def _join(parts: Sequence[Path], whole: Path) -> Path:
    """The parts as one file; text and gzip members may simply follow each other."""
    if len(parts) == 1:
        return parts[0]
    if whole.suffix == ".parquet":
        with connect(spill=whole.parent / "spill") as engine:
            raw_fields.join(engine, parts, whole)
        return whole
    with whole.open("wb") as out:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, out, 1 << 20)
    return whole
