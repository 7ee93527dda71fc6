"""A dataset that follows a folder: each arrival once, growth as it comes, and no word twice."""

import gzip
import os
import signal
import time
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.ingestion import watch
from coursetrail.ingestion.file_start import FileStart
from coursetrail.ingestion.watch import Watch
from support.commands import run
from support.exports import export, grown, ledger, lines

pytestmark = pytest.mark.slow


@pytest.fixture
def follow(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "SETTLED", watch.SETTLED * 0)
    (tmp_path / "in").mkdir()
    told, refused = [], []
    look = Watch(str(tmp_path / "d"), [str(tmp_path / "in")], told.append, refused.append)
    return look, tmp_path / "in", told, refused


def test_each_arrival_is_read_and_told_once(follow, tmp_path):
    look, folder, told, refused = follow
    assert look.look() == 0  # nothing is there, and no dataset is made
    assert not (tmp_path / "d").exists()
    export(folder, lines(5), name="a")
    export(folder, gzip.compress(lines(5, 50)), name="b.gz")
    assert look.look() == 2
    assert look.look() == 0
    export(folder, lines(8), name="a")
    os.utime(folder / "a", (time.time() + 5, time.time() + 5))
    assert look.look() == 1
    assert [(Path(one.source.uri).name, one.source.lines) for one in told] == [("a", 5), ("b.gz", 5), ("a", 3)]
    assert refused == []
    assert [row[1] for row in ledger(tmp_path / "d")] == [5, 5, 3]


def test_a_folder_that_is_not_there_is_told_once_and_read_when_it_comes(follow, tmp_path):
    look, folder, _told, refused = follow
    folder.rename(tmp_path / "away")
    assert [look.look(), look.look()] == [0, 0]
    assert len(refused) == 1
    assert refused[0].startswith(f"{folder}: no such file")
    (tmp_path / "away").rename(folder)
    export(folder, lines(5), name="a")
    assert look.look() == 1
    folder.rename(tmp_path / "away")
    assert look.look() == 0
    assert len(refused) == 2


def test_what_is_refused_is_told_once_and_tried_again_when_it_changed(follow, tmp_path):
    look, folder, _told, refused = follow
    bad = export(folder, lines(1), b"junk\n" * 9, name="bad")
    export(folder, lines(5, 50), name="good")
    assert [look.look(), look.look()] == [1, 0]
    assert len(refused) == 1
    assert "bad" in refused[0]
    export(folder, lines(9), name="bad")
    os.utime(bad, (time.time() + 5, time.time() + 5))
    assert look.look() == 1
    assert len(refused) == 1
    assert [row[0] for row in ledger(tmp_path / "d")] == [5, 9]


def test_a_packed_file_that_is_still_being_copied_waits(follow, monkeypatch):
    look, folder, _, _ = follow
    monkeypatch.setattr(watch, "SETTLED", watch.timedelta(hours=1))
    packed = export(folder, gzip.compress(lines(5)), name="a.gz")
    export(folder, lines(5, 50), name="b")
    assert look.look() == 1
    os.utime(packed, (time.time() - 7_200, time.time() - 7_200))
    assert look.look() == 1


def test_what_is_passed_over_is_said_once(follow, caplog):
    look, folder, _, _ = follow
    export(folder, b"hello\n", name="README")
    export(folder, lines(5), name="a")
    looks = look.forever(0.01)
    for _ in range(3):
        next(looks)
    looks.close()
    assert sum("README" in record.getMessage() for record in caplog.records) == 1


def test_the_command_goes_on_until_it_is_stopped(tmp_path):
    (tmp_path / "in").mkdir()
    following = run("watch", tmp_path / "d", tmp_path / "in", "--every", "0.2")
    for number in range(2):
        export(tmp_path / "in", lines(5, 10 * number), name=f"f{number}")
        until = time.monotonic() + 600
        while time.monotonic() < until:
            try:
                if len(ledger(tmp_path / "d")) == number + 1:
                    break
            except ct.DatasetError:
                pass
            time.sleep(0.1)
    following.send_signal(signal.SIGINT)
    _, told = following.communicate(timeout=600)
    assert [row[1] for row in ledger(tmp_path / "d")] == [5, 5]
    assert told.count(b"5 lines = 5 events") == 2
    assert b"Traceback" not in told


def test_a_file_that_is_gone_again_or_empty_does_not_end_the_watch(follow, tmp_path):
    look, folder, told, refused = follow
    look.exports = [str(folder / "gone"), str(folder / "empty"), str(folder / "a")]
    export(folder, lines(5), name="a")
    assert look.look() == 1
    (folder / "empty").touch()
    export(folder, lines(6), name="a")
    assert look.look() == 1  # the empty file does not hold up the one that grew
    assert look.look() == 0
    assert ["no such file" in text for text in refused] == [True, True, False]
    assert "is empty" in refused[2]
    export(folder, lines(3, 50), name="empty")
    assert look.look() == 1
    assert [one.source.lines for one in told] == [5, 1, 3]


def test_a_file_is_opened_once_when_it_comes_and_not_while_it_is_copied(follow, monkeypatch):
    look, folder, _, _ = follow
    opened = []
    read = FileStart.read
    monkeypatch.setattr(FileStart, "read", lambda file, *given: opened.append(file.name) or read(file, *given))
    monkeypatch.setattr(watch, "SETTLED", watch.timedelta(hours=1))
    export(folder, lines(5), name="a")
    packed = export(folder, gzip.compress(lines(5, 50)), name="b.gz")
    assert [look.look(), look.look(), opened] == [1, 0, ["a"]]
    os.utime(packed, (time.time() - 7_200, time.time() - 7_200))
    assert [look.look(), look.look(), opened] == [1, 0, ["a", "b.gz"]]


def test_of_a_file_that_grows_only_the_last_state_is_remembered(follow):
    look, folder, _, _ = follow
    for count in (5, 6, 7):
        grown(folder, lines(count), name="a")
        assert look.look() == 1
    assert [state.size for state in look.seen.values()] == [len(lines(7))]
