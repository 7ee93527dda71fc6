"""The seven questions: their answers by hand, by an oracle, by what was planted, and by what was published."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursetrail import ANALYSES, UsageError
from coursetrail.analyses import find
from coursetrail.analysis import Filters, render
from coursetrail.engines.duckdb import connect
from coursetrail.lookups import agents, languages
from coursetrail.outputs.tables import FORMATS, encode
from oracle import NOBODY, Agent, Event, Oracle, by_name, read

NAMES = [analysis.name for analysis in ANALYSES]
PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "psy001" / "clicks_per_learner.csv"

CHROME = "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/28.0.1500.72 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:22.0) Gecko/20100101 Firefox/22.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 6_1 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) "
    "Version/6.0 Mobile/10B141 Safari/8536.25"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
MORNING = datetime(2013, 7, 31, 8, tzinfo=UTC)
"""Eight hours after midnight of a Wednesday."""


def line(learner: str | None, after: float = 0, action: str = "page", **fields: Any) -> dict[str, Any]:
    """A line of an export: a page view, or what the player says, `after` seconds after `MORNING`."""
    url = f"https://class.coursera.org/{fields.pop('course', 'psy-001')}/lecture/view?lecture_id=3"
    moment = MORNING + timedelta(seconds=after)
    event = {
        "key": "pageview",
        "username": learner,
        "timestamp": round(moment.timestamp() * 1000),
        "page_url": url,
        "user_agent": CHROME,
        "language": "en-US,en;q=0.8",
        **fields,
    }
    if action != "page":
        state = {"type": action, "currentTime": 12.5, "readyState": 4, "networkState": 1}
        event |= {"key": "user.video.lecture.action", "value": json.dumps(state)}
    return event


def every(seconds: float, times: int, learner: str = "a", start: float = 0) -> list[dict[str, Any]]:
    """Equally distant page views."""
    return [line(learner, start + seconds * nth) for nth in range(times)]


def rows(course: Any, name: str, **filters: Any) -> list[dict[str, Any]]:
    return course.analyze(name, **filters).table.to_pylist()


def column(course: Any, name: str, wanted: str, **filters: Any) -> list[Any]:
    return course.analyze(name, **filters).table[wanted].to_pylist()


def values(course: Any, name: str, **filters: Any) -> list[tuple[Any, ...]]:
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
        ("Googlebot", 1, 1 / 9, 1),
        ("Mobile Safari", 1, 1 / 9, 0),
        ("unknown", 5, 5 / 9, 5),
    ]
