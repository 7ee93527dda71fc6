"""coursetrail simulate: a course whose truth is known."""

import click

from coursetrail.cli.printing import say
from coursetrail.cli.progress_bar import on_terminal
from coursetrail.filesystem.location import on_this_machine


@click.command()
@click.argument("out", metavar="OUT")
@click.option(
    "--learners", type=click.IntRange(min=0), default=21_790, show_default=True, metavar="N", help="Usernames."
)
@click.option(
    "--events", type=click.IntRange(min=0), default=3_475_235, show_default=True, metavar="M", help="Readable lines."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="S",
    help="Another seed gives other people.",
)
@click.option(
    "--dirty",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="FRACTION",
    help="Share of damaged lines, 0 to 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["coursera-legacy", "coursera", "edx"]),
    default="coursera-legacy",
    show_default=True,
    help="What to write: a legacy Coursera export, a research export of Coursera today, or an Open edX tracking log.",
)
@click.option("--course", default="psy-001", show_default=True, metavar="NAME", help="The course in its addresses.")
@click.option("--truth", type=click.Path(dir_okay=False), metavar="FILE", help="Write what was planted, as JSON.")
def simulate(
    out: str, learners: int, events: int, seed: int, dirty: float, form: str, course: str, truth: str | None
) -> None:
    """Write the export of a simulated course, in one of three formats.

    The course follows the published tables of psy-001. OUT is compressed if it ends in .gz. With --format coursera it
    is a new folder with a file per day and kind, or one file if it ends in .csv or .csv.gz. The same options write the
    same bytes.

    \b
      coursetrail simulate psy-001_clickstream_export.gz --learners 2000 --events 200000 --truth truth.json
      coursetrail simulate psy-001-today --format coursera --learners 2000 --events 200000
      coursetrail simulate tracking.log.gz --format edx --learners 2000 --events 200000
    """
    from coursetrail.outputs.files import write
    from coursetrail.simulate import simulate as make

    export, truth_file = on_this_machine(out), on_this_machine(truth) if truth else None
    with on_terminal().step(f"Simulating {export.name}", events, "events") as step:
        planted = make(
            export,
            learners=learners,
            events=events,
            seed=seed,
            dirty=dirty,
            course=course,
            format=form,
            advance=step.advance,
        )
    if truth_file:
        write(truth_file, planted.to_json().encode())
    size = sum(file.stat().st_size for file in [export, *export.glob("*")] if file.is_file())
    say(f"{out}: {planted.ledger.lines:,} lines, {size:,} bytes")
