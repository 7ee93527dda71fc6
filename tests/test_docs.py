"""The documentation says what the code does: generated, parsed, linked and run."""

import importlib.util
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import click
import pytest

from coursetrail import ANALYSES
from coursetrail.cli.main import cli
from coursetrail.errors import CoursetrailError
from coursetrail.simulate import simulate
from support.simulated import Simulated

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md")),
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "adr").glob("*.md")),
]
COMMANDS = sorted(cli.commands.items())
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(page: Path) -> str:
    """A page as it is called in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    return [body for language, body in FENCE.findall(page.read_text()) if language in languages]


def calls(page: Path) -> Iterator[list[str]]:
    """The words of every `coursetrail …` in a page's shell blocks; comments, pipes and redirections end one."""
    for language, body in FENCE.findall(page.read_text()):
        for line in body.replace("\\\n", " ").splitlines():
            shown = line.removeprefix("$ ") if language == "console" and line.startswith("$ ") else line
            if (language == "console" and shown is line) or language not in ("console", "sh", ""):
                continue
            lexer = shlex.shlex(shown, posix=True, punctuation_chars=";|&<>")
            lexer.whitespace_split = True
            words: list[str] = []
            for word in [*lexer, ";"]:
                if not set(word) <= set(";|&<>"):
                    words.append(word)
                    continue
                if words[:1] == ["coursetrail"]:
                    yield words[1:]
                words = []


def generator() -> ModuleType:
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date() -> None:
    stale = [path.name for path, text in generator().rendered() if path.read_text() != text]
    assert not stale, f"out of date: {stale}; run python docs/generate.py"


def test_the_check_fails_where_a_page_is_out_of_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = generator()
    for name in ("dataset.md", "formats.md"):
        (tmp_path / name).write_text((DOCS / name).read_text())
    monkeypatch.setattr(made, "DOCS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert made.main() == 1
    assert not (tmp_path / "command-line.md").exists()
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert made.main() == 0
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert made.main() == 0


def test_a_walk_puts_in_what_the_commands_print(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n```console\n$ printf '1\\n2\\n3\\n4\\n'\nold\n[…]\nold\n$ echo oh >&2\n```\nafter\n")
    generator().walk(page, tmp_path)
    assert page.read_text() == (
        "before\n```console\n$ printf '1\\n2\\n3\\n4\\n'\n1\n[…]\n4\n$ echo oh >&2\noh\n```\nafter\n"
    )


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_command_has_help_and_an_example(name: str, command: click.Command) -> None:
    text = command.help or ""
    assert text.split("\n")[0].endswith("."), "the first line is a sentence"
    assert re.search(rf"^ +(\S.*\| )?coursetrail {name}\b", text, re.MULTILINE), "help shows how it is called"
    short = command.get_short_help_str(limit=64)
    assert not short.endswith("..."), "the list of commands shows it whole"


@pytest.mark.parametrize(("name", "command"), [("coursetrail", cli), *COMMANDS])
def test_every_option_has_help(name: str, command: click.Command) -> None:
    without = [one.name for one in command.params if isinstance(one, click.Option) and not one.help]
    assert not without


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    page = (DOCS / "command-line.md").read_text()
    assert f"## coursetrail {name}\n" in page
    section = page.partition(f"## coursetrail {name}\n")[2].partition("\n## ")[0]
    for option in (one for one in command.params if isinstance(one, click.Option)):
        for spelling in option.opts:
            assert re.search(rf"(?<![\w-]){re.escape(spelling)}\b", section), spelling


def test_every_exit_code_is_in_the_help_and_on_the_page() -> None:
    def tree(root: type[CoursetrailError]) -> set[int]:
        return {root.exit_code}.union(*map(tree, root.__subclasses__()))

    page = (DOCS / "command-line.md").read_text()
    for code in {0, 70, 130} | tree(CoursetrailError):
        assert re.search(rf"\b{code} [a-z]", cli.help or ""), code
        assert f"\n| {code} | " in page, code


@pytest.mark.parametrize("analysis", ANALYSES, ids=lambda one: one.name)
def test_every_analysis_is_documented(analysis: Any) -> None:
    page = (DOCS / "analyses.md").read_text()
    section = page.partition(f"\n## {analysis.name}\n")[2].partition("\n## ")[0]
    assert analysis.question in section
    assert " ".join(analysis.definition_with().split()) in " ".join(section.split())
    for column in analysis.columns:
        assert f"| `{column}` |" in section
    assert f"`{analysis.name}`" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_line_shown_can_be_parsed(page: Path) -> None:
    parent = click.Context(cli, info_name="coursetrail", **cli.context_settings)
    for words in calls(page):
        if words[:1] == ["--debug"] or not words or words[0] in ("COMMAND", "[OPTIONS]") or "[OPTIONS]" in words:
            continue
        command = cli.commands[words[0]]
        command.make_context(words[0], [word for word in words[1:] if word != "…"], parent=parent)


def test_the_command_lines_are_found() -> None:
    found = {words[0] for page in (ROOT / "README.md", DOCS / "tutorial.md") for words in calls(page)}
    assert {"demo", "report", "ingest", "status", "analyze", "plot", "convert", "analyses", "sql"} <= found


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), target
        if heading:
            assert heading in headings(file), target


def headings(page: Path) -> set[str]:
    """The anchors of a page, as web sites that show markdown make them."""
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


HOSTS = {"delta.io", "keepachangelog.com", "pypi.org", "semver.org"}
"""Where the documentation may link to."""


@pytest.mark.parametrize("page", [*PAGES, DOCS / "generate.py"], ids=named)
def test_no_page_names_a_machine(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"https?://([\w.:-]+)", text)) <= HOSTS
    paths = re.findall(r"""(?:^|(?<=[\s"'`(=]))/[\w.-]+/[\w./-]*""", text, re.MULTILINE)
    assert not [path for path in paths if not path.startswith("/data/")], "only /data/, where outputs are made"


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    pages = [page for page in PAGES if page.is_relative_to(DOCS) and page.name != "README.md"]
    assert not [named(page) for page in pages if f"({page.relative_to(DOCS).as_posix()})" not in index]


def test_the_pictures_are_small_enough_to_load_at_once() -> None:
    pictures = list((DOCS / "images").iterdir())
    assert pictures
    assert not [picture.name for picture in pictures if picture.stat().st_size > 200_000]


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    simulate("psy-001_clickstream_export.gz", learners=60, events=3_000)
    (code,) = blocks(ROOT / "README.md", "python")
    found: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), found)
    assert found["devices"].table.num_rows


def test_the_python_of_the_tutorial_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulated: Simulated) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "dataset").symlink_to(simulated.course.snapshot.location.local)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(DOCS / "tutorial.md", "python")
    found: dict[str, Any] = {}
    exec(compile(code, "tutorial.md", "exec"), found)
    assert found["weeks"].num_rows >= 8


def test_the_dataset_can_be_read_by_others_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulated: Simulated
) -> None:
    (tmp_path / "psy-001").symlink_to(simulated.course.snapshot.location.local)
    monkeypatch.chdir(tmp_path)
    frame, query = blocks(DOCS / "dataset.md", "python")
    found: dict[str, Any] = {}
    exec(compile(frame, "dataset.md", "exec"), found)
    assert len(found["frame"]) == simulated.truth.ledger.events
    exec(compile(query, "dataset.md", "exec"), found)


def test_the_analysis_of_the_guide_counts_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulated: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "psy-001").symlink_to(simulated.course.snapshot.location.local)
    monkeypatch.chdir(tmp_path)
    definition, use = blocks(DOCS / "add-an-analysis.md", "python")
    found: dict[str, Any] = {}
    exec(compile(definition, "add-an-analysis.md", "exec"), found)
    exec(compile(use, "add-an-analysis.md", "exec"), found)
    assert "Learners by part of the course" in capsys.readouterr().out
    (result,) = simulated.course.answers([found["areas"]])
    rows = simulated.course.sql("select learner, area from events where area is distinct from 'admin'").to_pylist()
    visitors: dict[str, set[str]] = {}
    for row in rows:
        if row["learner"] is not None:
            visitors.setdefault(row["area"] or "unknown", set()).add(row["learner"])
    assert {row["area"]: row["learners"] for row in result.table.to_pylist()} == {
        area: len(people) for area, people in visitors.items()
    }
    assert sum(result.table["clicks"].to_pylist()) == simulated.truth.clicks["deliberate"]
    shares = dict(zip(result.table["area"].to_pylist(), result.table["share"].to_pylist(), strict=True))
    assert shares["lecture"] == len(visitors["lecture"]) / simulated.truth.learners
