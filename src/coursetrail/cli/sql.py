"""coursetrail sql: a query of the user's own."""

from datetime import datetime

import click

from coursetrail.cli.options import output_format, versioned
from coursetrail.cli.printing import put, refuse_binary
from coursetrail.dataset.schema import REPLACED, TABLES


def _names(added: bool) -> str:
    *names, last = [table.name for table in TABLES if (table in REPLACED) == added]
    return f"{', '.join(names)} and {last}"


HELP = f"""Query a dataset in SQL.

SQL is one statement that only reads. The tables are {_names(False)}, and those that --tables added: {_names(True)}.

\b
  coursetrail sql psy-001 "select area, count(*) from events group by area order by 2 desc"
  coursetrail sql psy-001 "describe events"
"""  # noqa: S608 - a help text, no statement


@click.command(help=HELP)
@click.argument("dataset", metavar="DATASET")
@click.argument("query", metavar="SQL")
@output_format
@versioned
def sql(dataset: str, query: str, form: str, as_of: int | datetime | None) -> None:
    """Print the answer to a query."""
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode, find_writer

    refuse_binary(find_writer(form))
    put(encode(open_dataset.open(dataset, as_of=as_of).sql(query), form))
