"""Sources whose times are days without a time of day: rules about minutes and hours are off for them, and say so."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import coursetrail as ct
from coursetrail.engines.config import EngineConfig

pytestmark = pytest.mark.slow

DAYS = """
name = "days"
duplicates = "keep"
[columns]
learner = "who"
[constants]
platform = "site"
action = "page_view"
[time]
column = "at"
unit = "days"
origin = 2014-02-01
"""
SECONDS = DAYS.replace('"days"\nduplicates', '"seconds"\nduplicates').replace(
    'unit = "days"\norigin = 2014-02-01\n', ""
)
NOON = datetime(2014, 2, 1, 12, tzinfo=UTC)


def ingest(folder: Path, name: str, mapping: str, rows: list[tuple[str, object]]) -> None:
    (folder / f"{name}.toml").write_text(mapping)
    (folder / f"{name}.csv").write_text("who,at\n" + "".join(f"{who},{at}\n" for who, at in rows))
    ct.ingest(folder / "dataset", [folder / f"{name}.csv"], mapping=folder / f"{name}.toml")


def both(folder: Path) -> Path:
    """Ada has 200 rows of each of two days; Grace has these and a clock; Alan has a clock only, and a busy minute."""
    ingest(folder, "days", DAYS, [(who, day) for who in ("ada", "grace") for day in (0, 1) for _ in range(200)])
    grace = [("grace", NOON + timedelta(minutes=n)) for n in (0, 30, 61)]
    alan = [("alan", NOON + timedelta(milliseconds=n * 400)) for n in range(121)]
    ingest(folder, "seconds", SECONDS, [*grace, *alan])
    return folder / "dataset"


WANTED = {
    "ada": {"clicks": 400, "active_days": 2, "sessions": None, "is_outlier": False},
    "grace": {"clicks": 403, "active_days": 2, "sessions": 2, "is_outlier": False},
    "alan": {"clicks": 121, "active_days": 1, "sessions": 1, "is_outlier": True},
}
SENTENCE = "800 events of 2 learners have a day and no time of day: rules about minutes and hours are off for them."


def answer(dataset: ct.Dataset) -> dict[str, dict[str, object]]:
    rows = dataset.analyze("learners").table.to_pylist()
    return {row["learner"]: {name: row[name] for name in WANTED["ada"]} for row in rows}


def test_no_one_is_an_outlier_because_the_rows_of_a_day_share_midnight(tmp_path):
    dataset = ct.open(both(tmp_path))
    assert dataset.sources["clock"].to_pylist() == [False, True]
    assert answer(dataset) == WANTED


def test_the_scope_says_for_how_many_the_rules_are_off_and_only_where_there_are_such_rules(tmp_path):
    dataset = ct.open(both(tmp_path))
    assert dataset.analyze("learners").scope.describe().endswith(SENTENCE)
    assert "time of day" not in dataset.analyze("activity").scope.describe()
    (tmp_path / "only").mkdir()
    ingest(tmp_path / "only", "seconds", SECONDS, [("ada", NOON)])
    assert "time of day" not in ct.open(tmp_path / "only" / "dataset").analyze("learners").scope.describe()


def test_the_text_of_the_answer_gives_the_same_by_the_command_sql(tmp_path):
    dataset = ct.open(both(tmp_path))
    result = dataset.analyze("learners")
    assert dataset.sql(result.sql).to_pylist() == result.table.to_pylist()


@pytest.mark.java
def test_spark_gives_the_same_answer_where_there_is_no_clock(session, tmp_path):
    dataset = ct.open(both(tmp_path), engine=EngineConfig("spark"))
    assert answer(dataset) == WANTED
    assert dataset.analyze("learners").scope.describe().endswith(SENTENCE)


@pytest.mark.parametrize(
    ("time", "texts", "clock"),
    [
        ('unit = "days"\norigin = 2014-02-01', ["-10", "0", "7"], False),
        ('unit = "days"\norigin = 2014-02-01', ["0.25", "1", "1.5"], True),
        ('unit = "s"', ["1391212800", "1391212801"], True),
        ('unit = "s"', [str(1391212800 + 86400 * n) for n in range(10)], False),
        ('unit = "s"', [str(1391212800 + 86400 * n) for n in range(9)], True),  # too few to say
        ('format = "%d.%m.%Y"', ["01.02.2014"], False),
        ('format = "%d.%m.%Y %H"', ["01.02.2014 13"], False),
        ('format = "%d.%m.%Y %H:%M"', ["01.02.2014 00:00"], True),
        ('format = ["%d.%m.%Y", "%d.%m.%Y %H:%M"]', ["01.02.2014", "01.02.2014 10:00"], True),
        ('format = "%Y-%m-%d %H:%M:%S"', [f"2014-02-{n:02} 00:00:00" for n in range(1, 12)], False),
        ("", ["2014-02-01", "2014-02-02"], False),
        ("", ["20140201"], False),
        ("", ["2014-02-01", "2014-02-01T00:00:00"], True),
        ('zone = "Asia/Shanghai"', [f"2014-02-{n:02}T00:00:00" for n in range(1, 12)], False),
        ('zone = "Asia/Shanghai"', ["2014-02-01"], False),
    ],
)
def test_whether_times_have_a_clock_is_declared_or_seen_in_the_first_lines(tmp_path, time, texts, clock):
    mapping = DAYS.partition("unit =")[0] + time + "\n"
    ingest(tmp_path, "any", mapping, [("ada", text) for text in texts])
    assert ct.open(tmp_path / "dataset").sources["clock"].to_pylist() == [clock]
