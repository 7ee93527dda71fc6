"""Commands that answer: from a dataset, or straight from exports."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from coursetrail import analyses
from coursetrail.analyses.analysis import Filters, render
from coursetrail.cli.options import FORMATS, engined, filtered, reading, versioned
from coursetrail.cli.printing import binary_ok, print_results, put, save_results, say, tell_source
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import UsageError
from coursetrail.filesystem.location import Location
from coursetrail.progress import on_terminal


@click.command()
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
    from coursetrail.outputs import report

    started = time.perf_counter()
    written = report.report(
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


@click.command()
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
    choice: EngineConfig,
) -> None:
    """Answers from a dataset: all analyses, or those you name.

    Their names: coursetrail analyses. Each table comes with its definition, n, and what was left out.

    \b
      coursetrail analyze psy-001 browsers
      coursetrail analyze psy-001 languages --device tablet --format json
      coursetrail analyze psy-001 -o tables
      coursetrail analyze psy-001 --engine spark --master spark://host:7077
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.outputs.files import folder

    wanted = _wanted(names)
    if only_sql:
        put("\n\n".join(f"-- {analysis.name}\n{render(analysis, filters)};" for analysis in wanted).encode() + b"\n")
        return
    chosen = form or ("csv" if out else "table")
    if not out and chosen in ("csv", "parquet") and len(wanted) > 1:
        raise UsageError(f"Several tables cannot share one {chosen}: name one analysis, or write files with -o DIR.")
    results = open_dataset.open(dataset, choice, as_of).answers(wanted, filters)
    if out:
        into = folder(out)  # before the counting, which begins with the first result that is asked for
        save_results(list(results), into, chosen)
    else:
        print_results(list(results), chosen)


@click.command()
@click.argument("names", nargs=-1, metavar="[DATASET] [NAME]…")
@click.option("--tables", metavar="DIR", help="Draw the tables that analyze -o wrote there, instead of a dataset's.")
@click.option("-o", "--out", required=True, metavar="DIR", help="The folder to write into.")
@click.option(
    "--format", "form", type=click.Choice(["png", "pdf", "svg"]), default="png", show_default=True, help="Kind of file."
)
@filtered
@engined
def plot(
    names: tuple[str, ...], tables: str | None, out: str, form: str, filters: Filters, choice: EngineConfig
) -> None:
    """Pictures of the answers that can be drawn; all, or those named.

    \b
      coursetrail plot psy-001 -o plots
      coursetrail plot psy-001 activity -o plots --format pdf --clicks all
      coursetrail plot --tables hdfs://namenode:9000/results -o plots
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.outputs import saved
    from coursetrail.outputs.files import folder
    from coursetrail.outputs.plots import figure

    if not tables and not names:
        raise UsageError("Name a dataset, or the folder of saved tables: --tables DIR.")
    if tables and filters != Filters():
        raise UsageError("Saved tables are counted already: filters belong to the analyze that wrote them.")
    dataset, *asked = ("", *names) if tables else names
    wanted = _wanted(asked)
    if asked:
        for analysis in wanted:
            figure.must_be_drawable(analysis)
    drawn = [analysis for analysis in wanted if figure.drawable(analysis)]
    results = (
        saved.load(Location.of(tables), asked) if tables else open_dataset.open(dataset, choice).answers(drawn, filters)
    )
    into = folder(out)  # before the counting, which begins with the first result that is asked for
    for path in figure.write_all(list(results), into, (form,)):
        say(str(path))


@click.command("analyses")
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


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("query", metavar="SQL")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print.")
@versioned
def sql(dataset: str, query: str, form: str, as_of: int | datetime | None) -> None:
    """Ask a dataset a question of your own, in SQL.

    One statement that only reads, over events, agents, languages, sources and rejects, and what --tables brought:
    syllabus, members and grades.

    \b
      coursetrail sql psy-001 "select area, count(*) from events group by area order by 2 desc"
      coursetrail sql psy-001 "describe events"
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode

    binary_ok(form)
    put(encode(open_dataset.open(dataset, as_of=as_of).sql(query), form))


def _wanted(names: Sequence[str]) -> list[Any]:
    return [analyses.find(name) for name in dict.fromkeys(names)] if names else list(analyses.ALL)
