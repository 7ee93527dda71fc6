"""coursetrail report: tables, plots and one page."""

import time
from typing import Any

import click

from coursetrail.analyses.filters import Filters
from coursetrail.cli.options import filtered, into_folder, reads_exports
from coursetrail.cli.printing import print_source, say
from coursetrail.cli.progress_bar import on_terminal


@click.command()
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@into_folder
@reads_exports
@filtered
@click.option("--with-learners", is_flag=True, help="Add the table of the most active learners, with their ids.")
def report(
    exports: tuple[str, ...], out: str, read_options: dict[str, Any], filters: Filters, with_learners: bool
) -> None:
    """Write tables, plots and one page from raw exports or a dataset.

    \b
    The files are DIR/report.html, DIR/tables/*.csv, DIR/plots/*.png and *.pdf. They hold
    aggregates; no learner's id is in them, unless you say --with-learners.
      coursetrail report psy-001_clickstream_export.gz -o out
      coursetrail report psy-001 -o out --from 2013-08-01 --without bots
    """
    from coursetrail.outputs import report

    started = time.perf_counter()
    written = report.report(
        exports,
        out,
        filters=filters,
        with_learners=with_learners,
        progress=on_terminal(),
        **read_options,
    )
    for row in written.sources.to_pylist():
        print_source(row)
    say(f"{written.page}: {len(written.files)} files in {time.perf_counter() - started:.1f} s")
