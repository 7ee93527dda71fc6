"""coursetrail ingest: export files into a dataset."""

from dataclasses import asdict

import click

from coursetrail.cli.options import engined, reading
from coursetrail.cli.printing import say, tell_source
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import UsageError
from coursetrail.progress import on_terminal


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("exports", nargs=-1, metavar="[EXPORT]…")
@click.option("--course", metavar="NAME", help="The course of events whose page names none.")
@click.option("--replace", is_flag=True, help="A file that has changed takes the place of what it was.")
@click.option(
    "--tables", multiple=True, metavar="DIR|ZIP", help="Coursera's tables: syllabus, members, grades. May be repeated."
)
@reading
@engined
def ingest(
    dataset: str,
    exports: tuple[str, ...],
    course: str | None,
    replace: bool,
    tables: tuple[str, ...],
    form: str | None,
    mapping: str | None,
    max_rejects: str,
    choice: EngineConfig,
) -> None:
    """Add export files to a dataset, made if it is not there. Each file at once or not at all.

    \b
    Reading a file again changes nothing; one that has grown is read on from where it ended. A folder, a zip or tar
    archive and a quoted pattern stand for the exports in them. - is standard input.
      coursetrail ingest psy-001 psy-001_clickstream_export.gz
      coursetrail ingest psy-001 exports/ more.zip 'logs/**/*.zst'
      zcat *.gz | coursetrail ingest psy-001 -
      coursetrail ingest oulad studentVle.csv --mapping examples/oulad.toml
      coursetrail ingest data-patterns access-*.csv.gz --tables data-patterns.zip
      coursetrail ingest hdfs://namenode:9000/psy-001 hdfs://namenode:9000/raw/psy-001.gz --engine spark --master yarn
    """
    from coursetrail.ingestion import job
    from coursetrail.ingestion.reference_tables import ReplacedTable

    if not exports and not tables:
        raise UsageError("Name at least one export, or tables: coursetrail ingest DATASET EXPORT… --tables DIR.")

    def report_table(replaced: ReplacedTable) -> None:
        say(f"{replaced.table}: {replaced.rows:,} rows of {replaced.courses:,} courses")

    def report(outcome: job.Outcome) -> None:
        if outcome.already:
            say(f"{outcome.source.uri}: nothing to do, these bytes are source {outcome.source.source} already")
        else:
            tell_source(asdict(outcome.source))

    job.ingest(
        dataset,
        exports,
        format=form,
        mapping=mapping,
        course=course,
        max_rejects=max_rejects,
        replace=replace,
        tables=tables,
        engine=choice,
        progress=on_terminal(),
        on_outcome=report,
        on_table=report_table,
    )
