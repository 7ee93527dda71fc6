"""Who is one learner, on one platform and on several; what is said about it adds up; reports name none."""

from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import coursetrail as ct
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.identity import Identity
from coursetrail.analyses.questions import Questions
from coursetrail.analyses.relations import statement
from coursetrail.analyses.scope import Scope
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.config import EngineConfig
from coursetrail.engines.duckdb import connect
from coursetrail.lookups import agents, languages
from support.commands import coursetrail

MAPPING = """
name = "{name}"
[columns]
learner = "user"
course = "course"
[constants]
action = "page_view"
[time]
column = "when"
"""
ROWS = {
    "moodle": "42,a,2024-03-01 10:00:00\n42,a,2024-03-01 10:05:00\n7,a,2024-03-01 10:00:00\n",
    "canvas": "42,b,2024-03-02 10:00:00\n,b,2024-03-02 10:00:00\n",
}


def mapped(folder: Path, name: str) -> dict[str, Path]:
    table, mapping = folder / f"{name}.csv", folder / f"{name}.toml"
    table.write_text("user,course,when\n" + ROWS[name])
    mapping.write_text(MAPPING.format(name=name))
    return {"export": table, "mapping": mapping}


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Learner 42 of two platforms, and 7 of one."""
    for name in ROWS:
        files = mapped(tmp_path, name)
        ct.ingest(tmp_path / "both", [files["export"]], mapping=files["mapping"])
    return tmp_path / "both"


def who(dataset: Path, **options) -> list[tuple[str, str, int]]:
    found = ct.open(dataset).analyze("learners", **options).table.to_pylist()
    return [(row["learner"], row["platform"], row["clicks"]) for row in found]


def test_one_id_on_two_platforms_is_two_learners(both) -> None:
    assert who(both) == [("42", "moodle", 2), ("42", "canvas", 1), ("7", "moodle", 1)]
    result = ct.open(both).analyze("concentration")
    assert (result.table["learners"].to_pylist(), result.scope.learners) == ([3], 3)
    assert "the same id on two of them is two learners" in " ".join(str(result).split())
    assert ct.open(both).analyze("browsers").table["learners"].to_pylist() == [3]
    assert who(both, course="b") == [("42", "canvas", 1)]


def test_the_printed_sql_counts_the_same_learners(both) -> None:
    answer = ct.open(both).analyze("learners")
    assert ct.open(both).sql(answer.sql).cast(answer.table.schema).equals(answer.table)
    assert ct.open(both).sql("select distinct learner from events where learner is not null").num_rows == 2


def test_shared_ids_are_kept_in_the_dataset_said_with_every_answer_and_taken_back(both) -> None:
    before = ct.open(both).snapshot.version
    assert coursetrail("ingest", both, "--shared-ids").code == 0
    for name in ("learners", "browsers", "activity", "concentration", "languages"):
        assert "Ids are shared" in ct.open(both).analyze(name).scope.describe()
    assert who(both) == [("42", "several", 3), ("7", "moodle", 1)]
    more = both.parent / "more.csv"
    more.write_text("user,course,when\n42,b,2024-03-09 10:00:00\n")
    ct.ingest(both, [more], mapping=both.parent / "canvas.toml")
    assert who(both) == [("42", "several", 4), ("7", "moodle", 1)]
    assert coursetrail("ingest", both, "--no-shared-ids").code == 0
    assert who(both) == [("42", "canvas", 2), ("42", "moodle", 2), ("7", "moodle", 1)]
    assert "shared" not in ct.open(both).analyze("browsers").scope.describe()
    assert ct.open(both, as_of=before).analyze("browsers").scope.learners == 3


def test_shared_ids_of_a_folder_without_a_dataset_is_an_error(tmp_path) -> None:
    ran = coursetrail("ingest", tmp_path / "absent", "--shared-ids")
    assert (ran.code != 0, "no dataset here" in ran.told) == (True, True)


def test_shared_ids_are_recorded_although_a_file_is_refused(both, tmp_path) -> None:
    (tmp_path / "bad.csv").write_text("nothing,that,fits\n1,2,3\n")
    (tmp_path / "more.csv").write_text("user,course,when\n42,b,2024-03-09 10:00:00\n")
    files = [tmp_path / "bad.csv", tmp_path / "more.csv"]
    for shared, is_learner in ((True, 2), (False, 3)):
        with pytest.raises(ct.InputError, match=r"bad\.csv"):
            ct.ingest(both, files, mapping=both.parent / "canvas.toml", shared_ids=shared)
        assert ct.open(both).analyze("browsers").scope.learners == is_learner


def test_where_nothing_was_ingested_the_error_is_that_of_the_file(tmp_path) -> None:
    (tmp_path / "bad.json").write_text("no line of a log\n")
    with pytest.raises(ct.InputError, match=r"bad\.json"):
        ct.ingest(tmp_path / "d", [tmp_path / "bad.json"], shared_ids=True)
    refused: list[str] = []
    with pytest.raises(ct.DatasetError, match="no dataset here that could record whether ids are shared"):
        ct.ingest(
            tmp_path / "d",
            [tmp_path / "bad.json"],
            shared_ids=True,
            on_refused=lambda name, _: refused.append(name),
        )
    assert refused == [str(tmp_path / "bad.json")]


def test_an_engine_with_few_columns_knows_who_is_one_learner_and_which_times_have_a_clock(both, tmp_path) -> None:
    (tmp_path / "days.csv").write_text("user,course,when\n8,b,2024-03-09\n")
    (tmp_path / "days.toml").write_text(MAPPING.format(name="canvas") + 'format = "%Y-%m-%d"\n')
    ct.ingest(both, [tmp_path / "days.csv"], mapping=tmp_path / "days.toml")
    with ct.open(both).engine(["learner"]) as engine:
        found = engine.query("select learner, learner_id, has_clock from all_events where learner_id in ('7', '8')")
        stored = engine.query("select learner from stored_events where learner = '7'")
    rows = sorted(tuple(row.values()) for row in found.to_pylist())
    assert rows == [("canvas:8", "8", False), ("moodle:7", "7", True)]
    assert stored.num_rows == 1


def test_keys_of_different_learners_differ() -> None:
    pairs = [("a:b", "c"), ("a", "b:c"), ("a%3Ab", "c"), ("a", ":b:c"), ("", "a:c"), ("a", "c")]
    rows = [{"platform": platform, "learner": learner} for platform, learner in [*pairs, ("a", None)]]
    with connect() as engine:
        engine.register("stored_events", pa.Table.from_pylist(rows), pa.schema({"platform": "str", "learner": "str"}))
        engine.view("all_events", Identity(2).over("stored_events", ["platform", "learner"]))
        found = engine.query("select count(distinct learner) as keys, count(*) as n from all_events")
        assert found.to_pylist() == [{"keys": len(pairs), "n": len(pairs) + 1}]


EVENT = st.fixed_dictionaries(
    {
        "platform": st.sampled_from(["coursera", "edx"]),
        "course": st.sampled_from(["a", "b", None]),
        "learner": st.sampled_from(["1", "2", None]),
        "time": st.sampled_from([datetime(2024, 3, day, tzinfo=UTC) for day in (1, 2, 3)]),
        "action": st.sampled_from(["page_view", "other"]),
        "area": st.sampled_from(["lecture", "admin", None]),
        "user_agent": st.sampled_from(["person", "robot", None]),
    }
)
AGENTS = pa.Table.from_pylist(
    [{"user_agent": "person", "is_bot": False}, {"user_agent": "robot", "is_bot": True}], schema=agents.AGENTS.schema
)
COMBINATIONS = [
    Filters(course=course, since=since, without_bots=without_bots, clicks=clicks)
    for course, since, without_bots, clicks in product(
        ("a", None), (date(2024, 3, 2), None), (True, False), ("deliberate", "all")
    )
]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENT, max_size=12), st.sampled_from([Identity(2), Identity(2, shared=True)]))
def test_for_every_combination_of_filters_the_parts_of_the_scope_sum_to_all_events(events, identity) -> None:
    table = pa.Table.from_pylist(events, schema=EVENTS.schema)
    with connect() as engine:
        engine.register("stored_events", table, table.schema)
        engine.view("all_events", identity.over("stored_events", EVENTS.schema.names))
        engine.register("agents", AGENTS, agents.AGENTS.schema)
        engine.register("languages", languages.LANGUAGES.schema.empty_table(), languages.LANGUAGES.schema)
        for filters in COMBINATIONS:
            row = engine.query(statement(Questions([], filters).counts.strip(), filters)).to_pylist()[0]
            scope = Scope.of({name: int(value) for name, value in row.items()}, filters, "", identity)
            inside = [one for one in events if is_inside(one, filters)]
            owned = [one for one in inside if one["learner"]]
            keys = {one["learner"] if identity.shared else (one["platform"], one["learner"]) for one in owned}
            assert scope.events + scope.admin + scope.outside == len(events)
            assert scope.events - scope.without_learner == len(owned)
            assert scope.learners == len(keys)
            assert scope.bot_events == sum(one["user_agent"] == "robot" for one in owned)
            assert (scope.bots == 0) == (scope.bot_events == 0)


def is_inside(event, filters) -> bool:
    return (
        (filters["course"] is None or event["course"] == filters["course"])
        and (filters["since"] is None or event["time"].date() >= filters["since"])
        and not (filters["without_bots"] and event["user_agent"] == "robot")
        and (filters["clicks"] == "all" or event["area"] != "admin")
    )


def test_events_without_a_learner_are_left_out_and_not_included_as_bots() -> None:
    scope = Scope(5, 2, 2, 0, 0, 0, 0, "", "x")
    assert scope.describe() == "n = 2 learners, 3 events. Left out: 2 events without a learner id."


def files_with(folder: Path, text: str) -> list[str]:
    return sorted(
        str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file() and text.encode() in one.read_bytes()
    )


def test_a_report_names_learners_only_on_request(tmp_path) -> None:
    secret = "learner-9f3c"
    files = mapped(tmp_path, "moodle")
    files["export"].write_text(f"user,course,when\n{secret},a,2024-03-01 10:00:00\n")
    ct.ingest(tmp_path / "d", [files["export"]], mapping=files["mapping"])
    for source in ([tmp_path / "d"], [files["export"], "--mapping", files["mapping"]]):
        assert coursetrail("report", *source, "-o", tmp_path / "out").code == 0
        assert files_with(tmp_path / "out", secret) == []
        assert not list((tmp_path / "out").rglob("learners*"))
    assert coursetrail("report", tmp_path / "d", "-o", tmp_path / "named", "--with-learners").code == 0
    assert files_with(tmp_path / "named", secret) == ["report.html", "tables/learners.csv"]
    assert coursetrail("report", tmp_path / "d", "-o", tmp_path / "named").code == 0
    assert files_with(tmp_path / "named", secret) == []


@pytest.mark.usefixtures("session")
def test_spark_counts_the_learners_of_two_platforms_as_duckdb_does(both) -> None:
    for shared in (False, True):
        ct.ingest(both, [], shared_ids=shared)
        dataset = ct.open(both)
        spark = ct.Dataset(dataset.snapshot, EngineConfig("spark"))
        for name in ("learners", "browsers", "concentration"):
            assert spark.analyze(name).table.equals(dataset.analyze(name).table)
            assert spark.analyze(name).scope == dataset.analyze(name).scope
