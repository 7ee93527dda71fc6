"""The command line: data on stdout, talk on stderr, an exit code for every kind of end, and never a traceback."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import click
import pyarrow.parquet as parquet
import pytest
from click.testing import CliRunner

import coursetrail as ct
from coursetrail.analyses import ALL
from coursetrail.cli.main import cli, main
from coursetrail.simulate import simulate
from support.commands import Ran, coursetrail, on_terminal, refused
from support.exports import line

pytestmark = pytest.mark.slow

ESCAPE = "\x1b[31m"
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export, its dataset, and things that are neither."""
    folder = tmp_path_factory.mktemp("cli")
    simulate(folder / "x.gz", learners=40, events=3_000, dirty=0.02, seed=2)
    ct.ingest(folder / "course", [folder / "x.gz"], max_rejects="10%")
    (folder / "folder").mkdir()
    (folder / "empty").write_bytes(b"")
    (folder / "notes").write_text("Dear diary,\n")
    (folder / "binary").write_bytes(bytes(range(256)) * 20)
    shutil.copytree(folder / "course", folder / "newer")
    log = folder / "newer" / "events" / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('\\"layout\\": 2', '\\"layout\\": 99'))
    shutil.copytree(folder / "course", folder / "half")
    shutil.rmtree(folder / "half" / "events")
    (folder / "half" / "_newest").unlink()
    return folder


COMMANDS = list(cli.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_commands_help_has_an_example_and_help_for_every_option(command):
    shown = CliRunner().invoke(cli, [command, "--help"])
    assert shown.exit_code == 0
    assert f"coursetrail {command} " in shown.output.replace("\n", " ")[len(f"Usage: coursetrail {command} ") :] + " "
    assert re.search(rf"^ {{4,}}(.*\| )?coursetrail {command}\b", shown.output, re.MULTILINE)
    for parameter in cli.commands[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_help_lists_every_command_with_a_whole_sentence():
    shown = CliRunner().invoke(cli, ["--help"]).output
    for command in COMMANDS:
        assert re.search(rf"^  {command} +[A-Z].*[.]$", shown, re.MULTILINE), command
    assert "Exit codes:" in shown


def test_version_is_the_packages():
    from importlib.metadata import version

    ran = coursetrail("--version")
    assert (ran.code, ran.out.decode()) == (0, f"coursetrail {version('coursetrail')}\n")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("ingest new absent.gz", 3, "absent.gz: no such file"),
        ("ingest new folder", 3, "folder: no export in it"),
        ("ingest new fold*", 3, "fold*: no export in it"),
        ("ingest new x.gz/y", 3, "x.gz/y: Not a directory"),
        ("ingest new empty", 3, "empty is empty (0 bytes)"),
        ("ingest new notes", 3, "no line at its beginning looks like a clickstream"),
        ("ingest new binary", 3, "no line at its beginning looks like a clickstream"),
        ("ingest new -", 3, "standard input is empty"),
        ("ingest new /dev/null", 3, "is empty"),
        ("ingest new notes/x", 3, "notes/x: Not a directory"),
        ("ingest new notes --format coursera-legacy", 3, "none of its 1 lines can be read as coursera-legacy"),
        ("ingest new x.gz --format coursera-legcy", 2, "Did you mean 'coursera-legacy'?"),
        ("ingest new x.gz --max-rejects lots", 2, "Try 100 or 2%"),
        ("ingest x.gz x.gz", 2, "a dataset is a folder"),
        ("ingest notes/new x.gz", 6, "cannot write"),
        ("ingest new", 2, "Name at least one export"),
        ("status absent", 5, "no dataset here"),
        ("status folder", 5, "no dataset here"),
        ("status notes", 5, "no dataset here"),
        ("status half", 5, "no ingest was completed"),
        ("status newer", 5, "Upgrade"),
        ("analyze newer", 5, "Upgrade"),
        ("analyze course browers", 2, "Did you mean 'browsers'?"),
        ("analyze course xyz", 2, "Known: browsers"),
        ("plot course xyz -o out", 2, "Known: browsers"),
        ("analyz course", 2, "Did you mean 'analyze'?"),
        ("nonsense", 2, "Known: report, ingest"),
        ("analyze course --from 2013-02-30", 2, "write it like 2013-08-01"),
        ("analyze course --from yesterday", 2, "write it like 2013-08-01"),
        ("analyze course --from 2013-08-02 --to 2013-08-02", 2, "try a later --to"),
        ("analyze course --from 2013-08-03 --to 2013-08-02", 2, "try a later --to"),
        ("analyze course --device toaster", 2, "There are: "),
        ("analyze course --language klingon", 2, "There are: "),
        ("analyze course --course psy-2", 2, "There are: psy-001"),
        ("analyze course --clicks some", 2, "'deliberate', 'all'"),
        ("analyze course --nonsense", 2, "No such option"),
        ("analyze course --format csv", 2, "name one analysis"),
        ("analyze course --format xls", 2, "'table', 'csv', 'excel', 'json', 'parquet'"),
        ("analyze course -o notes", 2, "notes is a file; -o takes a folder"),
        ("analyze course -o notes/deep", 2, "notes is a file; -o takes a folder"),
        ("analyze course -o /proc/new", 6, "/proc/new cannot be written"),
        ("report x.gz -o notes --max-rejects 10%", 2, "notes is a file"),
        ("report course -o hdfs://:1/x", 2, "hdfs://:1/x is no address"),
        ("plot course -o notes", 2, "notes is a file; -o takes a folder"),
        ("demo -o hdfs://nn:9000/out", 2, "a path of this machine"),
        ("simulate hdfs://nn:9000/x.gz", 2, "a path of this machine"),
        ("simulate x.csv --truth s3://bucket/truth.json", 2, "a path of this machine"),
        ("convert x.gz s3://bucket/x.csv", 2, "a path of this machine"),
        ("report x.gz", 2, "Missing option '-o'"),
        ("convert x.gz out.txt", 2, ".csv, .csv.gz, .parquet"),
        ("convert x.gz out.csv --columns ,", 2, "distinct names"),
        ("convert x.gz out.csv --columns key,key", 2, "distinct names"),
        (
            "convert x.gz absent/out.csv --max-rejects 10%",
            6,
            "its folder is not there. Make it first",
        ),
        ("convert x.gz out.csv --max-rejects 0", 4, "could not be read"),
        ("convert notes out.csv", 3, "looks like a clickstream"),
        (
            "simulate absent/x.gz --events 10 --learners 2",
            6,
            "x.gz: cannot write (No such file or directory). Make its folder",
        ),
        ("simulate folder --events 10 --learners 2", 6, "folder"),
        ("simulate x.csv --events -1", 2, "--events"),
        ("simulate course --events 10 --learners 2 --format coursera", 6, "course"),
        ("simulate x --format oulad", 2, "'coursera-legacy', 'coursera', 'edx'"),
        ("demo -o notes", 6, "notes"),
    ],
)
def test_a_call_that_cannot_be_met_is_one_clear_line(here, monkeypatch, capfdbinary, words, code, says):
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(SystemExit) as end:
        main(words.split())
    out, told = capfdbinary.readouterr()
    refused(Ran(end.value.code, out, told.decode()), code, says)
    assert not (here / "new").exists()
    assert not list(here.glob("out*"))
    assert not list(here.glob(".coursetrail-*"))
    assert not [*here.glob("hdfs:"), *here.glob("s3:")]


@pytest.mark.parametrize("command", ["analyze", "plot", "report"])
def test_where_answers_go_is_asked_before_anything_is_counted(here, monkeypatch, command):
    """A dataset whose events are damaged cannot be counted: what is told is about the folder all the same."""
    monkeypatch.chdir(here)
    shutil.copytree("course", "lost")
    for part in Path("lost/events").glob("*.parquet"):
        part.write_bytes(part.read_bytes()[::-1])
    try:
        refused(coursetrail(command, "lost", "-o", "out"), 5, "this part of the dataset is damaged")
        refused(coursetrail(command, "lost", "-o", "notes"), 2, "notes is a file")
    finally:
        shutil.rmtree("lost")


def test_a_course_can_be_simulated_as_a_folder_of_days(tmp_path):
    ran = coursetrail("simulate", tmp_path / "days", "--format", "coursera", "--learners", 5, "--events", 300)
    size = sum(file.stat().st_size for file in (tmp_path / "days").glob("*.csv.gz"))
    assert (ran.code, ran.told.splitlines()[-1]) == (0, f"{tmp_path}/days: 300 lines, {size:,} bytes")


def test_a_call_without_words_shows_the_help():
    ran = coursetrail()
    assert ran.code == 2
    assert "Start here:" in ran.told


def test_debug_shows_the_traceback_and_keeps_the_exit_code(here):
    ran = coursetrail("--debug", "status", "absent", folder=here)
    assert ran.code == 5
    assert "Traceback" in ran.told
    assert ran.told.splitlines()[-1].startswith("Error: absent: no dataset here")


# stdout and stderr


def test_data_is_on_stdout_and_talk_on_stderr(here, tmp_path):
    for words in ("status course", "analyze course", "analyses", "sql course 'select 1'", "analyze course --sql"):
        ran = coursetrail(*[word.strip("'") for word in re.findall(r"'[^']*'|\S+", words)], folder=here)
        assert (ran.code, ran.told) == (0, ""), words
        assert ran.out
    for words in (
        ("ingest", tmp_path / "d", "x.gz", "--max-rejects", "10%"),
        ("convert", "x.gz", tmp_path / "x.csv", "--max-rejects", "10%"),
        ("report", "x.gz", "-o", tmp_path / "r", "--max-rejects", "10%"),
        ("plot", "course", "browsers", "-o", tmp_path / "p"),
        ("analyze", "course", "-o", tmp_path / "t"),
    ):
        ran = coursetrail(*words, folder=here)
        assert (ran.code, ran.out) == (0, b""), ran.told
        assert ran.told
        assert "leaked" not in ran.told  # what nanobind prints when a function outlives the interpreter
        assert "Warning" not in ran.told


def test_functions_that_fail_in_the_middle_leak_nothing(here, tmp_path):
    bad = tmp_path / "bad"
    bad.write_bytes(line() * 3 + b"junk\n" * 3)
    refused(coursetrail("ingest", tmp_path / "d", bad, "--max-rejects", "0"), 4, "could not be read")


def test_ingest_tells_the_ledger_and_that_a_second_time_changes_nothing(here, tmp_path):
    words = ("ingest", tmp_path / "d", here / "x.gz", "--max-rejects", "10%")
    source = ct.open(here / "course").sources.to_pylist()[0]
    first = coursetrail(*words)
    assert (
        f"{source['lines']:,} lines = {source['events']:,} events + {source['duplicates']:,} duplicates "
        f"+ {source['rejected']:,} rejected + {source['blank']:,} blank"
    ) in first.told
    second = coursetrail(*words)
    assert (second.code, second.out) == (0, b"")
    assert "nothing to do" in second.told


def test_a_cut_export_is_warned_of(tmp_path):
    packed = gzip.compress(b"".join(line(n=n * 7919 % 10007) for n in range(3_000)))
    (tmp_path / "cut.gz").write_bytes(packed[:-100])
    ran = coursetrail("ingest", tmp_path / "d", tmp_path / "cut.gz")
    assert ran.code == 0
    assert "cut off" in ran.told


@pytest.mark.parametrize("words", ["analyses", "status course", "sql course 'select * from events'", "analyze --help"])
def test_a_closed_pipe_is_no_error(here, words):
    start = f"{sys.executable} -c 'from coursetrail.cli.main import main; main()' "
    quoted = words.replace("'", '"')
    for reader in ("head -1", "true"):
        text = f"set -o pipefail; {start} {quoted} | {reader}"
        done = subprocess.run(["bash", "-c", text], capture_output=True, check=False, cwd=here)
        assert (done.returncode, done.stderr) == (0, b"")


def test_an_error_keeps_its_code_when_nobody_listens(here):
    text = f"set -o pipefail; {sys.executable} -m coursetrail status absent 2>&1 | true"
    assert subprocess.run(["bash", "-c", text], check=False, cwd=here).returncode == 5


@pytest.mark.parametrize(("into", "says"), [("> /dev/full", "No space left"), (">&-", "nowhere to print")])
def test_an_output_that_takes_nothing_is_one_clear_line(here, into, says):
    text = f"{sys.executable} -c 'from coursetrail.cli.main import main; main()' status course {into}"
    done = subprocess.run(["bash", "-c", text], capture_output=True, check=False, cwd=here)
    refused(Ran(done.returncode, done.stdout, done.stderr.decode()), 6, says)


def test_a_closed_standard_error_is_no_error(here, tmp_path):
    (tmp_path / "e.json").write_bytes(line())
    text = f"{sys.executable} -c 'from coursetrail.cli.main import main; main()' ingest d e.json 2>&-"
    assert subprocess.run(["bash", "-c", text], check=False, cwd=tmp_path).returncode == 0
    assert coursetrail("status", "d", folder=tmp_path).code == 0


@pytest.mark.parametrize(
    ("error", "says"),
    [(MemoryError(), "not enough memory"), (RuntimeError("can't start new thread"), "no more threads")],
    ids=["memory", "threads"],
)
def test_what_is_scarce_is_no_defect(monkeypatch, capsys, error, says):
    def scarce(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli, "main", scarce)
    with pytest.raises(SystemExit) as ended:
        main(["status", "d"])
    assert ended.value.code == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        (signal.SIGINT, 130, "Stopped. What was committed before is safe."),
        (signal.SIGTERM, -signal.SIGTERM, ""),  # as if nobody had caught it
    ],
)
def test_a_command_that_is_stopped_leaves_everything_as_it_was(here, tmp_path, sent, code, says):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    pipe = subprocess.Popen(
        [sys.executable, "-c", "from coursetrail.cli.main import main; main()", "ingest", tmp_path / "d", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    assert pipe.stdin is not None
    pipe.stdin.write(line())
    pipe.stdin.flush()
    while not list((tmp_path).glob("d/_staging/*/stream-*")):
        assert pipe.poll() is None
        time.sleep(0.01)
    pipe.send_signal(sent)
    _, told = pipe.communicate()
    assert pipe.returncode == code
    assert told.decode().strip() == says
    assert not (tmp_path / "d").exists()
    assert not list(temporary.iterdir())


def test_ctrl_c_while_packages_load_is_no_traceback():
    text = """
        import sys
        from coursetrail.__main__ import main

        class Keyboard:
            def find_spec(self, name, *_):
                if name == "pyarrow":
                    raise KeyboardInterrupt

        sys.meta_path.insert(0, Keyboard())
        main()
    """
    ran = subprocess.run([sys.executable, "-c", dedent(text)], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, b"", b"")


def test_ctrl_c_that_python_wraps_is_ctrl_c(monkeypatch, capsys):
    def stopped(*_: object, **__: object) -> None:
        raise RuntimeError("Error calling __set_name__ on 'cached_property'") from KeyboardInterrupt()

    monkeypatch.setattr(cli, "main", stopped)
    with pytest.raises(SystemExit) as ended:
        main(["status", "d"])
    assert ended.value.code == 130
    assert capsys.readouterr().err == "Stopped. What was committed before is safe.\n"


# Hostile names and data


def test_names_with_control_characters_do_not_reach_the_terminal(tmp_path):
    folder = tmp_path / f"in{ESCAPE}\x07"
    folder.mkdir()
    export = folder / "x\x1b]0;owned\x07\x9b.json"
    export.write_bytes(line() + b"junk\n")
    rans = [
        coursetrail("ingest", tmp_path / "d", export),
        coursetrail("ingest", tmp_path / "d", export, "--max-rejects", "9"),
        coursetrail("ingest", tmp_path / "d", export),
        coursetrail("status", tmp_path / "d"),
        coursetrail("ingest", tmp_path / "d", folder),
        coursetrail("ingest", tmp_path / "d", folder / f"absent{ESCAPE}"),
        coursetrail("ingest", folder / "new", export),
        coursetrail("convert", export, tmp_path / "x.csv", "--max-rejects", "9"),
        coursetrail(f"no{ESCAPE}"),
        coursetrail("analyze", tmp_path / "d", f"no{ESCAPE}"),
        coursetrail("analyze", tmp_path / "d", "--device", f"no{ESCAPE}"),
        coursetrail("analyze", tmp_path / "d", "--from", f"no{ESCAPE}"),
        coursetrail("analyze", tmp_path / "d", f"--no{ESCAPE}"),
        coursetrail("sql", tmp_path / "d", f"select 'a{ESCAPE}' as \"b{ESCAPE}\""),
        coursetrail("sql", tmp_path / "d", f"select {ESCAPE}"),
    ]
    assert [ran.code for ran in rans] == [4, 0, 0, 0, 0, 3, 2, 0, 2, 2, 2, 2, 2, 0, 7]
    for ran in rans:
        assert not CONTROL.search(ran.out + ran.told.encode()), ran


@pytest.mark.parametrize("form", ["table", "json"])
def test_data_with_control_characters_does_not_reach_the_terminal(tmp_path, form):
    course = f"c{ESCAPE}\x9b\u202e"
    (tmp_path / "x").write_bytes(
        line(
            user_agent=f"a{ESCAPE}", username=f"u{ESCAPE}", language=f"x{ESCAPE}", page_url=f"http://class.x/{course}/"
        )
    )
    assert coursetrail("ingest", tmp_path / "d", tmp_path / "x").code == 0
    for words in (
        ("analyze", tmp_path / "d"),
        ("sql", tmp_path / "d", "select * from events"),
        ("status", tmp_path / "d"),
    ):
        ran = coursetrail(*words, "--format", form)
        assert ran.code == 0
        assert not CONTROL.search(ran.out)
        assert "\u202e" not in ran.out.decode()


# Tables and other formats


def test_an_answer_is_the_same_in_every_format(here):
    table = ct.open(here / "course").analyze("browsers").table
    texts = {
        form: coursetrail("analyze", "course", "browsers", "--format", form, folder=here).out
        for form in ("csv", "json", "parquet")
    }
    assert parquet.read_table(io.BytesIO(texts["parquet"])).to_pylist() == table.to_pylist()
    assert json.loads(texts["json"])["rows"] == table.to_pylist()
    rows = list(csv.DictReader(io.StringIO(texts["csv"].decode())))
    assert [(row["browser"], int(row["learners"])) for row in rows] == [
        (row["browser"], row["learners"]) for row in table.to_pylist()
    ]


def test_all_answers_as_json_are_one_document(here):
    found = json.loads(coursetrail("analyze", "course", "--format", "json", folder=here).out)
    assert [one["name"] for one in found] == [analysis.name for analysis in ALL]


def test_answers_in_files_are_those_on_stdout(here, tmp_path):
    assert coursetrail("analyze", "course", "-o", tmp_path / "t", folder=here).code == 0
    assert {path.name for path in (tmp_path / "t").iterdir()} == {"about.json", *(f"{one.name}.csv" for one in ALL)}
    for analysis in ALL[:2]:
        shown = coursetrail("analyze", "course", analysis.name, "--format", "csv", folder=here)
        assert (tmp_path / "t" / f"{analysis.name}.csv").read_bytes() == shown.out


def test_the_text_of_an_analysis_runs_as_it_is_printed(here):
    text = coursetrail("analyze", "course", "devices", "--sql", "--without", "bots", folder=here).out.decode()
    with ct.open(here / "course").engine() as engine:
        found = engine.query(text.strip().removesuffix(";"))
    wanted = ct.open(here / "course").analyze("devices", without_bots=True).table
    assert found.to_pylist() == wanted.to_pylist()


def test_sniff_says_what_it_can_when_a_file_among_others_cannot_be_read(here):
    ran = coursetrail("sniff", "x.gz", "empty", "x.gz", "absent", folder=here)
    assert ran.code == 3
    assert ran.told.count("coursera-legacy") >= 2
    assert "Error: empty is empty" in ran.told
    assert "Refused as well: absent: no such file" in ran.told


# convert


def rows(path: Path) -> list[list[str]]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_convert_writes_the_raw_fields_in_the_order_asked_for(tmp_path, ending):
    nasty = 'a,"b"\nc'
    (tmp_path / "x").write_bytes(line(user_agent=nasty, mood="good") + b"\n" + line() + line())
    out = tmp_path / f"x.{ending}"
    ran = coursetrail("convert", tmp_path / "x", out, "--columns", "timestamp,mood,user_agent")
    assert (ran.code, ran.out) == (0, b"")
    assert "3 rows; 0 lines rejected, 1 blank" in ran.told
    if ending == "parquet":
        found = parquet.read_table(out).to_pylist()
        assert [list(map(str, row.values())) for row in found] == [
            ["1375249001234", "good", nasty],
            *[["1375249001234", "None", "Opera/9.80"]] * 2,
        ]
        assert list(found[0]) == ["timestamp", "mood", "user_agent"]
    else:
        assert rows(out) == [
            ["timestamp", "mood", "user_agent"],
            ["1375249001234", "good", nasty],
            *[["1375249001234", "", "Opera/9.80"]] * 2,
        ]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_convert_puts_several_exports_under_each_other(tmp_path, ending):
    for name in "ab":
        (tmp_path / name).write_bytes(b"".join(line(username=f"{name}{n}") for n in range(3)))
    out = tmp_path / f"x.{ending}"
    assert coursetrail("convert", tmp_path / "a", tmp_path / "b", out, "--columns", "username").code == 0
    found = (
        parquet.read_table(out)["username"].to_pylist() if ending == "parquet" else [row[0] for row in rows(out)[1:]]
    )
    assert found == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(tmp_path):
    evil = ["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", "\n=1", "\uff1d1"]
    (tmp_path / "x").write_bytes(b"".join(line(username=text) for text in [*evil, "fine", "1=2"]))
    assert coursetrail("convert", tmp_path / "x", tmp_path / "x.csv", "--columns", "username").code == 0
    disarmed = ["'=1+1", "'+1", "'-1", "'@sum(a1)", "\t'=1", "\r'=1", "\n'=1", "'\uff1d1"]
    assert [row[0] for row in rows(tmp_path / "x.csv")[1:]] == [*disarmed, "fine", "1=2"]


def test_convert_says_which_columns_no_line_has(tmp_path):
    (tmp_path / "x").write_bytes(line(value=None) + line(value=None, mood="good"))
    names = "usernmae,mood,value,username"
    ran = coursetrail("convert", tmp_path / "x", tmp_path / "x.csv", "--columns", names)
    warnings = [text.strip() for text in ran.told.splitlines() if "warning" in text]
    assert ran.code == 0
    assert warnings == [
        "warning: no line has a value for 'usernmae'. Did you mean 'username'?",
        "warning: no line has a value for 'value'.",
    ]


def test_convert_leaves_an_old_file_alone_when_it_fails(tmp_path):
    (tmp_path / "x").write_bytes(line() + b"junk\n")
    (tmp_path / "x.csv").write_text("old")
    refused(coursetrail("convert", tmp_path / "x", tmp_path / "x.csv", "--max-rejects", "0"), 4, "could not be read")
    assert (tmp_path / "x.csv").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"x", "x.csv"}


# sql


@pytest.mark.parametrize(
    "query",
    [
        "copy events to 'out.csv'",
        "copy (select 1) to 'out.csv'",
        "export database 'out'",
        "attach 'out.db'",
        "pragma version",
        "pragma enable_profiling='json'",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "set enable_external_access = true",
        "reset threads",
        "call pragma_version()",
        "create table out as select 1",
        "create view out as select 1",
        "drop view events",
        "insert into sources select * from sources",
        "delete from sources",
        "update sources set lines = 0",
        "with gone as (delete from sources returning *) select * from gone",
        "begin",
        "select 1; select 2",
        "select 1; drop view events",
        "select * from query('select 1; drop view events')",
        "select * from query('copy (select 1) to ''out.csv''')",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from read_text('course/../notes')",
        "select * from read_text('/proc/self/environ')",
        "select * from read_blob('/etc/passwd')",
        "select * from read_json('/etc/passwd')",
        "select * from read_parquet('/etc/passwd')",
        "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
        "select * from '/etc/passwd'",
        "select * from sniff_csv('/etc/passwd')",
        "select * from parquet_metadata('/etc/passwd')",
        "select * from glob('/etc/*')",
        "select getenv('HOME')",
        "select * from engine",
        "selec 1",
        "select * from nowhere",
        "select",
        "",
    ],
)
def test_sql_only_reads_and_only_the_dataset(here, query):
    before = {path: path.stat().st_mtime_ns for path in here.rglob("*")}
    with pytest.raises(ct.QueryError):
        ct.open(here / "course").sql(query)
    assert {path: path.stat().st_mtime_ns for path in here.rglob("*")} == before


@pytest.mark.parametrize(
    "query",
    ["select 1", "select 1;", "with x as (select 1) select * from x", "from events", "describe events", "values (1)"],
)
def test_sql_answers_what_reads(here, query):
    assert ct.open(here / "course").sql(query).num_rows > 0


def test_a_refused_query_is_one_clear_line(here):
    refused(coursetrail("sql", "course", "drop view events", folder=here), 7, "Only one statement that reads")
    refused(
        coursetrail("sql", "course", "select * from read_csv('/etc/passwd')", folder=here),
        7,
        "read_csv is not one of them",
    )
    refused(coursetrail("sql", "course", "selec 1", folder=here), 7, "no SQL")
    refused(coursetrail("sql", "course", "select nothing from events", folder=here), 7, "nothing")


def test_every_table_can_be_asked(here):
    for table in ("events", "agents", "languages", "sources", "rejects"):
        ran = coursetrail("sql", "course", f"select count(*) as n from {table}", "--format", "csv", folder=here)
        assert (ran.code, ran.told) == (0, "")
        assert int(ran.out.split()[1]) > 0


# The whole way


def test_the_demo_makes_a_dataset_and_a_report(tmp_path):
    ran = coursetrail("demo", "-o", tmp_path / "demo", "--learners", 50, "--events", 2_000)
    assert (ran.code, ran.told) == (0, "")
    for part in ("Simulated", "Ingested", "Answered", "Drew", "Next: open"):
        assert part in ran.out.decode()
    assert (tmp_path / "demo" / "report.html").stat().st_size > 10_000
    assert coursetrail("status", tmp_path / "demo" / "dataset").code == 0


UNDECODED = "b\udcff"


@pytest.mark.parametrize(
    "call",
    [
        f"convert x.gz out.csv --columns {UNDECODED}",
        f"analyze course browsers --course {UNDECODED}",
        f"analyze course {UNDECODED}",
        f"analyze course browsers --device {UNDECODED}",
        f"sql course {UNDECODED}",
        f"sql {UNDECODED} x",
        f"status {UNDECODED}",
        f"ingest {UNDECODED} x.gz",
        f"ingest new {UNDECODED}",
        f"ingest new x.gz --format {UNDECODED}",
        f"ingest new x.gz --mapping {UNDECODED}",
        f"demo --out {UNDECODED}",
        f"sniff {UNDECODED}",
        f"{UNDECODED}",
    ],
)
def test_an_argument_that_is_not_utf_8_is_one_clear_line(here, call):
    ran = coursetrail(*call.split(), folder=here)
    assert (ran.code in (2, 3, 5, 6), ran.told.count("\n"), "defect" in ran.told) == (True, 1, False), ran
    assert "b\ufffd" in ran.told


def test_a_file_whose_name_is_not_utf_8_is_read_and_written(tmp_path):
    raw = tmp_path / f"{UNDECODED}.jsonl"
    raw.write_bytes(line())
    assert coursetrail("ingest", tmp_path / "d", raw).code == 0
    assert coursetrail("convert", raw, tmp_path / f"{UNDECODED}.csv").code == 0
    assert coursetrail("analyze", tmp_path / "d", "browsers", "-o", tmp_path / UNDECODED).code == 0
    assert coursetrail("report", tmp_path / "d", "-o", tmp_path / f"{UNDECODED}2").code == 0
    assert (tmp_path / f"{UNDECODED}.csv").is_file()


def test_of_many_known_files_only_the_number_is_printed(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.jsonl").write_bytes(line(username=f"u{number}"))
    files = [tmp_path / f"{number}.jsonl" for number in range(5)]
    coursetrail("ingest", tmp_path / "d", *files)
    again = coursetrail("ingest", tmp_path / "d", *files)
    named = coursetrail("ingest", tmp_path / "d", *files, "--verbose")
    few = coursetrail("ingest", tmp_path / "d", *files[:2])
    assert again.told == "5 files known already (--verbose names them)\n"
    assert [text.partition(":")[0] for text in named.told.splitlines()] == [str(file) for file in files]
    assert few.told.count("nothing to do") == 2


def test_a_link_beside_its_file_is_named_as_it_was_asked_for(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(line())
    (tmp_path / "b.jsonl").symlink_to("a.jsonl")
    coursetrail("ingest", tmp_path / "d", tmp_path / "b.jsonl")
    ran = coursetrail("ingest", tmp_path / "d", tmp_path / "a.jsonl")
    assert ran.told == f"{tmp_path / 'a.jsonl'}: nothing to do, its content is source 1 already\n"


def test_a_filter_that_matches_nothing_names_twenty_values_that_would(tmp_path):
    pages = (line(page_url=f"https://class.coursera.org/c{number:04}-001/wiki/view") for number in range(1000))
    (tmp_path / "x.jsonl").write_bytes(b"".join(pages))
    coursetrail("ingest", tmp_path / "d", tmp_path / "x.jsonl")
    ran = coursetrail("analyze", tmp_path / "d", "browsers", "--course", "x")
    refused(ran, 2, "There are: c0000-001, c0001-001")
    assert ran.told.endswith("c0019-001 and 980 more.\n")


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_on_a_terminal_every_control_character_is_visible(tmp_path, form):
    course = "\x1b[31mred\u202e\x9b\x07"
    (tmp_path / "x.jsonl").write_bytes(line(page_url="https://class.coursera.org/", user_agent=f"{course}/1"))
    raw = tmp_path / f"{course}.jsonl"
    (tmp_path / "x.jsonl").rename(raw)
    query = "select user_agent, uri from events join sources using (source)"
    shown = on_terminal("ingest", tmp_path / "d", raw) + on_terminal("sql", tmp_path / "d", query, "--format", form)
    shown += on_terminal("--debug", "ingest", tmp_path / "d", raw, "--format", f"x{course}")
    assert "Traceback" in shown
    bars = r"\x1b\[(?:\d*(?:;\d+)*[mKA]|\?25[lh])"  # what rich draws its bars with
    plain = re.sub(bars, "", shown.replace("\x1b[31mred", "HOSTILE"))
    assert "HOSTILE" not in plain
    assert not set(plain) & set("\x1b\x9b\x07\u202e")
