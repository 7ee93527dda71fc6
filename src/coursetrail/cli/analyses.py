"""coursetrail analyses: the questions and their definitions."""

import json
import textwrap
from typing import Any

import click

from coursetrail import analyses
from coursetrail.analyses.analysis import Analysis
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
        put(json.dumps([_listed(one) for one in analyses.ALL], indent=2, default=str).encode() + b"\n")
        return
    for one in analyses.ALL:
        put("\n".join([one.name, f"  {one.question}", *_indented(one), "", ""]).encode())


def _listed(one: Analysis) -> dict[str, Any]:
    parameters = [
        {"name": given.name, "type": given.type.__name__, "default": given.default, "help": given.help}
        for given in one.parameters
    ]
    return {
        "name": one.name,
        "question": one.question,
        "definition": one.definition_with(),
        "columns": list(one.columns),
        "parameters": parameters,
    }


def _indented(one: Analysis) -> list[str]:
    options = [f"{given.flag}: {given.help} Default: {given.default}." for given in one.parameters]
    lines = [*textwrap.wrap(one.definition_with(), 84), f"Columns: {', '.join(one.columns)}", *options]
    return [f"    {line}" for line in lines]
