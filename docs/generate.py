"""The reference pages, written from the code.

python docs/generate.py                       write the pages that are out of date
python docs/generate.py --check               only name them; exit 1 if there are any
python docs/generate.py --walk README.md DIR  run the page's console blocks in the empty folder DIR, and insert
                                              what they print
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from textwrap import dedent, fill

import click

from coursetrail import analyses, errors, formats
from coursetrail.analyses.analysis import Analysis
from coursetrail.cli.main import cli
from coursetrail.dataset.actions import ACTIONS, AREAS, DELIBERATE
from coursetrail.dataset.schema import TABLES
from coursetrail.formats.coursera import definition as ondemand
from coursetrail.formats.coursera import pages as ondemand_pages
from coursetrail.formats.coursera_legacy import definition as legacy
from coursetrail.formats.coursera_legacy.pages import OTHER, PAGES
from coursetrail.formats.edx import definition as edx
from coursetrail.formats.edx import events as edx_events
from coursetrail.formats.edx import paths as edx_tables
from coursetrail.reading.format import Format

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py from the code: change the code, then run it. -->"
TYPES = {
    "timestamp[us, tz=UTC]": "time, µs, UTC",
    "timestamp[us]": "time, µs, UTC",
    "string": "text",
    "bool": "yes or no",
}


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A markdown table."""
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def command_line() -> str:
    """Every command with its help, arguments, options and examples."""
    opening = (
        "Data goes to standard output, messages to standard error, so every answer can be piped. A bar shows the "
        "progress of long work if standard error is a terminal. `coursetrail COMMAND --help` shows the same texts as "
        "this page."
    )
    own = click.Context(cli, info_name="coursetrail", **cli.context_settings)
    parts = [
        f"# Command line\n\n{NOTE}\n",
        paragraph(opening),
        _commands(),
        "## Options of coursetrail itself\n\nThey come before the command: `coursetrail --debug status psy-001`.\n",
        _options(cli, own),
        "## Exit codes\n",
        _codes(),
    ]
    for name, command in cli.commands.items():
        context = click.Context(command, info_name=name, parent=own)
        usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
        parts += [f"## coursetrail {name}\n", f"```\n{usage}\n```\n", _help(command), _options(command, context)]
    return "\n".join(parts)


def _commands() -> str:
    rows = [[f"[`{name}`](#coursetrail-{name})", one.get_short_help_str(200)] for name, one in cli.commands.items()]
    return table(["command", ""], rows)


def _help(command: click.Command) -> str:
    """A help text as markdown; its indented lines are examples."""
    shown = []
    for block in cleandoc(command.help or "").split("\n\n"):
        lines = [line for line in block.split("\n") if line != "\b"]
        examples = [line.strip() for line in lines if line.startswith(" ")]
        prose = " ".join(line for line in lines if not line.startswith(" "))
        shown.append(paragraph(prose.replace("*", "\\*")))
        shown += ["```\n" + "\n".join(examples) + "\n```\n"] if examples else []
    return "\n".join(text for text in shown if text.strip())


def paragraph(text: str) -> str:
    """Wrapped as in the rest of the documentation."""
    return fill(text, 118, break_on_hyphens=False) + "\n"


def _options(command: click.Command, context: click.Context) -> str:
    records = [one.get_help_record(context) for one in command.get_params(context) if isinstance(one, click.Option)]
    return table(["option", ""], [[f"`{record[0]}`", record[1]] for record in records if record])


def _codes() -> str:
    rows = [["0", "Done."], ["1", "Failed for a reason that has no code of its own."]]
    rows += [[str(one.exit_code), " ".join((one.__doc__ or "").split())] for one in _tree(errors.CoursetrailError)]
    rows += [["70", "A defect of coursetrail; please report it."], ["130", "Stopped from the keyboard."]]
    return table(["code", ""], rows)


def _tree(root: type[errors.CoursetrailError]) -> Iterator[type[errors.CoursetrailError]]:
    for one in root.__subclasses__():
        yield one
        yield from _tree(one)


def analyses_page() -> str:
    """Every analysis with its question, definition, columns and SQL."""
    clicks = ", ".join(f"`{one}`" for one in DELIBERATE)
    opening = (
        "Each analysis is one question with one SQL text. In the text, `events` are the events that the filters leave, "
        "with one more column, `clicks`. `microseconds` (since 1970 UTC) is a small function for an expression that "
        "engines write differently. `coursetrail analyze DATASET NAME --sql` prints the text that runs, with the "
        "filters."
    )
    learner = (
        "A **learner** is a distinct id on one platform with at least one event; `ingest --shared-ids` makes an id "
        "that occurs on several platforms one learner. Events without an id count for no learner. "
        "Every answer states how many they are. Shares are between 0 and 1. Times and days are UTC."
    )
    click = (
        f"A **click** is an event that a person caused on purpose: {clicks}. What a player reports by itself (loading, "
        "waiting, heartbeats) is not a click. With `--clicks all` every event is a click."
    )
    parts = [
        f"# Analyses\n\n{NOTE}\n",
        *map(paragraph, (opening, learner, click)),
        table(["analysis", "question"], [[f"[`{one.name}`](#{one.name})", one.question] for one in analyses.ALL]),
    ]
    for one in analyses.ALL:
        columns = [[f"`{name}`", TYPES.get(str(kind), str(kind))] for name, kind in one.columns.items()]
        parts += [
            f"## {one.name}\n\n**{one.question}**\n",
            paragraph(one.definition_with()),
            table(["column", "type"], columns),
            *_parameters(one),
            f"```sql\n{dedent(one.sql).strip()}\n```\n",
        ]
    return "\n".join(parts)


def _parameters(one: Analysis) -> list[str]:
    rows = []
    for given in one.parameters:
        kind = given.type.__name__
        rows.append([f"`{given.flag}`", TYPES.get(kind, kind), given.help, str(given.default)])
    return [table(["parameter", "type", "", "default"], rows)] if rows else []


def tables() -> str:
    """The dataset's tables, column by column."""
    parts = []
    for one in TABLES:
        rows = [[f"`{name}`", TYPES.get(str(kind), str(kind)), text] for name, (kind, text) in one.columns.items()]
        parts += [f"### {one.name}\n\n{one.row}\n", table(["column", "type", ""], rows)]
    return "\n".join(parts)


def actions() -> str:
    """The closed lists of actions and areas."""
    marked = [f"`{one}`" + ("" if one in DELIBERATE else " (no click)") for one in ACTIONS]
    return f"`action`: {', '.join(marked)}.\n\n`area`: {', '.join(f'`{one}`' for one in AREAS)}.\n"


def known_formats() -> str:
    """The formats that are read."""
    return table(["name for `--format`", "what"], [[f"`{one.name}`", one.title] for one in formats.ALL])


def edx_fields() -> str:
    """The fields of edX's lines, and the columns that they go to."""
    columns = edx.FORMAT.columns.items()
    kept = {*edx.FORMAT.spec.also_in_rest, "context", *edx.PAYLOADS}
    rows = []
    for name in edx.FORMAT.raw:
        places = [
            f"`{column}`" for column, made in columns if name in made.reads and (column != "extra" or name in kept)
        ]
        places += ["`extra`"] if name in kept and "`extra`" not in places else []
        rows.append([f"`{name}`", ", ".join(places)])
    return table(["field", "goes to"], [*rows, ["any other", "`extra`, except for what forms were sent with"]])


def edx_types() -> str:
    """What the event types of edX mean."""
    rows = [
        [f"`{name}…`" if name.endswith(".") else f"`{name}`", f"`{one.action}`", one.area or "of the page"]
        for name, one in edx_events.EVENTS.items()
    ]
    return table(["event type", "action", "area"], [*rows, ["anything else", "`other`", "of the page"]])


def edx_paths() -> str:
    """Which path of edX belongs to which area."""
    below = [("courses/<course>/", rule) for rule in edx_tables.COURSE] + [("", rule) for rule in edx_tables.SITE]
    rows = [
        [f"`{start}{rule.path.replace('*', '…')}`" if start + rule.path else "(nothing)", rule.area, rule.action]
        for start, rule in below
    ]
    unlisted = ["anything else", edx_tables.OTHER.area, edx_tables.OTHER.action]
    return table(["path below the host", "area", "action"], [*rows, unlisted])


def edx_kinds() -> str:
    """Which requests without a row no learner makes."""
    rows = [[one.name, f"a step {one.examples}"] for one in edx_tables.KINDS if one is not edx_tables.TOOLS]
    files = ", ".join(f"`.{ending}`" for ending in edx_tables.EMBEDDED)
    further = ", ".join(f"`.{ending}`" for ending in edx_tables.SERVED)
    rows += [
        [edx_tables.TOOLS.name, f"a second step {edx_tables.TOOLS.examples}"],
        ["files that a page loads", f"the end {files}"],
        ["files that browsers and services fetch", f"the end {further}"],
    ]
    return table(["kind", "what the path has"], rows)


def pages() -> str:
    """Which path belongs to which area."""
    rows = [[f"`{one.path}`" if one.path else "(nothing)", one.area, _item(one.item), one.action] for one in PAGES]
    rows.append(["anything else", OTHER.area, "", OTHER.action])
    return table(["path below `/<course>/`", "area", "item", "action"], rows)


def _item(parameter: str | None) -> str:
    return f"`{parameter}`" if parameter else ""


def ondemand_pages_table() -> str:
    """Which step of a path belongs to which area."""
    rows = [
        [f"`{one.path}`" if one.path else "(nothing)", one.area, "the next step" if one.item else ""]
        for one in ondemand_pages.PAGES
    ]
    rows.append(["anything else", ondemand_pages.OTHER.area, ""])
    return table(["step below `…/learn/<course>/`", "area", "item"], rows)


def video() -> str:
    """The actions of the player's event types."""
    return _words("`type` in `value`", legacy.ACTIONS, "`video_other`")


def keys() -> str:
    """The actions of the events of on-demand courses."""
    return _words("`key`", ondemand.ACTIONS, "`video_other` if `value` has a timecode, else `other`")


def _words(heading: str, words: Mapping[str, str], others: str) -> str:
    rows = [[f"`{name}`", f"`{action}`", "yes" if action in DELIBERATE else "no"] for name, action in words.items()]
    return table([heading, "action", "click"], [*rows, ["anything else", others, "no"]])


def fields() -> str:
    """The fields of a legacy export."""
    return _fields(legacy.FORMAT, {"value": ["position", "position_from", "rate"]})


def ondemand_fields() -> str:
    """The columns of an on-demand export."""
    return _fields(ondemand.FORMAT, {"value": ["item", "position", "rate"]})


def _fields(form: Format, inside: Mapping[str, list[str]]) -> str:
    """The fields that are read, and where they go; `inside` has the columns made of objects in fields."""
    sources = {
        name: [column for column, made in form.columns.items() if name in made.reads] + inside.get(name, [])
        for name in dict.fromkeys((*form.raw, *form.spec.fields))
    }
    kept = {*form.spec.also_in_rest, *(set(form.raw) - set(form.spec.fields))}
    rows = []
    for name, columns in sources.items():
        places = [f"`{column}`" for column in columns] + (["`extra`"] if name in kept else [])
        rows.append([f"`{name}`", ", ".join(places)])
    return table(["field", "goes to"], [*rows, ["any other", "`extra`, unchanged"]])


WHOLE: dict[str, Callable[[], str]] = {"command-line.md": command_line, "analyses.md": analyses_page}
PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "dataset.md": {"tables": tables, "actions": actions},
    "formats.md": {
        "formats": known_formats,
        "fields": fields,
        "pages": pages,
        "video": video,
        "coursera fields": ondemand_fields,
        "coursera keys": keys,
        "coursera pages": ondemand_pages_table,
        "edx fields": edx_fields,
        "edx types": edx_types,
        "edx paths": edx_paths,
        "edx kinds": edx_kinds,
    },
}


def rendered() -> Iterator[tuple[Path, str]]:
    """Every page with the text that it should have."""
    for name, write in WHOLE.items():
        yield DOCS / name, write().rstrip("\n") + "\n"
    for name, parts in PARTS.items():
        text = (DOCS / name).read_text()
        for part, write in parts.items():
            text, found = _between(text, part, write())
            if found != 1:
                raise SystemExit(f"{name} should have the marker of '{part}' once, not {found} times.")
        yield DOCS / name, text


def _between(text: str, part: str, body: str) -> tuple[str, int]:
    start, end = f"<!-- generated: {part} -->", "<!-- end -->"
    return re.subn(f"{re.escape(start)}.*?{end}", lambda _: f"{start}\n{body}{end}", text, flags=re.DOTALL)


def walk(page: Path, folder: Path) -> None:
    """Run the `$` lines of a page's console blocks in `folder`, and put after each what it printed.

    Where the page has a line `[…]`, as many lines of the output stay before and after it as the page has there.
    """
    text = re.sub(
        r"(?<=```console\n).*?(?=```)", lambda match: _ran(match[0], folder), page.read_text(), flags=re.DOTALL
    )
    page.write_text(text)


def _ran(block: str, folder: Path) -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "100"}
    shown = []
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *before = piece.rstrip("\n").split("\n")
        done = subprocess.run(  # noqa: S602 - the commands are this project's own documentation
            command,
            shell=True,
            cwd=folder,
            env=environment,
            stdout=-1,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
        if "[…]" in before:
            at = before.index("[…]")
            after = len(before) - at - 1
            lines = [*lines[:at], "[…]", *lines[len(lines) - after :]]
        shown += [f"$ {command}", *lines]
    return "\n".join(shown) + "\n"


def main() -> int:
    """Write, check, or walk."""
    parser = argparse.ArgumentParser(description="The reference pages, written from the code.")
    parser.add_argument("--check", action="store_true", help="only name pages that are out of date; exit 1 if any")
    parser.add_argument(
        "--walk", nargs=2, type=Path, metavar=("PAGE", "DIR"), help="run a page's console blocks in DIR"
    )
    asked = parser.parse_args()
    if asked.walk:
        page, folder = asked.walk
        if any(folder.iterdir()):
            parser.error(f"{folder} is not empty.")
        walk(page, folder)
        return 0
    stale = [(path, text) for path, text in rendered() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        print(f"{path.name} {'is out of date: run python docs/generate.py' if asked.check else 'written'}")  # noqa: T201
        if not asked.check:
            path.write_text(text)
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
