"""Damage to a dataset never changes an answer without a word: it is found when it is read, or by `status --verify`."""

import os
import random
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import coursetrail as ct
from coursetrail.dataset import maintenance, newest, verification
from coursetrail.dataset.part import parts_of, sealed, sealed_bytes
from coursetrail.dataset.schema import EVENTS
from coursetrail.dataset.snapshot import Snapshot
from coursetrail.engines import duckdb
from coursetrail.engines.config import EngineConfig
from coursetrail.filesystem.location import Location
from support.commands import coursetrail, on_terminal, refused
from support.exports import contents, export, grown, ledger, line, lines
from support.happenings import JUNK, compact, several, whole, without_digests

SUM = "select count(*) as events, sum(line) as lines, max(url) as url, count(distinct extra) as extra from events"


def parts(dataset: Path, table: str = "events") -> list[Path]:
    """The live parts of a table."""
    return [Path(file.local) for file in (part.file for part in Snapshot.open(Location.of(dataset)).parts(table))]  # type: ignore[arg-type]


def flip(file: Path, at: int, bit: int) -> None:
    """Flip one bit of a file, which keeps its size."""
    data = bytearray(file.read_bytes())
    data[at] ^= 1 << bit
    file.write_bytes(data)


def states(dataset: Path, as_of: int | None = None) -> dict[str, int]:
    """How many parts `--verify` finds in which state; what it says is as it was written must open."""
    opened = Snapshot.open(Location.of(dataset), as_of, checked=False)
    checked = verification.verify(opened)
    found = checked["state"].to_pylist()
    if set(found) <= {*verification.GOOD}:
        verification.check_verified(opened, checked)
    else:
        with pytest.raises(ct.DatasetError, match=f"of {len(found)} parts are damaged"):
            verification.check_verified(opened, checked)
    return {state: found.count(state) for state in set(found)}


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dataset of two sources, with rejects, in parts of the same size."""
    folder = tmp_path_factory.mktemp("valid")
    for n in range(2):
        file = export(folder, lines(300, 1_000 * (n + 1)), b"junk %d\n" % n, name=f"f{n}")
        ct.ingest(folder / "d", [file], packed=False, **JUNK)
    return folder / "d"


@pytest.fixture
def hurt(valid: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(valid, tmp_path / "d"))


# Single bits


def here(dataset: Path) -> list[Any]:
    """The answers of a dataset on this machine, where DuckDB reads the parts."""
    opened = ct.open(dataset)
    return [opened.sql(SUM).to_pylist(), opened.analyze("activity").table.to_pylist()]


def elsewhere(dataset: Path) -> list[Any]:
    """The answer where parts are not read twice: Arrow compares their pages with checksums, we their footers."""
    opened = Snapshot.open(Location.of(dataset))
    with duckdb.connect() as engine:
        files = opened.files("events", whole=False)
        engine.register("events", files, EVENTS.schema, opened=True)
        return engine.query(SUM).to_pylist()


@pytest.mark.parametrize("read", [here, elsewhere])
def test_a_flipped_bit_is_one_clear_error_or_changes_nothing(hurt, read):
    right = read(hurt)
    part = parts(hurt)[0]
    data = part.read_bytes()
    footer = len(data) - int.from_bytes(data[-8:-4], "little") - 8
    chosen = random.Random(7)
    places = [chosen.randrange(len(data)) for _ in range(60)]
    places += [chosen.randrange(footer, len(data)) for _ in range(30)] + [*range(40)]
    said = []
    for at in places:
        flip(part, at, bit := chosen.randrange(8))
        try:
            assert read(hurt) == right, (at, bit)
        except ct.DatasetError as error:
            said.append(str(error))
        part.write_bytes(data)
    assert len(said) > len(places) / 2
    assert all("status DATASET --verify" in text for text in said)
    assert read(hurt) == right


@pytest.mark.parametrize("table", ["agents", "sources", "rejects", "events"])
def test_a_flipped_bit_in_any_table_is_found_by_all_that_read_it(hurt, table):
    part = parts(hurt, table)[0]
    flip(part, part.stat().st_size // 3, 2)
    assert states(hurt)["altered"] == 1
    with pytest.raises(ct.DatasetError, match=f"{part.name}.* damaged"):
        ct.open(hurt).sql(f"select * from {table}")
    verified = coursetrail("status", hurt, "--verify")
    assert verified.code == 5
    assert f"{table}/{part.name}" in verified.told
    assert b"altered" in verified.out


def test_a_part_that_is_damaged_is_not_written_again(hurt, tmp_path):
    """Else the damage would get a digest of its own."""
    part = parts(hurt)[0]
    flip(part, 2_000, 0)
    before = sorted(hurt.glob("events/_delta_log/*"))
    with pytest.raises(ct.DatasetError, match=part.name):
        compact(tmp_path)
    assert sorted(hurt.glob("events/_delta_log/*")) == before
    assert not (hurt / "_staging").exists()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_finds_a_flipped_bit(hurt, session):
    asked = ct.Dataset(Snapshot.open(Location.of(hurt)), EngineConfig("spark"))
    with asked.engine() as engine:
        assert engine.query("select count(*) as n, count(extra) as e from stored_events")["n"].to_pylist() == [600]
    part = parts(hurt)[0]
    data = part.read_bytes()
    columns = [pq.read_metadata(part).row_group(0).column(n) for n in range(len(EVENTS.schema))]
    page = next(one.data_page_offset for one in columns if one.path_in_schema == "extra")
    footer = len(data) - int.from_bytes(data[-8:-4], "little") - 8
    for at, says in ((page + 500, f"Spark cannot read .*{part.name}"), (footer + 20, "damaged")):
        flip(part, at, 0)
        with pytest.raises(ct.DatasetError, match=says), asked.engine() as engine:
            engine.query("select max(extra) as extra, count(*) as n from stored_events")
        part.write_bytes(data)


# Single bits of logs


def logs(dataset: Path, table: str = "*") -> list[Path]:
    """The files of the logs, the oldest of a table first."""
    return sorted(dataset.glob(f"{table}/_delta_log/*.json"))


def logged(dataset: Path, as_of: datetime | None = None) -> list[Any]:
    """What a dataset's logs decide: the version, who is one learner, the ledger, columns and parts of each table."""
    opened = Snapshot.open(Location.of(dataset), as_of)
    names = {
        name: ([part.file.name for part in opened.parts(name)], sorted(field.name for field in table.schema().fields))
        for name, table in opened.tables.items()
    }
    return [opened.version, opened.shared_ids, sorted(opened.numbers), names, opened.sources.to_pylist()]


def between(dataset: Path) -> datetime:
    """A moment between the first commit and the second."""
    texts = [log.read_text() for log in logs(dataset, "events")[:2]]
    return datetime.fromtimestamp(sum(int(re.findall(r'"timestamp":(\d+)', text)[0]) for text in texts) / 2000, UTC)


@pytest.fixture
def rewritten(hurt: Path, tmp_path: Path) -> Path:
    """A dataset whose ids are shared, and whose small parts were written again as one."""
    for n, agent in enumerate(("Opera/9.80", "Wget/1.14")):
        ct.ingest(hurt, [export(tmp_path, line(n=9_000 + n, user_agent=agent), name=agent[:4])], packed=False)
    ct.ingest(hurt, [], shared_ids=True)
    compact(tmp_path)
    return hurt


def test_a_flipped_bit_in_a_log_is_an_error_or_changes_nothing(rewritten):
    chosen = random.Random(11)
    moment = between(rewritten)
    right = logged(rewritten), logged(rewritten, moment)
    sizes = {log: log.stat().st_size for log in logs(rewritten)}
    refused_flips = 0
    for _ in range(150):
        (log,) = chosen.choices([*sizes], [*sizes.values()])
        data = log.read_bytes()
        flip(log, at := chosen.randrange(len(data)), bit := chosen.randrange(8))
        for asked, wanted in zip((None, moment), right, strict=True):
            try:
                assert logged(rewritten, asked) == wanted, (log, at, bit)
            except ct.DatasetError:
                refused_flips += 1
        log.write_bytes(data)
    assert refused_flips > 75
    assert (logged(rewritten), logged(rewritten, moment)) == right


@pytest.mark.parametrize(
    ("table", "at", "before", "after"),
    [
        ("events", -1, r"\"agents\": 3", r"\"agents\": 2"),
        ("events", -1, r"shared_ids", r"shared_idr"),
        ("events", -1, r'"coursetrail":"{', r'"coursdtrail":"{'),
        ("events", -1, r"commitInfo", r"commitInfn"),
        ("events", -1, r"\"layout", r"\"laynut"),
        ("agents", -1, r'"add"', r'"adf"'),
        ("agents", -1, r'"remove"', r'"remnve"'),
        ("agents", 0, r"browser_version", r"browser_versiol"),
        ("sources", 0, r"encoding", r"encodine"),
        ("rejects", -1, r'"remove":{"path":"part', r'"remove":{"path":"papt'),
    ],
)
def test_no_bit_of_a_log_is_believed_that_was_not_written(rewritten, table, at, before, after):
    log = logs(rewritten, table)[at]
    text = log.read_text()
    assert before in text
    log.write_text(text.replace(before, after))
    for words in (["status", rewritten], ["status", rewritten, "--verify"], ["analyze", rewritten, "browsers"]):
        refused(coursetrail(*words), 5, "log is damaged")


def test_the_time_of_a_version_is_that_of_its_manifest(rewritten):
    moment = between(rewritten)
    assert logged(rewritten, moment)[0] == 0
    log = logs(rewritten, "events")[1]
    log.write_text(
        re.sub(r'"timestamp":1(\d)', lambda found: f'"timestamp":1{int(found[1]) & int(found[1]) - 1}', log.read_text())
    )
    assert logged(rewritten, moment)[0] == 0


def test_a_dataset_of_an_older_release_has_no_digest_of_its_manifest_and_gets_one(hurt, tmp_path):
    expected = contents(hurt)
    without_digests(hurt)
    assert contents(hurt) == expected
    assert states(hurt) == {"as written": 7}
    ct.ingest(hurt, [export(tmp_path, lines(3, 9_000))])
    assert r"\"digest\"" in logs(hurt, "events")[-1].read_text()
    assert whole(hurt) == 603


# Parts that are exchanged, lost, cut


def test_a_part_copied_over_another_is_an_error_and_called_foreign(hurt):
    one, other = parts(hurt)
    assert one.stat().st_size == other.stat().st_size  # else the size alone would show it
    shutil.copyfile(one, other)
    for read in (here, elsewhere):
        with pytest.raises(ct.DatasetError, match=f"{other.name}.*it is not what was written"):
            read(hurt)
    verified = coursetrail("status", hurt, "--verify")
    assert verified.code == 5
    assert f"(1 foreign): events/{other.name} (it has the bytes of {one.name})" in verified.told


@pytest.mark.parametrize("table", ["agents", "sources", "rejects", "events"])
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_part_that_is_lost_or_cut_is_noticed_when_a_dataset_is_opened(hurt, tmp_path, table, damage):
    part = parts(hurt, table)[0]
    if damage == "missing":
        part.unlink()
        why = "it is missing"
    else:
        size = part.stat().st_size
        os.truncate(part, size - 1)
        why = f"it has {size - 1:,} bytes, not {size:,}"
    more = export(tmp_path, lines(3, 9_000))
    for words in (["status", hurt], ["analyze", hurt, "browsers"], ["ingest", hurt, more], ["compact", hurt]):
        refused(coursetrail(*words), 5, f"{part}: this part of the dataset is damaged ({why})")
    assert states(hurt)[{"missing": "missing", "cut": "altered"}[damage]] == 1


def test_every_damaged_part_is_named_at_once(hurt):
    (one, other), reject = parts(hurt), parts(hurt, "rejects")[0]
    one.unlink()
    flip(other, 500, 1)
    reject.unlink()
    verified = coursetrail("status", hurt, "--verify", "--format", "json")
    assert verified.code == 5
    assert "3 of 7 parts are damaged (2 missing, 1 altered)" in verified.told
    for part in (one, other, reject):
        assert part.name in verified.told
        assert part.name.encode() in verified.out


# The newest version


def test_a_newest_log_that_is_lost_is_an_error_and_older_versions_can_be_asked(hurt, tmp_path):
    (hurt / "events" / "_delta_log" / f"{1:020}.json").unlink()
    more = export(tmp_path, lines(3, 9_000))
    for words in (["status", hurt], ["sql", hurt, "select 1"], ["ingest", hurt, more], ["compact", hurt]):
        refused(coursetrail(*words), 5, "the newest version (1) is missing from the log of events, which ends with 0")
    refused(coursetrail("status", hurt, "--verify"), 5, "the newest version (1) is missing")
    refused(coursetrail("status", hurt, "--as-of", "2999-01-01"), 5, "the newest version (1) is missing")
    assert ct.open(hurt, as_of=0).sql(SUM)["events"].to_pylist() == [300]
    assert states(hurt, as_of=0) == {"as written": 4}
    (hurt / "_newest").unlink()  # as the error says
    assert whole(hurt) == 300


def test_the_only_log_that_is_lost_is_an_error(tmp_path):
    ct.ingest(tmp_path / "d", [file := export(tmp_path, lines(5))])
    shutil.rmtree(tmp_path / "d" / "events" / "_delta_log")
    with pytest.raises(ct.DatasetError, match=r"the newest version \(0\) is missing from the log of events\. Restore"):
        ct.ingest(tmp_path / "d", [file])


@pytest.mark.parametrize("content", [b"0\n", b"", b"\xff\x00", None])
def test_a_number_that_is_older_than_the_log_or_cannot_be_read_is_no_error(hurt, tmp_path, content):
    """A run may have been killed between its commit and the number, or another one was faster."""
    (hurt / "_newest").unlink()
    if content is not None:
        (hurt / "_newest").write_bytes(content)
    assert whole(hurt) == 600
    ct.ingest(hurt, [export(tmp_path, lines(3, 9_000))])
    assert newest.recorded(Location.of(hurt)) == Snapshot.open(Location.of(hurt)).version == 2


def test_a_number_that_cannot_be_written_stops_no_commit(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError("no space")

    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    monkeypatch.setattr(Location, "write", refuse)
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5, 50), name="more")])
    assert newest.recorded(Location.of(tmp_path / "d")) == 0
    assert whole(tmp_path / "d") == 10


# Datasets that are as they were written


def repeated(folder: Path) -> None:
    ct.ingest(folder / "d", [export(folder, lines(50), lines(20), b"junk\n", name="repeated")], **JUNK)


def replaced(folder: Path) -> None:
    grown(folder, lines(12, 7_000), b"other junk\n", name="f0")
    ct.ingest(folder / "d", [folder / "f0"], replace=True, **JUNK)


def replaced_by_nothing(folder: Path) -> None:
    grown(folder, b"only junk\n" * 2, line(n=7_000), b"junk\n", name="f1")
    ct.ingest(folder / "d", [folder / "f1"], replace=True, max_rejects="90%")


def cleared(folder: Path) -> None:
    before, maintenance.RETENTION = maintenance.RETENTION, timedelta(0)
    try:
        compact(folder)
    finally:
        maintenance.RETENTION = before


def shared(folder: Path) -> None:
    ct.ingest(folder / "d", [], shared_ids=True)


@pytest.mark.parametrize("acts", [[repeated], [replaced, cleared], [compact, replaced, replaced_by_nothing, cleared]])
def test_whatever_happens_to_a_dataset_all_of_it_is_as_it_was_written(tmp_path, acts: list[Callable[[Path], None]]):
    for file in several(tmp_path):
        ct.ingest(tmp_path / "d", [file], **JUNK)
    for act in [*acts, shared]:
        act(tmp_path)
        assert states(tmp_path / "d").keys() == {"as written"}
        opened = Snapshot.open(Location.of(tmp_path / "d"))
        assert newest.recorded(Location.of(tmp_path / "d")) == opened.version
        for name in opened.tables:
            for part in opened.parts(name):
                assert part.seal is not None
                assert part.rows is not None
    before = contents(tmp_path / "d")
    verified = coursetrail("status", tmp_path / "d", "--verify")
    assert verified.code == 0
    assert verified.out.decode().rstrip().endswith(" as written")
    compact(tmp_path)
    assert contents(tmp_path / "d") == before


def test_a_replacement_leaves_the_rows_of_other_files_in_a_part_that_they_shared(tmp_path):
    files = several(tmp_path)
    for file in files:
        ct.ingest(tmp_path / "d", [file], **JUNK)
    compact(tmp_path)
    assert len(parts(tmp_path / "d")) == 1
    replaced(tmp_path)
    assert len(parts(tmp_path / "d")) == 2
    assert min(ledger(tmp_path / "d")) == (13, 12, 0, 1, 0)
    assert whole(tmp_path / "d") == 3 * 30 + 12
    ct.ingest(tmp_path / "fresh", files, **JUNK)
    assert contents(tmp_path / "d")["events"] == contents(tmp_path / "fresh")["events"]
    assert contents(tmp_path / "d")["answers"] == contents(tmp_path / "fresh")["answers"]


def test_parts_of_an_older_release_have_no_digest_and_are_read(hurt, tmp_path):
    """Delta Lake's own compaction writes them as that did."""
    expected = contents(hurt)
    for table in ("events", "agents", "rejects", "sources"):
        DeltaTable(str(hurt / table)).optimize.compact()
    (hurt / "_newest").unlink()
    assert contents(hurt) == expected
    verified = coursetrail("status", hurt, "--verify")
    assert verified.code == 0
    assert "1 no digest" in verified.out.decode()  # the manifest names versions of the other tables from before
    assert states(hurt)["no digest"] == 1
    ct.ingest(hurt, [export(tmp_path, lines(3, 9_000))])
    assert states(hurt)["no digest"] == 3


def test_digests_are_those_of_the_bytes(tmp_path, valid):
    part = parts(valid)[0]
    assert sealed(Location.of(part))[42:] == sealed_bytes(part.read_bytes())[42:] == part.name[42:]
    assert [one.rows for one in parts_of(Location.of(valid / "events"), DeltaTable(str(valid / "events")))] == [
        300,
        300,
    ]


@pytest.mark.parametrize("words", [["status"], ["status", "--verify"]])
def test_binary_is_not_printed_to_a_terminal(valid, words):
    assert "Parquet is binary: redirect it" in on_terminal(*words, valid, "--format", "parquet")
    assert coursetrail(*words, valid, "--format", "parquet").out.startswith(b"PAR1")
