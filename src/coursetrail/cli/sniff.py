"""coursetrail sniff: what a file is."""

import click

from coursetrail.cli.printing import put, say
from coursetrail.errors import InputError


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--encoding", metavar="NAME", help="The encoding of the files, if what it guesses is wrong.")
def sniff(files: tuple[str, ...], encoding: str | None) -> None:
    """Say what a file is; draft a mapping if its format is unknown.

    It reads the first lines. What they show goes to standard error, the draft to standard output. Values that may
    identify a person are shown by their shape only. But a draft has values of the column that seems to say what was
    done.

    \b
      coursetrail sniff psy-001_clickstream_export.gz
      coursetrail sniff clicks.csv > my.toml
      coursetrail ingest my-course clicks.csv --mapping my.toml
    """
    from coursetrail.ingestion import sniff as sniffing

    found, refused = [], []
    for file in files:
        try:
            found.append(sniffing.sniff(file, encoding=encoding))
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
