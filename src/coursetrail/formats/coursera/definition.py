"""Research exports of on-demand Coursera courses: `access-*.csv.gz` and `video-*.csv.gz`, one record per event.

No raw export is public; docs/formats.md lists the sources. These exports cover browsers only, not apps.
"""

import csv
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.coursera.pages import page
from coursetrail.reading.columns import (
    Column,
    Records,
    coded,
    constant,
    each,
    field,
    first,
    inner,
    plain,
    text,
    without_empty,
)
from coursetrail.reading.format import Format, Reject, Repaired
from coursetrail.reading.repair import object_of, repaired, text_of
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind
from coursetrail.reading.tables import DelimitedTable
from coursetrail.reading.times import moment, moments, must_be_plausible, plausible

NAMES = (
    "hashed_user_id",
    "hashed_session_cookie_id",
    "server_timestamp",
    "hashed_ip",
    "user_agent",
    "url",
    "initial_referrer_url",
    "browser_language",
    "course_id",
    "country_cd",
    "region_cd",
    "timezone",
    "os",
    "browser",
    "key",
    "value",
)
"""The columns, in the order of a file without a header. In a header, the first name ends in `_user_id`."""
IN_ANY_HEADER = {"server_timestamp", "url", "course_id", "key", "value"}
TABLE = DelimitedTable(NAMES, backslash=True, nulls=("", "NULL", "\\N"))
"""`NA` is not a null here: as a country it is Namibia."""
CONTROL = "[\x00-\x1f]"

# Coursera's list of events; it may grow. `start` comes with the first `play`: the player sends it.
ACTIONS = {
    "pageview": "page_view",
    "page_requested": "other",
    "page_preloaded": "other",
    "start": "video_load",
    "play": "video_play",
    "pause": "video_pause",
    "seek": "video_seek",
    "wait": "video_wait",
    "heartbeat": "video_heartbeat",
    "end": "video_end",
    "playback_rate_change": "video_rate",
    "volume_change": "video_other",
    "subtitle_change": "video_other",
    "download_video": "download",
    "download_subtitle": "download",
}


def _fit(lines: list[bytes]) -> Format | None:
    """Records of 16 columns, at least one with a known event or an object as value; or a header with these names."""
    head = b"".join(lines)
    doubled = len(re.findall(rb'[,"]"\{""', head)) > len(re.findall(rb'[,"]"\{\\"', head))
    table = replace(TABLE, backslash=not doubled)
    if lines and (names := _header(lines[0])):
        return replace(FORMAT, table=replace(table, names=names, header=lines[0]))
    found = table.records(head if head.endswith(b"\n") else head + b"\n", True)
    return replace(FORMAT, table=table) if any(map(_is_record, bytes(found.json).split(b"\n"))) else None


def _header(line: bytes) -> tuple[str, ...] | None:
    """The names in a header, with our name for the learner's column; None if the line is not a header."""
    try:
        (names,) = csv.reader([line.decode("utf-8-sig").rstrip("\r\n")])
    except (ValueError, csv.Error):
        return None
    names = [NAMES[0] if name.endswith("_user_id") else name for name in names]
    valid = set(names) > IN_ANY_HEADER and len(set(names)) == len(names) <= 2 * len(NAMES)
    return tuple(names) if valid else None


def _is_record(line: bytes) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    known = event["key"] in ACTIONS or (event["value"] or "").startswith("{")
    return known and moment(event["server_timestamp"] or "") is not None


def _suspect(r: pa.StructArray) -> Any:
    """Rows without a plain time, without both a name and an address, or with a raw control character in `value`."""
    time = moments(r.field("server_timestamp"))
    named = pc.or_(r.field("key").is_valid(), r.field("url").is_valid()).to_numpy(zero_copy_only=False)
    return ~(plausible(time) & named) | _raw(r.field("value"))


def _raw(texts: pa.StringArray) -> Any:
    """The texts with control characters: a quoted field may hold them, a JSON string may not."""
    data = texts.buffers()[2]
    if data is None or not data.size or np.frombuffer(data, np.uint8).min() > 31:
        return np.zeros(len(texts), np.bool_)
    return pc.match_substring_regex(texts, CONTROL).fill_null(False).to_numpy(zero_copy_only=False)


def repair(line: bytes) -> Repaired | None:
    """The record as valid JSON; None for a repeated header. Raises Reject with the reason if it is not an event."""
    kinds: list[str] = []
    found = text_of(line, kinds)
    if found is None:
        return None
    event = object_of(found, kinds)
    if event.get("key") == "key" and event.get("value") == "value":
        return None
    if event.get("server_timestamp") is None:
        raise Reject("no time")
    time = moment(event["server_timestamp"])
    if time is None:
        raise Reject("the time cannot be read")
    must_be_plausible(time)
    if event.get("key") is None and event.get("url") is None:
        raise Reject("neither key nor url")
    event["server_timestamp"] = time.isoformat()
    event["value"] = _without_raw(event.get("value"), kinds)
    return repaired(event, kinds)


def _without_raw(value: Any, kinds: list[str]) -> Any:
    """The value with control characters escaped, if that makes it valid JSON; else unchanged."""
    if not isinstance(value, str) or not re.search(CONTROL, value):
        return value
    try:
        escaped = json.dumps(json.loads(value, strict=False), ensure_ascii=False)
    except (ValueError, RecursionError):
        return value
    kinds.append("control characters in value")
    return escaped


def _url(r: pa.StructArray) -> pa.Array:
    return r.field("url")


WORDS = tuple(dict.fromkeys((*ACTIONS.values(), "other", "video_other")))


def _action(records: Records) -> pa.Array:
    """The action that `key` names; an unknown event is the player's if `value` has a timecode."""
    timed = records.inner("timecode").is_valid().to_numpy(zero_copy_only=False)
    named = each(records.field("key"), lambda key: WORDS.index(ACTIONS[key]) if key in ACTIONS else -1, missing=-1)
    unknown = np.where(timed, WORDS.index("video_other"), WORDS.index("other"))
    return coded(np.where(named < 0, unknown, named), WORDS)


def _person(name: str) -> Column:
    """A field in which `NA`, which R writes for a missing value, is null."""

    def make(records: Records) -> pa.Array:
        texts = records.field(name)
        missing = each(texts, "NA".__eq__, missing=False)
        return pc.if_else(pa.array(missing), None, plain(texts)) if missing.any() else texts

    return Column((name,), make)


FORMAT = Format(
    name="coursera",
    title="Coursera, on-demand courses, access and video files of research exports",
    fit=_fit,
    spec=FieldSpec(
        fields={**dict.fromkeys(NAMES, Kind.TEXT), "value": Kind.ANY},
        nested={"timecode": Kind.NUMBER, "playback_rate": Kind.NUMBER, "item_id": Kind.ANY},
        coded=frozenset(
            {
                "key",
                "url",
                "course_id",
                "user_agent",
                "browser_language",
                "country_cd",
                "region_cd",
                "timezone",
                "item_id",
            }
        ),
        inside="value",
        also_in_rest={
            **dict.fromkeys(("hashed_ip", "os", "browser", "key"), AlsoInRest()),
            "value": AlsoInRest(unless='"{}"'),
        },
    ),
    raw=NAMES,
    needed=("server_timestamp", "key", "url", "value"),
    suspect=_suspect,
    repair=repair,
    url=_url,
    page=page,
    columns={
        "platform": constant("coursera"),
        "course": Column(("course_id", "url"), lambda records: first(records.field("course_id"), records.pages[0])),
        "time": Column(("server_timestamp",), lambda records: moments(records.field("server_timestamp"))),
        "learner": _person("hashed_user_id"),
        "action": Column(("key",), _action),
        "area": Column(("url",), lambda records: records.pages[1]),
        "item": Column(("url",), lambda records: first(records.pages[2], without_empty(records.inner("item_id")))),
        "url": field("url"),
        "referrer": text("initial_referrer_url"),
        "cookie": _person("hashed_session_cookie_id"),
        "user_agent": field("user_agent"),
        "accept_language": field("browser_language"),
        "country": field("country_cd"),
        "region": field("region_cd"),
        "timezone": field("timezone"),
        "position": inner("timecode"),
        "rate": inner("playback_rate"),
    },
    table=TABLE,
)
