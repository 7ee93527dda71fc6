"""coursetrail ingest: export files into a dataset."""

from dataclasses import asdict
from typing import Any

import click

from coursetrail.cli.options import engined, ingests_exports
from coursetrail.cli.printing import print_source, say
from coursetrail.cli.progress_bar import on_terminal
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import UsageError

FEW = 3
"""Files with nothing new that are named without --verbose; of more only the number is printed."""


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("exports", nargs=-1, metavar="[EXPORT]…")
@click.option("--replace", is_flag=True, help="Replace what was read of a file that has changed.")
@click.option(
    "--tables", multiple=True, metavar="DIR|ZIP", help="Coursera's tables: syllabus, members, grades. Can be repeated."
)
@click.option(
    "--shared-ids/--no-shared-ids",
    default=None,
    help="Count the same id on several platforms as one learner, from now on in this dataset; or no longer.",
)
@click.option("-v", "--verbose", is_flag=True, help="Name also each file in which nothing is new.")
@ingests_exports
@engined
def ingest(
    dataset: str,
    exports: tuple[str, ...],
    replace: bool,
    tables: tuple[str, ...],
    shared_ids: bool | None,
    verbose: bool,
    read_options: dict[str, Any],
    engine: EngineConfig,
) -> None:
    """Add export files to a dataset. Each file is added completely or not at all.

    \b
    The dataset is created if it does not exist. Reading a file again changes nothing. Of a file that has grown, the
    new lines are read. A folder, a zip or tar archive and a quoted pattern stand for the exports in them. - is
    standard input.
      coursetrail ingest psy-001 psy-001_clickstream_export.gz
      coursetrail ingest psy-001 exports/ more.zip 'logs/**/*.zst'
      zcat *.gz | coursetrail ingest psy-001 -
      coursetrail ingest oulad studentVle.csv --mapping examples/oulad.toml
      coursetrail ingest oulad --no-shared-ids
      coursetrail ingest data-patterns access-*.csv.gz --tables data-patterns.zip
      coursetrail ingest hdfs://namenode:9000/psy-001 hdfs://namenode:9000/raw/psy-001.gz --engine spark --master yarn
    """
    from coursetrail.ingestion import job
    from coursetrail.ingestion.reference_tables import ReplacedTable

    if not exports and not tables and shared_ids is None:
        raise UsageError("Name at least one export, or tables: coursetrail ingest DATASET EXPORT… --tables DIR.")

    def report_table(replaced: ReplacedTable) -> None:
        say(f"{replaced.table}: {replaced.rows:,} rows of {replaced.courses:,} courses")

    known: list[job.Outcome] = []

    def report(outcome: job.Outcome) -> None:
        if outcome.already:
            known.append(outcome)
        else:
            print_source(asdict(outcome.source))

    try:
        job.ingest(
            dataset,
            exports,
            replace=replace,
            tables=tables,
            shared_ids=shared_ids,
            engine=engine,
            progress=on_terminal(),
            on_outcome=report,
            on_table=report_table,
            **read_options,
        )
        if shared_ids is not None:
            say("One id on several platforms is one learner." if shared_ids else "An id on each platform is a learner.")
    finally:
        if verbose or len(known) <= FEW:
            for one in known:
                say(f"{one.name}: nothing to do, its content is source {one.source.source} already")
        else:
            say(f"{len(known):,} files known already (--verbose names them)")
