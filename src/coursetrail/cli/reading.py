"""Commands that read exports, and look after the dataset that they become."""

from dataclasses import asdict
from datetime import datetime

import click

from coursetrail.cli.options import FORMATS, engined, reading, versioned
from coursetrail.cli.printing import ledger_text, put, say, tell_source
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import InputError, UsageError
from coursetrail.filesystem.location import Location
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
    from coursetrail.ingest import job
    from coursetrail.ingest.reference_tables import ReplacedTable

    if not exports and not tables:
        raise UsageError("Name at least one export, or tables: coursetrail ingest DATASET EXPORT… --tables DIR.")

    def tell_table(replaced: ReplacedTable) -> None:
        say(f"{replaced.table}: {replaced.rows:,} rows of {replaced.courses:,} courses")

    def tell(outcome: job.Outcome) -> None:
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
        choice=choice,
        progress=on_terminal(),
        tell=tell,
        tell_table=tell_table,
    )


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…")
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=60, show_default=True, metavar="SECONDS", help="Pause."
)
@click.option("--course", metavar="NAME", help="The course of events whose page names none.")
@reading
@engined
def watch(
    dataset: str,
    folders: tuple[str, ...],
    every: float,
    course: str | None,
    form: str | None,
    mapping: str | None,
    max_rejects: str,
    choice: EngineConfig,
) -> None:
    """Add what arrives in folders, until you stop it.

    New files, and new lines of files that grow; one line for each arrival. Stop it with Ctrl-C or a signal; what is
    committed is safe. For cron, use ingest.

    \b
      coursetrail watch courses /data/exports
      coursetrail watch courses /data/tracking --every 10
    """
    from coursetrail.ingest.watch import Watch

    told = {"format": form, "mapping": mapping, "course": course, "max_rejects": max_rejects, "choice": choice}
    look = Watch(dataset, folders, lambda outcome: tell_source(asdict(outcome.source)), say, told)
    say(f"Watching {', '.join(folders)} every {every:g} s.")
    for _ in look.forever(every):
        pass


@click.command()
@click.argument("dataset", metavar="DATASET")
def compact(dataset: str) -> None:
    """Write a dataset's many small files as few large ones. The answers stay the same, and come faster.

    An ingest does it by itself when there are over a hundred. Files that only versions before a compaction or a
    replacement need are removed seven days after it; until then --as-of can read those.

    \b
      coursetrail compact psy-001
    """
    from coursetrail.dataset import maintenance

    done = maintenance.compact(Location.of(dataset), on_terminal())
    say(f"{dataset}: {done.before} files of events are now {done.after}; {done.cleared} old files removed")


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print.")
@versioned
def status(dataset: str, form: str, as_of: int | datetime | None) -> None:
    """What was read from each file, and what became of its lines.

    For every file, lines = events + duplicates + rejected + blank.

    \b
      coursetrail status psy-001
      coursetrail status psy-001 --format json
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode

    opened = open_dataset.open(dataset, as_of=as_of)
    put(ledger_text(dataset, opened) if form == "table" else encode(opened.sources, form))


@click.command()
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@click.argument("out", metavar="OUT")
@click.option("--columns", metavar="A,B,C", help="Raw fields to write, in this order; default: all known ones.")
@reading
def convert(
    exports: tuple[str, ...], out: str, columns: str | None, form: str | None, mapping: str | None, max_rejects: str
) -> None:
    """Raw fields of exports as one plain table.

    OUT ends in .csv, .csv.gz or .parquet. Duplicate lines stay. It holds full IP addresses: guard it like the export.

    \b
      coursetrail convert psy-001_clickstream_export.gz psy-001.csv.gz --columns username,timestamp,user_agent
    """
    from coursetrail.ingest import convert as converting

    fields = [name.strip() for name in columns.split(",") if name.strip()] if columns is not None else None
    if fields == [] or (fields and len(set(fields)) < len(fields)):
        raise UsageError("--columns takes distinct names, separated by commas.")
    done = converting.convert(
        exports,
        out,
        columns=fields,
        format=form,
        mapping=mapping,
        max_rejects=max_rejects,
        progress=on_terminal(),
    )
    say(f"{out}: {done.written:,} rows; {done.rejected:,} lines rejected, {done.blank:,} blank")
    for reason in (*done.reasons, *(f"warning: {name}" for name in done.absent)):
        say(f"  {reason}")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
def sniff(files: tuple[str, ...]) -> None:
    """What a file is; drafts a mapping for one of no known format.

    Its first lines are looked at. What they show goes to standard error, the draft to standard output. Values that may
    tell who somebody is are shown by their shape only, but a draft names values of the column that seems to say what
    was done.

    \b
      coursetrail sniff psy-001_clickstream_export.gz
      coursetrail sniff clicks.csv > my.toml
      coursetrail ingest my-course clicks.csv --mapping my.toml
    """
    from coursetrail.ingest import sniff as sniffing

    found, refused = [], []
    for file in files:
        try:
            found.append(sniffing.sniff(file))
        except InputError as error:
            refused.append(error)
            continue
        for line in found[-1].describe().splitlines():
            say(line)
    if drafted := sniffing.one_draft(found):
        put(drafted.encode())
    for other in refused[1:]:
        refused[0].add_note(f"Refused as well: {other}")
    if refused:
        raise refused[0]
