"""coursetrail compact: many small files become few."""

import click

from coursetrail.cli.printing import say
from coursetrail.cli.progress_bar import on_terminal
from coursetrail.filesystem.location import Location


@click.command()
@click.argument("dataset", metavar="DATASET")
def compact(dataset: str) -> None:
    """Write a dataset's many small files as few large ones. The answers stay the same and come faster.

    An ingest does this by itself when there are more than a hundred. Files that only older versions need are removed
    seven days after the compaction or the replacement. Until then --as-of can read those versions.

    \b
      coursetrail compact psy-001
    """
    from coursetrail.dataset import maintenance

    done = maintenance.compact(Location.of(dataset), on_terminal())
    say(f"{dataset}: {done.before} files of events are now {done.after}; {done.cleared} old files removed")
