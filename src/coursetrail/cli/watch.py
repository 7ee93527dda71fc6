"""coursetrail watch: a dataset that follows a folder."""

from dataclasses import asdict
from typing import Any

import click

from coursetrail.cli.options import engined, ingests_exports
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
@ingests_exports
@engined
def watch(
    dataset: str,
    folders: tuple[str, ...],
    every: float,
    read_options: dict[str, Any],
    engine: EngineConfig,
) -> None:
    """Add files that arrive in folders, until you stop it.

    It adds new files, and new lines of files that grow, and prints one line for each. Stop it with Ctrl-C or a signal.
    What is committed is safe. For cron, use ingest.

    \b
      coursetrail watch courses /data/exports
      coursetrail watch courses /data/tracking --every 10
    """
    from coursetrail.ingestion.watch import Watch

    look = Watch(
        dataset, folders, lambda outcome: print_source(asdict(outcome.source)), say, {**read_options, "engine": engine}
    )
    say(f"Watching {', '.join(folders)} every {every:g} s.")
    for _ in look.forever(every):
        pass
