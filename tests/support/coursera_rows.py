"""Rows of a Coursera research export, written by hand."""

import csv
import io
from typing import Any

SITE = "https://www.coursera.org/learn/data-patterns"
LECTURE = f"{SITE}/lecture/gpUXO/2-1-the-downward-closure-property"
VIEW = {
    "hashed_user_id": "5d9c1f0a3e7b44c0b7d2a8c9e1f00a11b2c3d4e5",
    "hashed_session_cookie_id": "f1e2d3c4b5a697887766554433221100ffeeddcc",
    "server_timestamp": "2016-06-20 14:03:25.118",
    "hashed_ip": "0aa1bb2cc3dd4ee5ff66",
    "user_agent": "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.84",
    "url": LECTURE,
    "initial_referrer_url": "https://www.google.com/",
    "browser_language": "en-US,en;q=0.8",
    "course_id": "-Rl53_BWEeW4_wr--Yv6Aw",
    "country_cd": "NA",
    "region_cd": "07",
    "timezone": "Africa/Windhoek",
    "os": "Windows 10",
    "browser": "Chrome",
    "key": "pageview",
    "value": "{}",
}


def pristine(*records: dict[str, str], header: bool = False) -> bytes:
    """As Coursera writes: all quoted, a quote and a backslash behind a backslash."""
    return _written(records, header, escapechar="\\", doublequote=False)


def again(*records: dict[str, str], header: bool = False) -> bytes:
    """As other programs save it again: quotes doubled."""
    return _written(records, header)


def _written(records: Any, header: bool, **dialect: Any) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n", **dialect)
    names = list(records[0])
    writer.writerows([*([names] if header else []), *([record[name] for name in names] for record in records)])
    return out.getvalue().encode()
