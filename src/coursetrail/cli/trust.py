"""coursetrail trust: a file in the current folder may configure the engine."""

from pathlib import Path

import click

from coursetrail.cli.printing import say


@click.command()
@click.argument("file", metavar="FILE", default="coursetrail.toml")
def trust(file: str) -> None:
    """Use a coursetrail.toml of the current folder from now on.

    Settings of Spark can run programs and send data elsewhere: read the file first. If it changes, it is not used until
    you trust it again. A file of your own needs no trust: ~/.config/coursetrail/config.toml, or --config FILE.

    \b
      coursetrail trust coursetrail.toml
    """
    from coursetrail.engines import config_file

    config_file.trust(Path(file))
    say(f"{Path(file).absolute()} is trusted as it is now.")
