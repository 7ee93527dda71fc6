"""coursetrail demo: everything on a simulated course."""

import click

from coursetrail.cli.printing import put
from coursetrail.cli.progress_bar import on_terminal


@click.command()
@click.option("-o", "--out", default="demo", show_default=True, metavar="DIR", help="The folder to write into.")
@click.option(
    "--learners", type=click.IntRange(min=1), default=2_000, show_default=True, metavar="N", help="Usernames."
)
@click.option(
    "--events", type=click.IntRange(min=1), default=300_000, show_default=True, metavar="M", help="Readable lines."
)
def demo(out: str, learners: int, events: int) -> None:
    """Try everything on a simulated course: ingest, answers, report.

    It prints how long each step took. It needs no data and no network.

    \b
      coursetrail demo
      coursetrail demo -o try --learners 500 --events 50000
    """
    from coursetrail.outputs import demo

    for line in demo.demo(out, learners, events, on_terminal()):
        put(line.encode() + b"\n")
