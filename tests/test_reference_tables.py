"""Coursera's tables beside the clickstream: syllabus, members and grades of a dataset."""

import csv
import gzip
import io
import os
import random
import tarfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

import coursetrail as ct
from coursetrail.dataset.delta import version
from coursetrail.dataset.maintenance import compact
from coursetrail.engines.config import EngineConfig
from coursetrail.errors import InputError, TooManyRejects
from coursetrail.filesystem import archives
from coursetrail.filesystem.location import Location
from support.coursera_rows import VIEW, pristine

pytestmark = pytest.mark.slow

COURSE = VIEW["course_id"]
NAMED = {
    "courses": "course_id,course_slug,course_name,course_launch_ts,course_desc",
    "course_branches": "course_id,course_branch_id,authoring_course_branch_name,authoring_course_branch_created_ts",
    "course_modules": "course_id,course_module_id,course_module_order,course_module_name,course_module_desc",
    "course_lessons": "course_id,course_lesson_id,course_module_id,course_lesson_order,course_lesson_name",
    "course_items": "course_id,course_item_id,course_lesson_id,course_item_order,course_item_type_id,course_item_name",
    "course_item_types": "course_item_type_id,course_item_type_desc,course_item_type_category,course_item_type_graded",
    "course_branch_modules": "course_branch_id,course_module_id,course_branch_module_order,course_branch_module_name",
    "course_branch_lessons": (
        "course_branch_id,course_lesson_id,course_module_id,course_branch_lesson_order,course_branch_lesson_name"
    ),
    "course_branch_items": (
        "course_branch_id,course_item_id,course_lesson_id,course_branch_item_order,course_item_type_id,"
        "course_branch_item_name"
    ),
    "course_memberships": "jhu_user_id,course_id,course_membership_role,course_membership_ts",
    "course_grades": (
        "course_id,jhu_user_id,course_grade_ts,course_passing_state_id,course_grade_overall_passed_items,"
        "course_grade_overall,course_grade_verified_passed_items,course_grade_verified"
    ),
    "course_branch_grades": (
        "course_branch_id,jhu_user_id,course_branch_grade_ts,course_passing_state_id,"
        "course_branch_grade_overall_passed_items,course_branch_grade_overall,"
        "course_branch_grade_verified_passed_items,course_branch_grade_verified"
    ),
}
CONTENT = {
    "courses": [(COURSE, "data-patterns", "Pattern Discovery", "2015-02-09 08:00:00", 'It is "hard",\nthey say \\')],
    "course_modules": [(COURSE, "m1", "0", 'Begin "here"', "a\nb"), (COURSE, "m2", "1", "End", "")],
    "course_lessons": [(COURSE, "l1", "m1", "0", "First"), (COURSE, "l2", "m2", "0", "Second")],
    "course_items": [
        (COURSE, "gpUXO", "l1", "1", "1", "Closure, downward"),
        (COURSE, "aB1cD", "l1", "0", "3", "Read me"),
        (COURSE, "eF2gH", "l2", "0", "99", "Exam"),
    ],
    "course_item_types": [("1", "lecture", "lecture", "f"), ("3", "supplement", "supplement", "f")],
}


def write(folder: Path, tables: dict[str, list[Any]], **renamed: str) -> Path:
    """A folder of tables as Coursera writes them."""
    folder.mkdir(exist_ok=True)
    for name, rows in tables.items():
        out = io.StringIO(newline="")
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, escapechar="\\", doublequote=False, lineterminator="\n")
        names = NAMED[name].split(",")
        writer.writerows([names, *[[*row, *[""] * (len(names) - len(row))] for row in rows]])
        (folder / f"{renamed.get(name, name)}.csv").write_text(out.getvalue())
    return folder


def rows(dataset: Path, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table, in order."""
    return [tuple(row.values()) for row in ct.open(dataset).sql(f"select * from {table} order by all").to_pylist()]


def test_a_dataset_without_tables_has_them_empty(tmp_path):
    (tmp_path / "access.csv").write_bytes(pristine(VIEW))
    ct.ingest(tmp_path / "d", [tmp_path / "access.csv"])
    for name in ("syllabus", "members", "grades"):
        assert rows(tmp_path / "d", name) == []


def test_the_syllabus_is_modules_lessons_and_items_in_their_order(tmp_path):
    tables = write(tmp_path / "t", CONTENT)
    assert ct.ingest(tmp_path / "d", [], tables=[tables]) == []
    course = (COURSE, "data-patterns", "Pattern Discovery")
    first, second = ("m1", 'Begin "here"', 0, "l1", "First", 0), ("m2", "End", 1, "l2", "Second", 0)
    assert rows(tmp_path / "d", "(select * from syllabus order by module_order, item_order)") == [
        (*course, *first, "aB1cD", "Read me", 0, "supplement"),
        (*course, *first, "gpUXO", "Closure, downward", 1, "lecture"),
        (*course, *second, "eF2gH", "Exam", 0, "99"),
    ]
    opened = ct.open(tmp_path / "d")
    assert (len(opened.sources), opened.analyze("browsers").table.num_rows) == (0, 0)  # no clicks yet


def test_items_join_with_events(tmp_path):
    (tmp_path / "access.csv").write_bytes(pristine(VIEW))
    ct.ingest(tmp_path / "d", [tmp_path / "access.csv"], tables=[write(tmp_path / "t", CONTENT)])
    found = ct.open(tmp_path / "d").sql("select item_name from events join syllabus using (course, item)")
    assert found["item_name"].to_pylist() == ["Closure, downward"]


def test_where_a_course_has_no_content_of_its_own_that_of_its_latest_branch_counts(tmp_path):
    branches = {
        "courses": [("a", "a", "A"), ("b", "b", "B"), ("c", "c", "C")],
        "course_branches": [
            ("a", "a~1", "", "2020-01-01 00:00:00"),
            ("a", "a~2", "", "2021-01-01 00:00:00"),
            ("a", "a~3", "", "2022-01-01 00:00:00"),  # nothing in it
            ("b", "b~1", "", "2022-01-01 00:00:00"),
        ],
        "course_modules": [("b", "m", "0", "own")],
        "course_branch_modules": [("a~1", "m", "0", "old"), ("a~2", "m", "0", "new"), ("b~1", "m", "0", "branch")],
        "course_branch_items": [("a~2", "i", "nowhere", "0", "1", "An item of no lesson"), ("c", "j", "", "", "", "C")],
    }
    ct.ingest(tmp_path / "d", [], tables=[write(tmp_path / "t", branches)])
    shown = "(select course, course_name, module_name, item_name from syllabus)"
    assert set(rows(tmp_path / "d", shown)) == {
        ("a", "A", None, "An item of no lesson"),
        ("a", "A", "new", None),
        ("b", "B", "own", None),
        ("c", "C", None, "C"),
    }


def test_of_a_member_the_latest_role_counts(tmp_path):
    log = [
        ("u1", "a", "PRE_ENROLLED_LEARNER", "2016-01-01 00:00:00"),
        ("u1", "a", "LEARNER", "2016-02-01 10:00:00.5"),
        ("u2", "a", "LEARNER", "2016-01-01 00:00:00"),
        ("u2", "a", "NOT_ENROLLED", "2016-03-01 00:00:00"),
        ("u3", "a", "INSTRUCTOR", "2015-01-01 00:00:00"),
        ("u4", "a", "MENTOR", ""),
        ("u5", "a", "WIZARD", "2016-01-01 00:00:00"),
        ("u1", "b", "TEACHING_STAFF", "2016-01-01 00:00:00"),
        ("", "b", "LEARNER", "2016-01-01 00:00:00"),
    ]
    tables = write(tmp_path / "t", {"course_memberships": log}, course_memberships="users_courses__course_memberships")
    ct.ingest(tmp_path / "d", [], tables=[tables])
    assert rows(tmp_path / "d", "members") == [
        ("a", "u1", "learner", datetime(2016, 2, 1, 10, 0, 0, 500_000)),  # noqa: DTZ001
        ("a", "u2", "not enrolled", datetime(2016, 3, 1)),  # noqa: DTZ001
        ("a", "u3", "staff", datetime(2015, 1, 1)),  # noqa: DTZ001
        ("a", "u4", "mentor", None),
        ("a", "u5", "other", datetime(2016, 1, 1)),  # noqa: DTZ001
        ("b", "u1", "staff", datetime(2016, 1, 1)),  # noqa: DTZ001
    ]


def test_grades_are_numbers_and_a_word_for_the_state(tmp_path):
    grades = {
        "course_grades": [
            ("a", "u1", "2016-01-01 00:00:00", "0", "3", "0.25", "2", "NA"),
            ("a", "u1", "2016-02-01 00:00:00", "2", "4", "0.95", "4", "0.9"),
            ("a", "u2", "2016-01-01 00:00:00", "7", "4", "", "4", "x"),
        ],
        "course_branches": [("a", "a~1", "", ""), ("b", "b~1", "", "")],
        "course_branch_grades": [
            ("a~1", "u3", "2016-01-01 00:00:00", "1", "", "1", "", "1"),  # a has grades of its own
            ("b~1", "u3", "2016-01-01 00:00:00", "1", "", "1", "", "0"),
        ],
    }
    ct.ingest(tmp_path / "d", [], tables=[write(tmp_path / "t", grades)])
    first = datetime(2016, 1, 1)  # noqa: DTZ001
    assert rows(tmp_path / "d", "grades") == [
        ("a", "u1", "verified", 0.95, 0.9, datetime(2016, 2, 1)),  # noqa: DTZ001
        ("a", "u2", None, None, None, first),
        ("b", "u3", "passed", 1.0, 0.0, first),
    ]


def test_what_is_read_again_is_replaced_course_by_course_and_the_rest_stays(tmp_path):
    def members(*pairs: tuple[str, str]) -> dict[str, list[Any]]:
        return {"course_memberships": [(user, course, "LEARNER", "") for course, user in pairs]}

    dataset = tmp_path / "d"
    ct.ingest(dataset, [], tables=[write(tmp_path / "t1", members(("a", "u1"), ("a", "u2"), ("b", "u1")))])
    ct.ingest(dataset, [], tables=[write(tmp_path / "t2", members(("a", "u3")) | CONTENT)])
    assert [row[:2] for row in rows(dataset, "members")] == [("a", "u3"), ("b", "u1")]
    ct.ingest(dataset, [], tables=[write(tmp_path / "t3", {"courses": [("a", "s", "n")], "course_memberships": []})])
    assert [row[:2] for row in rows(dataset, "members")] == [("b", "u1")]
    assert {row[0] for row in rows(dataset, "syllabus")} == {COURSE, "a"}


def test_an_older_version_of_the_dataset_has_its_own_tables(tmp_path):
    dataset = tmp_path / "d"
    (tmp_path / "access.csv").write_bytes(pristine(VIEW))
    ct.ingest(dataset, [tmp_path / "access.csv"])
    before = ct.open(dataset)
    ct.ingest(dataset, [], tables=[write(tmp_path / "t", CONTENT)])
    count = "select count(*) as n from syllabus"
    assert before.sql(count)["n"].to_pylist() == [0]
    assert ct.open(dataset, as_of=before.snapshot.version).sql(count)["n"].to_pylist() == [0]
    assert ct.open(dataset).sql(count)["n"].to_pylist() == [3]


def test_a_zip_file_is_read_like_the_folder_packed_tables_included(tmp_path):
    folder = write(tmp_path / "t", CONTENT)
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as packed:
        for file in folder.iterdir():
            packed.writestr(f"deep/{file.name}.gz", gzip.compress(file.read_bytes()))
        packed.writestr("setup.sql", "create table x")
        packed.writestr("../__MACOSX/._courses.csv", "x")
    ct.ingest(tmp_path / "d1", [], tables=[folder])
    ct.ingest(tmp_path / "d2", [], tables=[tmp_path / "t.zip"])
    assert rows(tmp_path / "d1", "syllabus") == rows(tmp_path / "d2", "syllabus") != []


def test_a_tar_file_is_read_too(tmp_path):
    folder = write(tmp_path / "t", CONTENT)
    with tarfile.open(tmp_path / "t.tar.gz", "w:gz") as packed:
        packed.add(folder, "tables")
    ct.ingest(tmp_path / "d1", [], tables=[folder])
    ct.ingest(tmp_path / "d2", [], tables=[tmp_path / "t.tar.gz"])
    assert rows(tmp_path / "d1", "syllabus") == rows(tmp_path / "d2", "syllabus") != []


def test_an_archive_that_would_unpack_to_far_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS", 1 << 20)
    with zipfile.ZipFile(tmp_path / "t.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("courses.csv", b"course_id\n" + b"a\n" * (1 << 20))
    with pytest.raises(InputError, match="a decompression bomb"):
        ct.ingest(tmp_path / "d", [], tables=[tmp_path / "t.zip"])
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("name", ["t.tar", "t.tar.gz"])
def test_an_archive_that_is_cut_off_is_refused_wherever_the_cut_is(tmp_path, name):
    folder = write(tmp_path / "t", CONTENT)
    foreign = tmp_path / "noise.bin"
    foreign.write_bytes(random.Random(1).randbytes(1 << 20))
    with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as packed:
        packed.add(folder / "courses.csv", "courses.csv")
        packed.add(foreign, "noise.bin")
        packed.add(folder, "rest")
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="get the archive again"):
        ct.ingest(tmp_path / "d", [], tables=[tmp_path / name])
    assert not (tmp_path / "d").exists()


def test_a_folder_in_it_that_may_not_be_read_is_not_passed_over(tmp_path, monkeypatch):
    folder = write(tmp_path / "t", CONTENT)
    (folder / "locked").mkdir()
    scandir = os.scandir

    def locked(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", locked)
    with pytest.raises(InputError, match="locked: Permission denied"):
        ct.ingest(tmp_path / "d", [], tables=[folder])
    with pytest.raises(InputError, match="locked: Permission denied"):
        ct.ingest(tmp_path / "d", [folder])
    monkeypatch.undo()
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("then", ["ingest", "compact"])
@pytest.mark.parametrize("before", [False, True])
def test_tables_of_a_run_that_was_killed_do_not_come_in_with_the_next(tmp_path, monkeypatch, before, then):
    dataset = tmp_path / "d"
    (tmp_path / "access.csv").write_bytes(pristine(VIEW))
    if then == "compact":
        ct.ingest(dataset, [tmp_path / "access.csv"])
    if before:
        ct.ingest(dataset, [], tables=[write(tmp_path / "t", CONTENT)])
    known = rows(dataset, "syllabus") if before else []

    def stop(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    changed = {**CONTENT, "course_items": [(COURSE, "new", "l1", "1", "1", "New")]}
    with monkeypatch.context() as killed:
        killed.setattr("coursetrail.ingestion.reference_tables.commit.commit", stop)
        with pytest.raises(KeyboardInterrupt):
            ct.ingest(dataset, [], tables=[write(tmp_path / "t", changed)])
    if then == "compact":
        compact(Location.of(dataset))
    ct.ingest(dataset, [tmp_path / "access.csv"])
    assert rows(dataset, "syllabus") == known
    at = version(Location.of(dataset), "syllabus")
    ct.ingest(dataset, [tmp_path / "access.csv"])
    assert version(Location.of(dataset), "syllabus") == at  # once is enough
    ct.ingest(dataset, [], tables=[tmp_path / "t"])
    items = ct.open(dataset).sql("select item from syllabus where item is not null")
    assert items["item"].to_pylist() == ["new"]
    assert len(ct.open(dataset).sources) == 1


@pytest.mark.parametrize("kind", ["missing", "text", "empty", "header"])
def test_what_is_no_folder_of_tables_says_so_and_changes_nothing(tmp_path, kind):
    place = tmp_path / "t"
    if kind == "text":
        place.write_text("x")
    elif kind in ("empty", "header"):
        place.mkdir()
    if kind == "header":
        (place / "courses.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError):
        ct.ingest(tmp_path / "d", [], tables=[place])
    assert not (tmp_path / "d").exists()


def test_records_that_cannot_be_read_are_held_to_the_limit(tmp_path):
    folder = write(tmp_path / "t", {"course_memberships": [(f"u{n}", "a", "LEARNER", "") for n in range(50)]})
    file = folder / "course_memberships.csv"
    file.write_bytes(file.read_bytes().replace(b'"u7"', b'"u7","more"').replace(b'"u8"', b'"u\xff8\0"'))
    with pytest.raises(TooManyRejects, match="record 9: 5 fields where there should be 4"):
        ct.ingest(tmp_path / "d", [], tables=[folder])
    ct.ingest(tmp_path / "d", [], tables=[folder], max_rejects="2%")
    learners = {row[1] for row in rows(tmp_path / "d", "members")}
    assert len(learners) == 49
    assert "u\ufffdFF8\ufffd00" in learners


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_knows_the_tables_too(tmp_path, session):
    ct.ingest(tmp_path / "d", [], tables=[write(tmp_path / "t", CONTENT)])
    course = ct.open(tmp_path / "d", EngineConfig("spark"))
    with course.engine() as engine:
        found = engine.query("select item from syllabus order by item")
        assert found["item"].to_pylist() == ["aB1cD", "eF2gH", "gpUXO"]
        assert engine.query("select count(*) as n from members").to_pylist() == [{"n": 0}]
