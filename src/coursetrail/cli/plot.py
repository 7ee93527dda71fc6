"""coursetrail plot: answers as pictures."""

from collections.abc import Sequence
from typing import Any

import click

from coursetrail import analyses
from coursetrail.analyses.filters import Filters
from coursetrail.cli.options import engined, filtered, into_folder
from coursetrail.cli.printing import say
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import UsageError
from coursetrail.filesystem.location import Location
from coursetrail.outputs.plots.picture_formats import PICTURE_FORMATS


@click.command()
@click.argument("names", nargs=-1, metavar="[DATASET] [NAME]…")
@click.option("--tables", metavar="DIR", help="Draw the tables that analyze -o wrote there, instead of a dataset's.")
@into_folder
@click.option(
    "--format",
    "form",
    type=click.Choice([known.name for known in PICTURE_FORMATS]),
    default="png",
    show_default=True,
    help="Kind of file.",
)
@filtered
@engined
def plot(
    names: tuple[str, ...], tables: str | None, out: str, form: str, filters: Filters, engine: EngineConfig
) -> None:
    """Draw pictures of the answers: of all, or of those that you name.

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
        saved.load(Location.of(tables), asked) if tables else open_dataset.open(dataset, engine).answers(drawn, filters)
    )
    into = folder(out)  # before the counting, which begins with the first result that is asked for
    for path in figure.write_all(list(results), into, (form,)):
        say(str(path))


def _wanted(names: Sequence[str]) -> list[Any]:
    return [analyses.find(name) for name in dict.fromkeys(names)] if names else list(analyses.ALL)
