"""coursetrail analyses: the questions and their definitions."""

import click

from coursetrail import analyses
from coursetrail.cli.printing import put


@click.command("analyses")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print."
)
def list_analyses(form: str) -> None:
    """List every analysis with its question and definition.

    \b
      coursetrail analyses
      coursetrail analyses --format json
    """
    if form == "json":
        import json

        listed = [
            {"name": one.name, "question": one.question, "definition": one.definition, "columns": list(one.columns)}
            for one in analyses.ALL
        ]
        put(json.dumps(listed, indent=2).encode() + b"\n")
        return
    import textwrap

    for one in analyses.ALL:
        text = textwrap.fill(one.definition, 88, initial_indent="    ", subsequent_indent="    ")
        put(f"{one.name}\n  {one.question}\n{text}\n    Columns: {', '.join(one.columns)}\n\n".encode())
