"""The first seven questions: their answers by hand, by an oracle, by what was planted, and by what was published."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursetrail import ANALYSES, UsageError, ingest
from coursetrail import open as open_course
from coursetrail.analyses import find
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.identity import Identity
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.duckdb import connect
from coursetrail.lookups import agents, languages
from coursetrail.render.tables import WRITERS
from support.clicks import CHROME, FIREFOX, GOOGLEBOT, HOSTILE, IPHONE, MORNING, every, line
from support.oracle import Agent, Event, Oracle, read

OVER_TIME = {"daily", "sessions", "session-lengths", "time-on-task", "hours", "retention", "survival", "survival-test"}
OVER_TIME |= {"dropout", "at-risk"}
"""Analyses that have tests of their own for what is tested of the rest here."""
NAMES = [analysis.name for analysis in ANALYSES if analysis.name not in OVER_TIME]
SEVEN = ["browsers", "systems", "devices", "languages", "learners", "activity", "concentration"]
"""What this oracle counts; the analyses of content and of time have their own."""
SITE = "https://class.coursera.org/psy-001"
KEYS = {
    "videos": ["video", "course"],
    "video-heat": ["video", "second", "course"],
    "video-seeks": ["video", "direction", "from_second", "to_second", "course"],
    "paths": ["from_area", "from_item", "to_area", "to_item", "course"],
    "problems": ["problem", "course"],
}
"""The columns that no two rows share, where these are not the first column alone."""
PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "psy001" / "clicks_per_learner.csv"


def rows(course: Any, name: str, /, **filters: Any) -> list[dict[str, Any]]:
    return course.analyze(name, **filters).table.to_pylist()


def column(course: Any, name: str, wanted: str, /, **filters: Any) -> list[Any]:
    return course.analyze(name, **filters).table[wanted].to_pylist()


def values(course: Any, name: str, /, **filters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(course, name, **filters)]


def at(after: float) -> datetime:
    return (MORNING + timedelta(seconds=after)).replace(tzinfo=None)


# A week by hand: ann on two browsers, bob and cem tied on one each, dee without an agent, a bot, nobody.
@pytest.fixture(scope="module")
def by_hand(course_of):
    return course_of(
        [
            line("ann", 0),
            line("ann", 60, "play"),
            line("ann", 90, user_agent=FIREFOX, language="de-DE,de"),
            line("bob", 0, "pause", user_agent=FIREFOX, language="de"),
            line("bob", 0, "stalled", user_agent=FIREFOX, language="de"),
            line("cem", 100, "timeupdate", user_agent=IPHONE, language="tr"),
            *(line(f"dee{nth}", 200, user_agent=None, language=None) for nth in range(5)),
            line("eve", 300, user_agent=GOOGLEBOT, language="*"),
            line(None, 400),
            line("", 500, user_agent=IPHONE),
        ]
    )


def test_browsers_by_hand(by_hand) -> None:
    # 9 learners; unknown comes last though it is the largest; a tie goes by name.
    assert values(by_hand, "browsers") == [
        ("Firefox", 2, 2 / 9, 2),
        ("Chrome", 1, 1 / 9, 2),
        ("Mobile Safari", 1, 1 / 9, 0),
        ("other", 1, 1 / 9, 1),
        ("unknown", 5, 5 / 9, 5),
    ]


def test_systems_by_hand(by_hand) -> None:
    assert values(by_hand, "systems") == [
        ("Windows", 2, 2 / 9, 4),
        ("iOS", 1, 1 / 9, 0),
        ("unknown", 6, 6 / 9, 6),
    ]


def test_devices_by_hand(by_hand) -> None:
    assert values(by_hand, "devices") == [
        ("desktop", 2, 2 / 9, 4),
        ("smartphone", 1, 1 / 9, 0),
        ("unknown", 6, 6 / 9, 6),
    ]


def test_languages_by_hand(by_hand) -> None:
    assert values(by_hand, "languages") == [
        ("de", "German", 2, 2 / 9, 2),
        ("*", "Any language", 1, 1 / 9, 1),
        ("en", "English", 1, 1 / 9, 2),
        ("tr", "Turkish", 1, 1 / 9, 0),
        ("unknown", "unknown", 5, 5 / 9, 5),
    ]


def test_learners_by_hand(by_hand) -> None:
    assert values(by_hand, "learners") == [
        ("ann", "coursera", 3, 1, 1, at(0), at(90), False, False),
        ("bob", "coursera", 1, 1, 1, at(0), at(0), False, False),
        *((f"dee{nth}", "coursera", 1, 1, 1, at(200), at(200), False, False) for nth in range(5)),
        ("eve", "coursera", 1, 1, 1, at(300), at(300), True, False),
        ("cem", "coursera", 0, 1, 1, at(100), at(100), False, False),
    ]


def test_activity_by_hand(by_hand) -> None:
    assert values(by_hand, "activity") == [(0, 1, 1 / 9), (1, 7, 8 / 9), (3, 1, 1.0)]
    assert values(by_hand, "activity", clicks="all") == [(1, 7, 7 / 9), (2, 1, 8 / 9), (3, 1, 1.0)]


def test_concentration_by_hand(by_hand) -> None:
    # Clicks 0, 1 seven times, 3: all pairs differ by 7 · 1 + 3 + 7 · 2 = 24, so Gini = 24 / (9 · 10).
    # Eight of nine, 89 %, have at most 1 click: less than 90 %, so p90 and p99 are the ninth's 3.
    (row,) = rows(by_hand, "concentration")
    assert row == {
        "learners": 9,
        "clicks": 10,
        "mean": pytest.approx(10 / 9),
        "median": 1,
        "p75": 1,
        "p90": 3,
        "p99": 3,
        "max": 3,
        "gini": pytest.approx(24 / 90),
        "top_1_percent_share": 0.3,
        "top_10_percent_share": 0.3,
    }


def test_an_answer_says_its_n_and_what_was_left_out(by_hand) -> None:
    scope = by_hand.analyze("browsers").scope
    counts = {"events": 14, "learners": 9, "without_learner": 2, "bots": 1, "bot_events": 1, "outside": 0}
    assert {name: getattr(scope, name) for name in counts} == counts
    assert "n = 9 learners, 12 events" in scope.describe()
    assert "Left out: 2 events without a learner id" in scope.describe()
    assert "1 learner seen as bots (1 event)" in scope.describe()
    filtered = by_hand.analyze("browsers", device="desktop", clicks="all").scope
    assert (filtered.events, filtered.outside, filtered.learners, filtered.bots) == (6, 8, 2, 0)
    assert "device desktop" in filtered.describe()
    assert "8 events outside" in filtered.describe()


@pytest.mark.parametrize("name", NAMES)
def test_every_definition_stands_with_its_numbers(by_hand, name) -> None:
    result = by_hand.analyze(name)
    for shown in (str(result), result._repr_html_()):
        assert " ".join(result.definition.split())[:40] in " ".join(shown.split())
        assert "n = 9 learners" in shown


# Sessions, days, outliers: the limits.


def test_a_silence_of_30_minutes_stays_in_the_session_and_a_millisecond_more_ends_it(course_of) -> None:
    course = course_of(
        [
            *(line("stays", after) for after in (0, 1800)),
            *(line("splits", after) for after in (0, 1800.001)),
            *(line("both", after) for after in (0, 1800, 3600.001, 5400.001, 7200.002)),
        ]
    )
    assert dict(zip(column(course, "learners", "learner"), column(course, "learners", "sessions"), strict=True)) == {
        "stays": 1,
        "splits": 2,
        "both": 3,
    }


def test_where_the_clock_stands_does_not_move_a_session(course_of) -> None:
    starts = [0, 0.001, 1799.999, 1800, 59.999, 57_600, 57_599.999]
    course = course_of(
        [line(str(start), start + after) for start in starts for after in (0, 1799.999, 3599.999, 5400, 5400, 7200)]
    )
    assert column(course, "learners", "sessions") == [2] * len(starts)


def test_a_session_over_midnight_is_one_session_on_two_active_days(course_of) -> None:
    midnight = 16 * 3600
    course = course_of([line("a", midnight - 600), line("a", midnight + 600)])
    assert values(course, "learners") == [
        ("a", "coursera", 2, 2, 1, at(midnight - 600), at(midnight + 600), False, False),
    ]


def test_midnight_itself_belongs_to_the_new_day(course_of) -> None:
    midnight = 16 * 3600
    course = course_of([line("a", midnight - 0.001), line("b", midnight)])
    assert column(course, "learners", "learner", until=date(2013, 8, 1)) == ["a"]
    assert column(course, "learners", "learner", since=date(2013, 8, 1)) == ["b"]
    assert column(course, "learners", "learner", since=date(2013, 8, 1), until=date(2013, 8, 2)) == ["b"]


def test_events_of_the_same_millisecond_are_one_session_and_all_count(course_of) -> None:
    course = course_of([line("a", 5, "play"), line("a", 5, "pause"), line("a", 5, "stalled")])
    assert values(course, "learners") == [("a", "coursera", 2, 1, 1, at(5), at(5), False, False)]
    assert column(course, "learners", "clicks", clicks="all") == [3]


def test_121_events_within_a_minute_are_an_outlier_and_120_are_none(course_of) -> None:
    starts = (0, 29.75, 59.9, 1769.75)  # wherever on the clock the minute begins; at 29.75 it is cut into 61 and 60
    course = course_of(
        [
            event
            for start in starts
            for event in (
                *every(0.5, 120, f"120 {start}", start),
                *every(0.5, 121, f"121 {start}", start),
                *every(0.501, 121, f"slow {start}", start),
                *every(0, 121, f"at once {start}", start),
            )
        ]
    )
    outliers = {row["learner"] for row in rows(course, "learners") if row["is_outlier"]}
    assert outliers == {f"{name} {start}" for start in starts for name in ("121", "at once")}


def test_more_than_16_hours_in_a_day_are_an_outlier_and_16_are_none(course_of) -> None:
    # A gap over midnight counts in each day with the part that lies in it.
    course = course_of(
        every(1800, 33, "16 hours", -4 * 3600)
        + [line("a second more", -4 * 3600 - 1), *every(1800, 33, "a second more", -4 * 3600)]
        + every(1800, 34, "over midnight", -900)
        + every(1800, 33, "from 8 over midnight", 0)
        + [line("two days", 8 * 3600 + 1700 * nth) for nth in range(34)]
        + every(1800.001, 45, "pauses", -8 * 3600)
    )
    outliers = {row["learner"] for row in rows(course, "learners") if row["is_outlier"]}
    assert outliers == {"a second more", "over midnight"}


@pytest.mark.parametrize("learner", ["a", None])
def test_no_flag_is_ever_missing(course_of, learner) -> None:
    course = course_of([line("a"), line(learner, 4000)])
    for flag in ("is_bot", "is_outlier"):
        assert column(course, "learners", flag) == [False]


def test_a_learner_seen_once_as_a_bot_is_a_bot_and_without_bots_only_those_events_go(course_of) -> None:
    course = course_of([line("half"), line("half", 1, user_agent=GOOGLEBOT), line("bot", 2, user_agent=GOOGLEBOT)])
    assert [row["is_bot"] for row in rows(course, "learners")] == [True, True]
    assert values(course, "learners", without_bots=True) == [("half", "coursera", 1, 1, 1, at(0), at(0), False, False)]


# Nothing, or hardly anything, to count.


@pytest.fixture(scope="module")
def without_learners(course_of):
    return course_of([line(None), line("", 5), line(None, 10, user_agent=None)])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("course", "filters"),
    [
        ("without_learners", {}),
        ("by_hand", {"since": date(2020, 1, 1)}),
        ("by_hand", {"device": "smartphone", "language": "de"}),
    ],
    ids=["nobody", "outside", "contradiction"],
)
def test_an_answer_about_nobody_is_empty_or_one_row_of_zero(request, name, course, filters) -> None:
    result = request.getfixturevalue(course).analyze(name, **filters)
    assert result.table.schema == result.analysis.schema
    if name == "concentration":
        (row,) = result.table.to_pylist()
        assert (row.pop("learners"), row.pop("clicks")) == (0, 0)
        assert set(row.values()) == {None}
    elif name == "funnel":
        assert set(result.table["learners"].to_pylist()) == {0}
    elif name == "quality":
        assert "outliers" in result.table["name"].to_pylist()
    else:
        assert result.table.num_rows == 0
    assert all(writer.encode(result.table, result.caption) for writer in WRITERS)
    assert result.scope.learners == 0


def test_one_learner_alone_has_no_inequality(course_of) -> None:
    (row,) = rows(course_of([line("a"), line("a", 1)]), "concentration")
    assert row == {
        **dict.fromkeys(("clicks", "mean", "median", "p75", "p90", "p99", "max"), 2),
        **dict.fromkeys(("learners", "top_1_percent_share", "top_10_percent_share"), 1),
        "gini": 0,
    }


def test_learners_who_never_click_have_no_gini(course_of) -> None:
    course = course_of([line("a", 0, "stalled"), line("b", 0, "timeupdate")])
    (row,) = rows(course, "concentration")
    assert (row["learners"], row["clicks"], row["median"], row["max"]) == (2, 0, 0, 0)
    assert row["gini"] is row["top_1_percent_share"] is row["top_10_percent_share"] is None
    assert values(course, "activity") == [(0, 2, 1.0)]


def test_the_top_share_rounds_up_to_whole_learners(course_of) -> None:
    # 11 learners with 1 to 11 clicks, 66 in all: 1 % is one of them (11), 10 % are two (21).
    course = course_of([one for clicks in range(1, 12) for one in every(1, clicks, f"learner {clicks}")])
    (row,) = rows(course, "concentration")
    assert (row["top_1_percent_share"], row["top_10_percent_share"]) == (11 / 66, 21 / 66)


# Clicks.


def test_what_a_learner_does_on_purpose_is_a_click_and_what_a_player_does_by_itself_is_not(course_of) -> None:
    deliberate = {"page", "play", "pause", "seeked", "ended", "ratechange"}
    noise = {"stalled", "waiting", "timeupdate", "loadstart", "canplay", "error", "never heard of"}
    course = course_of([line(action, 0, action) for action in sorted(deliberate | noise)])
    assert {row["learner"] for row in rows(course, "learners") if row["clicks"] == 1} == deliberate
    assert {row["learner"] for row in rows(course, "learners") if row["clicks"] == 0} == noise
    assert set(column(course, "learners", "clicks", clicks="all")) == {1}


def test_a_player_that_loads_is_no_click_whatever_it_says(course_of) -> None:
    loading = line("a", 0, "play")
    loading["value"] = json.dumps({"type": "play", "currentTime": 0, "readyState": 0, "networkState": 2})
    assert column(course_of([loading]), "learners", "clicks") == [0]


# Filters.


def test_each_filter_leaves_what_it_says(course_of) -> None:
    course = course_of(
        [
            line("other course", course="bio-002"),
            line("day before", -8 * 3600 - 1),
            line("phone", user_agent=IPHONE),
            line("no agent", user_agent=None),
            line("german", language="de"),
            line("no language", language=None),
            line("bot", user_agent=GOOGLEBOT),
            line("plain"),
        ]
    )
    everybody = {"other course", "day before", "phone", "no agent", "german", "no language", "bot", "plain"}

    def left(**filters: Any) -> set[str]:
        return set(column(course, "learners", "learner", **filters))

    assert left() == everybody
    assert left(course="bio-002") == {"other course"}
    assert left(since=date(2013, 7, 31)) == everybody - {"day before"}
    assert left(until=date(2013, 7, 31)) == {"day before"}
    assert left(device="smartphone") == {"phone"}
    assert left(device="unknown") == {"no agent", "bot"}
    assert left(language="de") == {"german"}
    assert left(language="unknown") == {"no language"}
    assert left(without_bots=True) == everybody - {"bot"}
    assert left(course="psy-001", device="desktop", language="en", since=date(2013, 7, 31)) == {"plain"}


def test_a_filter_of_agents_takes_what_the_analyses_show(course_of) -> None:
    course = course_of(
        [line("phone", user_agent=IPHONE), line("fox", user_agent=FIREFOX), line("none", user_agent=None)]
    )
    assert column(course, "learners", "learner", browser="Firefox") == ["fox"]
    assert column(course, "learners", "learner", browser="unknown") == ["none"]
    assert column(course, "learners", "learner", system="iOS") == ["phone"]
    with pytest.raises(UsageError, match="No event has the browser 'Netscape'"):
        course.analyze("learners", browser="Netscape")


def test_a_cohort_is_those_first_seen_in_a_week_whatever_else_is_filtered(course_of) -> None:
    """MORNING is Wednesday, 31 July 2013, 8:00. A later day does not make an old learner new."""
    day = 86400
    course = course_of(
        [
            line("sunday before", -3 * day),
            line("sunday before", 0),
            line("monday", -2 * day),
            line("next sunday", 4 * day),
            line("next monday", 5 * day),
        ]
    )

    def left(**filters: Any) -> set[str]:
        return set(column(course, "learners", "learner", **filters))

    for inside in (date(2013, 7, 29), date(2013, 7, 31), date(2013, 8, 4)):
        assert left(cohort=inside) == {"monday", "next sunday"}
    assert left(cohort=date(2013, 7, 22), since=date(2013, 7, 31)) == {"sunday before"}
    assert left(cohort=date(2014, 1, 1)) == set()


def test_a_quarter_of_learners_is_by_their_clicks_in_the_whole_dataset(course_of) -> None:
    course = course_of([line(name, second) for number, name in enumerate("abcdefgh", 1) for second in range(number)])
    for quarter, expected in {"q1": {"a", "b"}, "q2": {"c", "d"}, "q4": {"g", "h"}}.items():
        assert set(column(course, "learners", "learner", activity=quarter)) == expected
        assert set(column(course, "learners", "learner", activity=quarter, until=date(2014, 1, 1))) == expected


def test_roles_and_staff_are_those_of_a_course(tmp_path) -> None:
    (tmp_path / "my.toml").write_text(
        'name = "mine"\n[columns]\nlearner = "who"\ncourse = "course"\ncountry = "land"\n'
        '[constants]\naction = "page_view"\n[time]\ncolumn = "at"\n'
    )
    rows_ = ["ann,a,DE", "ann,b,DE", "bob,a,NA", "cem,a,"]
    text = "".join(f"{row},2024-03-01 10:00:0{second}\n" for second, row in enumerate(rows_))
    (tmp_path / "e.csv").write_text(f"who,course,land,at\n{text}")
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "course_memberships.csv").write_text(
        "user_id,course_id,course_membership_role,course_membership_ts\n"
        "ann,a,INSTRUCTOR,2024-01-01 00:00:00\nbob,a,LEARNER,2024-01-01 00:00:00\n"
    )
    ingest(tmp_path / "d", [tmp_path / "e.csv"], mapping=tmp_path / "my.toml", tables=[tables])
    course = open_course(tmp_path / "d")

    def clicks(**filters: Any) -> dict[str, int]:
        return {row["learner"]: row["clicks"] for row in rows(course, "learners", **filters)}

    assert clicks(role="learner") == {"bob": 1}
    assert clicks(role="staff") == {"ann": 1}
    assert clicks(without_staff=True) == {"ann": 1, "bob": 1, "cem": 1}
    assert clicks(without_staff=True, course="a") == {"bob": 1, "cem": 1}
    assert clicks(country="NA") == {"bob": 1}
    with pytest.raises(UsageError, match="No event has the role 'mentor'"):
        course.analyze("learners", role="mentor")


def test_who_works_in_the_administration_of_a_course_is_staff(course_of) -> None:
    course = course_of([line("ann"), line("admin"), line("admin", 5, page_url=f"{SITE}/admin/stats")])
    assert column(course, "learners", "learner", without_staff=True) == ["ann"]


def test_a_period_that_is_empty_is_refused() -> None:
    with pytest.raises(UsageError, match="is not before --to"):
        Filters(since=date(2013, 8, 1), until=date(2013, 8, 1))


def test_clicks_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match="'deliberate' or 'all'"):
        Filters(clicks="some")


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["course", "device", "language"])
def test_a_filter_with_sql_in_it_is_only_a_value_that_does_not_occur(by_hand, name, value) -> None:
    with pytest.raises(UsageError, match="No event has the"):
        by_hand.analyze("learners", **{name: value})
    with by_hand.engine() as engine:
        # Even unchecked, as a value that occurs would be, it is only compared with.
        sql = find("learners").render(Filters(**{name: value}))
        assert engine.query(sql).num_rows == 0
        assert engine.query("select count(*) as n from all_events")["n"].to_pylist() == [14]


@pytest.mark.parametrize("value", ["x') or ('1'='1", "\\' or 1=1 --", '"', "ελληνικά 'ω' 🎓"])
def test_a_course_may_have_any_name_and_is_found_by_it(course_of, value, tmp_path) -> None:
    hostile = line("a")
    hostile["page_url"] = None
    hostile["value"] = None
    export = tmp_path / "export.json"
    export.write_text(json.dumps(hostile) + "\n" + json.dumps(line("b")) + "\n")
    ingest(tmp_path / "dataset", [export], course=value)
    assert column(open_course(tmp_path / "dataset"), "learners", "learner", course=value) == ["a"]


@pytest.mark.parametrize("name", ["course", "device", "language"])
def test_a_filter_with_a_nul_is_refused(name) -> None:
    with pytest.raises(UsageError, match="NUL"):
        find("learners").render(Filters(**{name: "psy\0-001"}))


def test_a_language_that_hides_in_a_header_is_never_run(course_of) -> None:
    hostile = "'; drop table all_events; --"
    course = course_of([line(hostile, user_agent=hostile, language=hostile), line("b")])
    assert set(column(course, "learners", "learner")) == {hostile, "b"}
    assert column(course, "languages", "language") == ["en", "unknown"]


# A simulated course: what the oracle counts in its lines, and what was planted.

WEEK = {"since": date(2013, 7, 29), "until": date(2013, 8, 5)}
COMBINATIONS: list[dict[str, Any]] = [
    {},
    {"clicks": "all"},
    {"without_bots": True, "clicks": "all"},
    WEEK,
    {"device": "tablet"},
    {"device": "unknown", "clicks": "all"},
    {"language": "en", "device": "desktop", "without_bots": True, **WEEK},
    {"course": "psy-001", "language": "ru", "until": date(2013, 8, 10), "clicks": "all"},
]


@pytest.fixture(scope="module")
def oracle(simulated) -> Oracle:
    events = read(simulated.export)
    robot = Agent("other", "unknown", "unknown", is_bot=True)
    robots = {event.agent: robot for event in events if event.learner in simulated.truth.bots and event.agent}
    planted = {
        agent["user_agent"]: Agent(agent["browser"], agent["system"], agent["device"], is_bot=False)
        for agent in simulated.truth.agents
    }
    return Oracle(events, planted | robots)


def rounded(table: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose fractions may differ in what the order of a sum changes."""
    return [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in row.items()} for row in table
    ]


@pytest.mark.parametrize("filters", COMBINATIONS, ids=lambda filters: " ".join(map(str, filters)) or "no filter")
@pytest.mark.parametrize("name", SEVEN)
def test_the_oracle_counts_the_same(simulated, oracle, name, filters) -> None:
    expected = oracle.within(**filters)
    result = simulated.course.analyze(name, **filters)
    assert rounded(result.table.to_pylist()) == rounded(expected.rows(name))
    assert result.table.num_rows
    scope = expected.scope()
    assert {name: getattr(result.scope, name) for name in scope} == scope
    wider = oracle.within(**{**filters, "clicks": "all"}).events
    assert result.scope.admin == len(wider) - scope["events"]
    assert result.scope.outside == len(oracle.events) - len(wider)


def test_the_ledger_says_what_was_planted(simulated) -> None:
    (source,) = simulated.course.sources.to_pylist()
    planted = simulated.truth.ledger
    for name in ("lines", "events", "duplicates", "rejected", "blank"):
        assert source[name] == getattr(planted, name)
    assert planted.rejected > 20
    assert planted.duplicates > 20


def test_each_learner_did_what_was_planted(simulated) -> None:
    planted = simulated.truth.activity
    every = {row["learner"]: row for row in rows(simulated.course, "learners", clicks="all")}
    deliberate = {row["learner"]: row for row in rows(simulated.course, "learners")}
    assert set(every) == set(deliberate) == set(planted["learner"])
    for learner, *told in zip(*planted.values(), strict=True):
        row = every[learner]
        seen = [round(row[name].replace(tzinfo=UTC).timestamp() * 1000) for name in ("first_seen", "last_seen")]
        found = [row["clicks"], deliberate[learner]["clicks"], row["sessions"], row["active_days"], *seen]
        assert dict(zip(list(planted)[1:], found, strict=True)) == dict(zip(list(planted)[1:], told, strict=True))


def test_the_planted_clicks_learners_and_bots_are_found(simulated) -> None:
    truth = simulated.truth
    for clicks in ("deliberate", "all"):
        (row,) = rows(simulated.course, "concentration", clicks=clicks)
        assert (row["learners"], row["clicks"]) == (truth.learners, truth.clicks[clicks])
    scope = simulated.course.analyze("learners").scope
    assert (scope.learners, scope.without_learner) == (truth.learners, truth.events_without_learner)
    bots = {row["learner"] for row in rows(simulated.course, "learners") if row["is_bot"]}
    assert bots == set(truth.bots)
    assert bots


@pytest.mark.parametrize(
    ("name", "value"),
    [("browsers", "browser"), ("systems", "system"), ("devices", "device"), ("languages", "language")],
)
def test_the_planted_learners_are_found_by(simulated, name, value) -> None:
    if name != "languages":
        read_as = {row["user_agent"]: row for row in simulated.course.sql("select * from agents").to_pylist()}
        misread = [
            agent
            for agent in simulated.truth.agents
            if agent["user_agent"] and (read_as[agent["user_agent"]][value] or "unknown") != agent[value]
        ]
        assert misread == [], "choose a seed whose agents are all read as planted"
    found = {row[value]: row["learners"] for row in rows(simulated.course, name, without_bots=True)}
    assert found == simulated.truth.learners_by[value]


# The published course.


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published counts (../shared/data) are not here")
def test_the_published_clicks_per_learner_give_the_published_concentration() -> None:
    with PUBLISHED.open() as file:
        counts = [int(row["clicks"]) for row in csv.DictReader(file)]
    who = np.repeat(np.arange(len(counts), dtype=np.int32), [max(clicks, 1) for clicks in counts])
    clicked = np.repeat([clicks > 0 for clicks in counts], [max(clicks, 1) for clicks in counts])
    events = pa.table(
        {
            "learner": pa.DictionaryArray.from_arrays(who, [f"{number:05}" for number in range(len(counts))]),
            "action": pa.DictionaryArray.from_arrays(clicked.astype(np.int32), ["other", "page_view"]),
        }
    )
    (row,), distribution = ask(events, "concentration", "activity")
    assert (row["learners"], row["clicks"]) == (21_790, 3_475_235)
    assert [row[name] for name in ("median", "p75", "p90", "p99", "max")] == [39, 125, 364, 1_737, 58_289]
    shares = (row["top_1_percent_share"], row["top_10_percent_share"], row["gini"])
    assert [round(share, 3) for share in shares] == [0.229, 0.647, 0.767]
    assert sum(row["learners"] for row in distribution) == 21_790
    assert distribution[-1] == {"clicks": 58_289, "learners": 1, "share_at_most": 1.0}


def test_totals_count_for_what_they_stand_for_and_administration_for_nothing() -> None:
    moment = datetime(2013, 8, 1, tzinfo=UTC)
    columns = ("learner", "time", "action", "area", "weight")
    told = [
        ("ada", moment, "page_view", "lecture", 5),
        ("ada", moment, "page_view", None, None),
        ("ada", moment, "video_heartbeat", "lecture", 7),
        ("bob", moment, "page_view", "admin", 9),
    ]
    events = pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in told], schema=EVENTS.schema)
    (row,), learners = ask(events, "concentration", "learners")
    assert (row["learners"], row["clicks"]) == (1, 6)
    assert [(one["learner"], one["clicks"]) for one in learners] == [("ada", 6)]
    ((row,),) = ask(events, "concentration", filters=Filters(clicks="all"))
    assert (row["learners"], row["clicks"]) == (2, 22)


def ask(events: pa.Table, *names: str, filters: Filters = Filters()) -> list[list[dict[str, Any]]]:  # noqa: B008
    """Analyses of events that are in memory, by the texts that run on a dataset."""
    for column in EVENTS.schema:
        if column.name not in events.column_names:
            events = events.append_column(column, pa.nulls(len(events), column.type))
    with connect() as engine:
        engine.register("stored_events", events, events.schema)
        engine.view("all_events", Identity().over("stored_events", EVENTS.schema.names))
        engine.register("agents", AGENTS, agents.AGENTS.schema)
        engine.register("languages", languages.LANGUAGES.schema.empty_table(), languages.LANGUAGES.schema)
        wanted = [find(name) for name in names]
        return [engine.query(one.render(filters)).cast(one.schema).to_pylist() for one in wanted]


# Any few events at all.

AGENTS = pa.Table.from_pylist(
    [{"user_agent": "person", "is_bot": False}, {"user_agent": "robot", "is_bot": True}, {"user_agent": "puzzle"}],
    schema=agents.AGENTS.schema,
)
KNOWN = {"robot": Agent("unknown", "unknown", "unknown", is_bot=True)}
START = int(datetime(2013, 7, 31, tzinfo=UTC).timestamp() * 1000)
MINUTE, DAY = 60_000, 86_400_000
times = st.one_of(
    st.integers(0, 3 * DAY),
    st.integers(0, 96).map(lambda nth: nth * 30 * MINUTE),
    st.integers(0, 96).map(lambda nth: nth * 30 * MINUTE + nth % 3 - 1),
    st.integers(0, 200).map(lambda nth: nth * 500),
)
events = st.builds(
    Event,
    learner=st.sampled_from(["a", "b", "ä", "'", None]),
    time=times.map(lambda after: START + after),
    deliberate=st.booleans(),
    agent=st.sampled_from(["person", "robot", "puzzle", "never seen", None]),
    header=st.none(),
    course=st.none(),
)
runs = st.builds(
    lambda start, step, count: [Event("r", START + start + step * nth, True, None, None, None) for nth in range(count)],
    st.integers(0, DAY),
    st.sampled_from([0, 499, 500, 501, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1]),
    st.sampled_from([1, 33, 34, 50, 119, 120, 121, 122]),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(events, max_size=40), st.lists(runs, max_size=3))
def test_any_events_are_counted_as_the_oracle_counts_them(scattered, regular) -> None:
    drawn = [*scattered, *(event for run in regular for event in run)]
    table = pa.table(
        {
            "learner": pa.array([event.learner for event in drawn], pa.string()),
            "platform": pa.array(["coursera"] * len(drawn), pa.string()),
            "time": pa.array([event.time * 1000 for event in drawn], pa.int64()).cast(pa.timestamp("us")),
            "action": pa.array(["page_view" if event.deliberate else "other" for event in drawn], pa.string()),
            "user_agent": pa.array([event.agent for event in drawn], pa.string()),
        }
    )
    expected = Oracle(drawn, KNOWN)
    names = ("learners", "activity", "concentration")
    for name, answer in zip(names, ask(table, *names), strict=True):
        assert rounded(answer) == rounded(expected.rows(name)), name


# The same question, the same bytes.


def test_the_same_question_gives_the_same_bytes_on_any_number_of_cores(simulated, monkeypatch) -> None:
    def asked() -> list[bytes]:
        answers = simulated.course.answers()
        return [writer.encode(answer.table, answer.caption) for answer in answers for writer in WRITERS]

    first = asked()
    assert asked() == first
    monkeypatch.setattr("coursetrail.engines.duckdb.cores", lambda: 1)
    assert asked() == first
    monkeypatch.setattr("coursetrail.engines.duckdb.cores", lambda: 5)
    assert asked() == first


def test_the_order_of_lines_changes_no_answer(simulated, course_of, tmp_path) -> None:
    lines = [line(f"learner {nth % 7}", 97 * nth, user_agent=(CHROME, FIREFOX, None)[nth % 3]) for nth in range(60)]
    forth, back = course_of(lines), course_of(reversed(lines))
    for name in NAMES:
        assert rows(forth, name) == rows(back, name)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_has_the_columns_that_it_declares_and_a_key_without_repeats(simulated, name) -> None:
    result = simulated.course.analyze(name)
    assert result.table.schema == result.analysis.schema
    names = KEYS.get(name, result.table.column_names[:1])
    key = list(zip(*(result.table[one].to_pylist() for one in names), strict=True))
    assert max(Counter(key).values(), default=1) == 1
    assert None not in {one[0] for one in key}


def test_the_contract_names_these_columns() -> None:
    declared = SimpleNamespace(**{analysis.name: list(analysis.columns) for analysis in ANALYSES})
    assert declared.browsers == ["browser", "learners", "share", "clicks"]
    assert declared.systems == ["system", "learners", "share", "clicks"]
    assert declared.devices == ["device", "learners", "share", "clicks"]
    assert declared.languages == ["language", "name", "learners", "share", "clicks"]
    assert declared.learners[:5] == ["learner", "platform", "clicks", "active_days", "sessions"]
    assert declared.learners[5:] == ["first_seen", "last_seen", "is_bot", "is_outlier"]
    assert declared.activity == ["clicks", "learners", "share_at_most"]
    assert declared.concentration[:8] == ["learners", "clicks", "mean", "median", "p75", "p90", "p99", "max"]
    assert declared.concentration[8:] == ["gini", "top_1_percent_share", "top_10_percent_share"]
