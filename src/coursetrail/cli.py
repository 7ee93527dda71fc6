"""The command line: parse, call the library, print. Data goes to stdout, talk to stderr."""

import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from coursetrail import analyses
from coursetrail.analysis import Filters, Result, render
from coursetrail.errors import CoursetrailError, StorageError, UsageError, did_you_mean

F = TypeVar("F", bound=Callable[..., Any])
FORMATS = ("table", "csv", "json", "parquet")
DEFECT = 70


class Day(click.ParamType[date]):
    """A UTC date as YYYY-MM-DD."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a clear word."""
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no date; write it like 2013-08-01.", param, ctx)


@contextmanager
def _until_nobody_reads() -> Iterator[None]:
    """Whoever read our output may close it: no error, though click takes it for one. Python must not try to
    flush into that pipe again.
    """
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None


class Commands(click.Group):
    """The commands in the order they are written; a near miss is told its name."""

    def make_context(self, *words: Any, **settings: Any) -> click.Context:
        """Click's own; here --help is printed."""
        with _until_nobody_reads():
            return super().make_context(*words, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Click's own."""
        with _until_nobody_reads():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of this file."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click's own, with a suggestion."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise UsageError(f"No command is called '{args[0]}'.{did_you_mean(args[0], list(self.commands))}")
        return super().resolve_command(ctx, args)


def filtered(command: F) -> F:
    """Give a command the filters of an analysis; it gets them as `filters`."""

    @click.option("--course", metavar="NAME", help="Only events of this course.")
    @click.option("--from", "since", type=Day(), metavar="DATE", help="Only events of this UTC day and later.")
    @click.option("--to", "until", type=Day(), metavar="DATE", help="Only events before this UTC day.")
    @click.option("--device", metavar="CLASS", help="Only events from this device class, such as tablet.")
    @click.option("--language", metavar="CODE", help="Only events in this preferred language, such as es.")
    @click.option("--without", type=click.Choice(["bots"]), help="Leave out events of known bots.")
    @click.option(
        "--clicks",
        type=click.Choice(["deliberate", "all"]),
        default="deliberate",
        show_default=True,
        help="What counts as a click: deliberate actions, or every event.",
    )
    @wraps(command)
    def with_filters(
        course: str | None,
        since: date | None,
        until: date | None,
        device: str | None,
        language: str | None,
        without: str | None,
        clicks: Any,
        **rest: Any,
    ) -> Any:
        filters = Filters(course, since, until, device, language, without == "bots", clicks)
        return command(filters=filters, **rest)

    return with_filters  # type: ignore[return-value]


def reading(command: F) -> F:
    """Give a command the options of reading exports."""
    for option in (
        click.option(
            "--max-rejects",
            default="1%",
            show_default=True,
            metavar="N|P%",
            help="Stop when more lines (or this share of them) cannot be read.",
        ),
        click.option("--format", "form", metavar="NAME", help="The export's format, where content would mislead."),
    ):
        command = option(command)
    return command


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
def report(exports: tuple[str, ...], out: str, form: str | None, max_rejects: str, filters: Filters) -> None:
    """Tables, plots and one page from raw exports, or from a dataset.

    \b
    Writes DIR/report.html, DIR/tables/*.csv, DIR/plots/*.png and *.pdf.
      coursetrail report psy-001_clickstream_export.gz -o out
      coursetrail report psy-001 -o out --from 2013-08-01 --without bots
    """
    from coursetrail import study

    started = time.perf_counter()
    written = study.report(exports, out, filters=filters, format=form, max_rejects=max_rejects, progress=_progress())
    _say(f"{written[-1]}: {len(written)} files in {time.perf_counter() - started:.1f} s")


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@click.option("--course", metavar="NAME", help="The course of events whose page names none.")
@reading
def ingest(dataset: str, exports: tuple[str, ...], course: str | None, form: str | None, max_rejects: str) -> None:
    """Add export files to a dataset, made if it is not there. Each file at once or not at all.

    \b
    Reading a file again changes nothing. - is standard input.
      coursetrail ingest psy-001 psy-001_clickstream_export.gz
      zcat *.gz | coursetrail ingest psy-001 -
    """
    from coursetrail import build

    outcomes = build.ingest(dataset, exports, format=form, course=course, max_rejects=max_rejects, progress=_progress())
    for outcome in outcomes:
        source = outcome.source
        if outcome.already:
            _say(f"{source.uri}: nothing to do, these bytes are source {source.source} already")
            continue
        _say(
            f"{source.uri}: {source.lines:,} lines = {source.events:,} events + {source.duplicates:,} duplicates "
            f"+ {source.rejected:,} rejected + {source.blank:,} blank"
        )
        if source.mended:
            _say(f"  mended: {source.mended}")
        if source.fault:
            _say(f"  warning: {source.fault}")


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print.")
def status(dataset: str, form: str) -> None:
    """What was read from each file, and what became of its lines.

    For every file, lines = events + duplicates + rejected + blank.

    \b
      coursetrail status psy-001
      coursetrail status psy-001 --format json
    """
    from coursetrail import course
    from coursetrail.outputs.tables import encode

    opened = course.open(dataset)
    rows = opened.sources
    if form == "table":
        _out(f"{dataset}, version {opened.dataset.version}\n\n".encode())
        rows = rows.select(
            ["source", "uri", "lines", "events", "duplicates", "rejected", "blank", "first_time", "last_time", "fault"]
        )
    _out(encode(rows, form))
    if form == "table":
        sums = {name: sum(rows[name].to_pylist()) for name in ("lines", "events", "duplicates", "rejected", "blank")}
        _out(
            f"\nlines = events + duplicates + rejected + blank: {sums['lines']:,} = {sums['events']:,} + "
            f"{sums['duplicates']:,} + {sums['rejected']:,} + {sums['blank']:,}\n".encode()
        )


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--format", "form", type=click.Choice(FORMATS), help="How to print; default: table, or csv with -o.")
@click.option("-o", "--out", metavar="DIR", help="Write one file an analysis into this folder.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL text instead of running it.")
@filtered
def analyze(
    dataset: str, names: tuple[str, ...], form: str | None, out: str | None, only_sql: bool, filters: Filters
) -> None:
    """Answers from a dataset: all analyses, or those you name.

    Their names: coursetrail analyses. Each table comes with its definition, n, and what was left out.

    \b
      coursetrail analyze psy-001 browsers
      coursetrail analyze psy-001 languages --device tablet --format json
      coursetrail analyze psy-001 -o tables
    """
    from coursetrail import course

    wanted = _wanted(names)
    if only_sql:
        _out("\n\n".join(f"-- {analysis.name}\n{render(analysis, filters)};" for analysis in wanted).encode() + b"\n")
        return
    chosen = form or ("csv" if out else "table")
    if not out and chosen in ("csv", "parquet") and len(wanted) > 1:
        raise UsageError(f"Several tables cannot share one {chosen}: name one analysis, or write files with -o DIR.")
    results = list(course.open(dataset).answers(wanted, filters))
    if out:
        _save(results, Path(out), chosen)
    else:
        _print(results, chosen)


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("-o", "--out", required=True, metavar="DIR", help="The folder to write into.")
@click.option(
    "--format", "form", type=click.Choice(["png", "pdf", "svg"]), default="png", show_default=True, help="Kind of file."
)
@filtered
def plot(dataset: str, names: tuple[str, ...], out: str, form: str, filters: Filters) -> None:
    """Pictures of the answers that can be drawn; all, or those named.

    \b
      coursetrail plot psy-001 -o plots
      coursetrail plot psy-001 activity -o plots --format pdf --clicks all
    """
    from coursetrail import course
    from coursetrail.outputs import plots

    wanted = _wanted(names)
    if names:
        for analysis in wanted:
            plots.must_be_drawable(analysis)
    drawn = [analysis for analysis in wanted if plots.drawable(analysis)]
    results = list(course.open(dataset).answers(drawn, filters))
    for path in plots.write_all(results, Path(out), (form,)):
        _say(str(path))


@cli.command()
@click.argument("exports", nargs=-1, required=True, metavar="EXPORT…")
@click.argument("out", metavar="OUT")
@click.option("--columns", metavar="A,B,C", help="Raw fields to write, in this order; default: all known ones.")
@reading
def convert(exports: tuple[str, ...], out: str, columns: str | None, form: str | None, max_rejects: str) -> None:
    """Raw fields of exports as one plain table.

    OUT ends in .csv, .csv.gz or .parquet. Duplicate lines stay. It holds full IP addresses: guard it like the export.

    \b
      coursetrail convert psy-001_clickstream_export.gz psy-001.csv.gz --columns username,timestamp,user_agent
    """
    from coursetrail import convert as converting

    fields = [name.strip() for name in columns.split(",") if name.strip()] if columns is not None else None
    if fields == [] or (fields and len(set(fields)) < len(fields)):
        raise UsageError("--columns takes distinct names, separated by commas.")
    done = converting.convert(exports, out, columns=fields, format=form, max_rejects=max_rejects, progress=_progress())
    _say(f"{out}: {done.written:,} rows; {done.rejected:,} lines rejected, {done.blank:,} blank")
    for reason in done.reasons:
        _say(f"  {reason}")


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
        _out(json.dumps(listed, indent=2).encode() + b"\n")
        return
    import textwrap

    for one in analyses.ALL:
        text = textwrap.fill(one.definition, 88, initial_indent="    ", subsequent_indent="    ")
        _out(f"{one.name}\n  {one.question}\n{text}\n    Columns: {', '.join(one.columns)}\n\n".encode())


@cli.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("query", metavar="SQL")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print.")
def sql(dataset: str, query: str, form: str) -> None:
    """Ask a dataset a question of your own, in SQL.

    One statement that only reads, over events, agents, languages, sources and rejects.

    \b
      coursetrail sql psy-001 "select area, count(*) from events group by area order by 2 desc"
      coursetrail sql psy-001 "describe events"
    """
    from coursetrail import course
    from coursetrail.outputs.tables import encode

    _binary_ok(form)
    _out(encode(course.open(dataset).sql(query), form))


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
@click.option("--course", default="psy-001", show_default=True, metavar="NAME", help="The course in its addresses.")
@click.option("--truth", type=click.Path(dir_okay=False), metavar="FILE", help="Write what was planted, as JSON.")
def simulate(out: str, learners: int, events: int, seed: int, dirty: float, course: str, truth: str | None) -> None:
    """Make a course that never was, as a legacy Coursera export.

    It follows the published tables of psy-001. OUT ending in .gz is compressed. The same options write the
    same bytes.

    \b
      coursetrail simulate psy-001_clickstream_export.gz --learners 2000 --events 200000 --truth truth.json
    """
    from coursetrail.outputs.files import write
    from coursetrail.simulate import simulate as make

    with _progress().step(f"Simulating {Path(out).name}", events, "events") as step:
        planted = make(
            out, learners=learners, events=events, seed=seed, dirty=dirty, course=course, advance=step.advance
        )
    if truth:
        write(Path(truth), planted.to_json().encode())
    _say(f"{out}: {planted.ledger.lines:,} lines, {Path(out).stat().st_size:,} bytes")


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

    for line in study.demo(Path(out), learners, events, _progress()):
        _out(line.encode() + b"\n")


def _wanted(names: Sequence[str]) -> list[Any]:
    return [analyses.find(name) for name in dict.fromkeys(names)] if names else list(analyses.ALL)


def _print(results: Sequence[Result], form: str) -> None:
    from coursetrail.outputs.tables import encode

    _binary_ok(form)
    texts = [encode(result.table, form, result) for result in results]
    if form == "json" and len(texts) > 1:
        _out(b"[" + b",\n".join(text.rstrip() for text in texts) + b"]\n")
    else:
        _out(b"\n".join(texts))


def _save(results: Sequence[Result], folder: Path, form: str) -> None:
    from coursetrail.outputs.files import write
    from coursetrail.outputs.tables import encode

    ending = "txt" if form == "table" else form
    for result in results:
        path = write(folder / f"{result.analysis.name}.{ending}", encode(result.table, form, result))
        _say(f"{path}: {result.table.num_rows:,} rows. {result.scope.describe()}")


def _binary_ok(form: str) -> None:
    if form == "parquet" and sys.stdout.isatty():
        raise UsageError("Parquet is binary: redirect it into a file (> file.parquet).")


def _progress() -> Any:
    from coursetrail.progress import on_terminal

    return on_terminal()


def _say(text: str) -> None:
    from coursetrail.outputs.wording import clean

    click.echo(clean(text), err=True)


def _out(data: bytes) -> None:
    if sys.stdout is None:
        raise StorageError("Standard output is closed: there is nowhere to print to.")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


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
        return _failed(*_told(error))
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


def _failed(text: str, code: int) -> int:
    with suppress(OSError):  # nobody may be listening
        _say(text)
    return code
