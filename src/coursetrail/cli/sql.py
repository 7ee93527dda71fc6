"""coursetrail sql: a query of the user's own."""

from datetime import datetime

import click

from coursetrail.cli.options import output_format, versioned
from coursetrail.cli.printing import put, refuse_binary


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("query", metavar="SQL")
@output_format
@versioned
def sql(dataset: str, query: str, form: str, as_of: int | datetime | None) -> None:
    """Query a dataset in SQL.

    SQL is one statement that only reads. The tables are events, agents, languages, sources and rejects, and those that
    --tables added: syllabus, members and grades.

    \b
      coursetrail sql psy-001 "select area, count(*) from events group by area order by 2 desc"
      coursetrail sql psy-001 "describe events"
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode, find_writer

    refuse_binary(find_writer(form))
    put(encode(open_dataset.open(dataset, as_of=as_of).sql(query), form))
