"""The kinds of faults in an Open edX tracking log, and the function that makes each."""

import json
import re
from collections.abc import Callable

from coursetrail.simulate.common_faults import IN_JSON, cut_after, long_text
from coursetrail.simulate.damage import BLANK, DUPLICATE, EVENT, REJECTED, FaultKind

KINDS = (
    FaultKind("byte_order_mark", EVENT, 0, 1, "first"),
    FaultKind("near_duplicate", EVENT, 4, needs="follower", alters="repeats"),
    FaultKind("second_envelope", EVENT, 6, needs="explicit"),
    FaultKind("event_as_object", EVENT, 4, needs="video"),
    FaultKind("event_cut", EVENT, 4, needs="page"),
    FaultKind("syslog_prefix", EVENT, 5),
    FaultKind("leading_nuls", EVENT, 3),
    FaultKind("carriage_return", EVENT, 5),
    FaultKind("time_without_zone", EVENT, 4),
    FaultKind("time_in_zulu", EVENT, 4),
    FaultKind("escaped_quote", EVENT, 4),
    FaultKind("very_long", EVENT, 1, 20),
    FaultKind("unknown_fields", EVENT, 4),
    FaultKind("invalid_utf8", EVENT, 4),
    FaultKind("repeated_key", EVENT, 4),
    FaultKind("lone_surrogate", EVENT, 4),
    FaultKind("cut_at_end", REJECTED, 0, 1),
    FaultKind("duplicate", DUPLICATE, 10),
    FaultKind("blank", BLANK, 5),
    FaultKind("garbage", REJECTED, 5),
    FaultKind("cut_short", REJECTED, 5),
    FaultKind("no_object", REJECTED, 5),
    FaultKind("no_time", REJECTED, 5),
    FaultKind("nuls_inside", REJECTED, 4),
)

_TIME = re.compile(r'"time": "([^"]*)"')
_EVENT = re.compile(r'"event": (.*), "event_type": "([^"]*)"\}$')


def _time(line: str, wording: Callable[[str], str]) -> str:
    return _TIME.sub(lambda found: f'"time": {wording(found[1])}', line, count=1)


def _more(line: str, fields: str) -> str:
    return f"{line[:-1]}, {fields}}}"


def _second_envelope(line: str, random: int) -> str:
    """The envelope of event-tracking: the request's fields are in the context, the payload is `data`."""
    found = json.loads(line)
    try:
        data = json.loads(found["event"])
    except (TypeError, ValueError):
        data = found["event"]
    request = {name: found[name] for name in ("username", "event_source", "accept_language", "agent", "page", "host")}
    request |= {name: found[name] for name in ("session", "referer", "ip")}
    time = found["time"].replace("+00:00", "Z") if random % 2 else found["time"]
    context = found["context"] | request
    return json.dumps({"name": found["name"], "timestamp": time, "data": data, "context": context})


def _as_object(line: str, random: int) -> str:
    del random
    return _EVENT.sub(lambda found: f'"event": {json.loads(found[1])}, "event_type": "{found[2]}"}}', line)


def _event_cut(line: str, random: int) -> str:
    """The payload as JSON that is cut off."""
    text = '{"POST": {"csrfmiddlewaretoken": ["' + f"{random:08x}" * 80
    return _EVENT.sub(lambda found: f'"event": {json.dumps(text[:512])}, "event_type": "{found[2]}"}}', line)


def _repeated(line: str, random: int) -> str:
    wrong = ('"time": "2001-01-01T00:00:00+00:00"', '"event_type": "other"', '"username": "nobody"')[random % 3]
    return f"{{{wrong}, {line[1:]}"


def _no_time(line: str, random: int) -> str:
    """The line without a readable time; `random` makes each one different."""
    line = _more(line, f'"line": {random}')
    if random % 4 == 0:
        return re.sub(r'"time": "[^"]*", ', "", line, count=1)
    return _time(line, lambda _: ("", "null", '""', '"yesterday"')[random % 4])


def _cut(line: str, random: int) -> str:
    """The line cut off after its time."""
    return cut_after('"page": ', line, random)


FAULTS: dict[str, Callable[[str, int], str]] = {
    **IN_JSON,
    "second_envelope": _second_envelope,
    "event_as_object": _as_object,
    "event_cut": _event_cut,
    "syslog_prefix": lambda line, n: f"Aug {1 + n % 28} 10:{n % 60:02d}:00 edx-{n % 4} [service_variant=lms]: {line}",
    "time_without_zone": lambda line, _: _time(line, lambda time: f'"{time[:-6]}"'),
    "time_in_zulu": lambda line, _: _time(line, lambda time: f'"{time[:-6]}Z"'),
    "escaped_quote": lambda line, _: _more(line, '"title": "The learner\\\'s guide"'),
    "very_long": lambda line, n: _more(line, f'"note": "{long_text(n)}"'),
    "unknown_fields": lambda line, n: _more(line, f'"labels": ["{n}"], "experiment": {{"arm": {n % 3}, "on": true}}'),
    "invalid_utf8": lambda line, _: _more(line, '"title": "caf\udce9 \udcff\udcc3("'),
    "repeated_key": _repeated,
    "lone_surrogate": lambda line, _: _more(line, '"title": "half of a pair: \\ud83d"'),
    "cut_at_end": _cut,
    "cut_short": _cut,
    "no_time": _no_time,
    "nuls_inside": lambda line, n: _cut(line, n) + "\0" * (1 + n % 500),
}
