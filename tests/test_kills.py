"""A run that is killed changes nothing that a reader sees, and the next run completes it."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import coursetrail as ct
from coursetrail.dataset import maintenance
from support.exports import grown, line, lines
from support.happenings import JUNK, compact, copied, seen, several, stored, whole
from support.kills import begin, kill_at, moments_of

pytestmark = pytest.mark.slow


class Happening(NamedTuple):
    """What was there before, what a run does, and which of its commits a kill must have come before."""

    before: Callable[[Path], None]
    act: Callable[[Path], None]
    commits: set[str]


def there(folder: Path) -> None:
    """A dataset of one file, and two more files, each with a user agent and a language of its own."""
    first, *files = several(folder, count=3)
    ct.ingest(folder / "d", [first], **JUNK)
    for nth, file in enumerate(files):
        data = file.read_bytes().replace(b"Opera/9.80", b"Opera/9.8%d" % nth)
        file.write_bytes(data.replace(b'"n"', b'"language": "de-%d", "n"' % nth))


def before_growth(folder: Path) -> None:
    there(folder)
    read(folder)
    for n in (1, 2):
        grown(
            folder,
            (folder / f"f{n}").read_bytes(),
            line(n=100 * n),
            b"more junk %d\n" % n,
            lines(20, 9_000),
            name=f"f{n}",
        )


def before_exchange(folder: Path) -> None:
    there(folder)
    read(folder)
    for n in (1, 2):
        grown(folder, lines(12, 7_000 + 100 * n), b"other junk\n", name=f"f{n}")


def before_clearing(folder: Path) -> None:
    before_exchange(folder)
    read(folder)
    compact(folder)


def nothing(folder: Path) -> None:
    there(folder)
    (folder / "d").rename(folder / "away")


def read(folder: Path) -> None:
    ct.ingest(folder / "d", [folder / "f1", folder / "f2"], replace=True, **JUNK)


def clear(folder: Path) -> None:
    """A compaction long after the last change."""
    before = maintenance.RETENTION
    maintenance.RETENTION = timedelta(0)
    try:
        compact(folder)
    finally:
        maintenance.RETENTION = before


def written(*tables: str) -> set[str]:
    return {f"create_write_transaction of {name}" for name in tables}


APPENDED = written("agents", "languages", "rejects", "sources")
COMMITTED = written("events")
COMPACTED = written("agents", "events", "rejects", "sources")  # languages has one part
CLEARED = {f"vacuum of {name}" for name in ("agents", "events", "rejects", "sources")}
HAPPENINGS = {
    "a new dataset": Happening(nothing, read, {"create_table_with_add_actions of events", *APPENDED}),
    "new files": Happening(there, read, APPENDED | COMMITTED),
    "growth": Happening(before_growth, read, written("events", "rejects", "sources")),
    "exchange": Happening(before_exchange, read, written("events", "sources")),
    "compaction": Happening(before_exchange, compact, COMPACTED),
    "clearing": Happening(before_clearing, clear, CLEARED),
}


class Prepared(NamedTuple):
    """A folder, what was there `before`, the `states` that a reader may see, and what is there in the end."""

    folder: Path
    before: Path
    moments: list[str]
    states: set[int]
    answers: object
    rows: object

    def again(self) -> Path:
        return copied(self.before, self.folder)


def prepared(tmp_path: Path, happening: Happening) -> Prepared:
    folder = tmp_path / "x"
    folder.mkdir()
    happening.before(folder)
    before = copied(folder, tmp_path / "before")
    states = {events_in(folder / "d")}
    moments = moments_of(happening.act, folder)
    opened = ct.open(folder / "d").snapshot
    for version in range(opened.version + 1) if happening.act is read else [opened.version]:
        states.add(ct.open(folder / "d", as_of=version).sql("select count(*) as n from events")["n"][0].as_py())
    return Prepared(folder, before, moments, states, seen(folder / "d"), stored(folder / "d"))


def events_in(dataset: Path) -> int:
    """The events that a reader sees; none where there is no dataset yet."""
    try:
        return whole(dataset)
    except ct.DatasetError:
        assert not list(dataset.glob("events/_delta_log/*.json"))
        return 0


@pytest.mark.parametrize("name", HAPPENINGS)
def test_a_run_killed_before_any_of_its_writes_is_completed_by_the_next(tmp_path, name):
    """Also between what Delta Lake's library writes and what it commits.

    Of moments of one name, before each file's commit, the last comes when other files are committed already.
    """
    happening = HAPPENINGS[name]
    case = prepared(tmp_path, happening)
    assert happening.commits <= {*case.moments}
    for moment, at in {moment: at for at, moment in enumerate(case.moments)}.items():
        folder = case.again()
        kill_at(happening.act, folder, at)
        assert events_in(folder / "d") in case.states, moment
        happening.act(folder)
        assert stored(folder / "d") == case.rows, moment
        assert not (folder / "d" / "_staging").exists(), moment
    assert seen(folder / "d") == case.answers


@pytest.mark.parametrize("name", [name for name in HAPPENINGS if name != "a new dataset"])
def test_a_run_killed_at_random_is_completed_by_the_next(tmp_path, name, pytestconfig):
    happening = HAPPENINGS[name]
    case = prepared(tmp_path, happening)
    child = begin(happening.act, case.again())
    started = time.perf_counter()
    child.join()
    within = time.perf_counter() - started
    left = 10 if pytestconfig.getoption("soak") else 2
    while left:
        folder = case.again()
        after = random.uniform(0, within)
        child = begin(happening.act, folder)
        time.sleep(after)
        child.kill()
        child.join()
        if child.exitcode == 0:  # it was faster this time
            within *= 0.8
            continue
        left -= 1
        assert events_in(folder / "d") in case.states, after
        happening.act(folder)
        assert seen(folder / "d") == case.answers, after
        assert not (folder / "d" / "_staging").exists(), after
