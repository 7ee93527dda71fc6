"""Raw exports → one CSV or Parquet file of their own fields, for tools that want a plain table."""

import os
import shutil
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursetrail import formats
from coursetrail.dataset.errors import storage
from coursetrail.engines.duckdb import DuckDB, connect
from coursetrail.errors import StorageError, UsageError, did_you_mean
from coursetrail.filesystem.location import on_this_machine
from coursetrail.filesystem.private_folder import private_folder
from coursetrail.ingestion import raw_fields
from coursetrail.ingestion.expand import expand
from coursetrail.ingestion.inputs import Opener, check
from coursetrail.ingestion.reject_limit import DEFAULT_LIMIT, RejectLimit, too_many, whole_file
from coursetrail.progress import Progress, Silent
from coursetrail.reading.records import Reading

ENDINGS = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class Converted:
    """How many lines were written and left out, and the first reasons, each with its file and line.

    `absent` names the columns that were asked for but have no value in any line.
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
    excel: bool = False,
    format: str | None = None,  # noqa: A002 - the word users know
    mapping: str | os.PathLike[str] | None = None,
    encoding: str | None = None,
    max_rejects: str | RejectLimit = DEFAULT_LIMIT,
    progress: Progress | None = None,
) -> Converted:
    """Write the raw fields of export files, one row a line, in their order; duplicates stay.

    `columns` picks fields by name, also fields that the format does not know; by default all that it knows.
    `encoding` is that of text which is not UTF-8. In CSV,
    control characters are removed, and what a spreadsheet would run as a formula gets an apostrophe in front; `excel`
    adds a byte order mark and cuts texts that are longer than a cell. Raises InputError,
    TooManyRejects, UsageError, StorageError; then nothing is written.
    """
    target = on_this_machine(out).absolute()
    ending = next((ending for ending in ENDINGS if target.name.endswith(ending)), None)
    if ending is None:
        raise UsageError(f"{target}: the last name is the output, and ends in {', '.join(ENDINGS)}.")
    if excel and ending != ".csv":
        raise UsageError(f"{target}: Excel opens CSV that is not compressed; let the last name end in .csv.")
    for export in exports:
        check(os.fspath(export))
    given = formats.asked(format, mapping)
    text_encoding = formats.encoding_asked(encoding)
    limit = RejectLimit.parse(max_rejects)
    if not target.parent.is_dir():
        raise StorageError(f"{target}: cannot write, because its folder is not there. Make it first: mkdir -p.")
    with storage(target.parent), private_folder(inside=target.parent) as scratch:
        opener = Opener.of(scratch, given, text_encoding)
        files: list[Path] = []
        reasons: list[str] = []
        filled: set[str] = set()
        known: set[str] = set()
        hint = ""
        written = blank = 0
        with connect({"preserve_insertion_order": "true"}, spill=scratch / "spill") as engine:
            for found in expand([os.fspath(export) for export in exports], opener):
                file = opener.ready(found)
                out_file = scratch / f"{len(files)}{ending}"
                reading = Reading(file.format, limit.may_go_on)
                fields = columns or file.format.raw
                with whole_file(file, reading, limit, progress or Silent()) as lines:
                    filled |= raw_fields.write_fields(engine, reading, lines, out_file, fields, not files, excel)
                if not limit.allows(len(reading.rejects), lines.lines):
                    raise too_many(file, reading, lines.lines, limit)
                written += lines.lines - reading.without_event
                blank += len(reading.blank)
                reasons += [f"{file.name}, line {line:,}: {reason}" for line, reason, _ in sorted(reading.rejects)]
                files.append(out_file)
                if file.format.table:  # its names may be data: the first line of a table without a header
                    hint = " coursetrail sniff lists the columns of a file."
                else:
                    known.update(file.format.raw)
            if excel:
                (scratch / "mark.csv").write_bytes(BOM_UTF8)
                files.insert(0, scratch / "mark.csv")
            _join(engine, files, scratch / f"whole{ending}").replace(target)
    absent = tuple(
        f"no line has a value for '{name}'.{'' if name in known else hint or did_you_mean(name, sorted(known))}"
        for name in columns or ()
        if name not in filled
    )
    return Converted(written, len(reasons), blank, tuple(reasons[:5]), absent)


def _join(engine: DuckDB, files: Sequence[Path], whole: Path) -> Path:
    """The files as one; text and gzip members may simply follow each other."""
    if len(files) == 1:
        return files[0]
    if whole.suffix == ".parquet":
        raw_fields.join(engine, files, whole)
        return whole
    with whole.open("wb") as out:
        for file in files:
            with file.open("rb") as piece:
                shutil.copyfileobj(piece, out, 1 << 20)
    return whole
