"""coursetrail compare: two segments of learners side by side."""

from datetime import datetime

import click

from coursetrail import analyses
from coursetrail.analyses.filters import FILTERS, Filters
from coursetrail.analyses.parameters import Value
from coursetrail.cli.options import engined, filtered, output_format, parameterized, versioned
from coursetrail.cli.printing import put, refuse_binary
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import UsageError, did_you_mean

NARROWING = {one.name: one for one in FILTERS}


def segment_of(_: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> dict[str, Value]:
    """`device=tablet` and the like as values of filters. Raises UsageError."""
    values: dict[str, Value] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in NARROWING:
            hint = did_you_mean(name, list(NARROWING)) if equals else " Write NAME=VALUE."
            raise UsageError(f"--{option.name}: no filter is called '{name}'.{hint}")
        if name in values:
            raise UsageError(f"--{option.name}: '{name}' is given twice.")
        values[name] = NARROWING[name].parse(value)
    return values


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("name", metavar="NAME")
@click.option(
    "--segment", multiple=True, required=True, callback=segment_of, metavar="FILTER=VALUE", help="Who; can be repeated."
)
@click.option(
    "--against",
    multiple=True,
    required=True,
    callback=segment_of,
    metavar="FILTER=VALUE",
    help="With whom; can be repeated.",
)
@output_format
@versioned
@filtered
@parameterized(analyses.ALL)
@engined
def compare(
    dataset: str,
    name: str,
    segment: dict[str, Value],
    against: dict[str, Value],
    form: str,
    as_of: int | datetime | None,
    filters: Filters,
    parameters: dict[str, Value],
    engine: EngineConfig,
) -> None:
    """Compare two segments, and say which differences are clear.

    Compared are the shares of learners of an analysis. A segment is a filter by its name, or several. The other
    filters hold for both.

    \b
      coursetrail compare psy-001 browsers --segment device=tablet --against device=desktop
      coursetrail compare all devices --segment course=a --against course=b --without bots --format csv
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.analyses.comparison import compare as compared
    from coursetrail.render.tables import find_writer

    writer = find_writer(form)
    refuse_binary(writer)
    opened = open_dataset.open(dataset, engine, as_of)
    found = compared(opened, name, segment, against, filters, parameters)
    put(writer.encode(found.table, found.caption))
