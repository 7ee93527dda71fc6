"""Ingest: every line is accounted for once, whatever happens while it is read."""

import gzip
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

import coursetrail as ct
from coursetrail.dataset import events_file
from coursetrail.dataset.ledger import Source
from coursetrail.dataset.maintenance import compact
from coursetrail.dataset.schema import EVENTS, SOURCES
from coursetrail.filesystem.location import Location
from coursetrail.reading import records
from coursetrail.simulate import simulate
from support.exports import COUNTS, contents, export, grown, ledger, line, lines
from support.happenings import without_digests

# The ledger


def test_lines_are_events_duplicates_rejected_or_blank(tmp_path):
    data = [lines(5), b"\n", b"junk\n", line(n=3), b"  \n", line(n=3), line(n=9)]
    ct.ingest(tmp_path / "d", [export(tmp_path, *data)], max_rejects="1")
    assert ledger(tmp_path / "d") == [(11, 6, 2, 1, 2)]


def test_the_ledger_has_the_columns_that_its_table_declares():
    assert [field.name for field in fields(Source)] == SOURCES.schema.names


def test_only_lines_that_are_equal_byte_for_byte_are_duplicates(tmp_path):
    same, spaced = line(n=1), line(n=1).replace(b": ", b":  ")
    ct.ingest(tmp_path / "d", [export(tmp_path, same, spaced, same.rstrip() + b"\r\n", same.rstrip())])
    assert ledger(tmp_path / "d") == [(4, 3, 1, 0, 0)]
    assert ct.open(tmp_path / "d").sql("select line from events order by 1")["line"].to_pylist() == [1, 2, 3]


def test_a_rejected_line_that_comes_again_is_a_duplicate(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(1), b"junk\n", b"junk\n", b"\n", b"\n")], max_rejects="100%")
    assert ledger(tmp_path / "d") == [(5, 1, 1, 1, 2)]


def test_rejects_keep_line_reason_and_raw_bytes(tmp_path):
    cut = line(n=7)[:-9]
    ct.ingest(
        tmp_path / "d", [export(tmp_path, lines(3), b"\x89\xff\0junk\r\n", lines(1, 3), cut + b"\n")], max_rejects="50%"
    )
    rejects = ct.open(tmp_path / "d").sql("select line, reason, raw from rejects order by line").to_pylist()
    assert [(one["line"], one["raw"]) for one in rejects] == [(4, b"\x89\xff\0junk"), (6, cut)]
    assert [one["reason"] for one in rejects] == ["not JSON", "JSON cut off"]


def test_a_simulated_dirty_export_has_the_ledger_that_was_planted(tmp_path):
    truth = simulate(tmp_path / "x.gz", learners=50, events=4_000, dirty=0.2, seed=5).ledger
    ct.ingest(tmp_path / "d", [tmp_path / "x.gz"], max_rejects="50%")
    assert ledger(tmp_path / "d") == [tuple(getattr(truth, name) for name in COUNTS)]
    found = ct.open(tmp_path / "d").sql("select line from rejects order by line")["line"].to_pylist()
    assert found == [number for number, _ in truth.rejects]


def test_a_cut_file_is_read_up_to_the_cut_and_says_so(tmp_path):
    packed = gzip.compress(b"".join(line(n=random.Random(n).random()) for n in range(2_000)))
    source = ct.ingest(tmp_path / "d", [export(tmp_path, packed[: len(packed) // 2])])[0].source
    assert source.fault is not None
    assert "cut off" in source.fault
    assert source.events > 500
    assert (source.rejected, source.unfinished) == (0, 1)


def test_a_file_of_many_blocks_numbers_its_lines_in_order(tmp_path):
    count = 120_000
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(count))])
    wrong = ct.open(tmp_path / "d").sql("select count(*) as n from events where (extra->>'n')::int <> line - 1")
    assert wrong["n"].to_pylist() == [0]
    assert ledger(tmp_path / "d") == [(count, count, 0, 0, 0)]


# The limit of rejects


@pytest.mark.parametrize(("limit", "good"), [("2", 10), ("0", 10), ("10%", 10), ("0%", 100_000)])
def test_more_rejects_than_allowed_stop_with_nothing_written(tmp_path, limit, good):
    bad = b"".join(b"junk %d\n" % number for number in range(3))
    with pytest.raises(ct.TooManyRejects, match=r"could not be read, more than .* \(line [\d,]+: not JSON\)"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(good), bad)], max_rejects=limit)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(("good", "when"), [(40, ""), (120_000, " so far")])
def test_a_format_that_fits_no_line_is_the_wrong_one(tmp_path, good, when):
    with pytest.raises(ct.InputError, match=rf"none of its [\d,]+ lines{when} can be read as edx \(line 1: ") as raised:
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(good))], format="edx")
    assert raised.value.exit_code == 3
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("limit", ["3", "25%", "100%"])
def test_as_many_rejects_as_allowed_are_kept(tmp_path, limit):
    bad = b"".join(b"junk %d\n" % number for number in range(3))
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(9), bad)], max_rejects=limit)
    assert ledger(tmp_path / "d") == [(12, 9, 0, 3, 0)]


@pytest.mark.parametrize("limit", ["", "x", "-1", "1.5", "101%", "%", "1e3", "nan%"])
def test_a_limit_that_is_none_is_refused_before_anything_is_read(tmp_path, limit):
    with pytest.raises(ct.UsageError, match="Try 100 or 2%"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(1))], max_rejects=limit)
    assert not (tmp_path / "d").exists()


def test_a_bad_file_leaves_those_before_it_and_nothing_of_itself(tmp_path):
    good, bad = export(tmp_path, lines(5), name="good"), export(tmp_path, lines(5), b"junk\n" * 5, name="bad")
    with pytest.raises(ct.TooManyRejects):
        ct.ingest(tmp_path / "d", [good, bad])
    assert ledger(tmp_path / "d") == [(5, 5, 0, 0, 0)]
    tables = {"events", "agents", "languages", "sources", "rejects"}
    assert {path.name for path in (tmp_path / "d").iterdir()} == {*tables, "_newest"}


# Ways in


def test_the_same_bytes_again_change_nothing_under_any_name(tmp_path):
    first = export(tmp_path, lines(5), b"junk\n", name="a")
    copy = export(tmp_path, lines(5), b"junk\n", name="b")
    assert not ct.ingest(tmp_path / "d", [first], max_rejects="50%")[0].already
    before = contents(tmp_path / "d")
    version = ct.open(tmp_path / "d").snapshot.version
    outcomes = ct.ingest(tmp_path / "d", [first, copy, first])
    assert [(one.already, one.source.source) for one in outcomes] == [(True, 1)] * 3
    assert contents(tmp_path / "d") == before
    assert ct.open(tmp_path / "d").snapshot.version == version + 1  # which names the copy


def test_several_files_are_several_sources_and_lines_are_compared_within_one(tmp_path):
    files = [export(tmp_path, lines(5, first), name=str(first)) for first in (0, 2)]
    ct.ingest(tmp_path / "d", files)
    assert ledger(tmp_path / "d") == [(5, 5, 0, 0, 0)] * 2
    sources = ct.open(tmp_path / "d").sql("select source, count(*) as n from events group by 1 order by 1").to_pylist()
    assert sources == [{"source": 1, "n": 5}, {"source": 2, "n": 5}]


def test_standard_input_and_a_named_pipe_are_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    fed = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(lines(4)),))
    fed.start()
    reading = subprocess.Popen(
        [sys.executable, "-c", "from coursetrail.cli.main import main; main()", "ingest", tmp_path / "d", "-", pipe],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _, told = reading.communicate(lines(3, 50))
    fed.join()
    assert reading.returncode == 0, told
    assert ledger(tmp_path / "d") == [(3, 3, 0, 0, 0), (4, 4, 0, 0, 0)]
    assert ct.open(tmp_path / "d").sources["uri"].to_pylist() == ["standard input", str(pipe)]


@pytest.mark.parametrize(
    "name", ["a b", "ü", "it's", 'say "x"', "~a", "a*b", "s3:x", "-x", "\U0001f600", "a&b;c"], ids=ascii
)
def test_a_dataset_and_an_export_may_be_called(tmp_path, name):
    (tmp_path / "in").mkdir()
    source = export(tmp_path / "in", lines(5), name=name)
    ct.ingest(tmp_path / name, [source])
    assert ct.ingest(tmp_path / name, [source])[0].already
    assert ledger(tmp_path / name) == [(5, 5, 0, 0, 0)]
    assert ct.open(tmp_path / name).analyze("browsers").table.num_rows == 1


@pytest.mark.parametrize("name", ["a#b", "100%", "a?", "[a]", "{a}", "back\\slash", "new\nline", "\x1b[31m"], ids=ascii)
def test_a_name_that_the_storage_cannot_bear_is_refused_before_anything_is_read(tmp_path, name):
    with pytest.raises(ct.UsageError, match="choose another name"):
        ct.ingest(tmp_path / name, [export(tmp_path, lines(5))])
    assert not (tmp_path / name).exists()


def test_an_export_whose_name_is_no_text_is_read(tmp_path):
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.json"))
    source.write_bytes(lines(5))
    ct.ingest(tmp_path / "d", [source])
    assert ct.open(tmp_path / "d").sources["uri"].to_pylist() == [f"{tmp_path}/caf\ufffd.json"]


# Ended before a step (killed at any moment: test_faults.py)


@pytest.mark.parametrize("step", ["sources", "rejects", "agents", "languages", "commit"])
def test_a_run_that_ends_before_a_step_of_the_commit_has_not_happened(tmp_path, monkeypatch, step):
    """The moments that a kill at random seldom meets."""
    from coursetrail.dataset import commit

    first, second = export(tmp_path, lines(9), b"junk\n", name="1"), export(tmp_path, lines(5, 50), b"jank\n", name="2")
    ct.ingest(tmp_path / "whole", [first, second], max_rejects="50%")
    ct.ingest(tmp_path / "d", [first], max_rejects="50%")
    append, commit_files = commit.append, commit.commit

    def dying_append(place: Location, table: str, *rest: Any, **more: Any) -> int:
        if table == step:
            raise KeyboardInterrupt
        return append(place, table, *rest, **more)

    def dying_commit(*words: Any, **more: Any) -> int:
        if step == "commit":
            raise KeyboardInterrupt
        commit_files(*words, **more)

    with monkeypatch.context() as dying:
        dying.setattr(commit, "append", dying_append)
        dying.setattr(commit, "commit", dying_commit)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                ct.ingest(tmp_path / "d", [second], max_rejects="50%")
    assert ledger(tmp_path / "d") == [(10, 9, 0, 1, 0)]
    ct.ingest(tmp_path / "d", [second], max_rejects="50%")
    assert contents(tmp_path / "d") == contents(tmp_path / "whole")


# Datasets that are none, or hurt


def test_a_folder_that_is_no_dataset_is_said_to_be_none(tmp_path):
    (tmp_path / "notes").mkdir()
    for folder in (tmp_path / "notes", tmp_path / "absent"):
        with pytest.raises(ct.DatasetError, match=r"no dataset here\. Make one: coursetrail ingest"):
            ct.open(folder)


def test_a_dataset_of_a_newer_layout_is_neither_read_nor_written(tmp_path):
    file = export(tmp_path, lines(5))
    ct.ingest(tmp_path / "d", [file])
    log = tmp_path / "d" / "events" / "_delta_log" / f"{0:020}.json"
    log.write_text(log.read_text().replace('\\"layout\\": 2', '\\"layout\\": 99'))
    for action in (lambda: ct.open(tmp_path / "d"), lambda: ct.ingest(tmp_path / "d", [file])):
        with pytest.raises(ct.DatasetError, match=r"newer coursetrail .*pip install -U coursetrail"):
            action()


@pytest.mark.parametrize("table", ["events", "sources"])
def test_a_table_of_a_newer_delta_lake_is_said_to_be_that(tmp_path, table):
    file = export(tmp_path, lines(5))
    ct.ingest(tmp_path / "d", [file])
    log = tmp_path / "d" / table / "_delta_log" / f"{0:020}.json"
    log.write_text(re.sub(r'("minReaderVersion"):\d', r"\1:99", log.read_text()))
    for action in (lambda: ct.open(tmp_path / "d"), lambda: ct.ingest(tmp_path / "d", [file])):
        with pytest.raises(ct.DatasetError, match=r"newer Delta Lake .*pip install -U deltalake"):
            action()


@pytest.fixture
def twice(tmp_path):
    """A dataset of two versions."""
    for number in range(2):
        file = export(tmp_path, lines(5, 100 * number), b"junk\n", name=f"{number}")
        ct.ingest(tmp_path / "d", [file], max_rejects="50%")
    return tmp_path / "d"


def refused(dataset: Path, match: str) -> None:
    """Nothing may be read from it, added to it, or made to look whole."""
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    file = export(dataset.parent, lines(5, 500), name="more")
    for action in (ct.open, compact, lambda place: ct.ingest(place, [file])):
        with pytest.raises(ct.DatasetError, match=match):
            action(Location.of(dataset))
    assert {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("table", ["events", "sources", "agents", "rejects"])
def test_a_commit_without_bytes_is_no_commit(twice, table):
    (twice / table / "_delta_log" / f"{1:020}.json").write_bytes(b"")
    refused(twice, match=r"log is damaged \(0+1\.json is empty\)\. Restore the folder")


@pytest.mark.parametrize("table", ["sources", "agents", "rejects"])
def test_a_dataset_without_one_of_its_tables_is_not_compacted(twice, table):
    shutil.rmtree(twice / table)
    refused(twice, match="missing or damaged")


def test_a_ledger_that_has_lost_a_source_is_told(twice):
    DeltaTable(str(twice / "sources")).delete("source = 1")
    without_digests(twice)
    note = twice / "events" / "_delta_log" / f"{1:020}.json"
    at = DeltaTable(str(twice / "sources")).version()
    note.write_text(re.sub(r'(\\"sources\\": )\d+', rf"\g<1>{at}", note.read_text()))
    refused(twice, match=r"ledger has lost 1 sources \(first: 1\)")


def test_events_that_another_program_added_are_told(twice):
    events = DeltaTable(str(twice / "events"))
    write_deltalake(events, events.to_pyarrow_table().slice(0, 3), mode="append")
    refused(twice, match="accounts for 10 events, but the table holds 13: some other program")
    assert ct.open(twice, as_of=1).sql("select count(*) as n from events")["n"].to_pylist() == [10]


def test_a_folder_that_is_a_delta_table_itself_gets_no_dataset_inside(tmp_path):
    write_deltalake(str(tmp_path / "d"), pa.table({"a": [1]}))
    refused(tmp_path / "d", match="a Delta table itself")


@pytest.mark.parametrize("columns", [["x"], EVENTS.schema.names], ids=["other columns", "the same columns"])
def test_a_delta_table_of_somebody_else_is_left_alone(tmp_path, columns):
    events = tmp_path / "d" / "events"
    events.parent.mkdir()
    write_deltalake(str(events), pa.table({name: ["a"] for name in columns}))
    for action in (lambda: ct.open(tmp_path / "d"), lambda: ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])):
        with pytest.raises(ct.DatasetError, match="not one of coursetrail's"):
            action()
    assert DeltaTable(str(events)).version() == 0


@pytest.mark.parametrize("table", ["events", "sources", "agents"])
@pytest.mark.parametrize("damage", ["empty", "garbage", "gone"])
def test_a_damaged_dataset_is_one_clear_error(tmp_path, table, damage):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    log = tmp_path / "d" / table / "_delta_log" / f"{0:020}.json"
    if damage == "gone":
        log.unlink()
    else:
        log.write_bytes(b"" if damage == "empty" else b"\xff{]")
    with pytest.raises(ct.DatasetError):
        ct.open(tmp_path / "d").sources  # noqa: B018 - reads the ledger


@pytest.mark.parametrize("table", ["events", "sources", "agents", "rejects"])
def test_a_missing_file_of_a_dataset_is_one_clear_error(tmp_path, table):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5), b"junk\n")], max_rejects="50%")
    for file in (tmp_path / "d" / table).glob("*.parquet"):
        file.unlink()
    with pytest.raises(ct.DatasetError, match="Restore the"):
        ct.open(tmp_path / "d").sql(f"select * from {table}")


# Disks


def test_a_file_in_the_way_of_the_dataset_is_one_clear_error(tmp_path):
    file = export(tmp_path, lines(5))
    with pytest.raises(ct.UsageError, match="a dataset is a folder"):
        ct.ingest(file, [file])
    with pytest.raises(ct.StorageError, match="cannot write"):
        ct.ingest(file / "d", [file])


@pytest.mark.parametrize("table", ["events", "sources", "agents"])
def test_a_file_in_the_way_of_a_table_is_one_clear_error(tmp_path, table):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / table).write_text("mine")
    with pytest.raises(ct.StorageError, match="cannot write"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(5))])
    assert (tmp_path / "d" / table).read_text() == "mine"


def test_a_full_disk_is_one_clear_error_and_leaves_what_was_there(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        ct.ingest(disk / "d", [export(tmp_path, lines(50), name="small")])
        before = contents(disk / "d")
        noise = random.Random(1)
        large = b"".join(line(n=n, note=noise.randbytes(300).hex()) for n in range(20_000))
        with pytest.raises(ct.StorageError, match=r"[Ff]ree some space"):
            ct.ingest(disk / "d", [export(tmp_path, large, name="large")])
        assert contents(disk / "d") == before
        assert not (disk / "d" / "_staging").exists()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_was_committed_before_an_error_is_told(tmp_path):
    good, bad = export(tmp_path, lines(40), name="good.json"), export(tmp_path, b"a,b\n" * 9, name="bad.csv")
    outcomes = []
    with pytest.raises(ct.InputError, match=r"bad\.csv"):
        ct.ingest(tmp_path / "d", [good, bad], on_outcome=outcomes.append)
    assert [(Path(one.source.uri).name, one.already) for one in outcomes] == [("good.json", False)]


def test_the_ledger_is_read_by_threads_that_need_no_python(tmp_path, monkeypatch):
    """One that comes back to an interpreter that ends aborts the process, although all was done."""
    ct.ingest(tmp_path / "dataset", [export(tmp_path, lines(3))])

    def python(*_: object) -> None:
        raise AssertionError("a file system written in Python")

    monkeypatch.setattr("deltalake.fs.DeltaStorageHandler.from_table", python)
    assert ledger(tmp_path / "dataset")
    ct.ingest(tmp_path / "dataset", [export(tmp_path, lines(4, 3), name="more.json")])


def test_a_file_of_events_is_closed_when_reading_ends_in_an_error(tmp_path, monkeypatch):
    made: list[pq.ParquetWriter] = []

    class Remembered(pq.ParquetWriter):
        def __init__(self, *asked, **more):
            super().__init__(*asked, **more)
            made.append(self)

    monkeypatch.setattr(events_file, "GROUP", 1)
    monkeypatch.setattr(pq, "ParquetWriter", Remembered)
    rows = pa.RecordBatch.from_pylist([{"line": 1}], schema=pa.schema([("line", pa.int64())]))

    def batches():
        yield rows
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        events_file.write(batches(), rows.schema, tmp_path / "e.parquet")
    assert [writer.is_open for writer in made] == [False]


MAPPING = (
    'name = "mine"\n[columns]\nlearner = "who"\nurl = "url"\n[constants]\naction = "page_view"\n[time]\ncolumn = "at"\n'
)


def mapped(folder: Path, data: bytes, **options: Any) -> dict[str, Any]:
    """The ledger's row of a table that a mapping describes."""
    (folder / "my.toml").write_text(MAPPING)
    ct.ingest(folder / "d", [export(folder, data, name="t.csv")], mapping=folder / "my.toml", **options)
    (row,) = ct.open(folder / "d").sources.to_pylist()
    return row


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_table_may_end_its_lines_in_any_way(tmp_path, end):
    rows = [b"who,at,url", b"a,2024-03-01 10:00:00,/x", b"b,2024-03-01 10:01:00,/y", b"c,2024-03-01 10:02:00,/z"]
    row = mapped(tmp_path, end.join(rows) + end)
    assert (row["lines"], row["events"], row["header"], row["physical_lines"]) == (4, 3, 1, 4)
    assert ct.open(tmp_path / "d").sql("select url from events order by 1")["url"].to_pylist() == ["/x", "/y", "/z"]


def test_lines_of_json_may_end_in_cr_alone(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(5).replace(b"\n", b"\r"))])
    assert ledger(tmp_path / "d") == [(5, 5, 0, 0, 0)]


def test_a_stray_quote_costs_its_own_line_and_no_other(tmp_path):
    """Each following quote would close the field only by chance; the learners after it are not text of an address."""
    data = (
        b'who,at,url\na,2024-03-01 10:00:00,"/a"\nb,2024-03-01 10:02:00,"/oops\nc,2024-03-01 10:03:00,/c\n'
        b'd,2024-03-01 10:04:00,"/d"\ne,2024-03-01 10:05:00,"/e\n"\n'
    )
    row = mapped(tmp_path, data, max_rejects="1")
    assert (row["lines"], row["events"], row["rejected"], row["header"], row["physical_lines"]) == (6, 4, 1, 1, 7)
    found = ct.open(tmp_path / "d").sql("select learner, url from events order by 1").to_pylist()
    assert [tuple(one.values()) for one in found] == [("a", "/a"), ("c", "/c"), ("d", "/d"), ("e", "/e\n")]


def rows_of(count: int, first: int = 0) -> list[bytes]:
    """Rows of the table that `mapped` reads; their times have seconds."""
    return [b"u%d,2024-03-01 10:%02d:%02d,/%d" % (n, n % 60, n % 59, n) for n in range(first, first + count)]


@pytest.mark.parametrize("more", [b"who,at,url", b"bad"])
def test_a_header_or_an_unfinished_line_that_equals_another_line_is_no_duplicate(tmp_path, more):
    data = b"\n".join([b"who,at,url", *rows_of(50), b"bad", *rows_of(1, 50), more])
    row = mapped(tmp_path, data, max_rejects="1")
    assert (row["lines"], row["events"], row["duplicates"], row["rejected"]) == (54, 51, 0, 1)
    assert (row["header"], row["unfinished"]) == ((2, 0) if more == b"who,at,url" else (1, 1))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
@pytest.mark.parametrize("last", ["whole", "without its end", "with half of its end"])
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_file_grows_whatever_ends_its_lines_and_wherever_it_was_read(tmp_path, end, last, form):
    if form == "table":
        (tmp_path / "my.toml").write_text(MAPPING)
        all_rows, options = [b"who,at,url", *rows_of(9)], {"mapping": tmp_path / "my.toml"}
    else:
        all_rows, options = lines(10).split(b"\n")[:-1], {}
    cut = {"whole": b"", "without its end": end, "with half of its end": end[1:]}[last]
    first = (end.join(all_rows[:6]) + end).removesuffix(cut)
    ct.ingest(tmp_path / "d", [grown(tmp_path, first)], **options)
    ct.ingest(tmp_path / "d", [grown(tmp_path, end.join(all_rows) + end)], **options)
    found = ct.open(tmp_path / "d").sources.to_pylist()
    assert [row["lines"] for row in found] == [6, 4]
    assert sum(row["events"] for row in found) == len(all_rows) - (form == "table")


def test_a_stray_quote_in_a_table_that_is_cut_costs_its_own_line(tmp_path):
    rows = [b"who,at,url", *rows_of(200), b'x,2024-03-01 10:00:01,"/oops', *rows_of(300, 200), b"y,2024-03-01"]
    squeeze = zlib.compressobj(wbits=31)
    packed = squeeze.compress(b"\n".join(rows)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    (tmp_path / "my.toml").write_text(MAPPING)
    source = export(tmp_path, packed, name="t.csv.gz")
    ct.ingest(tmp_path / "d", [source], mapping=tmp_path / "my.toml", max_rejects="1")
    (row,) = ct.open(tmp_path / "d").sources.to_pylist()
    assert "cut off" in row["fault"]
    assert (row["lines"], row["events"], row["rejected"], row["unfinished"]) == (503, 500, 1, 1)


@pytest.mark.parametrize(
    "last", [b'u9,2024-03-01 10:00:09,"/a\n b', b'u9,2024-03-01 10:00:09,"/a\n\nb,c\n', b'u9,"2024']
)
def test_a_table_that_ends_within_a_quoted_field_has_one_unfinished_record_and_may_grow(tmp_path, last):
    (tmp_path / "my.toml").write_text(MAPPING)
    start = b"\n".join([b"who,at,url", *rows_of(9), b""])
    rest = b'"\n' if b'"/a' in last else b'-03-01 10:00:09",/a\n'
    options = {"mapping": tmp_path / "my.toml", "max_rejects": "0"}
    ct.ingest(tmp_path / "d", [grown(tmp_path, start, last)], **options)
    ct.ingest(tmp_path / "d", [grown(tmp_path, start, last, rest)], **options)
    first, second = ct.open(tmp_path / "d").sources.to_pylist()
    assert (first["lines"], first["events"], first["unfinished"]) == (11, 9, 1)
    assert first["physical_lines"] == 10 + last.count(b"\n") + (not last.endswith(b"\n"))
    assert (second["lines"], second["events"], second["begin"]) == (1, 1, 10)


def test_an_unfinished_last_line_is_no_reject(tmp_path):
    ct.ingest(tmp_path / "d", [export(tmp_path, lines(59), line(n=59)[:50])], max_rejects="0")
    (row,) = ct.open(tmp_path / "d").sources.to_pylist()
    assert (row["lines"], row["events"], row["rejected"], row["unfinished"]) == (60, 59, 0, 1)


def test_the_last_record_of_a_table_that_is_cut_is_not_taken_for_a_whole_one(tmp_path):
    """Its last field may be half of what it was."""
    rows = b"".join(
        b"u%d,2024-03-01 10:00:%02d,/page/%s\n" % (n, n % 60, os.urandom(9).hex().encode()) for n in range(999)
    )
    packed = gzip.compress(b"who,at,url\n" + rows)
    row = mapped(tmp_path, packed[: len(packed) // 2])
    assert "cut off" in row["fault"]
    assert (row["unfinished"], row["lines"]) == (1, row["events"] + 2)
    urls = ct.open(tmp_path / "d").sql("select url from events")["url"].to_pylist()
    assert {len(url) for url in urls} == {len("/page/") + 18}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\n \n\0\0\n" * 3, "all 9 lines are blank"),
        (b"\r\r\r", "all 3 lines are blank"),
    ],
)
def test_a_file_of_blank_lines_is_refused(tmp_path, data, says):
    with pytest.raises(ct.InputError, match=says):
        ct.ingest(tmp_path / "d", [export(tmp_path, data)], format="coursera-legacy")


def test_a_file_without_events_is_warned_of(tmp_path):
    row = mapped(tmp_path, b"who,at,url\n")
    assert json.loads(row["warnings"]) == ["No event in 1 line (1 header). Is it the right file?"]


def test_so_many_blank_lines_are_refused_before_they_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_BLANK", 10)
    with pytest.raises(ct.InputError, match="More than 10 lines are blank"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(1), b"\n" * 11)])


def test_so_many_rejects_are_refused_before_they_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MOST_REJECTED", 1000)
    with pytest.raises(ct.InputError, match="of lines cannot be read"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(1), b"junk\n" * 11)], max_rejects="100%")


@pytest.mark.parametrize("blank", [b"\0\0\0\n", b"  \t \n", b"\r", b"\n", b"\x0b\x0c\n"])
def test_lines_of_white_space_or_nul_in_a_table_are_blank_wherever_they_are(tmp_path, blank):
    data = b"\n".join([b"who,at,url", *rows_of(3), b""]) + blank + b"\n".join([*rows_of(3, 3), b""]) + blank
    row = mapped(tmp_path, data, max_rejects="0")
    assert (row["events"], row["blank"], row["rejected"]) == (6, 2, 0)


def test_millions_of_blank_lines_are_refused_before_they_take_long(tmp_path, monkeypatch):
    """Each was looked at by itself; now those of a block are counted at once, in a table and in lines of JSON."""
    looked_at: list[bytes] = []
    monkeypatch.setattr(records, "MOST_BLANK", 300_000)
    monkeypatch.setattr(
        records.Reading, "_repair", lambda self, suspect, spec, last: looked_at.extend(suspect) or 1 / 0
    )
    (tmp_path / "my.toml").write_text(MAPPING)
    table = export(tmp_path, b"\n".join([*rows_of(1), b"", b"\n" * 400_000]), name="t.csv")
    (tmp_path / "my.toml").write_text(f'{MAPPING}[file]\nnames = ["who", "at", "url"]\n')
    with pytest.raises(ct.InputError, match="More than 300,000 lines are blank"):
        ct.ingest(tmp_path / "d", [table], mapping=tmp_path / "my.toml")
    with pytest.raises(ct.InputError, match="More than 300,000 lines are blank"):
        ct.ingest(tmp_path / "d", [export(tmp_path, lines(3), b"\n" * 400_000)])
    assert looked_at == []
