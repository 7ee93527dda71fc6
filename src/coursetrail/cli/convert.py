"""coursetrail convert: raw fields as one plain table."""

from typing import Any

import click

from coursetrail.cli.options import reads_exports
from coursetrail.cli.printing import say
from coursetrail.cli.progress_bar import on_terminal
from coursetrail.errors import UsageError


@click.command()
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@click.argument("out", metavar="OUT")
@click.option("--columns", metavar="A,B,C", help="Raw fields to write, in this order; default: all known ones.")
@click.option("--excel", is_flag=True, help="CSV for Excel: with a byte order mark, long texts cut to a cell.")
@reads_exports
def convert(exports: tuple[str, ...], out: str, columns: str | None, excel: bool, read_options: dict[str, Any]) -> None:
    """Write raw fields of exports as one plain table.

    OUT ends in .csv, .csv.gz or .parquet. Duplicate lines stay. OUT has full IP addresses: protect it like the export.

    \b
      coursetrail convert psy-001_clickstream_export.gz psy-001.csv.gz --columns username,timestamp,user_agent
    """
    from coursetrail.ingestion import convert as converting

    fields = [name.strip() for name in columns.split(",") if name.strip()] if columns is not None else None
    if fields == [] or (fields and len(set(fields)) < len(fields)):
        raise UsageError("--columns takes distinct names, separated by commas.")
    done = converting.convert(exports, out, columns=fields, excel=excel, progress=on_terminal(), **read_options)
    say(f"{out}: {done.written:,} rows; {done.rejected:,} lines rejected, {done.blank:,} blank")
    for reason in (*done.reasons, *(f"warning: {name}" for name in done.absent)):
        say(f"  {reason}")
