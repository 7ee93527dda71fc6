"""Nothing is lost and nothing counts twice, whatever is killed, vanishes, is full, damaged or misdated."""

import errno
import json
import os
import pty
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deltalake import DeltaTable

import coursetrail as ct
from coursetrail.cli import ingest as ingesting
from coursetrail.cli import main
from coursetrail.dataset import commit, maintenance
from coursetrail.dataset.manifest import Manifest
from coursetrail.dataset.staging import StagingArea
from coursetrail.filesystem.location import Location
from coursetrail.ingestion import job
from coursetrail.ingestion.inputs import Input, Opener
from coursetrail.progress import Silent
from coursetrail.reading import lines as blocks
from support.exports import contents, export, grown, ledger, line, lines
from support.forks import FORKS
from support.happenings import (
    JUNK,
    before_exchange,
    before_growth,
    before_ingest,
    compact,
    copied,
    read_all,
    seen,
    several,
    whole,
)
from support.kills import begin

pytestmark = pytest.mark.slow


def told(capfd: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[str]]:
    """The exit code of a command, and the lines that it said; none of them a traceback or a library's warning."""
    capfd.readouterr()
    with pytest.raises(SystemExit) as end:
        main.main([str(word) for word in words])
    said = capfd.readouterr().err
    for slip in ("Traceback", "defect", "Warning", "panicked"):
        assert slip not in said
    return end.value.code or 0, said.splitlines()


# Read errors


class Meanwhile(Silent):
    """Does something once, when a step of that name has begun, or has come so far."""

    def __init__(self, name: str, act: Callable[[], None], so_far: int = 0) -> None:
        self.name, self.act, self.so_far, self.now = name, act, so_far, ""
        self.done = False

    @contextmanager
    def step(self, name: str, total: int | None = None, unit: str = "bytes") -> Iterator[Silent]:
        self.now = name
        self.advance(0)
        with super().step(name, total, unit):
            yield self

    def advance(self, amount: int) -> None:
        if self.now.startswith(self.name) and not self.done:
            self.so_far -= amount
            if self.so_far <= 0:
                self.done = True
                self.act()


def test_a_file_that_vanishes_is_one_clear_error_and_the_others_are_read(tmp_path):
    files = several(tmp_path, count=3)
    gone = Meanwhile("Reading f0", files[1].unlink)
    with pytest.raises(ct.InputError, match=r"f1: no such file"):
        ct.ingest(tmp_path / "d", files, progress=gone, **JUNK)
    assert len(ledger(tmp_path / "d")) == 2
    several(tmp_path, count=3)
    ct.ingest(tmp_path / "d", files, **JUNK)
    assert len(ledger(tmp_path / "d")) == 3


@pytest.mark.parametrize("when", ["it was recognised", "its digest was compared"])
def test_a_file_that_vanishes_after(tmp_path, monkeypatch, when):
    files = several(tmp_path, count=3)
    ready = Opener.ready

    def ready_and_gone(opener: Opener, found: Input) -> Any:
        file = ready(opener, found)
        if file.location.name == "f1":
            files[1].unlink()
        return file

    (tmp_path / "more").mkdir()
    more = several(tmp_path / "more", count=1)
    if when == "it was recognised":
        monkeypatch.setattr(Opener, "ready", ready_and_gone)
        gone = None
    else:  # a file with another content, and of the same size as one that is known
        ct.ingest(tmp_path / "d", more, **JUNK)
        files[1].write_bytes(more[0].read_bytes().replace(b"wiki", b"quiz"))
        gone = Meanwhile("Checking f1", files[1].unlink, so_far=1)
    with pytest.raises(ct.InputError, match=r"f1: No such file"):
        ct.ingest(tmp_path / "d", files, progress=gone, **JUNK)
    assert len(ct.open(tmp_path / "d").sources) >= 2


@pytest.mark.parametrize("change", ["truncated", "written over", "gone"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    monkeypatch.setattr(blocks, "BLOCK", 1 << 16)
    data = lines(20_000) + lines(10)
    file = export(tmp_path, data)

    def act() -> None:
        if change == "truncated":
            os.truncate(file, 200_000)
        elif change == "written over":
            file.write_bytes(lines(20_000, 50_000) + lines(10, 60_000))
        else:
            file.unlink()

    with pytest.raises(ct.InputError, match=r"while it was read|No such file"):
        ct.ingest(tmp_path / "d", [file], progress=Meanwhile("Reading", act, so_far=1 << 18))
    assert not (tmp_path / "d").exists()
    file.write_bytes(data)
    ct.ingest(tmp_path / "d", [file])
    assert ledger(tmp_path / "d") == [(20_010, 20_000, 10, 0, 0)]


def test_a_file_that_grows_while_it_is_read_is_counted_once(tmp_path):
    file = export(tmp_path, lines(500), line(n=3))

    def act() -> None:
        with file.open("ab") as live:
            live.write(line(n=4) + lines(50, 500))

    for _ in range(2):
        ct.ingest(tmp_path / "d", [file], progress=Meanwhile("Reading", act, so_far=1))
        ct.ingest(tmp_path / "d", [file])
    numbers = ct.open(tmp_path / "d").sql("select cast(json_extract(extra, '$.n') as int) as n from events order by n")
    assert numbers["n"].to_pylist() == list(range(550))


@pytest.mark.parametrize("at", [0, 1 << 18])
def test_a_disk_that_cannot_be_read_is_one_clear_error(tmp_path, monkeypatch, capfd, at):
    """Of the file itself, wherever in it, and in the second pass that looks for duplicates."""
    monkeypatch.setattr(blocks, "BLOCK", 1 << 16)
    file, data = tmp_path / "export.json", lines(20_000) + lines(10)
    file.write_bytes(data)
    opened = Location.open

    class Scratched:
        closed = False

        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def readinto(self, space: memoryview) -> int:
            if self.stream.tell() >= at:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return int(self.stream.readinto(space))

        def close(self) -> None:
            self.stream.close()

    for good in range(9):  # times that it opens well: to be recognised, read, and read again
        count = iter(range(9))
        with monkeypatch.context() as dying:
            dying.setattr(
                Location,
                "open",
                lambda place, begin=0, count=count, good=good: (
                    Scratched(opened(place, begin))
                    if place.name == file.name and next(count) >= good
                    else opened(place, begin)
                ),
            )
            code, said = told(capfd, "ingest", tmp_path / "d", file)
        if code == 0:
            break
        assert (code, len(said)) == (3, 1)
        assert "Input/output error" in said[0]
        assert not (tmp_path / "d").exists()
    assert good == 3
    assert code == 0
    assert ledger(tmp_path / "d") == [(20_010, 20_000, 10, 0, 0)]


def test_standard_input_that_fails_in_the_middle_is_one_clear_error(tmp_path):
    main, other = pty.openpty()
    os.write(other, lines(3))
    os.close(other)  # then reading goes on to the end of what was written, and fails
    words = [sys.executable, "-m", "coursetrail", "ingest", tmp_path / "d", "-"]
    done = subprocess.run(words, stdin=main, capture_output=True, check=False)
    os.close(main)
    assert (done.returncode, done.stderr) == (
        3,
        b"Error: standard input: Input/output error. Check the path and its permissions.\n",
    )
    assert not (tmp_path / "d").exists()


def test_standard_input_that_is_closed_is_one_clear_error(tmp_path):
    command = f'"{sys.executable}" -m coursetrail ingest "{tmp_path}/d" - <&-'
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert not (tmp_path / "d").exists()


def test_a_pipe_whose_writer_dies_is_read_as_far_as_it_came_and_on_from_there(tmp_path):
    pipe, data = tmp_path / "pipe", lines(50)
    os.mkfifo(pipe)
    for part in (data[:-20], data):  # half a line is no event, until it is whole
        writer = threading.Thread(target=pipe.write_bytes, args=(part,))
        writer.start()
        ct.ingest(tmp_path / "d", [pipe], **JUNK)
        writer.join()
    assert ledger(tmp_path / "d") == [(50, 49, 0, 0, 0), (1, 1, 0, 0, 0)]
    assert whole(tmp_path / "d") == 50


@pytest.mark.parametrize("step", ["Reading", "Looking up agents", "Looking up languages"])
def test_a_dataset_whose_folder_vanishes_is_one_clear_error(tmp_path, monkeypatch, capfd, step):
    first, file = several(tmp_path, count=2)
    ct.ingest(tmp_path / "d", [first], **JUNK)
    gone = Meanwhile(step, lambda: shutil.rmtree(tmp_path / "d"))
    monkeypatch.setattr(ingesting, "on_terminal", lambda: gone)
    code, said = told(capfd, "ingest", tmp_path / "d", file, "--max-rejects", "50%")
    assert gone.done
    assert (code, len(said)) == (6, 1), said
    ct.ingest(tmp_path / "d", [first, file], **JUNK)
    assert len(ledger(tmp_path / "d")) == 2
    assert whole(tmp_path / "d") == 60


def test_an_outcome_is_told_only_when_it_is_certain(tmp_path, monkeypatch):
    files = several(tmp_path)
    outcomes: list[Any] = []

    def refuse(*_: Any, **__: Any) -> None:
        raise ct.StorageError("cannot write")

    monkeypatch.setattr(commit, "commit", refuse)
    with pytest.raises(ct.StorageError):
        ct.ingest(tmp_path / "d", files, on_outcome=outcomes.append, **JUNK)
    assert outcomes == []


# Several at once


@contextmanager
def unlocked(place: Location, progress: Any) -> Iterator[StagingArea]:
    """The stage as it is in a cluster."""
    del progress
    assert place.local
    mine = place.local / "_staging" / uuid4().hex
    mine.mkdir(parents=True)
    yield StagingArea(mine, Location.of(mine))
    shutil.rmtree(mine)


def without_lock(act: Callable[[Path], None], folder: Path) -> None:
    job.staging = maintenance.staging = unlocked  # type: ignore[assignment]
    try:
        act(folder)
    except ct.StorageError as error:
        sys.exit(6 if "run this again" in str(error) else 1)


class Reads:
    """An ingest of these files, as it can be sent to another process."""

    def __init__(self, *names: str, replace: bool = True) -> None:
        self.names, self.replace = names, replace

    def __call__(self, folder: Path) -> None:
        ct.ingest(folder / "d", [folder / name for name in self.names], replace=self.replace, **JUNK)


PAIRS = {
    "different files": (before_ingest, Reads("f0", "f1"), Reads("f2", "f3")),
    "the same file": (before_ingest, Reads("f0", "f1"), Reads("f0", "f1")),
    "the same growth": (before_growth, Reads("f0", "f1"), Reads("f1", "f0")),
    "one replaces, one grows": (before_growth, Reads("changed", "f0"), Reads("f1", "f0")),
    "both replace": (before_exchange, Reads("f0"), Reads("f0", "f1")),
    "one compacts": (before_growth, Reads("f0", "f1"), compact),
}


def prepared(folder: Path, before: Callable[[Path], None]) -> Path:
    folder.mkdir()
    before(folder)
    ct.ingest(folder / "d", [export(folder, lines(5, 8_000), name="changed")])
    grown(folder, lines(6, 8_100), name="changed")
    return folder


def unordered(dataset: Path) -> dict[str, Any]:
    """Which of two runs was first, the order of sources tells."""
    found = contents(dataset)
    for answer in found.pop("answers").values():
        assert answer is not None
    return {**found, "ledger": sorted(found["ledger"])}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_at_once_give_what_one_after_the_other_gives(tmp_path, pair):
    before, one, other = PAIRS[pair]
    copied(prepared(tmp_path / "x", before), tmp_path / "before")
    for act in (one, other):
        act(tmp_path / "x")
    expected = unordered(tmp_path / "x" / "d")
    folder = copied(tmp_path / "before", tmp_path / "x")
    children = [begin(act, folder) for act in (one, other)]
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    assert unordered(folder / "d") == expected
    assert not (folder / "d" / "_staging").exists()
    folder = copied(tmp_path / "before", tmp_path / "x")
    # A run of two commits may come between those of the other: then both lose, nothing is lost, and both are told.
    for _ in range(10):
        children = [FORKS.Process(target=without_lock, args=(act, folder)) for act in (one, other)]
        for child in children:
            child.start()
        for child in children:
            child.join()
        codes = [child.exitcode for child in children]
        assert set(codes) <= {0, 6}
        assert whole(folder / "d")
        if 0 in codes:
            break
    assert 0 in codes
    for act in (one, other):
        act(folder)
    assert unordered(folder / "d") == expected


@pytest.mark.parametrize("step", ["sources", "events"])
@pytest.mark.parametrize("pair", PAIRS)
def test_without_a_lock_the_faster_wins_and_the_slower_says_so(tmp_path, monkeypatch, pair, step):
    """The other run comes and goes while this one is about to write that table."""
    before, one, other = PAIRS[pair]
    folder = prepared(tmp_path / "x", before)
    copied(folder, tmp_path / "before")
    for act in (other, one):
        act(folder)
    expected = unordered(folder / "d")
    copied(tmp_path / "before", folder)
    for module in (job, maintenance):
        monkeypatch.setattr(module, "staging", unlocked)
    waiting = [other]

    def slowed(written: Callable[..., Any]) -> Callable[..., Any]:
        def write(place: Location, *words: Any, **more: Any) -> Any:
            table = words[0] if isinstance(words[0], str) else "events"
            if table == step and waiting:
                waiting.pop()(folder)
            return written(place, *words, **more)

        return write

    for name in ("append", "commit", "exchange"):
        monkeypatch.setattr(commit, name, slowed(getattr(commit, name)))
    with pytest.raises(ct.StorageError, match="another run changed the dataset at the same moment; run this again"):
        one(folder)
    assert not waiting
    assert whole(folder / "d")
    one(folder)
    assert unordered(folder / "d") == expected


# Readers


def test_readers_see_one_version_whatever_happens_meanwhile(tmp_path):
    before_ingest(tmp_path)
    opened = ct.open(tmp_path / "d")
    states = {whole(tmp_path / "d")}
    found = set()
    for act in (read_all, compact, read_all):
        writer = begin(act, tmp_path)
        while writer.is_alive():
            found.add(whole(tmp_path / "d"))
        writer.join()
        assert writer.exitcode == 0
        for n in range(2):
            grown(tmp_path, lines(7, 9_000 + 50 * n), name=f"f{n}")
    for version in range(ct.open(tmp_path / "d").snapshot.version + 1):
        states.add(ct.open(tmp_path / "d", as_of=version).sql("select count(*) as n from events")["n"][0].as_py())
    assert found <= states
    assert len(found) > 1
    assert opened.sql("select count(*) as n from events")["n"].to_pylist() == [9]


# Clocks


def misdate(dataset: Path, days: int) -> None:
    """Commits and files as of a clock that went wrong by so many days."""
    for log in dataset.glob("*/_delta_log/*.json"):
        entries = [json.loads(entry) for entry in log.read_text().splitlines()]
        for entry in entries:
            if "commitInfo" in entry:
                info = entry["commitInfo"]
                info["timestamp"] += days * 86_400_000
                if "coursetrail" in info:
                    manifest = Manifest.of(json.loads(info["coursetrail"]))
                    assert manifest.time
                    info["coursetrail"] = manifest._replace(time=manifest.time + days * 86_400_000).to_json()
        log.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    at = time.time() + days * 86_400
    for file in dataset.rglob("*"):
        os.utime(file, (at, at))


@pytest.mark.parametrize("days", [1, -1, -9_000])
def test_a_clock_that_was_wrong_changes_no_answer(tmp_path, days):
    before_growth(tmp_path)
    copied(tmp_path, tmp_path.with_name("before"))
    read_all(tmp_path)
    expected = seen(tmp_path / "d")
    copied(tmp_path.with_name("before"), tmp_path)
    misdate(tmp_path / "d", days)
    for file in (tmp_path / "f1", tmp_path / "f2"):
        os.utime(file, (1, 1) if file.name == "f1" else (9e9, 9e9))
    read_all(tmp_path)
    compact(tmp_path)
    assert seen(tmp_path / "d") == expected
    assert all(one.already for one in ct.ingest(tmp_path / "d", several(tmp_path)[3:], **JUNK))


def test_versions_are_found_by_the_time_that_their_commits_say(tmp_path):
    for n in range(3):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 10 * n), name=str(n))])
    shutil.copytree(tmp_path / "d", tmp_path / "copy", copy_function=shutil.copyfile)  # files of today
    misdate(tmp_path / "d", 1)
    now = datetime.now(UTC)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 90), name="more")])
    for dataset, moment, version in (
        (tmp_path / "d", now + timedelta(hours=1), 3),
        (tmp_path / "d", now + timedelta(days=2), 3),
        (tmp_path / "copy", now, 2),
    ):
        assert ct.open(dataset, as_of=moment).snapshot.version == version
    with pytest.raises(ct.DatasetError, match=r"no version .* \(all are later\)\. There are 0 to 3"):
        ct.open(tmp_path / "d", as_of=now - timedelta(hours=1))


# Disks


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("NO MOUNT: full disks and those that cannot be written are not tested; they need root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def filled(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return ballast


@pytest.mark.parametrize("step", ["sources", "agents", "events"])
def test_a_disk_that_is_full_when_it_comes_to_the_commit(tmp_path, disk, monkeypatch, step):
    first, second = several(tmp_path, count=2)
    ct.ingest(disk / "d", [first], **JUNK)
    before = contents(disk / "d")
    for name in ("append", "commit"):
        write = getattr(commit, name)

        def full(place: Location, *words: Any, write: Callable[..., Any] = write, **more: Any) -> Any:
            if (words[0] if isinstance(words[0], str) else "events") == step:
                filled(disk)
            return write(place, *words, **more)

        monkeypatch.setattr(commit, name, full)
    second.write_bytes(second.read_bytes().replace(b"Opera/9.80", b"Opera/9.81"))
    with pytest.raises(ct.StorageError, match=r"cannot write .*[Ff]ree some space"):
        ct.ingest(disk / "d", [second], **JUNK)
    assert contents(disk / "d") == before
    monkeypatch.undo()
    (disk / "ballast").unlink()
    ct.ingest(disk / "d", [second], **JUNK)
    ct.ingest(tmp_path / "d", [first, second], **JUNK)
    assert contents(disk / "d") == contents(tmp_path / "d")


def test_an_exchange_on_a_disk_that_is_full_changes_nothing(tmp_path, disk, monkeypatch, capfd):
    file, _ = several(tmp_path, count=2)
    ct.ingest(disk / "d", [file], **JUNK)
    before = contents(disk / "d")
    grown(tmp_path, lines(12, 7_000), name="f0")
    exchange = commit.exchange

    def full(*words: Any, **more: Any) -> int:
        filled(disk)
        return exchange(*words, **more)

    with monkeypatch.context() as dying:
        dying.setattr(commit, "exchange", full)
        code, said = told(capfd, "ingest", disk / "d", file, "--replace")
    assert (code, len(said)) == (6, 1), said
    assert contents(disk / "d") == before
    (disk / "ballast").unlink()
    ct.ingest(disk / "d", [file], replace=True)
    assert ledger(disk / "d") == [(12, 12, 0, 0, 0)]


def test_a_compaction_on_a_full_disk_changes_nothing(tmp_path, disk, capfd):
    for file in several(tmp_path):
        ct.ingest(disk / "d", [file], **JUNK)
    before = contents(disk / "d")
    ballast = filled(disk)
    code, said = told(capfd, "compact", disk / "d")
    assert (code, len(said)) == (6, 1), said
    assert contents(disk / "d") == before
    ballast.unlink()
    assert maintenance.compact(Location.of(disk / "d")).after == 1
    assert contents(disk / "d") == before


def test_a_dataset_that_cannot_be_written_can_be_asked(tmp_path, disk, capfd):
    first, second = several(tmp_path, count=2)
    ct.ingest(disk / "d", [first], **JUNK)
    before = contents(disk / "d")
    if subprocess.run(["mount", "-o", "remount,ro", disk], capture_output=True, check=False).returncode:
        pytest.skip("NO REMOUNT: disks that cannot be written are not tested")
    assert contents(disk / "d") == before
    for words in (["ingest", disk / "d", second], ["compact", disk / "d"], ["ingest", disk / "new", second]):
        code, said = told(capfd, *words)
        assert (code, len(said)) == (6, 1), said
        assert "Read-only" in said[0]


# Datasets that are hurt


@pytest.mark.parametrize("name", ["a link", "Prüfung 2013 Übung"])
def test_a_dataset_behind_a_link_or_under_a_name_in_german_can_be_kept(tmp_path, name):
    (tmp_path / "real").mkdir()
    if name == "a link":
        (tmp_path / name).symlink_to("real")
    files = several(tmp_path)
    for file in files[:3]:
        ct.ingest(tmp_path / name, [file], **JUNK)
    grown(tmp_path, lines(40), name="f0")
    ct.ingest(tmp_path / name, files, replace=True, **JUNK)
    assert maintenance.compact(Location.of(tmp_path / name)).after == 1
    assert whole(tmp_path / name) == 130
    assert (tmp_path / name).is_symlink() == (name == "a link")


def test_a_folder_of_events_that_is_empty_is_no_dataset_and_becomes_one(tmp_path, capfd):
    for folder in ("events", "events/_delta_log"):
        (tmp_path / "d" / folder).mkdir(parents=True)
        code, said = told(capfd, "status", tmp_path / "d")
        assert (code, len(said)) == (5, 1)
    ct.ingest(tmp_path / "d", several(tmp_path), **JUNK)
    assert whole(tmp_path / "d") == 120


def hurt(dataset: Path, table: str, damage: str) -> None:
    log = dataset / table / "_delta_log"
    if damage == "a commit":
        (log / f"{1:020}.json").write_bytes(b'{"add":{"path":7}}\n\xff\x00{]')
    elif damage == "no commit":
        (log / f"{1:020}.json").unlink()
    elif damage == "checkpoint":
        DeltaTable(str(dataset / table)).create_checkpoint()
        (checkpoint,) = log.glob("*.checkpoint.parquet")
        checkpoint.write_bytes(checkpoint.read_bytes()[:300])
    for file in (dataset / table).glob("*.parquet"):
        if damage == "no file":
            file.unlink()
        elif damage == "half a file":
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("table", ["events", "agents", "languages", "sources", "rejects"])
@pytest.mark.parametrize("damage", ["a commit", "no commit", "checkpoint", "no file", "half a file"])
def test_a_dataset_that_is_hurt_is_one_clear_error_or_answers_right(tmp_path, capfd, table, damage):
    files = several(tmp_path)
    for nth, file in enumerate(files[:3]):
        agent = b"Opera/9.8%d" % nth
        file.write_bytes(
            file.read_bytes().replace(b"Opera/9.80", agent).replace(b'"n"', b'"language": "de-%d", "n"' % nth)
        )
        ct.ingest(tmp_path / "d", [file], **JUNK)
    whole_answer = ct.open(tmp_path / "d").sql(f"select count(*) as n from {table}")["n"].to_pylist()
    hurt(tmp_path / "d", table, damage)
    for words in (
        ["status", tmp_path / "d"],
        ["analyze", tmp_path / "d"],
        ["sql", tmp_path / "d", f"select * from {table}"],
        ["ingest", tmp_path / "d", files[3], "--max-rejects", "50%"],
        ["compact", tmp_path / "d"],
    ):
        code, said = told(capfd, *words)
        assert code in (0, 5, 6), said
        assert len(said) == 1 or code == 0, said
        if words[0] == "sql" and code == 0:
            assert ct.open(tmp_path / "d").sql(f"select count(*) as n from {table}")["n"].to_pylist() == whole_answer
