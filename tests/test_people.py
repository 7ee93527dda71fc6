"""When people come, how long they stay, who leaves: by hand, by an oracle, on both engines."""

import math
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursetrail.analyses import find
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.identity import Identity
from coursetrail.analyses.relations import materialized, named_relations
from coursetrail.dataset.schema import EVENTS
from coursetrail.engines.duckdb import connect
from coursetrail.engines.engine import Engine
from coursetrail.engines.zones import ZONES
from coursetrail.errors import UsageError
from coursetrail.lookups import agents, languages
from coursetrail.render.tables import WRITERS
from support import people
from support.clicks import FIREFOX, line
from support.people import LearnerEvent

MONDAY = datetime(2013, 7, 29)  # noqa: DTZ001 - UTC, as the oracle has it
ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("daily", {}),
    ("daily", {"weeks": "calendar"}),
    ("sessions", {}),
    ("sessions", {"gap": 5}),
    ("session-lengths", {}),
    ("session-lengths", {"gap": 480}),
    ("time-on-task", {}),
    ("retention", {}),
    ("survival", {}),
    ("survival", {"quiet": 3, "by": "device"}),
    ("survival", {"quiet": 1, "by": "country"}),
    ("survival", {"by": "cohort"}),
    ("survival-test", {"quiet": 3, "by": "device"}),
    ("survival-test", {"by": "cohort"}),
    ("survival-test", {}),
    ("dropout", {}),
    ("at-risk", {}),
    ("at-risk", {"days": 1, "recent": 60}),
    ("hours", {}),
    ("hours", {"clock": "local"}),
)


EVERYTHING = Filters()
Asked = Iterable[tuple[str, dict[str, Any]]]


def answer(
    events: Sequence[LearnerEvent], name: str, filters: Filters = EVERYTHING, **values: Any
) -> list[dict[str, Any]]:
    """An analysis of events that are in memory, by the text that runs on a dataset."""
    return answers(events, [(name, values)], filters)[0]


def answers(
    events: Sequence[LearnerEvent], asked: Asked = ASKED, filters: Filters = EVERYTHING
) -> list[list[dict[str, Any]]]:
    with connect() as engine:
        return answers_of(engine, events, asked, filters)


def answers_of(
    engine: Engine, events: Sequence[LearnerEvent], asked: Asked, filters: Filters
) -> list[list[dict[str, Any]]]:
    rows = [
        {
            "source": 1 if one.clock else 2,
            "line": nth,
            "platform": "coursera",
            "time": one.time.replace(tzinfo=UTC),
            "learner": one.learner,
            "action": one.action,
            "user_agent": one.device,
            "country": one.country,
            "timezone": one.zone,
        }
        for nth, one in enumerate(events)
    ]
    known = [{"user_agent": name, "device": name, "is_bot": False} for name in {one.device for one in events} - {None}]
    tables = {
        "stored_events": pa.Table.from_pylist(rows, schema=EVENTS.schema),
        "agents": pa.Table.from_pylist(known, schema=agents.AGENTS.schema),
        "languages": languages.LANGUAGES.schema.empty_table(),
    }
    for name, table in tables.items():
        engine.register(name, table, table.schema)
    engine.view("all_events", Identity().over("stored_events", EVENTS.schema.names, [2]))
    analyses = [(find(name), values) for name, values in asked]
    shared = named_relations(" ".join(one.sql for one, _ in analyses))
    for relation in shared:
        engine.materialize(relation.name, materialized(relation, filters))
    texts = [one.render(filters, values, computed=shared) for one, values in analyses]
    return [engine.query(text).cast(one.schema).to_pylist() for text, (one, _) in zip(texts, analyses, strict=True)]


@pytest.fixture
def duckdb():
    with connect() as engine:
        yield engine


def close(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows to compare with: fractions within what rounding and the approximation of p change."""
    return [
        {name: pytest.approx(one, rel=1e-6, abs=2e-6) if isinstance(one, float) else one for name, one in row.items()}
        for row in rows
    ]


def on(learner: str | None, *days: float, **fields: Any) -> list[LearnerEvent]:
    """Events of a learner so many days after the first Monday, noon."""
    return [LearnerEvent(learner, MONDAY + timedelta(days=day, hours=12), **fields) for day in days]


def seconds(learner: str, *after: float, action: str = "page_view", **fields: Any) -> list[LearnerEvent]:
    return [LearnerEvent(learner, MONDAY + timedelta(seconds=one), action, **fields) for one in after]


def column(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


# daily


def test_learners_by_day_by_hand() -> None:
    # ann: days 0, 1, 3; bob: day 1; day 2 has no event. Events without a learner id are no one's.
    rows = answer([*on("ann", 0, 0, 1, 3), *on("bob", 1), *on(None, 2, 5)], "daily")
    names = ("day", "dau", "wau", "mau", "stickiness", "new", "returning", "resurrecting", "dormant")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (date(2013, 7, 29), 1, 1, 1, 1.0, 1, 0, 0, 0),
        (date(2013, 7, 30), 2, 2, 2, 1.0, 1, 1, 0, 0),
        (date(2013, 7, 31), 0, 2, 2, 0.0, 0, 0, 0, 2),
        (date(2013, 8, 1), 1, 2, 2, 0.5, 0, 0, 1, 0),
    ]


def test_a_learner_leaves_the_7_and_the_28_days_on_the_8th_and_the_29th() -> None:
    rows = answer([*on("ann", 0), *on("bob", 6, 13, 30)], "daily")
    assert column(rows, "wau")[5:9] == [1, 2, 1, 1]
    assert column(rows, "wau")[13:21] == [1, 1, 1, 1, 1, 1, 1, 0]
    assert column(rows, "mau")[26:31] == [2, 2, 1, 1, 1]


def test_learners_of_a_week_are_not_the_sum_of_its_days() -> None:
    rows = answer(on("ann", 0, 1, 2, 3, 4, 5, 6), "daily")
    assert sum(column(rows, "dau")) == 7
    assert column(rows, "wau")[-1] == 1


def test_a_calendar_week_is_empty_until_it_is_over() -> None:
    rows = answer([*on("ann", 2), *on("bob", 6), *on("cem", 7)], "daily", weeks="calendar")
    assert column(rows, "wau") == [2, 2, 2, 2, 2, None]
    assert column(rows, "mau") == [2, 2, 2, 2, 2, None]
    assert rows[-1]["stickiness"] is rows[-1]["low"] is rows[-1]["high"] is None
    assert rows[-1]["dau"] == 1


# sessions


def test_sessions_by_hand() -> None:
    events = [
        *seconds("ann", 0, 1800),  # exactly 30 minutes: one session, two views, engaged
        *seconds("ann", 3600.001, 3600.001),  # a moment later than 30 minutes: two views at once, engaged
        *seconds("bob", 0),  # one view: not engaged
        *seconds("bob", 9000, 9010, action="video_heartbeat"),  # exactly 10 s: not engaged
        *seconds("cem", 0, 10.001, action="video_heartbeat"),  # longer: engaged
        *seconds("dee", 0, action="video_play"),  # deliberate: engaged
        *seconds("eve", 0, clock=False),
        *seconds(None, 0),
    ]
    (row,) = answer(events, "sessions")
    assert {name: row[name] for name in ("sessions", "learners", "engaged", "median_per_learner")} == {
        "sessions": 6,
        "learners": 4,
        "engaged": 4,
        "median_per_learner": 1,
    }
    assert row["engaged_share"] == pytest.approx(4 / 6)
    assert (row["low"], row["high"]) == (pytest.approx(0.29999, abs=1e-4), pytest.approx(0.90323, abs=1e-4))
    assert row["mean_per_learner"] == 1.5
    assert row["mean_minutes"] == pytest.approx((1800 + 0 + 0 + 10 + 10.001 + 0) / 60 / 6)
    assert row["median_minutes"] == 0  # 0, 0, 0, 10 s, 10.001 s, 30 min
    assert row["p90_minutes"] == 30
    assert (row["mean_events"], row["median_events"]) == (10 / 6, 2)
    assert (row["mean_clicks"], row["median_clicks"]) == (1, 1)


def test_a_longer_gap_joins_sessions_and_a_gap_below_5_minutes_is_refused() -> None:
    events = seconds("ann", 0, 299, 600, 3600, 40_000)
    assert [answer(events, "sessions", gap=gap)[0]["sessions"] for gap in (5, 6, 30, 50, 480, 600, 607)] == [
        4,
        3,
        3,
        2,
        2,
        2,
        1,
    ]
    with pytest.raises(UsageError, match="at least 5"):
        answer(events, "sessions", gap=4)


def test_a_session_goes_over_midnight() -> None:
    assert answer(seconds("ann", -60, 60), "sessions")[0]["sessions"] == 1


def test_what_a_player_does_by_itself_engages_no_one_also_where_every_event_counts_as_a_click() -> None:
    events = [*seconds("ann", 0, action="video_load"), *seconds("bob", 0, action="video_play")]
    (row,) = answer(events, "sessions", Filters(clicks="all"))
    assert (row["sessions"], row["engaged"], row["mean_clicks"]) == (2, 1, 1)


def test_lengths_of_sessions_by_hand() -> None:
    ends = (0, 10, 10.001, 60, 300, 900, 1800)
    events = [event for nth, end in enumerate(ends) for event in seconds(f"{nth}", 0, end)]
    rows = answer([*events, *seconds("0", 86_400)], "session-lengths")
    assert column(rows, "length")[:4] == ["0 s", "up to 10 s", "up to 1 min", "up to 5 min"]
    assert column(rows, "sessions") == [2, 1, 2, 1, 1, 1, 0, 0, 0]
    assert column(rows, "learners") == [1, 1, 2, 1, 1, 1, 0, 0, 0]
    assert column(rows, "share") == [one / 8 for one in column(rows, "sessions")]
    assert (rows[-1]["low"], rows[-1]["high"]) == (0, pytest.approx(0.32441, abs=1e-4))


# time on task


def test_time_on_task_by_hand() -> None:
    # ann: 4 min 59 s count for both; 5 min and 29 min 59 s only for 30; 30 min for none. bob has one event: 0 minutes.
    ann = [0, 299]
    for silence in (300, 1799, 1800):
        ann.append(ann[-1] + silence)
    (row,) = answer([*seconds("ann", *ann), *seconds("bob", 50)], "time-on-task")
    assert (row["week"], row["days"], row["learners"]) == (date(2013, 7, 29), 1, 2)
    assert (row["mean_5"], row["median_5"], row["p90_5"]) == (pytest.approx(299 / 120), 0, pytest.approx(299 / 60))
    assert (row["mean_30"], row["median_30"]) == (pytest.approx((299 + 300 + 1799) / 120), 0)


def test_a_silence_counts_in_the_week_in_which_it_begins_and_weeks_begin_on_monday_utc() -> None:
    rows = answer([*seconds("ann", -60, 60, 120), *seconds("bob", 15 * 86_400)], "time-on-task")
    assert column(rows, "week") == [date(2013, 7, 22), date(2013, 7, 29), date(2013, 8, 5), date(2013, 8, 12)]
    assert column(rows, "days") == [1, 7, 7, 2]
    assert column(rows, "learners") == [1, 1, 0, 1]
    assert column(rows, "mean_5") == [2, 1, None, 0]


# retention


def test_retention_by_hand_has_week_0_and_no_number_for_a_week_that_is_not_over() -> None:
    rows = answer([*on("ann", 0, 7, 14), *on("bob", 6, 14), *on("cem", 8, 15), *on("dee", 16)], "retention")
    names = ("cohort", "weeks_after", "learners", "active", "share")
    first, second, third = date(2013, 7, 29), date(2013, 8, 5), date(2013, 8, 12)
    assert [tuple(row[name] for name in names) for row in rows] == [
        (first, 0, 2, 2, 1.0),
        (first, 1, 2, 1, 0.5),
        (first, 2, 2, None, None),  # the third week ends on day 20, the observation on day 16
        (second, 0, 1, 1, 1.0),
        (second, 1, 1, None, None),
        (second, 2, 1, None, None),
        (third, 0, 1, None, None),
        (third, 1, 1, None, None),
        (third, 2, 1, None, None),
    ]
    assert {row["low"] for row in rows if row["active"] is None} == {None}
    assert {row["high"] for row in rows if row["active"] is None} == {None}


def test_a_week_that_ends_with_the_observation_has_passed_and_one_without_events_is_0() -> None:
    rows = answer([*on("ann", 0), *on("bob", 0, 20)], "retention")
    assert column(rows, "active") == [2, 0, 1]


# survival

FREIREICH_TREATED = "6+ 6 6 6 7 9+ 10+ 10 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
FREIREICH_PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
"""Weeks of remission of leukaemia patients (Freireich et al. 1963), + where it still lasted: the textbooks' example."""


def stay(learner: str, days: int, left: bool, end: int = 100, **fields: Any) -> list[LearnerEvent]:
    """A learner who stayed so many days, and left, or was still there at the end of the observation."""
    begin = 0 if left else end - days
    return on(learner, begin, begin + days, **fields)


@pytest.fixture(scope="module")
def remissions() -> list[LearnerEvent]:
    lists = {"treated": FREIREICH_TREATED, "placebo": FREIREICH_PLACEBO}
    return [
        event
        for group, text in lists.items()
        for nth, one in enumerate(text.split())
        for event in stay(f"{group} {nth}", int(one.rstrip("+")), not one.endswith("+"), device=group)
    ]


def test_survival_is_that_of_the_textbooks(remissions) -> None:
    # Kaplan-Meier of the treated: 18/21, · 16/17, · 14/15, · 11/12, · 10/11, · 6/7, · 5/6; published to three decimals.
    rows = [row for row in answer(remissions, "survival", by="device") if row["segment"] == "treated"]
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    assert {row["days"]: round(row["survival"], 3) for row in rows if row["left"]} == published
    ten = next(row for row in rows if row["days"] == 10)
    assert (ten["at_risk"], ten["left"], ten["censored"]) == (15, 1, 1)
    # Greenwood: 3/(21·18) + 1/(17·16) + 1/(15·14) on the scale of log(-log S).
    variance = 3 / (21 * 18) + 1 / (17 * 16) + 1 / (15 * 14)
    share = 18 / 21 * 16 / 17 * 14 / 15
    theta = math.exp(1.959964 * math.sqrt(variance) / abs(math.log(share)))
    assert (ten["low"], ten["high"]) == (pytest.approx(share**theta), pytest.approx(share ** (1 / theta)))


def test_the_log_rank_test_is_that_of_the_textbooks(remissions) -> None:
    # Published: chi-square 16.79; 9 of the treated relapsed, 19.25 expected; 21 of the placebo group, 10.75 expected.
    rows = {row["segment"]: row for row in answer(remissions, "survival-test", by="device")}
    for segment, left, expected, verdict in (
        ("treated", 9, 19.25, "stays longer"),
        ("placebo", 21, 10.75, "leaves earlier"),
    ):
        row = rows[segment]
        assert (row["left"], round(row["expected"], 2), row["verdict"]) == (left, expected, verdict)
        assert round(row["chi_square"], 2) == 16.79
        assert row["p"] == row["p_adjusted"] == pytest.approx(math.erfc(math.sqrt(row["chi_square"] / 2)), abs=1e-9)


def test_who_was_active_in_the_last_quiet_days_may_not_have_left() -> None:
    events = [*on("early", 0, 5), *on("ninety", 0, 90), *on("ninety-one", 0, 91), *on("end", 0, 100)]
    rows = answer(events, "survival")
    assert [(row["days"], row["at_risk"], row["left"], row["censored"]) for row in rows] == [
        (5, 4, 1, 0),
        (90, 3, 1, 0),  # ten silent days
        (91, 2, 0, 1),  # nine
        (100, 1, 0, 1),
    ]
    assert column(rows, "survival") == [0.75, 0.5, 0.5, 0.5]
    assert column(answer(events, "survival", quiet=9), "left") == [1, 1, 1, 0]


def test_a_learner_is_in_the_segment_of_most_events_and_unknown_only_where_none_is_known() -> None:
    events = [
        *on("ann", 0, 1, device="tablet"),
        *on("ann", 2, device="desktop"),
        *on("bob", 0, device="tablet"),
        *on("bob", 2, device="desktop"),  # a tie: the first by name
        *on("cem", 0, 1, 2),
        *on("cem", 3, device="tablet"),
        *on("dee", 0, 1),
    ]
    rows = answer(events, "survival-test", by="device")
    assert [(row["segment"], row["learners"]) for row in rows] == [("tablet", 2), ("desktop", 1), ("unknown", 1)]


def test_small_segments_are_together() -> None:
    events = [event for nth in range(12) for event in on(f"{nth}", 0, nth, country=f"c{nth:02}")]
    rows = answer([*events, *on("more", 0, country="c11")], "survival-test", by="country")
    assert [row["segment"] for row in rows] == ["other", "c11", *(f"c{nth:02}" for nth in range(7))]
    assert rows[0]["learners"] == 4


def test_nothing_is_said_of_one_segment_alone_or_where_no_one_has_left() -> None:
    for events in (on("ann", 0), [*on("ann", 0, device="a"), *on("bob", 0, device="b")]):
        for row in answer(events, "survival-test", by="device"):
            assert {row[name] for name in ("chi_square", "p", "p_adjusted", "verdict")} == {None}


def test_p_values_are_right_to_seven_digits(duckdb) -> None:
    for square in (0.0, 1e-12, 0.01, 0.4549, 3.841459, 6.634897, 15.0, 60.0, 200.0):
        (p,) = duckdb.query(f"select chi_square_p({square}) as p")["p"].to_pylist()
        assert p == pytest.approx(math.erfc(math.sqrt(square / 2)), rel=2e-7)
        assert p <= 1
    assert duckdb.query("select chi_square_p(null) as p")["p"].to_pylist() == [None]


def test_the_interval_of_an_unknown_count_is_unknown(duckdb) -> None:
    (row,) = duckdb.query("select wilson_low(null, 5) as low, wilson_high(null, 5) as high").to_pylist()
    assert row == {"low": None, "high": None}


# dropout


def test_dropout_by_hand() -> None:
    # Weeks end on days 6, 13, 20, 27. ann comes back after 11 days, bob after 10, cem never; dee is there to the end.
    events = [*on("ann", 6, 17), *on("bob", 6, 16), *on("cem", 0), *on("dee", 0, 7, 14, 21, 26)]
    rows = {(row["week"].day, row["preset"]): row for row in answer(events, "dropout")}
    assert len(rows) == 4 * 3

    def left(week: int) -> list[tuple[Any, ...]]:
        found = [rows[week, preset] for preset in ("kdd2015", "last_week", "quiet14")]
        return [(one["learners"], one["left"], one["share"]) for one in found]

    assert left(29) == [(4, 2, 0.5), (4, 1, 0.25), (4, 1, 0.25)]
    assert left(5) == [(1, 0, 0.0), (1, 0, 0.0), (1, None, None)]  # day 13 + 14 is after day 26
    assert left(12) == [(3, None, None), (3, None, None), (3, None, None)]
    assert left(19) == [(1, None, None)] * 3


def test_a_last_visit_is_known_also_when_a_filter_ends_before_it() -> None:
    # Until day 40, ann has left no more than anyone else who is there on the last day of the observation.
    events = [*on("ann", 0, 39, 60), *on("bob", 0, 39)]
    until = Filters(until=date(2013, 9, 7))
    assert column(answer(events, "survival", until), "left") == [0]
    assert column(answer(events, "survival"), "left") == [1, 0]


# at risk


def test_a_chance_of_coming_back_by_hand_stands_with_what_became_known_of_it() -> None:
    # On day 20, zoe is silent for 6 days. Of the ten others who were, and were seen until the 20th day after, hal and
    # kim came back by then. On day 6 the chance was the same for four and kim, by the five before them: kim came
    # back. For hal it was 0, and he did not.
    events = [
        *(event for name in "abcd" for event in on(name, -14)),
        *on("hal", -14, 6),
        *(event for name in "efgi" for event in on(name, 0)),
        *on("kim", 0, 20),
        *on("zoe", 12, 13, 14),
    ]
    (row,) = answer(events, "at-risk")
    assert (row["learner"], row["last_day"], row["silent_days"]) == ("zoe", date(2013, 8, 12), 6)
    assert (row["active_days"], row["usual_gap"]) == (3, 1)
    assert (row["chance"], row["checked"], row["came_back"]) == (pytest.approx(0.2), 5, 0.2)
    assert row["brier"] == pytest.approx((4 * 0.2**2 + 0.8**2) / 6, abs=1e-6)
    assert row["brier_of_all"] == pytest.approx(1 / 6 * 5 / 6)


def test_a_filter_that_ends_early_makes_no_one_at_risk_who_is_there_on_the_last_day() -> None:
    events = [event for nth in range(20) for event in on(f"{nth}", *range(nth % 3, 60, 3))]
    assert answer(events, "at-risk", Filters(until=date(2013, 9, 1)), days=1) == []


# hours


def test_hours_by_hand() -> None:
    events = [*seconds("ann", 0, 1, 3599, 3600), *seconds("bob", -1), *seconds("bob", 0), *seconds(None, 0)]
    rows = answer([*events, *seconds("eve", 0, clock=False)], "hours")
    assert len(rows) == 7 * 24
    found = {(row["weekday"], row["hour"]): (row["events"], row["learners"]) for row in rows if row["events"]}
    assert found == {(1, 0): (4, 2), (1, 1): (1, 1), (7, 23): (1, 1)}
    assert {row["events"] for row in rows} == {0, 1, 4}


@pytest.mark.parametrize(
    ("utc", "zone", "weekday", "hour"),
    [
        ("2013-03-31 00:59:59", "Europe/Berlin", 7, 1),
        ("2013-03-31 01:00:00", "Europe/Berlin", 7, 3),  # there is no 2 o'clock on that day
        ("2013-10-27 00:59:00", "Europe/Berlin", 7, 2),
        ("2013-10-27 01:00:00", "Europe/Berlin", 7, 2),  # and here it comes twice
        ("2013-07-29 03:00:00", "America/New_York", 7, 23),
        ("2013-07-28 18:30:00", "Asia/Kolkata", 1, 0),
        ("2013-07-28 18:15:00", "Asia/Kathmandu", 1, 0),
        ("2010-11-07 02:30:59", "America/St_Johns", 7, 0),  # clocks went back at one minute past midnight
        ("2010-11-07 02:31:00", "America/St_Johns", 6, 23),
    ],
)
def test_the_clock_of_a_learner_has_summer_time(utc, zone, weekday, hour) -> None:
    events = [LearnerEvent("ann", datetime.fromisoformat(utc), zone=zone)]
    found = [(row["weekday"], row["hour"]) for row in answer(events, "hours", clock="local") if row["events"]]
    assert found == [(weekday, hour)]


def test_what_is_no_zone_is_counted_apart() -> None:
    names = (None, "", "Mars/Olympus", "+02:00", "europe/berlin", "Europe/Berlin'", "CEST")
    events = [event for nth, name in enumerate(names) for event in seconds(f"{nth}", nth, zone=name)]
    rows = answer([*events, *seconds("bob", 0, zone="Europe/Berlin")], "hours", clock="local")
    assert {row["events_without_zone"] for row in rows} == {7}
    assert sum(column(rows, "events")) == 1
    rows = answer(events, "hours", clock="local")
    assert {(row["events"], row["learners"], row["events_without_zone"]) for row in rows} == {(None, None, 7)}


# Awkward data, and any.


def test_no_events_have_no_rows_and_sessions_one_row_of_zero() -> None:
    for events in ([], on(None, 0, 1)):
        for (name, _), rows in zip(ASKED, answers(events), strict=True):
            if name == "sessions":
                assert set(rows[0].values()) == {0, None}
            else:
                assert rows == []


AWKWARD = {
    "one event": on("ann", 0),
    "equal times": [*on("ann", 0, 0, 0), *on("bob", 0, 0)],
    "midnight": seconds("ann", -0.000001, 0, 0.000001, 86_399.999999, 86_400),
    "no clock": [*on("ann", 0, 1, 9, clock=False), *on("bob", 0, 1)],
    "one day": [*seconds("ann", 0, 5, 7000), *seconds("bob", 80_000, device="tablet")],
    "a year apart": [LearnerEvent("ann", MONDAY.replace(year=year)) for year in (1990, 1991)],
}


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_events_are_counted_as_the_oracle_counts_them(name) -> None:
    as_the_oracle(AWKWARD[name])


def as_the_oracle(events: Sequence[LearnerEvent]) -> None:
    for (name, values), rows in zip(ASKED, answers(events), strict=True):
        assert rows == close(getattr(people, name.replace("-", "_"))(events, **values)), (name, values)


moments = st.one_of(
    st.integers(0, 40).map(lambda day: timedelta(days=day)),
    st.integers(0, 3 * 288).map(lambda nth: timedelta(minutes=5 * nth, microseconds=nth % 3 - 1)),
    st.integers(0, 100).map(lambda nth: timedelta(minutes=30 * nth, microseconds=nth % 3 - 1)),
    st.integers(0, 45 * 86_400_000_000).map(lambda micros: timedelta(microseconds=micros)),
)
any_events = st.builds(
    LearnerEvent,
    learner=st.sampled_from(["a", "b", "ä", "'", "e", None]),
    time=moments.map(lambda after: datetime(2013, 10, 12) + after),  # noqa: DTZ001 - clocks go back on the 27th
    action=st.sampled_from(["page_view", "video_play", "video_heartbeat"]),
    clock=st.sampled_from([True, True, True, False]),
    device=st.sampled_from(["tablet", "desktop", None]),
    country=st.sampled_from(["DE", "NP", None]),
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "nowhere", None]),
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_events, max_size=40))
def test_any_events_are_counted_as_the_oracle_counts_them(events) -> None:
    as_the_oracle(events)


def crowd(seed: int, learners: int = 60) -> list[LearnerEvent]:
    """Learners of three devices and many countries, who come for a few sessions of some weeks."""
    chance = random.Random(seed)
    events = []
    for nth in range(learners):
        fields: dict[str, Any] = {
            "device": chance.choice(["tablet", "desktop", "phone", None]),
            "country": chance.choice("ABCDEFGHIJK"),
            "zone": chance.choice(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", None, "x"]),
        }
        moment = datetime(2013, 10, 7) + timedelta(days=chance.expovariate(1 / 10))  # noqa: DTZ001
        for _ in range(chance.choice([1, 1, 5, 40])):
            events.append(
                LearnerEvent(f"{nth}", moment, chance.choice(["page_view", "video_play", "video_load"]), **fields)
            )
            moment += timedelta(seconds=chance.choice([0, 7, 200, 400, 1700, 1801, 90_000, 300_000]))
    return events


def test_a_crowd_is_counted_as_the_oracle_counts_it() -> None:
    as_the_oracle(crowd(1))


def test_answers_can_be_written_in_every_format(simulated) -> None:
    for name, values in ASKED:
        result = simulated.course.analyze(name, **values)
        assert result.table.num_rows
        assert all(writer.encode(result.table, result.caption) for writer in WRITERS)


def test_every_listed_zone_shows_what_its_clock_showed(duckdb) -> None:
    zones_are_right(duckdb)


def zones_are_right(engine: Engine) -> None:
    moments = [datetime(2013, month, 1, 7, 30, tzinfo=UTC) for month in (1, 4, 7, 10)]
    rows = [(zone, moment) for zone in ZONES for moment in moments]
    table = pa.table({"zone": [zone for zone, _ in rows], "time": pa.array([moment for _, moment in rows])})
    table = table.cast(pa.schema([("zone", pa.string()), ("time", pa.timestamp("us", tz="UTC"))]))
    engine.register("clocks", table, table.schema)
    sql = "select zone, time, wall_microseconds(time, zone) as wall from clocks"
    shown = {(row["zone"], row["time"].replace(tzinfo=UTC)): row["wall"] for row in engine.query(sql).to_pylist()}
    for zone, moment in rows:
        wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
        assert shown[zone, moment] == wall.timestamp() * 1_000_000, zone


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_gives_the_same_rows(session) -> None:
    awkward = [one._replace(learner=f"{name} {one.learner}") for name, events in AWKWARD.items() for one in events]
    for events in ([], [*awkward, *crowd(2)]):
        distributed = answers_of(session, events, ASKED, EVERYTHING)
        for asked, one, other in zip(ASKED, answers(events), distributed, strict=True):
            assert one == other, asked
    zones_are_right(session)


def test_a_segment_whose_learners_are_all_gone_is_still_observed(course_of):
    """ann uses Firefox on 31 July only; bob comes with Chrome for a month more. So ann left, seen by all."""
    day = 86_400
    course = course_of([line("ann", user_agent=FIREFOX), *(line("bob", n * day) for n in range(30))])

    def rows(name: str) -> list[dict[str, Any]]:
        return course.analyze(name, browser="Firefox").table.to_pylist()

    assert [(row["weeks_after"], row["active"]) for row in rows("retention")] == [
        (0, 1),
        (1, 0),
        (2, 0),
        (3, 0),
        (4, None),
    ]
    (stay,) = rows("survival")
    assert (stay["days"], stay["at_risk"], stay["left"], stay["survival"]) == (0, 1, 1, 0.0)
    assert [(row["preset"], row["left"]) for row in rows("dropout") if row["week"] == date(2013, 7, 29)] == [
        ("kdd2015", 1),
        ("last_week", 1),
        ("quiet14", 1),
    ]
    days = rows("daily")
    assert (days[0]["day"], days[0]["dau"], days[-1]["day"], days[-1]["dau"]) == (
        date(2013, 7, 31),
        1,
        date(2013, 8, 29),
        0,
    )
    assert rows("retention") != course.analyze("retention", browser="Firefox", until=date(2013, 8, 5)).table.to_pylist()
