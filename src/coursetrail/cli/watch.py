"""coursetrail watch: a dataset that follows a folder."""

from dataclasses import asdict

import click

from coursetrail.cli.options import engined, reading
from coursetrail.cli.printing import say, tell_source
from coursetrail.engines.config import EngineConfig


@click.command()
@click.argument("dataset", metavar="DATASET")
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER…")
@click.option(
    "--every", type=click.FloatRange(min=0.1), default=60, show_default=True, metavar="SECONDS", help="Pause."
)
@click.option("--course", metavar="NAME", help="The course of events whose page names none.")
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
    """Add what arrives in folders, until you stop it.

    New files, and new lines of files that grow; one line for each arrival. Stop it with Ctrl-C or a signal; what is
    committed is safe. For cron, use ingest.

    \b
      coursetrail watch courses /data/exports
      coursetrail watch courses /data/tracking --every 10
    """
    from coursetrail.ingestion.watch import Watch

    options = {"format": form, "mapping": mapping, "course": course, "max_rejects": max_rejects, "engine": choice}
    look = Watch(dataset, folders, lambda outcome: tell_source(asdict(outcome.source)), say, options)
    say(f"Watching {', '.join(folders)} every {every:g} s.")
    for _ in look.forever(every):
        pass
