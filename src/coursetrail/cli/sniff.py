"""coursetrail sniff: what a file is."""

import click

from coursetrail.cli.printing import put, say
from coursetrail.errors import InputError


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
def sniff(files: tuple[str, ...]) -> None:
    """What a file is; drafts a mapping for one of no known format.

    Its first lines are looked at. What they show goes to standard error, the draft to standard output. Values that may
    tell who somebody is are shown by their shape only, but a draft names values of the column that seems to say what
    was done.

    \b
      coursetrail sniff psy-001_clickstream_export.gz
      coursetrail sniff clicks.csv > my.toml
      coursetrail ingest my-course clicks.csv --mapping my.toml
    """
    from coursetrail.ingestion import sniff as sniffing

    found, refused = [], []
    for file in files:
        try:
            found.append(sniffing.sniff(file))
        except InputError as error:
            refused.append(error)
            continue
        for line in found[-1].describe().splitlines():
            say(line)
    if drafted := sniffing.one_draft(found):
        put(drafted.encode())
    for other in refused[1:]:
        refused[0].add_note(f"Refused as well: {other}")
    if refused:
        raise refused[0]
