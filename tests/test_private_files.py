"""What is written is the user's alone, and no one can foresee or redirect where it goes."""

import errno
import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import coursetrail as ct
from coursetrail.engines.duckdb import connect
from coursetrail.filesystem.location import Location
from coursetrail.filesystem.private_folder import private_folder
from support.commands import coursetrail
from support.exports import export, lines
from support.processes import wait_for


def modes(folder: Path) -> set[str]:
    """Modes of the folder and of all that is in it."""
    return {f"{stat.S_IMODE(path.stat().st_mode):03o}" for path in (folder, *folder.rglob("*"))}


def test_datasets_and_outputs_are_the_users_alone(tmp_path):
    export(tmp_path, lines(5))
    assert coursetrail("ingest", "d", "export.json", folder=tmp_path).code == 0
    assert coursetrail("report", "d", "-o", "out", folder=tmp_path).code == 0
    assert coursetrail("convert", "export.json", "x.csv", folder=tmp_path).code == 0
    assert modes(tmp_path / "d") | modes(tmp_path / "out") == {"700", "600"}
    assert modes(tmp_path / "x.csv") == {"600"}


def test_a_group_may_read_them_if_the_user_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSETRAIL_UMASK", "027")
    export(tmp_path, lines(5))
    assert coursetrail("ingest", "d", "export.json", folder=tmp_path).code == 0
    assert modes(tmp_path / "d") == {"750", "640"}


def test_what_is_spilled_goes_into_a_folder_of_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with connect() as engine:
        (mine,) = tmp_path.iterdir()
        assert stat.S_IMODE(mine.stat().st_mode) == 0o700
        assert engine.connection.sql("select current_setting('temp_directory')").fetchall() == [(str(mine),)]
        with connect():
            assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == []


HOLDS = """
from coursetrail.filesystem.private_folder import private_folder
with private_folder() as folder:
    print(folder, flush=True)
    input()
"""


def test_what_a_killed_run_left_goes_with_the_next(tmp_path, monkeypatch):
    """Numbers of processes would not do: they are others in each container, and are used again."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "coursetrail-notes").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "coursetrail-link").symlink_to(tmp_path / "elsewhere")
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", HOLDS],
            env=os.environ | {"TMPDIR": str(tmp_path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    killed, running = (Path(run.stdout.readline().strip()) for run in runs)
    runs[0].kill()
    runs[0].communicate()
    assert killed.is_dir()
    with private_folder():
        pass
    assert {path.name for path in tmp_path.iterdir()} == {
        running.name,
        "coursetrail-notes",
        "coursetrail-link",
        "elsewhere",
    }
    runs[1].communicate("\n")
    assert not running.exists()


def test_what_a_killed_convert_left_beside_its_output_goes_with_the_next(tmp_path):
    export(tmp_path, lines(5))
    runs = []
    for name in ("killed.csv", "running.csv"):
        runs.append(
            subprocess.Popen(
                [sys.executable, "-m", "coursetrail", "convert", "-", name, "--format", "coursera-legacy"],
                stdin=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=tmp_path,
            )
        )
        runs[-1].stdin.write(lines(3))
        runs[-1].stdin.flush()
        wait_for(lambda: len(list(tmp_path.glob(".coursetrail-*/.in-use"))) == len(runs))
        if len(runs) == 1:
            (killed,) = tmp_path.glob(".coursetrail-*")
            left = {*killed.iterdir()}
    runs[0].kill()
    runs[0].communicate()
    assert left
    assert killed.is_dir()
    assert coursetrail("convert", "export.json", "x.csv", folder=tmp_path).code == 0
    (other,) = tmp_path.glob(".coursetrail-*")
    assert other != killed
    runs[1].communicate()
    assert runs[1].returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"export.json", "x.csv", "running.csv"}


def test_where_there_are_no_locks_a_folder_is_used_and_never_taken_from_a_run(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with monkeypatch.context() as without_locks:
        without_locks.setattr("fcntl.flock", refuse)
        first = private_folder()
        mine = first.__enter__()
        with private_folder() as other:
            assert len({mine, other, *tmp_path.iterdir()}) == 2
    with private_folder():  # here are locks, for example those of another machine
        assert mine.is_dir()
    first.__exit__(None, None, None)
    assert not [*tmp_path.iterdir()]


def test_a_planted_link_does_not_lead_a_file_elsewhere(tmp_path, monkeypatch):
    """Were the name of the part foreseen, the file behind the link would still not be written."""
    monkeypatch.setattr("coursetrail.filesystem.location.uuid4", lambda: type("Known", (), {"hex": "known"}))
    victim = tmp_path / "victim"
    victim.write_text("old")
    (tmp_path / ".x.csv.known.part").symlink_to(victim)
    with suppress(OSError):
        Location.of(tmp_path / "x.csv").write(b"new")
    assert victim.read_text() == "old"


def test_a_dataset_of_a_program_has_the_modes_that_the_program_wants(tmp_path):
    before = os.umask(0o022)
    try:
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(2))])
    finally:
        os.umask(before)
    assert "755" in modes(tmp_path / "d")
