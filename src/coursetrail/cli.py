"""The command line: parse, call the library, print. Data goes to stdout, talk to stderr."""

import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from coursetrail import analyses
from coursetrail.analysis import Filters, render
from coursetrail.cli_options import Commands, engined, filtered, reading, versioned
from coursetrail.cli_output import (
    binary_ok,
    ledger_text,
    print_results,
    put,
    save_results,
    say,
    tell_source,
)
from coursetrail.engines import Choice
from coursetrail.errors import CoursetrailError, StorageError, UsageError
from coursetrail.place import Place, on_this_machine
from coursetrail.progress import on_terminal

FORMATS = ("table", "csv", "json", "parquet")
DEFECT = 70


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coursetrail", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Course clickstream exports into answers that can be trusted.

    \b
    Start here:
      coursetrail demo                                          a simulated course, start to finish
      coursetrail report psy-001_clickstream_export.gz -o out   your own export

    Exit codes: 0 done, 1 failed, 2 wrong call, 3 unreadable input, 4 too many rejects, 5 no dataset,
    6 cannot write, 7 query failed, 8 package missing, 70 a defect of coursetrail, 130 stopped by you.
    """
    del debug  # main() looks for it


@cli.command()
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@click.option("-o", "--out", required=True, metavar="DIR", help="The folder to write into.")
@reading
@filtered
def report(
    exports: tuple[str, ...], out: str, form: str | None, mapping: str | None, max_rejects: str, filters: Filters
) -> None:
    """Tables, plots and one page from raw exports, or from a dataset.

    \b
    Writes DIR/report.html, DIR/tables/*.csv, DIR/plots/*.png and *.pdf.
      coursetrail report psy-001_clickstream_export.gz -o out
      coursetrail report psy-001 -o out --from 2013-08-01 --without bots
    """
    from coursetrail import study

    started = time.perf_counter()
    written = study.report(
        exports,
        out,
        filters=filters,
        format=form,
        mapping=mapping,
        max_rejects=max_rejects,
        progress=on_terminal(),
    )
    for row in written.sources.to_pylist():
        tell_source(row)
    say(f"{written.page}: {len(written.files)} files in {time.perf_counter() - started:.1f} s")


@cli.command()
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
    choice: Choice,
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
    from coursetrail import build
    from coursetrail.companions import Replaced

    if not exports and not tables:
        raise UsageError("Name at least one export, or tables: coursetrail ingest DATASET EXPORT… --tables DIR.")

    def tell_table(replaced: Replaced) -> None:
        say(f"{replaced.table}: {replaced.rows:,} rows of {replaced.courses:,} courses")

    def tell(outcome: build.Outcome) -> None:
        if outcome.already:
            say(f"{outcome.source.uri}: nothing to do, these bytes are source {outcome.source.source} already")
        else:
            tell_source(asdict(outcome.source))

    build.ingest(
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


@cli.command()
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
    choice: Choice,
) -> None:
    """Add what arrives in folders, until you stop it: new files, and new lines of files that grow.

    One line for each arrival. Stop it with Ctrl-C or a signal; what is committed is safe. For cron, use ingest.

    \b
      coursetrail watch courses /var/exports
      coursetrail watch courses /edx/var/log/tracking --every 10
    """
    from coursetrail.watch import Watch

    told = {"format": form, "mapping": mapping, "course": course, "max_rejects": max_rejects, "choice": choice}
    look = Watch(dataset, folders, lambda outcome: tell_source(asdict(outcome.source)), say, told)
    say(f"Watching {', '.join(folders)} every {every:g} s.")
    for _ in look.forever(every):
        pass


@cli.command()
@click.argument("dataset", metavar="DATASET")
def compact(dataset: str) -> None:
    """Write a dataset's many small files as few large ones. The answers stay the same, and come faster.

    An ingest does it by itself when there are over a hundred. Files that only versions before a compaction or a
    replacement need are removed seven days after it; until then --as-of can read those.

    \b
      coursetrail compact psy-001
    """
    from coursetrail import upkeep

    done = upkeep.compact(Place.of(dataset), on_terminal())
    say(f"{dataset}: {done.before} files of events are now {done.after}; {done.cleared} old files removed")


@cli.command()
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
    from coursetrail import course
    from coursetrail.outputs.tables import encode

    opened = course.open(dataset, as_of=as_of)
    put(ledger_text(dataset, opened) if form == "table" else encode(opened.sources, form))


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to print; default: table, or csv with -o.")
@click.option("-o", "--out", metavar="DIR", help="Write one file an analysis into this folder.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL text instead of running it.")
@versioned
@filtered
@engined
def analyze(
    dataset: str,
    names: tuple[str, ...],
    form: str | None,
    out: str | None,
    only_sql: bool,
    as_of: int | datetime | None,
    filters: Filters,
    choice: Choice,
) -> None:
    """Answers from a dataset: all analyses, or those you name.

    Their names: coursetrail analyses. Each table comes with its definition, n, and what was left out.

    \b
      coursetrail analyze psy-001 browsers
      coursetrail analyze psy-001 languages --device tablet --format json
      coursetrail analyze psy-001 -o tables
      coursetrail analyze psy-001 --engine spark --master spark://host:7077
    """
    from coursetrail import course
    from coursetrail.outputs.files import folder

    wanted = _wanted(names)
    if only_sql:
        put("\n\n".join(f"-- {analysis.name}\n{render(analysis, filters)};" for analysis in wanted).encode() + b"\n")
        return
    chosen = form or ("csv" if out else "table")
    if not out and chosen in ("csv", "parquet") and len(wanted) > 1:
        raise UsageError(f"Several tables cannot share one {chosen}: name one analysis, or write files with -o DIR.")
    results = course.open(dataset, choice, as_of).answers(wanted, filters)
    if out:
        into = folder(out)  # before the counting, which begins with the first result that is asked for
        save_results(list(results), into, chosen)
    else:
        print_results(list(results), chosen)


@cli.command()
@click.argument("names", nargs=-1, metavar="[DATASET] [NAME]…")
@click.option("--tables", metavar="DIR", help="Draw the tables that analyze -o wrote there, instead of a dataset's.")
@click.option("-o", "--out", required=True, metavar="DIR", help="The folder to write into.")
@click.option(
    "--format", "form", type=click.Choice(["png", "pdf", "svg"]), default="png", show_default=True, help="Kind of file."
)
@filtered
@engined
def plot(names: tuple[str, ...], tables: str | None, out: str, form: str, filters: Filters, choice: Choice) -> None:
    """Pictures of the answers that can be drawn; all, or those named.

    \b
      coursetrail plot psy-001 -o plots
      coursetrail plot psy-001 activity -o plots --format pdf --clicks all
      coursetrail plot --tables hdfs://namenode:9000/results -o plots
    """
    from coursetrail import course
    from coursetrail.outputs import plots, saved
    from coursetrail.outputs.files import folder

    if not tables and not names:
        raise UsageError("Name a dataset, or the folder of saved tables: --tables DIR.")
    if tables and filters != Filters():
        raise UsageError("Saved tables are counted already: filters belong to the analyze that wrote them.")
    dataset, *asked = ("", *names) if tables else names
    wanted = _wanted(asked)
    if asked:
        for analysis in wanted:
            plots.must_be_drawable(analysis)
    drawn = [analysis for analysis in wanted if plots.drawable(analysis)]
    results = saved.load(Place.of(tables), asked) if tables else course.open(dataset, choice).answers(drawn, filters)
    into = folder(out)  # before the counting, which begins with the first result that is asked for
    for path in plots.write_all(list(results), into, (form,)):
        say(str(path))


@cli.command()
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
    from coursetrail import convert as converting

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
    for reason in done.reasons:
        say(f"  {reason}")


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
def sniff(files: tuple[str, ...]) -> None:
    """What a file is, from its first lines; drafts a mapping for one of no known format.

    What it says goes to standard error, the draft to standard output. Values that may tell who somebody is are shown by
    their shape only, but a draft names values of the column that seems to say what was done.

    \b
      coursetrail sniff psy-001_clickstream_export.gz
      coursetrail sniff clicks.csv > my.toml
      coursetrail ingest my-course clicks.csv --mapping my.toml
    """
    from coursetrail import sniff as sniffing

    found = [sniffing.sniff(file) for file in files]
    for one in found:
        for line in one.describe().splitlines():
            say(line)
    if drafted := sniffing.one_draft(found):
        put(drafted.encode())


@cli.command("analyses")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def list_analyses(form: str) -> None:
    """Every analysis with its question and definition.

    \b
      coursetrail analyses
      coursetrail analyses --format json
    """
    if form == "json":
        import json

        listed = [
            {"name": one.name, "question": one.question, "definition": one.definition, "columns": list(one.columns)}
            for one in analyses.ALL
        ]
        put(json.dumps(listed, indent=2).encode() + b"\n")
        return
    import textwrap

    for one in analyses.ALL:
        text = textwrap.fill(one.definition, 88, initial_indent="    ", subsequent_indent="    ")
        put(f"{one.name}\n  {one.question}\n{text}\n    Columns: {', '.join(one.columns)}\n\n".encode())


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("query", metavar="SQL")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print.")
@versioned
def sql(dataset: str, query: str, form: str, as_of: int | datetime | None) -> None:
    """Ask a dataset a question of your own, in SQL.

    One statement that only reads, over events, agents, languages, sources and rejects.

    \b
      coursetrail sql psy-001 "select area, count(*) from events group by area order by 2 desc"
      coursetrail sql psy-001 "describe events"
    """
    from coursetrail import course
    from coursetrail.outputs.tables import encode

    binary_ok(form)
    put(encode(course.open(dataset, as_of=as_of).sql(query), form))


@cli.command()
@click.argument("out", metavar="OUT")
@click.option(
    "--learners", type=click.IntRange(min=0), default=21_790, show_default=True, metavar="N", help="Usernames."
)
@click.option(
    "--events", type=click.IntRange(min=0), default=3_475_235, show_default=True, metavar="M", help="Readable lines."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="S", help="Another seed, other people."
)
@click.option(
    "--dirty",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="FRACTION",
    help="Share of damaged lines, 0 to 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["coursera-legacy", "coursera", "edx"]),
    default="coursera-legacy",
    show_default=True,
    help="What to write: a legacy Coursera export, a research export of Coursera today, or an Open edX tracking log.",
)
@click.option("--course", default="psy-001", show_default=True, metavar="NAME", help="The course in its addresses.")
@click.option("--truth", type=click.Path(dir_okay=False), metavar="FILE", help="Write what was planted, as JSON.")
def simulate(
    out: str, learners: int, events: int, seed: int, dirty: float, form: str, course: str, truth: str | None
) -> None:
    """Make a course that never was, in one of three formats.

    It follows the published tables of psy-001. OUT ending in .gz is compressed; with --format coursera it is a new
    folder with a file per day and kind, or one file if it ends in .csv or .csv.gz. The same options write the
    same bytes.

    \b
      coursetrail simulate psy-001_clickstream_export.gz --learners 2000 --events 200000 --truth truth.json
      coursetrail simulate psy-001-today --format coursera --learners 2000 --events 200000
      coursetrail simulate tracking.log.gz --format edx --learners 2000 --events 200000
    """
    from coursetrail.outputs.files import write
    from coursetrail.simulate import simulate as make

    export, told = on_this_machine(out), on_this_machine(truth) if truth else None
    with on_terminal().step(f"Simulating {export.name}", events, "events") as step:
        planted = make(
            export,
            learners=learners,
            events=events,
            seed=seed,
            dirty=dirty,
            course=course,
            format=form,
            advance=step.advance,
        )
    if told:
        write(told, planted.to_json().encode())
    size = sum(file.stat().st_size for file in [export, *export.glob("*")] if file.is_file())
    say(f"{out}: {planted.ledger.lines:,} lines, {size:,} bytes")


@cli.command()
@click.option("-o", "--out", default="demo", show_default=True, metavar="DIR", help="The folder to write into.")
@click.option(
    "--learners", type=click.IntRange(min=1), default=2_000, show_default=True, metavar="N", help="Usernames."
)
@click.option(
    "--events", type=click.IntRange(min=1), default=300_000, show_default=True, metavar="M", help="Readable lines."
)
def demo(out: str, learners: int, events: int) -> None:
    """Try it all on a simulated course: ingest, answers, report.

    Says how long each step took. Needs no data and no network.

    \b
      coursetrail demo
      coursetrail demo -o try --learners 500 --events 50000
    """
    from coursetrail import study

    for line in study.demo(out, learners, events, on_terminal()):
        put(line.encode() + b"\n")


def _wanted(names: Sequence[str]) -> list[Any]:
    return [analyses.find(name) for name in dict.fromkeys(names)] if names else list(analyses.ALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code; an error is one line unless --debug is given."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(_run(words, debug="--debug" in words[:1]))


def _run(words: list[str], debug: bool) -> int:
    try:
        code = cli.main(words, prog_name="coursetrail", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if debug:
            traceback.print_exc()
        text, code = _told(error)
        return _failed(text, code, getattr(error, "__notes__", ()))
    except KeyboardInterrupt:
        return _failed("Stopped. What was committed before is safe.", 130)
    return code if isinstance(code, int) else 0


def _told(error: Exception) -> tuple[str, int]:
    """An error in one line, and its exit code."""
    match error:
        case CoursetrailError():
            return f"Error: {error}", error.exit_code
        case click.exceptions.Abort():
            return "Stopped. What was committed before is safe.", 130
        case click.UsageError(ctx=click.Context() as context):
            return f"Error: {error.format_message()} More with: {context.command_path} --help", error.exit_code
        case click.ClickException():
            return f"Error: {error.format_message()}", error.exit_code
        case OSError():  # of what is read, formats.lines says so; this is about what is written
            where = error.filename2 or error.filename or "output"
            return f"Error: {where}: cannot write ({error.strerror or error}).", StorageError.exit_code
    kind = type(error).__name__
    return f"Error: coursetrail has a defect ({kind}: {error}). Please report it; --debug shows more.", DEFECT


def _failed(text: str, code: int, notes: Sequence[str] = ()) -> int:
    with suppress(OSError):  # nobody may be listening
        for line in (text, *notes):
            say(line)
    return code
