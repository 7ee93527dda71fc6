"""coursetrail watch: a dataset that follows a folder."""

from dataclasses import asdict

import click

from coursetrail.cli.options import engined, reading
from coursetrail.cli.printing import print_source, say
from coursetrail.engines.config import EngineConfig


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Time between two checks.",
)
@click.option("--course", metavar="NAME", help="The course of events whose page does not name one.")
@reading
@engined
def watch(
    dataset: str,
    folders: tuple[str, ...],
    every: float,
    course: str | None,
    form: str | None,
    mapping: str | None,
    max_rejects: str,
    choice: EngineConfig,
) -> None:
    """Add files that arrive in folders, until you stop it.

    It adds new files, and new lines of files that grow, and prints one line for each. Stop it with Ctrl-C or a signal.
    What is committed is safe. For cron, use ingest.

    \b
      coursetrail watch courses /data/exports
      coursetrail watch courses /data/tracking --every 10
    """
    from coursetrail.ingestion.watch import Watch

    told = {"format": form, "mapping": mapping, "course": course, "max_rejects": max_rejects, "choice": choice}
    look = Watch(dataset, folders, lambda outcome: print_source(asdict(outcome.source)), say, told)
    say(f"Watching {', '.join(folders)} every {every:g} s.")
    for _ in look.forever(every):
        pass
