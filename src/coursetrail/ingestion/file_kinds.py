"""What a file is that cannot be read as it is, by its first bytes, and the way out: for `sniff`, and for errors."""

import re
from codecs import BOM_UTF8
from collections.abc import Collection

from coursetrail.ingestion.file_start import FileStart
from coursetrail.ingestion.guessed_encoding import guessed

UNREADABLE = {
    rb"\xfd7zXZ\0": "packed by xz; unpack it: xz -dk",
    rb"BZh[1-9]1AY&SY": "packed by bzip2; unpack it: bunzip2 -k",
    rb"\x04\x22\x4d\x18": "packed by lz4; unpack it: lz4 -dk",
    rb"7z\xbc\xaf\x27\x1c": "a 7-Zip archive; unpack it: 7z x",
    rb"Rar!\x1a\x07": "a RAR archive; unpack it: unrar x",
    rb"PAR1[^ -~]": "Parquet; write it as CSV, for example with DuckDB",
    rb"ORC[^ -~]|Obj\x01": "ORC or Avro; write it as CSV, for example with Spark",
    rb"SQLite format 3\0": "an SQLite database; write its table as CSV",
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a spreadsheet or document of old Office; save it as CSV",
    rb"%PDF-": "a PDF document",
    rb"\xff\xfe\0\0|\0\0\xfe\xff": "text in UTF-32; save it as UTF-8",
    rb"(?i)\s*<(!doctype html|html)": "a page of a web site, perhaps of an error or a login; download the export again",
    rb"\s*<\?xml": "XML; write it as CSV",
    rb"\s*\[\s*[\[{\]]": "a JSON array; lines are needed: jq -c '.[]' makes them",
}
"""First bytes of files that hold no lines to read: what these are, and what to do."""
SPREADSHEETS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
"""Files in the archives that are spreadsheets."""


def archive_kind(names: Collection[str]) -> str | None:
    """What an archive of files with these names is, if not one of exports."""
    return "a spreadsheet; save the sheet as CSV" if any(one in names for one in SPREADSHEETS) else None


def why_unreadable(start: FileStart) -> str | None:
    """What a file is that cannot be read as it is, and what to do; None if nothing speaks against reading it."""
    text = start.first.removeprefix(BOM_UTF8)
    found = next((what for pattern, what in UNREADABLE.items() if re.match(pattern, text)), None)
    if found or (start.encoding or "").startswith("utf-16"):
        return found
    guess = guessed(start.first)
    return f"text in UTF-16; read it with --encoding {guess.name}" if guess.name.startswith("utf-16") else None
