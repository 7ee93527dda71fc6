"""Clicks of a legacy Coursera export, written by hand: who, how long after `MORNING`, what."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

CHROME = "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/28.0.1500.72 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:22.0) Gecko/20100101 Firefox/22.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 6_1 like Mac OS X) AppleWebKit/536.26 (KHTML, like Gecko) "
    "Version/6.0 Mobile/10B141 Safari/8536.25"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
MORNING = datetime(2013, 7, 31, 8, tzinfo=UTC)
"""Eight hours after midnight of a Wednesday."""
NUMBER = itertools.count()
"""Makes every line another one: of equal lines only the first is an event."""


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
        "number": next(NUMBER),
        **fields,
    }
    if action != "page":
        state = {"type": action, "currentTime": 12.5, "readyState": 4, "networkState": 1}
        event |= {"key": "user.video.lecture.action", "value": json.dumps(state)}
    return event


def every(seconds: float, times: int, learner: str = "a", start: float = 0) -> list[dict[str, Any]]:
    """Equally distant page views."""
    return [line(learner, start + seconds * nth) for nth in range(times)]


HOSTILE = [
    "' or 1=1 --",
    "'; drop table all_events; --",
    "x') or ('1'='1",
    "\\' or 1=1 --",
    "''",
    "'",
    '"',
    "${learner}",
    "%s {0} :name $1 ?",
    "e'\\x27'",
    "line\nbreak",
    "/* comment",
    "ελληνικά 'ω' 🎓",
    "\u2019 or 1=1",
    "\u202ereversed",
]
