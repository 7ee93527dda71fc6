"""Legacy Coursera clickstream exports (class.coursera.org, 2012 to 2015): JSON lines.

No raw export is public; docs/formats.md says what this rests on.
"""

from coursetrail.formats.format import Format
from coursetrail.formats.legacy_mend import TEXT, mend
from coursetrail.formats.legacy_pages import page

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


def _text(name: str) -> str:
    return f"nullif(r.\"{name}\", '')"


def _json(expression: str) -> str:
    return f"cast(to_json({expression}) as varchar)"


_LOADING = "v.currentTime = 0 and v.readyState = 0 and v.networkState = 2"
_ACTION = (
    f"case when r.key = '{VIDEO}' then case when {_LOADING} then 'video_load' else case v.type "
    + " ".join(f"when '{name}' then '{action}'" for name, action in ACTIONS.items())
    + " else 'video_other' end end "
    "when r.key in ('pageview', 'hg.pageview', 'hg.hg.pageview') then coalesce(page.action, 'page_view') "
    "else 'other' end"
)
_DOUBTFUL = " or ".join(f"starts_with(r.\"{name}\", '[')" for name in TEXT if name not in ("value", "key"))

FORMAT = Format(
    name="coursera-legacy",
    title="Coursera, class.coursera.org, 2012 to 2015",
    recognise=_is_legacy,
    mend=mend,
    fields={
        **dict.fromkeys(TEXT, "VARCHAR"),
        "user-agent": "VARCHAR",
        "timestamp": "BIGINT",
        "client": "VARCHAR",
        "12": "JSON",
        "13": "JSON",
        "14": "JSON",
        "30": "JSON",
    },
    sound=(
        "r.timestamp between 100000000000 and 99999999999999 and r.key is not null "
        f"and not starts_with(r.key, '{{') and not starts_with(r.key, '[') "
        f"and not coalesce({_DOUBTFUL}, false)"
    ),
    nested={
        "type": "VARCHAR",
        "currentTime": "DOUBLE",
        "prevTime": "DOUBLE",
        "playbackRate": "DOUBLE",
        "readyState": "DOUBLE",
        "networkState": "DOUBLE",
        "lectureID": "VARCHAR",
    },
    nested_in="value",
    nested_if=f"r.key = '{VIDEO}'",
    url="coalesce(r.page_url, case when starts_with(r.value, 'http') then r.value end)",
    page=page,
    address="r.user_ip",
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
    kept={
        "key": "r.key",
        "value": (
            "case when v is not null and not contains(r.value, 'NaN') and not contains(r.value, 'Infinity') "
            f"then r.value when r.value = r.page_url then null else {_json('r.value')} end"
        ),
        "client": f"case when r.client = 'spark' then null else {_json('r.client')} end",
        "user-agent": 'case when r.user_agent is not null then cast(to_json(r."user-agent") as varchar) end',
        "12": 'cast(r."12" as varchar)',
        "13": 'cast(r."13" as varchar)',
        "14": 'cast(r."14" as varchar)',
        "30": 'cast(r."30" as varchar)',
    },
)
