"""coursetrail analyze: answers from a dataset."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from coursetrail import analyses
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.parameters import Value
from coursetrail.analyses.questions import Questions
from coursetrail.cli.options import OUTPUT_FORMATS, engined, filtered, for_excel, parameterized, versioned
from coursetrail.cli.printing import check_printable, print_results, put, save_results
from coursetrail.engines.config import EngineConfig


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option(
    "--format", "form", type=click.Choice(OUTPUT_FORMATS), help="How to print; default: table, or csv with -o."
)
@for_excel
@click.option("-o", "--out", metavar="DIR", help="Write one file per analysis into this folder.")
@click.option("--sql", "only_sql", is_flag=True, help="Print the SQL text instead of running it.")
@versioned
@filtered
@parameterized(analyses.ALL)
@engined
def analyze(
    dataset: str,
    names: tuple[str, ...],
    form: str | None,
    out: str | None,
    only_sql: bool,
    as_of: int | datetime | None,
    filters: Filters,
    parameters: dict[str, Value],
    engine: EngineConfig,
) -> None:
    """Answer all analyses of a dataset, or those that you name.

    coursetrail analyses lists their names. Each table comes with its definition, n, and what was left out.

    \b
      coursetrail analyze psy-001 browsers
      coursetrail analyze psy-001 languages --device tablet --format json
      coursetrail analyze psy-001 -o tables
      coursetrail analyze psy-001 --engine spark --master spark://host:7077
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.outputs.files import folder
    from coursetrail.render.tables import find_writer

    wanted = _wanted(names)
    if only_sql:
        asked = zip(wanted, Questions(wanted, filters, parameters).texts, strict=True)
        texts = [f"-- {analysis.name}\n{text};" for analysis, text in asked]
        put("\n\n".join(texts).encode() + b"\n")
        return
    chosen = form or ("csv" if out else "table")
    if not out:
        check_printable(find_writer(chosen), len(wanted))
    results = open_dataset.open(dataset, engine, as_of).answers(wanted, filters, parameters)
    if out:
        into = folder(out)  # before the counting, which begins with the first result that is asked for
        save_results(list(results), into, chosen)
    else:
        print_results(list(results), chosen)


def _wanted(names: Sequence[str]) -> list[Any]:
    return [analyses.find(name) for name in dict.fromkeys(names)] if names else list(analyses.ALL)
