"""coursetrail status: the ledger of a dataset."""

from datetime import datetime

import click

from coursetrail.cli.options import output_format, versioned
from coursetrail.cli.printing import ledger_text, put


@click.command()
@click.argument("dataset", metavar="DATASET")
@output_format
@versioned
def status(dataset: str, form: str, as_of: int | datetime | None) -> None:
    """Show what was read from each file, and how its lines count.

    For every file, lines = events + duplicates + rejected + blank + header + unfinished.

    \b
      coursetrail status psy-001
      coursetrail status psy-001 --format json
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode

    opened = open_dataset.open(dataset, as_of=as_of)
    put(ledger_text(dataset, opened) if form == "table" else encode(opened.sources, form))
