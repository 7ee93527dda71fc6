"""coursetrail status: the ledger of a dataset."""

from datetime import datetime

import click

from coursetrail.cli.options import output_format, versioned
from coursetrail.cli.printing import ledger_text, put, refuse_binary


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.option("--verify", is_flag=True, help="Read all bytes, and compare each part with its digest and row count.")
@output_format
@versioned
def status(dataset: str, verify: bool, form: str, as_of: int | datetime | None) -> None:
    """Show what was read from each file, and how its lines count.

    For every file, lines = events + duplicates + rejected + blank + header + unfinished.

    With --verify, show for each part of each table whether it is as it was written, missing, altered or foreign (it has
    the bytes of another part). If any part is not as it should be, the exit code is 5.

    \b
      coursetrail status psy-001
      coursetrail status psy-001 --format json
      coursetrail status psy-001 --verify
    """
    from coursetrail.analyses import open_dataset
    from coursetrail.render.tables import encode, find_writer

    refuse_binary(find_writer(form))
    if verify:
        _verify(dataset, form, as_of)
        return
    opened = open_dataset.open(dataset, as_of=as_of)
    put(ledger_text(dataset, opened) if form == "table" else encode(opened.sources, form))


def _verify(dataset: str, form: str, as_of: int | datetime | None) -> None:
    from coursetrail.cli.progress_bar import on_terminal
    from coursetrail.dataset import verification
    from coursetrail.dataset.snapshot import Snapshot
    from coursetrail.filesystem.location import Location
    from coursetrail.render.tables import encode

    opened = Snapshot.open(Location.of(dataset), as_of, checked=False)
    checked = verification.verify(opened, on_terminal())
    if form == "table":
        shown = encode(checked.drop_columns(["finding"]), form)
        put(
            f"{dataset}, version {opened.version}\n\n".encode()
            + shown
            + f"\n{verification.summary(checked)}\n".encode()
        )
    else:
        put(encode(checked, form))
    verification.check_verified(opened, checked)
