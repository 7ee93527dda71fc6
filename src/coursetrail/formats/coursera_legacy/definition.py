"""Legacy Coursera clickstream exports (class.coursera.org, 2012 to 2015): JSON lines.

No raw export is public; docs/formats.md lists the sources.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.coursera_legacy.pages import PAGES, page
from coursetrail.formats.coursera_legacy.repair import TEXT, repair
from coursetrail.reading.columns import (
    Column,
    Records,
    coded,
    constant,
    each,
    either,
    field,
    first,
    inner,
    milliseconds,
    plain,
    text,
    without_empty,
)
from coursetrail.reading.format import Format
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind
from coursetrail.reading.times import EARLIEST, LATEST

VIDEO = "user.video.lecture.action"

FIRST, BEHIND_LAST = (round(limit.timestamp() * 1000) for limit in (EARLIEST, LATEST))
VIEWS = frozenset({"pageview", "hg.pageview", "hg.hg.pageview"})
URL = ("page_url", "value")
STATES = ("readyState", "networkState")
LOADING = (2, 3)
"""HTML's NETWORK_LOADING and NETWORK_NO_SOURCE: at second 0, with nothing ready, a player is only loading."""

# The player reports HTML5 media events. The set is open: a type that is missing here is video_other.
ACTIONS = {
    "play": "video_play",
    "pause": "video_pause",
    "seeked": "video_seek",
    "ended": "video_end",
    "ratechange": "video_rate",
    "stalled": "video_wait",
    "waiting": "video_wait",
    "loadstart": "video_load",
    "loadeddata": "video_load",
    "loadedmetadata": "video_load",
    "canplay": "video_load",
    "canplaythrough": "video_load",
}


def _fit(lines: list[bytes]) -> Format | None:
    return FORMAT if any(map(_is_legacy, lines)) else None


def _is_legacy(line: bytes) -> bool:
    head = line.lstrip(b"\xef\xbb\xbf\0 \t")[:1]
    return head == b"{" and b'"key"' in line and (b'"page_url"' in line or b'"username"' in line)


def _suspect(r: pa.StructArray) -> Any:
    """Rows whose key is missing or is itself JSON, or whose time stamp is not clearly in milliseconds."""
    odd = each(r.field("key"), lambda key: key.startswith(("{", "[")), missing=True)
    time = r.field("timestamp").fill_null(0).to_numpy()
    return odd | (time < FIRST) | (time >= BEHIND_LAST)


def _url(records: Records) -> pa.Array:
    """The page's address, or the value if it is an address."""
    page_url, value = records.field("page_url"), records.field("value")
    if not page_url.null_count:
        return page_url
    return pc.coalesce(plain(page_url), pc.if_else(pc.starts_with(value, "http"), value, None))


def _page(part: int) -> Column:
    return Column(URL, lambda records: records.pages[part])


def _item(records: Records) -> pa.Array:
    """The item in the page's address, else the lecture of a video event."""
    return first(records.pages[2], without_empty(records.inner("lectureID")))


NAMES = tuple(dict.fromkeys((*ACTIONS.values(), "video_other", "other", *(rule.action for rule in PAGES))))
_number = NAMES.index


def _action(records: Records) -> pa.Array:
    """The action: for a video what the player reports, for a page what its address says."""
    key = records.field("key")
    state = {name: records.inner(name).to_numpy(zero_copy_only=False) for name in ("currentTime", *STATES)}
    loading = (state["currentTime"] == 0) & (state["readyState"] == 0) & np.isin(state["networkState"], LOADING)
    video = each(
        records.inner("type"),
        lambda name: _number(ACTIONS.get(name, "video_other")),
        missing=_number("video_other"),
    )
    viewed = each(records.pages[3], _number, missing=_number("page_view"))
    codes = np.select(
        [each(key, lambda name: name == VIDEO, missing=False), each(key, VIEWS.__contains__, missing=False)],
        [np.where(loading, _number("video_load"), video), viewed],
        _number("other"),
    )
    return coded(codes, NAMES)


FORMAT = Format(
    name="coursera-legacy",
    title="Coursera, class.coursera.org, 2012 to 2015",
    fit=_fit,
    spec=FieldSpec(
        fields={
            **dict.fromkeys(TEXT, Kind.TEXT),
            "value": Kind.ANY,
            "user-agent": Kind.TEXT,
            "timestamp": Kind.INTEGER,
            "client": Kind.ANY,
        },
        nested={
            **dict.fromkeys(("type", "lectureID"), Kind.ANY),
            **dict.fromkeys(("currentTime", "prevTime", "playbackRate", *STATES), Kind.NUMBER),
        },
        coded=frozenset({"key", "page_url", "user_ip", "user_agent", "language", "type"}),
        inside="value",
        where="key",
        when=VIDEO,
        also_in_rest={
            "key": AlsoInRest(),
            "value": AlsoInRest(unless='"{}"', same_as="page_url"),
            "client": AlsoInRest(unless='"spark"'),
            "user-agent": AlsoInRest(),
        },
    ),
    raw=(*TEXT, "timestamp", "client", "12", "13", "14", "30"),
    needed=("key", "timestamp", "page_url", "value"),
    suspect=_suspect,
    repair=repair,
    url=_url,
    page=page,
    address=lambda records: records.field("user_ip"),
    columns={
        "platform": constant("coursera"),
        "course": _page(0),
        "time": milliseconds("timestamp"),
        "learner": text("username"),
        "action": Column(("key", *URL), _action),
        "area": _page(1),
        "item": Column(URL, _item),
        "url": field("page_url"),
        "referrer": text("from"),
        "cookie": text("session"),
        "user_agent": either("user_agent", "user-agent"),
        "accept_language": field("language"),
        "network": Column(("user_ip",), lambda records: records.network),
        "position": inner("currentTime"),
        "position_from": inner("prevTime"),
        "rate": inner("playbackRate"),
    },
)
