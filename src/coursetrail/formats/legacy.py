"""Legacy Coursera clickstream exports (class.coursera.org, 2012 to 2015): JSON lines.

No raw export is public; docs/formats.md says what this rests on.
"""

import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.format import Format
from coursetrail.formats.legacy_mend import TEXT, mend
from coursetrail.formats.legacy_pages import page
from coursetrail.formats.scan import Kept, Kind, Layout

VIDEO = "user.video.lecture.action"

# The player reports HTML5 media events; a set that is open, so what is not here is video_other.
ACTIONS = {
    "play": "video_play",
    "pause": "video_pause",
    "seeked": "video_seek",
    "ended": "video_end",
    "ratechange": "video_rate",
    "stalled": "video_wait",
    "waiting": "video_wait",
    "timeupdate": "video_heartbeat",
    "loadstart": "video_load",
    "loadeddata": "video_load",
    "loadedmetadata": "video_load",
    "canplay": "video_load",
    "canplaythrough": "video_load",
}


def _is_legacy(line: bytes) -> bool:
    head = line.lstrip(b"\xef\xbb\xbf\0 \t")[:1]
    return head == b"{" and b'"key"' in line and (b'"page_url"' in line or b'"username"' in line)


def _doubtful(r: pa.StructArray) -> pa.Array:
    """Where the key is missing or holds JSON itself, or the time stamp is not plainly one of milliseconds."""
    key, time = r.field("key"), r.field("timestamp")
    doubts = (
        pc.fill_null(pc.starts_with(key, "{"), True),
        pc.fill_null(pc.starts_with(key, "["), True),
        pc.fill_null(pc.less(time, 100_000_000_000), True),
        pc.fill_null(pc.greater(time, 99_999_999_999_999), True),
    )
    return pc.or_(pc.or_(*doubts[:2]), pc.or_(*doubts[2:]))


def _url(r: pa.StructArray) -> pa.Array:
    """The page's address, or the value where that is one."""
    page_url, value = r.field("page_url"), r.field("value")
    if not page_url.null_count:
        return page_url
    return pc.coalesce(page_url, pc.if_else(pc.starts_with(value, "http"), value, None))


def _text(name: str) -> str:
    return f"nullif(r.\"{name}\", '')"


_LOADING = "v.currentTime = 0 and v.readyState = 0 and v.networkState = 2"
_ACTION = (
    f"case when r.key = '{VIDEO}' then case when {_LOADING} then 'video_load' else case v.type "
    + " ".join(f"when '{name}' then '{action}'" for name, action in ACTIONS.items())
    + " else 'video_other' end end "
    "when r.key in ('pageview', 'hg.pageview', 'hg.hg.pageview') then coalesce(page.action, 'page_view') "
    "else 'other' end"
)

FORMAT = Format(
    name="coursera-legacy",
    title="Coursera, class.coursera.org, 2012 to 2015",
    recognise=_is_legacy,
    layout=Layout(
        fields={
            **dict.fromkeys(TEXT, Kind.TEXT),
            "value": Kind.ANY,
            "user-agent": Kind.TEXT,
            "timestamp": Kind.INTEGER,
            "client": Kind.ANY,
        },
        nested={
            **dict.fromkeys(("type", "lectureID"), Kind.ANY),
            **dict.fromkeys(("currentTime", "prevTime", "playbackRate", "readyState", "networkState"), Kind.NUMBER),
        },
        inside="value",
        where="key",
        when=VIDEO,
        kept={
            "key": Kept(),
            "value": Kept(same_as="page_url"),
            "client": Kept(unless='"spark"'),
            "user-agent": Kept(),
        },
    ),
    raw=(*TEXT, "timestamp", "client", "12", "13", "14", "30"),
    needed=("key", "timestamp", "page_url", "value"),
    doubtful=_doubtful,
    mend=mend,
    url=_url,
    page=page,
    address="user_ip",
    columns={
        "platform": "'coursera'",
        "course": "page.course",
        "time": "r.timestamp",
        "learner": _text("username"),
        "action": _ACTION,
        "area": "page.area",
        "item": "coalesce(page.item, nullif(v.lectureID, ''))",
        "url": "r.page_url",
        "referrer": _text("from"),
        "cookie": _text("session"),
        "user_agent": 'coalesce(r.user_agent, r."user-agent")',
        "accept_language": "r.language",
        "network": "network",
        "country": "null",
        "region": "null",
        "timezone": "null",
        "position": "v.currentTime",
        "position_from": "v.prevTime",
        "rate": "v.playbackRate",
    },
)
