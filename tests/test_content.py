"""What learners use: areas, items, videos, paths, funnels, problems, countries; and what to distrust first.

Each answer is compared with one by hand, and with plain Python on any few events, on both engines.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursetrail import UsageError
from coursetrail.analyses import find
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.identity import Identity
from coursetrail.analyses.relations import RELATIONS, materialized
from coursetrail.dataset.schema import EVENTS, MEMBERS, SOURCES, SYLLABUS
from coursetrail.engines.duckdb import connect
from coursetrail.engines.engine import Engine
from coursetrail.lookups import agents, languages
from support import content_oracle as oracle

MORNING = int(datetime(2013, 7, 31, 8, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
BLANK = {
    **dict.fromkeys(EVENTS.schema.names),
    "source": 1,
    "platform": "edx",
    "course": "c",
    "area": "lecture",
    "has_clock": True,
}


def events_of(*told: dict[str, Any]) -> list[dict[str, Any]]:
    """Events with a line number each; `after` is in seconds after a morning."""
    return [
        {**BLANK, "line": nth, "time": MORNING + round(1000 * one.get("after", nth)), **one}
        for nth, one in enumerate(told)
    ]


def video(learner: str | None, after: float, action: str, position: float | None, **more: Any) -> dict[str, Any]:
    return {
        "learner": learner,
        "after": after,
        "action": f"video_{action}",
        "position": position,
        "item": "v",
        **more,
    }


def view(learner: str | None, after: float, area: str | None, item: str | None = None, **more: Any) -> dict[str, Any]:
    return {"learner": learner, "after": after, "action": "page_view", "area": area, "item": item, **more}


def check(learner: str, after: float, result: str | None, **more: Any) -> dict[str, Any]:
    extra = json.dumps({"event_type": "problem_check", "event": {"success": result, "attempts": 1}})
    return {
        "learner": learner,
        "after": after,
        "action": "problem_check",
        "area": "quiz",
        "item": "p",
        "extra": extra,
        **more,
    }


def table_of(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{name: one.get(name) for name in schema.names} for one in rows], schema=schema)


@contextmanager
def filled(engine: Engine, events: list[dict[str, Any]], **tables: list[dict[str, Any]]) -> Iterator[Engine]:
    """An engine that knows these events, and further tables."""
    rows = [{**one, "time": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=one["time"])} for one in events]
    engine.register("stored_events", table_of(rows, EVENTS.schema), EVENTS.schema)
    for table in (SYLLABUS, MEMBERS, SOURCES):
        engine.register(table.name, table_of(tables.get(table.name, []), table.schema), table.schema)
    engine.register("agents", AGENTS, agents.AGENTS.schema)
    engine.register("languages", languages.LANGUAGES.schema.empty_table(), languages.LANGUAGES.schema)
    engine.view("all_events", Identity().over("stored_events", EVENTS.schema.names, [9]))
    yield engine


AGENTS = pa.Table.from_pylist(
    [{"user_agent": "person", "is_bot": False}, {"user_agent": "robot", "is_bot": True}],
    schema=agents.AGENTS.schema,
)


def ask(
    events: list[dict[str, Any]], name: str, filters: Filters | None = None, engine: Engine | None = None, **given: Any
) -> list[tuple[Any, ...]]:
    """The rows of an answer, as tuples."""
    tables = {one: given.pop(one) for one in ("syllabus", "members", "sources") if one in given}
    analysis = find(name)
    text = analysis.render(filters or Filters(), given)
    if engine:
        with filled(engine, events, **tables):
            table = engine.query(text)
    else:
        with connect() as duck, filled(duck, events, **tables):
            table = duck.query(text)
    table = table.select(list(analysis.columns)).cast(analysis.schema)
    return [tuple(row.values()) for row in table.to_pylist()]


def rounded(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(round(one, 9) if isinstance(one, float) else one for one in row) for row in rows]


def pieces(*moves: dict[str, Any]) -> list[tuple[float, float]]:
    """Begin and end of the viewings in these events."""
    events = events_of(*moves)
    names = [one.name for one in RELATIONS]
    with connect() as duck, filled(duck, events):
        duck.materialize("viewings", materialized(RELATIONS[names.index("viewings")], Filters()))
        found = duck.query("select begins, ends from viewings order by time, begins").to_pylist()
    pairs = [(one["begins"], one["ends"]) for one in found]
    assert sorted(pairs) == sorted((one.begins, one.ends) for one in oracle.viewings(events))
    return pairs


# Viewings: each rule of the definition.


def test_a_pause_an_end_and_a_jump_close_a_viewing_and_the_next_play_begins_at_the_target() -> None:
    assert pieces(video("a", 0, "play", 10), video("a", 9, "pause", 19)) == [(10, 19)]
    assert pieces(video("a", 0, "play", 10), video("a", 9, "end", 19)) == [(10, 19)]
    jump = video("a", 9, "seek", 100, position_from=19)
    assert pieces(video("a", 0, "play", 10), jump, video("a", 10, "play", 19), video("a", 20, "pause", 110)) == [
        (10, 19),
        (100, 110),
    ]


def test_pauses_between_a_jump_and_the_next_play_do_not_hide_its_target() -> None:
    jump = video("a", 9, "seek", 100, position_from=19)
    stop = [video("a", 10 + nth, "pause", 19) for nth in range(3)]
    assert pieces(jump, *stop, video("a", 15, "play", 19), video("a", 20, "pause", 105)) == [(100, 105)]


def test_of_two_jumps_the_last_one_counts_and_of_two_plays_the_second_one() -> None:
    jumps = [video("a", nth, "seek", 10 * nth, position_from=5) for nth in (1, 2)]
    assert pieces(*jumps, video("a", 3, "play", 5), video("a", 9, "pause", 26)) == [(20, 26)]
    assert pieces(video("a", 0, "play", 0), video("a", 1, "play", 50), video("a", 9, "pause", 58)) == [(50, 58)]
    assert pieces(jumps[0], video("a", 2, "play", 10), video("a", 3, "play", 50), video("a", 9, "pause", 58)) == [
        (50, 58)
    ]


def test_a_jump_from_an_unknown_second_closes_without_a_viewing() -> None:
    jump = video("a", 9, "seek", 100, position_from=None)
    assert pieces(video("a", 0, "play", 10), jump, video("a", 10, "play", 100), video("a", 20, "end", 110)) == [
        (100, 110)
    ]


def test_a_play_without_an_end_too_short_pieces_backward_ones_and_those_over_ten_hours_are_no_viewings() -> None:
    assert pieces(video("a", 0, "play", 10)) == []
    for begins, ends in ((10, 10.2), (10, 9), (0, 36_001), (-1, 3), (None, 3), (3, None)):
        assert pieces(video("a", 0, "play", begins), video("a", 9, "pause", ends)) == []
    assert pieces(video("a", 0, "play", 10), video("a", 9, "pause", 10.25)) == [(10, 10.25)]


def test_moves_of_the_same_time_are_in_the_order_of_their_lines() -> None:
    assert pieces(video("a", 0, "play", 1), video("a", 0, "pause", 5), video("a", 0, "play", 7)) == [(1, 5)]


def test_learners_and_videos_do_not_mix_and_events_without_a_learner_are_none() -> None:
    plays = [video("a", 0, "play", 1), video("b", 1, "pause", 9), video("a", 2, "pause", 9, item="w")]
    assert pieces(*plays, video(None, 3, "play", 1), video(None, 9, "pause", 9)) == []


def test_reports_every_five_seconds_are_one_viewing_until_they_jump_and_plays_are_not_added() -> None:
    beats = [video("a", 5 * nth, "heartbeat", 5.2 * nth) for nth in (1, 2, 3)]
    later = [video("a", 60, "heartbeat", 110, rate=2.0), video("a", 65, "heartbeat", 120, rate=2.0)]
    found = pieces(video("a", 0, "play", 0), *beats, video("a", 20, "pause", 90), *later)
    assert [(round(begin, 6), round(end, 6)) for begin, end in found] == [(0.2, 15.6), (100, 120)]


# By hand.


def test_areas_by_hand_and_what_people_searched_for_is_nowhere() -> None:
    secret = view("b", 2, "search", "my secret illness", url="https://x/forum/search?q=my+secret+illness")
    events = events_of(
        view("a", 0, "lecture", "1"), view("a", 1, "lecture", "2"), view("b", 1, "lecture"), secret,
        {**view("b", 3, None), "action": "other"}, view(None, 4, "quiz"), view("a", 5, "admin"),
    )  # fmt: skip
    low, high = oracle.interval(1, 2)
    assert ask(events, "areas") == [
        ("lecture", 2, 1.0, pytest.approx(0.342380227), 1.0, 3),
        ("search", 1, 0.5, pytest.approx(low), pytest.approx(high), 1),
        ("unknown", 1, 0.5, pytest.approx(low), pytest.approx(high), 0),
    ]
    for name in ("areas", "items", "paths", "funnel", "videos"):
        assert "secret" not in str(ask(events, name))


SYLLABUS_ROWS = [
    {"course": "c", "item": "late", "item_name": "Late", "module_order": 2, "lesson_order": 1, "item_order": 1},
    {"course": "c", "item": "early", "item_name": "Early", "module_order": 1, "lesson_order": 1, "item_order": 1},
    {"course": "c", "item": "never", "item_name": "Never", "module_order": 1, "lesson_order": 2, "item_order": 1},
    {"course": "c", "item": None, "item_name": None, "module_order": 3, "lesson_order": 2, "item_order": None},
    {"course": "other", "item": "x", "item_name": "X", "module_order": 1, "lesson_order": 1, "item_order": 1},
]


def test_items_come_in_the_order_of_the_syllabus_with_names_and_those_that_no_one_opened() -> None:
    events = events_of(
        view("a", 0, "lecture", "late"), view("a", 1, "other", "late"), view("b", 2, "lecture", "early"),
        view("b", 3, "quiz", "extra"), view("b", 4, "forum", "thread"),
    )  # fmt: skip
    found = [(row[:7], row[10:]) for row in ask(events, "items", syllabus=SYLLABUS_ROWS)]
    assert found == [
        ((1, "c", "lecture", "early", "Early", 1, 2), (1.0, 1)),
        ((2, "c", None, "never", "Never", 0, 2), (None, 0)),
        ((3, "c", "lecture", "late", "Late", 1, 2), (1.0, 2)),
        ((4, "c", "quiz", "extra", None, 1, 2), (2.0, 1)),
    ]


def test_without_a_syllabus_items_come_by_the_median_rank_of_first_visits() -> None:
    # one: ranks 1, 1, 2; two: 2, 2; three: 1. A quiz and a lecture of one id are two items.
    events = events_of(
        view("a", 0, "lecture", "1"), view("a", 1, "lecture", "2"), view("a", 2, "lecture", "1"),
        view("b", 0, "lecture", "1"), view("b", 1, "lecture", "2"),
        view("c", 0, "quiz", "1"), view("c", 1, "lecture", "1"),
    )  # fmt: skip
    assert [(*row[2:4], row[5], row[10]) for row in ask(events, "items")] == [
        ("lecture", "1", 3, 1.0),
        ("quiz", "1", 1, 1.0),
        ("lecture", "2", 2, 2.0),
    ]


def watched(learner: str, *spans: tuple[float, float], rate: float | None = None) -> list[dict[str, Any]]:
    moves = []
    for nth, (begin, end) in enumerate(spans):
        moves += [video(learner, 100 * nth, "play", begin, rate=rate), video(learner, 100 * nth + 1, "pause", end)]
    return moves


def test_videos_by_hand_in_each_preset_of_completion() -> None:
    # Length 100. a saw all of it, b the last ten seconds, c the first half twice, d plays and leaves.
    events = events_of(
        *watched("a", (0, 100), rate=1.0), *watched("b", (90, 99), rate=2.0), *watched("c", (0, 50), (0, 50), rate=1.5),
        video("d", 0, "play", 0),
    )  # fmt: skip
    shown = {name: ask(events, "videos", completion=name)[0] for name in ("insights", "aspects", "reached")}
    for row in shown.values():
        assert row[:6] == ("c", "v", None, 4, 3, 100.0)
        assert row[11:] == (100.0, 1.5, 11)
    assert shown["insights"][6:9] == (2, 2, 1.0)  # a and b at second 95, by a and c at second 0
    assert shown["aspects"][6:9] == (1, 3, pytest.approx(1 / 3))
    assert shown["reached"][6:9] == (2, 3, pytest.approx(2 / 3))


def test_more_viewers_at_the_end_than_at_the_beginning_have_a_ratio_and_no_interval() -> None:
    events = events_of(*watched("a", (0, 100)), *watched("b", (90, 100)), *watched("c", (95, 99)))
    assert ask(events, "videos")[0][6:11] == (3, 1, 3.0, None, None)


def test_the_share_that_completes_is_of_those_who_watched_and_not_of_everyone_who_came() -> None:
    events = events_of(*watched("a", (0, 100)), *(view(f"b{nth}", 5, "lecture", "v") for nth in range(50)))
    assert ask(events, "videos", completion="reached")[0][6:9] == (1, 1, 1.0)


def test_the_length_is_what_one_in_twenty_reaches_or_what_the_player_says() -> None:
    events = [one for nth in range(20) for one in watched(f"a{nth}", (0, 100))] + watched("b", (0, 5000))
    assert ask(events_of(*events), "videos")[0][5] == 100.0
    load = video("a0", 0, "load", 0, extra=json.dumps({"event": {"duration": 123.5}}))
    assert ask(events_of(load, *events), "videos")[0][5] == 123.5


def test_a_long_video_is_complete_thirty_seconds_before_its_end() -> None:
    events = events_of(*watched("a", (0, 1000)), *watched("b", (0, 968)), *watched("c", (0, 971)))
    assert ask(events, "videos")[0][6:8] == (2, 3)  # 970, where 95 % would be 950


def test_a_video_that_no_one_watched_has_no_completion() -> None:
    assert ask(events_of(video("a", 0, "play", 0)), "videos") == [
        ("c", "v", None, 1, 0, None, 0, 0, None, None, None, None, None, 0)
    ]


def test_the_speed_of_a_player_does_not_multiply_the_seconds_of_the_video() -> None:
    assert ask(events_of(*watched("a", (0, 60), rate=2.0)), "videos")[0][11:13] == (60.0, 2.0)


def test_the_heat_map_by_hand() -> None:
    jump = video("b", 5, "seek", 3, position_from=14)
    events = events_of(*watched("a", (0, 12), (6, 9)), video("b", 0, "play", 7), jump)
    assert ask(events, "video-heat") == [
        ("c", "v", 0, 1, 1, 0, 0, 1, None),
        ("c", "v", 5, 2, 3, 1, 1, 0, None),
        ("c", "v", 10, 2, 2, 0, 1, 0, None),
    ]


def test_a_passage_that_ten_learners_watch_again_is_a_peak_and_nine_are_none() -> None:
    for count, marked in ((10, [60]), (9, [])):
        spans = [one for nth in range(count) for one in watched(f"a{nth}", (0, 121), (60.5, 64))]
        rows = ask(events_of(*spans), "video-heat")
        assert [row[2] for row in rows if "replays" in (row[8] or "")] == marked


def test_the_ten_most_watched_videos_are_shown_or_the_one_that_is_asked_for() -> None:
    moves = [
        {**one, "item": f"v{number:02}"}
        for number in range(12)
        for nth in range(12 - number)
        for one in watched(f"a{nth}", (0, 3))
    ]
    events = events_of(*moves)
    assert [row[1] for row in ask(events, "video-heat")] == [f"v{number:02}" for number in range(10)]
    assert [row[1:4] for row in ask(events, "video-heat", video="v11")] == [("v11", 0, 1)]
    assert ask(events, "video-heat", video="v'; drop table events; --") == []


def test_jumps_by_hand() -> None:
    jumps = [("a", 12, 61), ("a", 12, 61), ("b", 14, 64), ("b", 61, 2), ("c", 7, 7), ("c", None, 9), ("c", -1, 9)]
    events = events_of(
        *(video(who, nth, "seek", to, position_from=start) for nth, (who, start, to) in enumerate(jumps))
    )
    assert ask(events, "video-seeks") == [
        ("c", "v", "forward", 10, 60, 3, 2),
        ("c", "v", "back", 60, 0, 1, 1),
    ]
    assert ask(events, "video-seeks", bin=60)[0] == ("c", "v", "forward", 0, 60, 3, 2)


def test_paths_by_hand_with_loops_apart_and_sessions_that_end() -> None:
    # a: 1 → 1 → 2; half an hour and a second later 3, of another session; b: 1 → (home) → 3, kept together by a wait.
    events = events_of(
        view("a", 0, "lecture", "1"), view("a", 1, "lecture", "1"), view("a", 2, "lecture", "2"),
        view("a", 1803, "lecture", "3"),
        view("b", 0, "lecture", "1"), view("b", 5, "home"), {**video("b", 1500, "wait", 0), "item": "1"},
        view("b", 3000, "lecture", "3"),
    )  # fmt: skip
    low, high = oracle.interval(1, 2)
    share = (2, 0.5, pytest.approx(low), pytest.approx(high))
    assert ask(events, "paths") == [
        ("c", "lecture", "1", "lecture", "2", False, 1, 1, *share),
        ("c", "lecture", "1", "lecture", "3", False, 1, 1, *share),
        ("c", "lecture", "1", "lecture", "1", True, 1, 1, None, None, None, None),
    ]
    assert [row[1:7] for row in ask(events, "paths", of="area")] == [
        ("home", None, "lecture", None, False, 1),
        ("lecture", None, "home", None, False, 1),
        ("lecture", None, "lecture", None, True, 2),
    ]
    assert len(ask(events, "paths", top=1)) == 2


def test_a_funnel_by_hand_in_order_and_in_any() -> None:
    events = events_of(
        view("a", 0, "home"), view("a", 1, "lecture", "1"), view("a", 2, "quiz", "7"),
        view("b", 0, "quiz", "7"), view("b", 1, "lecture", "1"), view("b", 2, "home"),
        view("c", 0, "home"), view("c", 0, "lecture", "1"),
        {**view("d", 0, "forum"), "action": "forum_post"},
    )  # fmt: skip
    strict = ask(events, "funnel")
    assert [row[:5] + row[7:9] for row in strict] == [
        (1, "home", 3, 4, 0.75, 4, 0.75),
        (2, "lecture", 1, 4, 0.25, 3, pytest.approx(1 / 3)),  # c opened both at the same time
        (3, "quiz", 1, 4, 0.25, 1, 1.0),
    ]
    assert [row[2] for row in ask(events, "funnel", order="any")] == [3, 3, 2]
    assert [row[1:3] for row in ask(events, "funnel", steps=" quiz/7 ,1, home")] == [
        ("quiz/7", 2),
        ("1", 1),
        ("home", 1),
    ]
    assert [row[1:3] for row in ask(events, "funnel", steps="forum_post,no such,home")] == [
        ("forum_post", 1),
        ("no such", 0),
        ("home", 0),
    ]
    assert [row[8] for row in ask(events, "funnel", steps="no such,home")] == [0.0, None]


@pytest.mark.parametrize("steps", ["", ",", "a,,b", " ", ",".join("abcdefghijk")])
def test_steps_of_a_funnel_that_cannot_be_read_are_refused_in_one_line(steps) -> None:
    with pytest.raises(UsageError, match=r"^steps cannot be .*: up to 10 areas, actions or items, separated by commas"):
        ask([], "funnel", steps=steps)


def test_problems_by_hand() -> None:
    # a: right at once; b: wrong, right 10 minutes later; c: wrong, and silent; d: wrong yesterday; e: no result.
    week = 7 * 86_400
    events = events_of(
        check("a", 0, "correct"), check("b", 0, "incorrect"), check("b", 600, "correct"), check("c", 0, "incorrect"),
        check("d", week - 86_400, "incorrect"), check("e", 0, None), view("z", week + 600, "lecture", "1"),
    )  # fmt: skip
    (row,) = ask(events, "problems")
    assert row[:6] == ("c", "p", 5, 6, 1.2, 4)
    assert (row[6:8], row[10:12]) == ((1, 0.25), (2, 0.5))
    assert row[14] == 5.0
    assert row[15:18] == (1, 3, pytest.approx(1 / 3))


def test_who_may_still_try_has_not_given_up() -> None:
    assert ask(events_of(check("a", 0, "incorrect")), "problems")[0][15:] == (0, 0, None, None, None)


def test_countries_by_hand() -> None:
    events = events_of(
        view("a", 0, "home", country="DE"), view("b", 0, "home", country="DE"), view("a", 1, "home", country="NA"),
        view("c", 0, "home"), view("d", 0, "home"), view("e", 0, "home"),
    )  # fmt: skip
    assert [row[:3] for row in ask(events, "countries")] == [("DE", 2, 0.4), ("NA", 1, 0.2), ("unknown", 3, 0.6)]


def test_quality_by_hand() -> None:
    def file(lines: int, rejected: int, **more: Any) -> dict[str, Any]:
        counts = {"duplicates": 0, "blank": 0, "header": 0, "unfinished": 0, "events": lines - rejected}
        return {"source": 1, "lines": lines, "rejected": rejected, **counts, **more}

    events = events_of(
        view("a", 0, "home", user_agent="person"), view("b", 0, "home", user_agent="robot"), view(None, 0, "home"),
        view("a", 3 * 86_400, "home", user_agent="person", source=9),
        *(view("fast", nth / 10, "home") for nth in range(121)),
    )  # fmt: skip
    found = ask(
        events,
        "quality",
        sources=[file(1000, 1), file(1000, 0, duplicates=3, events=996, fault="cut"), file(100, 30)],
        members=[{"course": "c", "learner": "a", "role": "staff"}, {"course": "c", "learner": "x", "role": "mentor"}],
    )
    assert {row[0]: row[1:3] for row in found} == {
        "lines unaccounted for": (1, 2100),
        "rejected lines": (31, 2100),
        "duplicate lines": (3, 2100),
        "damaged files": (1, 3),
        "files with a jump in rejected lines": (1, 3),
        "events without a learner": (1, 125),
        "events without a time of day": (1, 125),
        "learners seen as bots": (1, 3),
        "events of bots": (1, 125),
        "outliers": (1, 3),
        "staff among learners": (1, 3),
        "days without events": (2, 4),
    }
    assert all(row[3].endswith(".") for row in found)


def test_without_tables_of_a_course_it_is_not_known_who_is_staff() -> None:
    found = {row[0]: row[1] for row in ask(events_of(view("a", 0, "home")), "quality")}
    assert found["staff among learners"] is None


# Any few events at all.

ASKED: dict[str, tuple[dict[str, Any], Callable[[list[dict[str, Any]]], list[tuple[Any, ...]]]]] = {
    "areas": ({}, lambda events: oracle.shares(events, "area")),
    "countries": ({}, lambda events: oracle.shares(events, "country")),
    "items": ({}, oracle.items),
    "videos": ({"completion": "insights"}, lambda events: oracle.videos(events, "insights")),
    "videos aspects": ({"completion": "aspects"}, lambda events: oracle.videos(events, "aspects")),
    "videos reached": ({"completion": "reached"}, lambda events: oracle.videos(events, "reached")),
    "video-heat": ({}, oracle.heat),
    "video-heat v": ({"video": "v"}, lambda events: oracle.heat(events, "v")),
    "video-seeks": ({}, oracle.seeks),
    "video-seeks 60": ({"bin": 60}, lambda events: oracle.seeks(events, 60)),
    "paths": ({"top": 10_000}, lambda events: oracle.paths(events, "item")),
    "paths area": ({"of": "area", "top": 10_000}, lambda events: oracle.paths(events, "area")),
    "funnel": ({}, lambda events: oracle.funnel(events, ["home", "lecture", "quiz"], "strict")),
    "funnel any": (
        {"steps": "video_play,v,quiz/v,lecture", "order": "any"},
        lambda events: oracle.funnel(events, ["video_play", "v", "quiz/v", "lecture"], "any"),
    ),
    "problems": ({}, oracle.problems),
}
quarters = st.one_of(st.none(), st.integers(-4, 60), st.integers(0, 120).map(lambda n: n / 4), st.just(50_000.0))
any_event = st.fixed_dictionaries(
    {
        "learner": st.sampled_from(["a", "b", "ä", None]),
        "after": st.one_of(st.integers(0, 40), st.integers(0, 20).map(lambda n: n * 900), st.integers(0, 20 * 86_400)),
        "course": st.sampled_from(["c", "c", "d", None]),
        "action": st.sampled_from(
            [
                *("page_view", "video_play", "video_play", "video_pause", "video_pause", "video_seek", "video_end"),
                *("video_wait", "problem_check", "quiz_start"),
            ]
        ),
        "area": st.sampled_from(["home", "lecture", "quiz", "forum", "search", "admin", None]),
        "item": st.sampled_from(["v", "v", "w", None]),
        "position": quarters,
        "position_from": quarters,
        "rate": st.sampled_from([None, 1.0, 1.5]),
        "country": st.sampled_from([None, "DE", "NA"]),
        "extra": st.sampled_from(
            [None, "{}", '{"event":{"success":"correct"}}', '{"event":{"success":"incorrect"}}', '{"event":null}']
        ).filter(lambda text: text != '{"event":null}'),
    }
)
beat = st.fixed_dictionaries(
    {
        "learner": st.sampled_from(["a", "b"]),
        "after": st.integers(0, 60),
        "action": st.just("video_heartbeat"),
        "item": st.just("w"),
        "position": st.integers(0, 12).map(lambda n: n * 2.5),
        "rate": st.sampled_from([None, 1.0, 2.0]),
    }
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(any_event, max_size=60), st.lists(beat, max_size=8))
def test_any_events_are_counted_as_plain_python_counts_them(drawn, beats) -> None:
    events = events_of(*drawn, *beats)
    with connect() as duck, filled(duck, events):
        for name, (given_values, expected) in ASKED.items():
            analysis = find(name.split()[0])
            table = duck.query(analysis.render(Filters(), given_values)).cast(analysis.schema)
            found = [tuple(row.values()) for row in table.to_pylist()]
            assert rounded(found) == rounded(expected(events)), name


MANY = events_of(
    *(
        {
            "learner": f"l{nth % 23}",
            "after": 37 * nth % 90_000,
            "course": ("c", "c", None)[nth % 3],
            "action": ("video_play", "video_pause", "page_view", "video_seek", "problem_check")[nth % 5],
            "area": ("lecture", "quiz", "home", None)[nth % 4],
            "item": ("v", "w", "x", None)[nth // 7 % 4],
            "position": nth * 7 % 240 / 4,
            "position_from": nth * 11 % 200 / 4,
            "rate": (None, 1.0, 2.0)[nth % 3],
            "country": ("DE", None)[nth % 2],
            "user_agent": ("person", "robot", None)[nth % 3],
            "extra": ('{"event":{"success":"correct"}}', '{"event":{"success":"incorrect"}}')[nth // 3 % 2],
        }
        for nth in range(900)
    ),
    *(
        {"learner": f"l{nth % 5}", "after": nth, "action": "video_heartbeat", "item": "beats", "position": 5.0 * nth}
        for nth in range(60)
    ),
)


def test_both_engines_give_the_rows_of_plain_python(session) -> None:
    for name, (values, expected) in ASKED.items():
        analysis = find(name.split()[0])
        on_spark = ask(MANY, analysis.name, engine=session, **values)
        assert on_spark, name
        assert rounded(on_spark) == rounded(ask(MANY, analysis.name, **values)) == rounded(expected(MANY)), name
    more = {"syllabus": SYLLABUS_ROWS, "members": [{"course": "c", "learner": "l3", "role": "staff"}]}
    for name in ("items", "quality", "videos"):
        assert rounded(ask(MANY, name, engine=session, **more)) == rounded(ask(MANY, name, **more)), name
