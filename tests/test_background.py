"""A second process parses user agents: the same answers, whatever becomes of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.ingestion import job
from coursetrail.lookups import background
from coursetrail.lookups.agents import parse_agents
from coursetrail.lookups.background import BackgroundParser
from support.exports import contents, export, line
from support.processes import wait_for

TEXTS = [
    "Mozilla/5.0 (Windows NT 6.1; rv:25.0) Gecko/20100101 Firefox/25.0",
    "Mozilla/5.0 (iPad; CPU OS 7_0_4 like Mac OS X) AppleWebKit/537.51.1 (KHTML, like Gecko) Version/7.0 Mobile",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "Opera/9.80 (Windows NT 6.0) Presto/2.12.388 Version/12.14",
    "日本語 ☃",
    "",
]


def gone(number: int) -> bool:
    """Whether there is no such process, or only what is left of it until somebody asks how it ended."""
    status = Path(f"/proc/{number}/status")
    return not status.exists() or "Z (zombie)" in status.read_text()


def the_process_of(user: int) -> int:
    """The process that parses for that one. Linux lists children without a lock, so it may miss one at first."""
    until = time.monotonic() + 60
    while True:
        tasks = [each.read_text().split() for each in Path(f"/proc/{user}/task").glob("*/children")]
        commands = {int(child): Path(f"/proc/{child}/cmdline") for task in tasks for child in task}
        found = [
            child
            for child, command in commands.items()
            if command.exists() and b"coursetrail.lookups.background" in command.read_bytes()
        ]
        if len(found) == 1:
            return found[0]
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_the_answers_are_those_of_this_process_in_the_order_asked_for():
    with BackgroundParser() as parser:
        parser.begin(TEXTS[:2])
        parser.begin(TEXTS[1:4])
        table = parser.parse(list(reversed(TEXTS)))
    assert table.equals(parse_agents(reversed(TEXTS)))


def test_what_was_met_is_not_parsed_here(monkeypatch):
    here = []
    monkeypatch.setattr(background, "parse_agents", lambda texts: here.extend(texts) or parse_agents(here))
    with BackgroundParser() as parser:
        parser.begin(TEXTS[:4])
        parser.parse(TEXTS)
    assert here == TEXTS[4:]


def test_nothing_asked_gives_an_empty_table():
    with BackgroundParser() as parser:
        assert parser.parse([]).equals(parse_agents([]))


@pytest.mark.parametrize("before", [True, False])
def test_a_process_that_is_killed_costs_time_not_answers(before):
    with BackgroundParser() as parser:
        if before:
            parser.begin(TEXTS[:2])
        os.kill(the_process_of(os.getpid()), signal.SIGKILL)
        parser.begin(TEXTS[2:4])
        assert parser.parse(TEXTS).equals(parse_agents(TEXTS))


def test_where_no_process_can_be_started_all_is_parsed_here(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with BackgroundParser() as parser:
        parser.begin(TEXTS[:2])
        assert parser.parse(TEXTS).equals(parse_agents(TEXTS))


@pytest.mark.parametrize("words", ["Loading company settings", "cuda available", "INFO: x", "I1\\n.", "]."])
def test_what_else_is_printed_into_the_pipe_costs_time_not_answers(tmp_path, monkeypatch, words):
    (tmp_path / "sitecustomize.py").write_text(f"print({words!r})")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    with BackgroundParser() as parser:
        parser.begin(TEXTS)
        assert parser.parse(TEXTS).equals(parse_agents(TEXTS))


def test_answers_of_another_parser_do_not_count(monkeypatch):
    here = []
    monkeypatch.setattr(background, "PARSER", "a later one")
    monkeypatch.setattr(background, "parse_agents", lambda texts: here.extend(texts) or parse_agents(here))
    with BackgroundParser() as parser:
        parser.begin(TEXTS)
        assert parser.parse(TEXTS).equals(parse_agents(TEXTS))
    assert here == TEXTS


def test_nothing_is_imported_from_the_folder_one_is_in(tmp_path, monkeypatch):
    for name in ("coursetrail", "regex", "pickle"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'trapped')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with BackgroundParser() as parser:
        parser.begin(TEXTS)
        assert parser.parse(TEXTS).equals(parse_agents(TEXTS))
    assert not (tmp_path / "trapped").exists()


def test_the_process_ends_with_its_user():
    with BackgroundParser():
        number = the_process_of(os.getpid())
        assert not gone(number)
    assert gone(number)


def test_the_process_ends_when_its_user_is_killed():
    code = "from coursetrail.lookups.background import *; BackgroundParser().__enter__(); print(flush=True); input()"
    user = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    user.stdout.readline()
    number = the_process_of(user.pid)
    assert not gone(number)
    user.kill()
    user.communicate()
    wait_for(lambda: gone(number))


def test_a_large_first_export_is_looked_up_aside_with_the_same_numbers(tmp_path, monkeypatch):
    rows = [line(n=number, user_agent=text, language="de") for number, text in enumerate(TEXTS * 3)]
    file = export(tmp_path, *rows)
    ct.ingest(tmp_path / "alone", [file])
    used = []
    monkeypatch.setattr(job, "LARGE", 1)
    monkeypatch.setattr(
        BackgroundParser,
        "parse",
        lambda self, texts, ask=BackgroundParser.parse: used.append(texts) or ask(self, texts),
    )
    ct.ingest(tmp_path / "aside", [file])
    assert used == [sorted(TEXTS)]
    assert contents(tmp_path / "aside") == contents(tmp_path / "alone")
    more = export(tmp_path, line(n=1000, user_agent="Lynx/2.8"), name="more.json")
    ct.ingest(tmp_path / "aside", [more])
    assert len(used) == 1  # what the dataset has is not parsed again, and little is parsed here
    agents = ct.open(tmp_path / "aside").sql("select user_agent from agents order by 1")["user_agent"].to_pylist()
    assert agents == sorted([*TEXTS, "Lynx/2.8"])
