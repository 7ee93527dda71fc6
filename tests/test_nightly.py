"""Files that come again: grown, renamed, packed, changed, replaced; and a dataset that many small files do not slow."""

import gzip
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deltalake import DeltaTable

import coursetrail as ct
from coursetrail.dataset import commit, maintenance
from coursetrail.dataset.staging import LOCK, StagingArea
from coursetrail.engines.config import EngineConfig
from coursetrail.filesystem.location import Location
from coursetrail.ingestion import commit_queue, job
from coursetrail.ingestion.one_file import Extractor
from coursetrail.reading import lines as blocks
from support.commands import run
from support.exports import contents, export, grown, ledger, line, lines

pytestmark = pytest.mark.slow


def rows(dataset: Path, columns: str = "line, time, extra") -> list[dict[str, object]]:
    return ct.open(dataset).sql(f"select {columns} from events order by all").to_pylist()


def numbers(dataset: Path) -> list[object]:
    return [row["n"] for row in rows(dataset, "cast(json_extract(extra, '$.n') as int) as n")]


# Growing


@pytest.mark.parametrize("block", [8 << 20, 300], ids=["one block", "many blocks"])
def test_a_file_that_has_grown_is_read_from_where_it_ended(tmp_path, monkeypatch, block):
    monkeypatch.setattr(blocks, "BLOCK", block)
    whole = lines(90) + b"junk\n" + lines(30, 90)
    ct.ingest(tmp_path / "whole", [export(tmp_path, whole)], max_rejects="50%")
    for count in (1, 40, 41, 91, 121):
        part = b"".join(whole.splitlines(keepends=True)[:count])
        ct.ingest(tmp_path / "d", [grown(tmp_path, part)], max_rejects="50%")
    assert [row[0] for row in ledger(tmp_path / "d")] == [1, 39, 1, 50, 30]
    assert rows(tmp_path / "d") == rows(tmp_path / "whole")
    told = ct.open(tmp_path / "d").sources.to_pylist()
    assert [(row["continues"], row["begin"]) for row in told] == [(None, 0), (1, 1), (2, 40), (3, 41), (4, 91)]
    assert ct.open(tmp_path / "d").sql("select line, raw from rejects").to_pylist() == [{"line": 91, "raw": b"junk"}]


def test_a_line_that_came_before_the_growth_is_a_duplicate_after_it(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), b"\n")])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5), b"\n", line(n=3), b"\n", line(n=9), line(n=9))])
    assert ledger(tmp_path / "d") == [(6, 5, 0, 0, 1), (4, 1, 2, 0, 1)]


def test_half_a_line_at_the_end_is_read_again_when_it_is_whole(tmp_path):
    half = line(n=5)[:40]
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), half)], max_rejects="50%")
    assert ledger(tmp_path / "d") == [(6, 5, 0, 0, 0)]
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(8))], max_rejects="50%")
    assert ledger(tmp_path / "d") == [(6, 5, 0, 0, 0), (3, 3, 0, 0, 0)]
    assert [row["line"] for row in rows(tmp_path / "d")] == list(range(1, 9))


def test_a_whole_last_line_without_a_newline_is_not_read_again(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5).rstrip(b"\n"))])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(7))])
    assert [row[:2] for row in ledger(tmp_path / "d")] == [(5, 5), (2, 2)]


def test_a_file_that_is_as_it_was_is_not_even_opened(tmp_path):
    path = export(tmp_path, lines(5))
    ct.ingest(tmp_path / "d", [path])
    at = path.stat().st_mtime_ns
    path.write_bytes(b"x" * path.stat().st_size)  # a liar, to see whether it is read
    os.utime(path, ns=(at, at))
    (outcome,) = ct.ingest(tmp_path / "d", [path])
    assert outcome.already


# Other names, other wrappings


def test_the_same_lines_packed_or_renamed_are_known(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(50))])
    packed = export(tmp_path, gzip.compress(lines(50)), name="packed.gz")
    copied = export(tmp_path, lines(50), name="copy.json")
    assert [one.already for one in ct.ingest(tmp_path / "d", [packed, copied])] == [True, True]
    assert ledger(tmp_path / "d") == [(50, 50, 0, 0, 0)]
    assert len(rows(tmp_path / "d")) == 50


def test_the_same_lines_with_half_a_last_one_are_known_too(tmp_path):
    half = line(n=5)[:40]
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), half)], max_rejects="50%")
    packed = export(tmp_path, gzip.compress(lines(5) + half), name="packed.gz")
    other = export(tmp_path, lines(5), half[:-1], name="other.json")
    assert [one.already for one in ct.ingest(tmp_path / "d", [packed, other], max_rejects="1")] == [True, False]
    assert ledger(tmp_path / "d") == [(6, 5, 0, 0, 0), (1, 0, 0, 0, 0)]


def test_a_log_that_is_rotated_and_packed_is_counted_once(tmp_path):
    """As logrotate does it: renamed, then packed, while a new one begins under the old name."""
    log, folder = "tracking.log", tmp_path / "logs"
    folder.mkdir()

    def night() -> None:
        ct.ingest(tmp_path / "d", sorted(folder.iterdir()))

    grown(folder, lines(40), name=log)
    night()
    grown(folder, lines(60), name=f"{log}-1")
    grown(folder, lines(30, 60), name=log)
    night()
    grown(folder, gzip.compress(lines(60)), name=f"{log}-1.gz")
    (folder / f"{log}-1").unlink()
    grown(folder, lines(50, 60), name=log)
    night()
    grown(folder, lines(60, 60), name=f"{log}-2")
    grown(folder, lines(10, 120), name=log)
    (folder / f"{log}-1.gz").unlink()
    night()
    assert numbers(tmp_path / "d") == list(range(130))


def test_a_file_that_only_begins_alike_is_another(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(100), name="a")])
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(30), lines(100, 500), name="b")])
    assert ledger(tmp_path / "d") == [(100, 100, 0, 0, 0), (130, 130, 0, 0, 0)]


def test_of_several_that_begin_alike_the_longest_counts(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20), name="a")])
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20), lines(20, 900), name="b")])
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20), lines(25, 900), name="c")])
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20), lines(5, 700), name="e")])
    told = ct.open(tmp_path / "d").sources.to_pylist()
    assert [(row["continues"], row["begin"], row["lines"]) for row in told] == [
        (None, 0, 20),
        (1, 20, 20),
        (2, 40, 5),
        (1, 20, 5),
    ]


# Changing


def test_a_file_that_changed_is_refused_with_the_ways_out_and_the_others_are_read(tmp_path):
    first, other = export(tmp_path, lines(5)), export(tmp_path, lines(5, 50), name="other")
    ct.ingest(tmp_path / "d", [first])
    grown(tmp_path, lines(5, 100))
    with pytest.raises(ct.InputError, match=r"read before \(source 1\) and has changed .*--replace, or .*another name"):
        ct.ingest(tmp_path / "d", [first, other])
    assert ledger(tmp_path / "d") == [(5, 5, 0, 0, 0)] * 2
    assert [row["line"] for row in rows(tmp_path / "d")] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_a_file_that_lost_what_it_had_grown_by_has_changed(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(40))])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(60))])
    changed = grown(tmp_path, lines(40), lines(30, 500))
    with pytest.raises(ct.InputError, match=r"source 2\) and has changed"):
        ct.ingest(tmp_path / "d", [changed])
    ct.ingest(tmp_path / "d", [changed], replace=True)
    assert numbers(tmp_path / "d") == [*range(40), *range(500, 530)]
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5, 900))], replace=True)
    assert numbers(tmp_path / "d") == [*range(900, 905)]


def test_what_replaces_a_file_leaves_what_another_begins_with(tmp_path):
    head, one = export(tmp_path, lines(3), name="head"), export(tmp_path, lines(10), name="one")
    two = export(tmp_path, lines(3), lines(10, 100), name="two")
    ct.ingest(tmp_path / "d", [head, one, two])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5, 500), name="head")], replace=True)
    assert numbers(tmp_path / "d") == [*range(10), *range(100, 110), *range(500, 505)]
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5, 600), name="two")], replace=True)
    assert numbers(tmp_path / "d") == [*range(10), *range(500, 505), *range(600, 605)]


def test_a_night_that_was_killed_within_a_rotation_is_made_up_for(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(40), name="log")])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(60), name="log-1")])  # and no further
    ct.ingest(tmp_path / "d", [tmp_path / "log-1", grown(tmp_path, lines(30, 60), name="log")])
    assert numbers(tmp_path / "d") == [*range(90)]


def test_what_comes_through_a_pipe_is_no_file_that_changed(tmp_path):
    for start in (0, 100):
        command = f"{sys.executable} -m coursetrail ingest {tmp_path / 'd'} -"
        assert subprocess.run(shlex.split(command), input=lines(5, start), check=False).returncode == 0
    assert numbers(tmp_path / "d") == [*range(5), *range(100, 105)]


def test_two_runs_that_count_on_the_same_numbers_do_not_both_get_them(tmp_path, monkeypatch):
    """Where there is no lock, as in HDFS: the other run commits while this one reads."""
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), name="first")])
    mine, other = export(tmp_path, lines(5, 100), name="mine"), export(tmp_path, lines(5, 200), name="other")

    @contextmanager
    def unlocked(place: Location, _: object) -> Iterator[StagingArea]:
        parts = place / "_staging" / uuid4().hex
        parts.make_folder()
        yield StagingArea(Path(parts.path), parts)

    def slowly(*args: Any) -> object:
        monkeypatch.setattr(Extractor, "extract", extract)
        ct.ingest(tmp_path / "d", [other])
        return extract(*args)

    extract = Extractor.extract
    monkeypatch.setattr(job, "staging", unlocked)
    monkeypatch.setattr(Extractor, "extract", slowly)
    with pytest.raises(ct.StorageError, match="another run changed the dataset"):
        ct.ingest(tmp_path / "d", [mine])
    ct.ingest(tmp_path / "d", [mine])
    assert ct.open(tmp_path / "d").sources["source"].to_pylist() == [1, 2, 3]
    assert numbers(tmp_path / "d") == [*range(5), *range(100, 105), *range(200, 205)]


@pytest.mark.parametrize("compacted", [False, True], ids=["as it is", "after a compaction"])
def test_replace_takes_the_old_rows_out_and_puts_the_new_in_in_one_version(tmp_path, compacted):
    changed = [lines(7, 100), b"new junk\n"]
    other, file = export(tmp_path, lines(5, 50), name="other"), export(tmp_path, lines(5), b"old junk\n")
    ct.ingest(tmp_path / "d", [other])
    ct.ingest(tmp_path / "d", [file], max_rejects="50%")
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5), b"old junk\n", lines(2, 5))], max_rejects="50%")
    if compacted:
        maintenance.compact(Location.of(tmp_path / "d"))
    before = ct.open(tmp_path / "d").snapshot.version
    (outcome,) = ct.ingest(tmp_path / "d", [grown(tmp_path, *changed)], max_rejects="50%", replace=True)
    assert not outcome.already
    assert ct.open(tmp_path / "d").snapshot.version == before + 1
    ct.ingest(tmp_path / "fresh", [other, file], max_rejects="50%")
    assert contents(tmp_path / "d") == contents(tmp_path / "fresh")
    was = ct.open(tmp_path / "d", as_of=before)
    assert was.sql("select count(*) as n from events")["n"].to_pylist() == [12]
    assert was.sql("select raw from rejects")["raw"].to_pylist() == [b"old junk"]


def test_what_was_replaced_may_come_again(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    ct.ingest(tmp_path / "d", [grown(tmp_path, lines(5, 50))], replace=True)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), name="old")])
    assert sorted(row["line"] for row in rows(tmp_path / "d")) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_replace_by_a_file_without_events(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    ct.ingest(tmp_path / "d", [grown(tmp_path, b"x\n\n\n")], replace=True, format="coursera-legacy", max_rejects="1")
    assert ledger(tmp_path / "d") == [(3, 0, 0, 1, 2)]
    assert rows(tmp_path / "d") == []


def test_a_replacement_that_ends_before_its_commit_has_not_happened(tmp_path, monkeypatch):
    file = export(tmp_path, lines(5), b"old junk\n")
    ct.ingest(tmp_path / "d", [file], max_rejects="50%")
    before = contents(tmp_path / "d")
    grown(tmp_path, lines(7, 100), b"new junk\n")
    with monkeypatch.context() as dying:
        dying.setattr(commit, "exchange", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ct.ingest(tmp_path / "d", [file], max_rejects="50%", replace=True)
    ct.ingest(
        tmp_path / "d", [export(tmp_path, lines(1, 900), name="other")]
    )  # names the newest versions of all tables
    assert contents(tmp_path / "d")["rejects"] == before["rejects"]
    ct.ingest(tmp_path / "d", [file], max_rejects="50%", replace=True)
    assert [row["raw"] for row in contents(tmp_path / "d")["rejects"]] == [b"new junk"]
    assert len(rows(tmp_path / "d")) == 8


def test_what_lies_there_unchanged_is_not_opened_when_its_folder_is_looked_into(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    path = export(folder, lines(5))
    ct.ingest(tmp_path / "d", [folder])
    at = path.stat().st_mtime_ns
    path.write_bytes(b"x" * path.stat().st_size)  # no export any more, to who opens it
    os.utime(path, ns=(at, at))
    (outcome,) = ct.ingest(tmp_path / "d", [folder])
    assert outcome.already


def test_files_in_a_packed_archive_that_lies_there_unchanged_are_not_read(tmp_path, monkeypatch):
    export(tmp_path, lines(5), name="a.json")
    with tarfile.open(tmp_path / "all.tar.gz", "w:gz") as packed:
        packed.add(tmp_path / "a.json", "a.json")
    ct.ingest(tmp_path / "d", [tmp_path / "all.tar.gz"])
    monkeypatch.setattr(Extractor, "extract", lambda *_: pytest.fail("it was read"))
    (outcome,) = ct.ingest(tmp_path / "d", [tmp_path / "all.tar.gz"])
    assert outcome.already


# Versions


def test_older_versions_can_be_asked(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    time.sleep(0.01)
    between = datetime.now(UTC)
    time.sleep(0.01)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(3, 50), name="b")])
    for as_of, expected in ((None, 2), (0, 1), (1, 2), (between, 1)):
        course = ct.open(tmp_path / "d", as_of=as_of)
        assert course.sources.num_rows == expected
        assert course.analyze("learners").scope.events == sum(course.sources["events"].to_pylist())


@pytest.mark.parametrize("as_of", ["7", "1999-01-01", "soon"])
def test_a_version_that_is_not_there_is_one_clear_line(tmp_path, as_of):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    victim = run("status", tmp_path / "d", "--as-of", as_of)
    _, told = victim.communicate()
    assert victim.returncode in (2, 5)
    assert len(told.splitlines()) <= 4
    assert b"Traceback" not in told


# Many small files


def test_a_compaction_changes_no_answer_and_is_done_when_it_is_due(tmp_path, monkeypatch):
    files = [export(tmp_path, lines(20, 100 * number), b"junk\n", name=f"f{number}") for number in range(12)]
    monkeypatch.setattr(commit_queue, "MOST_FILES", 1)
    ct.ingest(tmp_path / "loose", files, max_rejects="50%")
    assert len(commit.sizes(Location.of(tmp_path / "loose"))) == 12
    monkeypatch.setattr(maintenance, "MANY", 5)
    ct.ingest(tmp_path / "d", files, max_rejects="50%")
    assert len(commit.sizes(Location.of(tmp_path / "d"))) == 1
    assert contents(tmp_path / "d") == contents(tmp_path / "loose")
    done = maintenance.compact(Location.of(tmp_path / "loose"))
    assert (done.before, done.after, done.cleared) == (12, 1, 0)
    assert contents(tmp_path / "d") == contents(tmp_path / "loose")
    assert len(DeltaTable(str(tmp_path / "d" / "sources")).file_uris()) == 1
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(3, 9_000), name="more")])
    assert len(ledger(tmp_path / "d")) == 13


def test_a_compaction_waits_its_turn(tmp_path, monkeypatch):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    rewrite, locks = commit.rewrite, []

    def seen(*args: Any) -> None:
        locks.append((tmp_path / "d" / "_staging" / LOCK).exists())
        rewrite(*args)

    monkeypatch.setattr(commit, "rewrite", seen)
    maintenance.compact(Location.of(tmp_path / "d"))
    assert locks == [True]


def test_a_file_that_is_refused_every_night_does_not_keep_a_dataset_from_its_compaction(tmp_path, monkeypatch):
    monkeypatch.setattr(commit_queue, "MOST_FILES", 1)
    monkeypatch.setattr(maintenance, "MANY", 2)
    files = [export(tmp_path, lines(5, 100 * number), name=f"f{number}") for number in range(4)]
    with pytest.raises(ct.InputError):
        ct.ingest(tmp_path / "d", [*files, export(tmp_path, b"junk\n" * 9, name="bad")])
    assert len(commit.sizes(Location.of(tmp_path / "d"))) == 1


def test_files_that_do_not_go_two_into_one_are_no_reason_to_compact(tmp_path, monkeypatch):
    monkeypatch.setattr(commit_queue, "MOST_FILES", 1)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 100 * number), name=f"f{number}") for number in range(4)])
    monkeypatch.setattr(maintenance, "MANY", 2)
    assert maintenance.is_due(Location.of(tmp_path / "d"))
    monkeypatch.setattr(maintenance, "FULL", max(commit.sizes(Location.of(tmp_path / "d"))) + 1)
    assert not maintenance.is_due(Location.of(tmp_path / "d"))


def test_files_of_older_versions_are_cleared_away_after_their_time(tmp_path, monkeypatch):
    monkeypatch.setattr(commit_queue, "MOST_FILES", 1)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20, 100 * number), name=f"f{number}") for number in range(4)])
    before = contents(tmp_path / "d")
    assert maintenance.compact(Location.of(tmp_path / "d")).cleared == 0
    assert ct.open(tmp_path / "d", as_of=3).sources.num_rows == 4
    monkeypatch.setattr(maintenance, "RETENTION", maintenance.RETENTION * 0)
    assert maintenance.compact(Location.of(tmp_path / "d")).cleared > 4
    assert contents(tmp_path / "d") == before
    with pytest.raises(ct.DatasetError, match="files of version 1 were cleared away"):
        ct.open(tmp_path / "d", as_of=1)
    with pytest.raises(ct.DatasetError, match=r"no version 99 \(later than the newest\)"):
        ct.open(tmp_path / "d", as_of=99)


def test_the_first_of_many_files_is_safe_when_a_later_one_cannot_be_written(tmp_path):
    good = export(tmp_path, lines(5), name="good")
    bad = export(tmp_path, b"junk\n" * 50, lines(1), name="bad")
    with pytest.raises(ct.TooManyRejects, match="Of 2 files: 1 committed, 0 there already, 1 refused"):
        ct.ingest(tmp_path / "d", [bad, good])
    assert ledger(tmp_path / "d") == [(5, 5, 0, 0, 0)]
    shutil.rmtree(tmp_path / "d")


# On Spark


def test_workers_find_what_has_grown_what_is_packed_and_what_changed(tmp_path, session):
    spark = EngineConfig("spark")
    short, long = export(tmp_path, lines(30), name="a"), export(tmp_path, lines(50), name="b")
    packed, other = export(tmp_path, gzip.compress(lines(30)), name="c.gz"), export(tmp_path, lines(5, 900), name="e")
    outcomes = ct.ingest(tmp_path / "d", [long, packed, other, short], engine=spark)
    assert sorted(one.already for one in outcomes) == [False, False, False, True]
    assert sorted(row[0] for row in ledger(tmp_path / "d")) == [5, 20, 30]
    few, more = export(tmp_path, lines(7, 700), name="f"), export(tmp_path, lines(9, 700), name="g")
    ct.ingest(tmp_path / "few", [more, few], engine=spark)
    assert sorted(row[0] for row in ledger(tmp_path / "few")) == [2, 7]
    grown(tmp_path, lines(60), name="b")
    grown(tmp_path, lines(7, 500), name="e")
    with pytest.raises(ct.InputError, match="has changed since"):
        ct.ingest(tmp_path / "d", [long, other, packed], engine=spark)
    ct.ingest(tmp_path / "d", [other], engine=spark, replace=True)
    assert sorted(row[0] for row in ledger(tmp_path / "d")) == [7, 10, 20, 30]
    assert numbers(tmp_path / "d") == [*range(60), *range(500, 507)]


def test_where_nothing_is_new_spark_is_not_started_and_all_is_told(tmp_path):
    path = export(tmp_path, lines(5))
    ct.ingest(tmp_path / "d", [path])
    told: list[job.Outcome] = []
    nowhere = EngineConfig("spark", master="spark://127.0.0.1:9")
    assert ct.ingest(tmp_path / "d", [path], engine=nowhere, on_outcome=told.append) == told
    assert [one.already for one in told] == [True]


def test_a_log_that_is_rotated_between_two_looks_goes_on_as_a_new_one(tmp_path):
    """As a watch may see it: the old one under its new name alone, and later the new one."""
    folder = tmp_path / "logs"
    folder.mkdir()
    grown(folder, lines(40), name="log")
    ct.ingest(tmp_path / "d", [folder])
    (folder / "log").rename(folder / "log-1")
    ct.ingest(tmp_path / "d", [folder])
    grown(folder, lines(10, 40), name="log")
    ct.ingest(tmp_path / "d", [folder])
    grown(folder, gzip.compress(lines(40)), name="log-1.gz")
    (folder / "log-1").unlink()
    ct.ingest(tmp_path / "d", [folder])
    told = ct.open(tmp_path / "d").sources.to_pylist()
    assert [(Path(row["uri"]).name, row["lines"], row["continues"]) for row in told] == [
        ("log", 40, None),
        ("log-1", 0, 1),
        ("log", 10, None),
        ("log-1.gz", 0, 2),
    ]
    numbers = [row["n"] for row in rows(tmp_path / "d", "cast(json_extract(extra, '$.n') as int) as n")]
    assert numbers == list(range(50))


def test_a_file_met_under_another_name_is_not_opened_the_night_after(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(20), name="a")])
    copy = export(tmp_path, lines(20), name="b")
    assert ct.ingest(tmp_path / "d", [copy])[0].already
    at = copy.stat().st_mtime_ns
    copy.write_bytes(b"x" * copy.stat().st_size)
    os.utime(copy, ns=(at, at))
    assert ct.ingest(tmp_path / "d", [copy])[0].already
    assert ct.open(tmp_path / "d").sources["lines"].to_pylist() == [20, 0]
