"""Open edX tracking logs (`tracking.log`, and edX's data packages): JSON lines, 2012 to today.

Two envelopes are read: that of the log, and that of the event-tracking library (name, timestamp, data, context). In the
second, many fields of the log are members of the context. docs/formats.md lists the sources.
"""

import json
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.formats.edx.events import DOUBLED, ENROLMENT, EVENTS, MONITORS, OTHER, STUDIO, Meaning, meaning
from coursetrail.formats.edx.extra import extra, requests, shown
from coursetrail.formats.edx.pages import block, course_in, page
from coursetrail.formats.edx.paths import BLOCKS, COURSE, SITE
from coursetrail.formats.edx.payload import redact_line
from coursetrail.formats.edx.repair import PAYLOADS, TEXT, TIMES, repair
from coursetrail.reading.columns import Column, Records, coded, constant, each, first, plain, without_empty
from coursetrail.reading.format import Format
from coursetrail.reading.scan import AlsoInRest, FieldSpec, Kind
from coursetrail.reading.times import moments, plausible

HOISTED = ("username", "event_source", "page", "referer", "session", "ip", "host", "agent", "accept_language")
"""Fields of a line that the second envelope has in its context."""
ENVELOPE = ({"event_type", "event_source"}, {"name", "timestamp", "data", "context"})
"""The fields that a line of either envelope has."""
POSITION = ("currentTime", "current_time", "new_time")


def _fit(lines: list[bytes]) -> Format | None:
    return FORMAT if any(map(_is_edx, lines)) else None


def _is_edx(line: bytes) -> bool:
    try:
        found = json.loads(line[line.index(b"{") :].replace(b"\0", b""), strict=False)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and any(names <= set(found) for names in ENVELOPE)


def _suspect(r: pa.StructArray) -> Any:
    """Rows without a type or without a plausible time."""
    kinds = each(r.field("event_type"), bool, missing=False) | each(r.field("name"), bool, missing=False)
    times = moments(first(r.field("time"), r.field("timestamp")))
    return ~kinds | ~plausible(times)


def _hoisted(records: Records, name: str) -> pa.Array:
    """A field of the line, else of its context; null if it is empty."""
    found = without_empty(records.field(name))
    if not found.null_count:
        return found
    other = records.member("context", name)
    return found if other.null_count == len(other) else first(found, without_empty(other))


def _payload(records: Records, *names: str) -> pa.Array:
    """The first of these members that the payload has."""
    fields = [field for field in PAYLOADS if records.field(field).null_count < len(records)]
    found: pa.Array = None
    for field in fields or PAYLOADS[:1]:
        for name in names:
            more = records.member(field, name)
            found = more if found is None else first(found, more)
    return found


def _kind(records: Records) -> pa.Array:
    """The event's type, else its name."""
    return first(without_empty(records.field("event_type")), without_empty(records.field("name")))


def _url(records: Records) -> pa.Array:
    """The path of a request, else the address of the page."""
    kinds = _dictionary(records.once(_kind))
    pages = _dictionary(_hoisted(records, "page"))
    request = records.once(requests)
    address = each(pages, lambda text: text.startswith("http"), missing=False)
    words = pa.concat_arrays([kinds.dictionary, pages.dictionary])
    numbers = np.where(
        request,
        kinds.indices.fill_null(0).to_numpy(),
        np.where(address, pages.indices.fill_null(0).to_numpy() + len(kinds.dictionary), -1),
    ).astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), words)


def _dictionary(strings: pa.Array) -> pa.DictionaryArray:
    return strings if pa.types.is_dictionary(strings.type) else strings.dictionary_encode()


def _course(records: Records) -> pa.Array:
    """The course in the context, else in the address, else in the address of the page before."""
    found = first(without_empty(records.member("context", "course_id")), records.pages[0])
    if not found.null_count:
        return found
    before = pc.if_else(found.is_null(), plain(_hoisted(records, "referer")), None).dictionary_encode()
    courses = pa.array(map(course_in, before.dictionary.to_pylist()), pa.string())
    return first(found, courses.take(before.indices))


def _learner(records: Records) -> pa.Array:
    """The learner. For an enrolment, the enrolled person: by name, else by number if another account enrolled them."""
    names = plain(_hoisted(records, "username"))
    enrolment = each(records.once(_kind), ENROLMENT.__contains__, missing=False)
    if not enrolment.any():
        return names
    named = without_empty(_payload(records, "username"))
    person = without_empty(_payload(records, "user_id"))
    own = pc.fill_null(plain(records.member("context", "user_id")), "")
    other = pc.fill_null(pc.not_equal(person, own), False)
    enrolled = first(named, pc.if_else(other, person, names))
    return pc.if_else(pa.array(enrolment), enrolled, names)


MEANINGS = tuple(dict.fromkeys((OTHER, *EVENTS.values())))
ACTIONS = tuple(
    dict.fromkeys((*(one.action for one in MEANINGS), *(rule.action for rule in (*COURSE, *SITE)), "download"))
)
AREAS = tuple(
    dict.fromkeys(
        ("other", *(rule.area for rule in (*COURSE, *SITE)), *BLOCKS.values(), *(m.area for m in MEANINGS if m.area))
    )
)


def _action(records: Records) -> pa.Array:
    """The action of the type, or of a request's address. Of an event sent twice, only the server's counts."""
    kinds = records.once(_kind)
    double = each(kinds, DOUBLED.__eq__, missing=False) & each(
        _hoisted(records, "event_source"), "browser".__eq__, missing=False
    )
    other = ACTIONS.index("other")
    typed = each(kinds, lambda kind: ACTIONS.index(meaning(kind).action), missing=other)
    requested = each(records.pages[3], ACTIONS.index, missing=other)
    request = records.once(requests)
    return coded(np.where(request, requested, np.where(double, other, typed)), ACTIONS)


def _area(records: Records) -> pa.Array:
    """Administration if the host, the client or the page says so; else the area of the type, else of the address."""

    def area(found: Meaning) -> int:
        return AREAS.index(found.area) if found.area else -1

    typed = each(records.once(_kind), lambda kind: area(meaning(kind)), missing=-1)
    paged = each(records.pages[1], AREAS.index, missing=-1)
    admin = each(_hoisted(records, "host"), lambda host: bool(STUDIO.match(host)), missing=False)
    admin |= each(_hoisted(records, "agent"), lambda agent: bool(MONITORS.search(agent)), missing=False)
    admin |= (paged == AREAS.index("admin")) & each(records.pages[3], "page_view".__eq__, missing=False)
    found = np.where(typed >= 0, typed, paged)
    return coded(np.where(admin, AREAS.index("admin"), found), AREAS)


def _item(records: Records) -> pa.Array:
    """The block in the payload, else in the context's module, else in the address."""
    named = _payload(records, "problem_id", "block_id", "id").dictionary_encode()
    blocks = pa.array(map(block, named.dictionary.to_pylist()), pa.string()).take(named.indices)
    modules = records.member("context", "module")
    if modules.null_count < len(modules):
        distinct = _dictionary(modules)
        keys = pa.array(map(_usage, distinct.dictionary.to_pylist()), pa.string())
        blocks = first(blocks, keys.take(distinct.indices))
    return first(blocks, records.pages[2])


def _usage(module: str) -> str | None:
    found = re.search(r'"usage_key"\s*:\s*"([^"\\]+)"', module)
    return block(found[1]) if found else None


def _time(records: Records) -> pa.Array:
    return moments(first(records.field("time"), records.field("timestamp")))


def _text(name: str) -> Column:
    return Column((name, "context"), lambda records: _hoisted(records, name))


def _number(*names: str) -> Column:
    return Column(PAYLOADS, lambda records: _payload(records, *names))


_KINDS = ("event_type", "name")
_PAGED = (*_KINDS, "page", "context")

FORMAT = Format(
    name="edx",
    title="Open edX tracking logs, and events of its event-tracking library",
    fit=_fit,
    spec=FieldSpec(
        fields={
            **dict.fromkeys(TEXT, Kind.TEXT),
            **dict.fromkeys(TIMES, Kind.TEXT),
            "context": Kind.ANY,
            **dict.fromkeys(PAYLOADS, Kind.ANY),
        },
        nested={},
        coded=frozenset(
            {"event_type", "name", "event_source", "page", "ip", "host", "agent", "accept_language", "event", "context"}
        ),
        also_in_rest={
            "event_type": AlsoInRest(),
            "name": AlsoInRest(same_as="event_type"),
            "event_source": AlsoInRest(),
            "host": AlsoInRest(),
        },
    ),
    within={
        "context": FieldSpec(
            fields={**dict.fromkeys(HOISTED, Kind.ANY), **dict.fromkeys(("course_id", "user_id", "module"), Kind.ANY)},
            nested={},
            also_in_rest=dict.fromkeys(("event_source", "host", "course_id", "user_id", "module"), AlsoInRest()),
        ),
        **dict.fromkeys(
            PAYLOADS,
            FieldSpec(
                fields={
                    **dict.fromkeys(("id", "problem_id", "block_id", "user_id", "username"), Kind.ANY),
                    **dict.fromkeys((*POSITION, "old_time", "new_speed"), Kind.NUMBER),
                },
                nested={},
                rest=False,
            ),
        ),
    },
    raw=(*TEXT, *TIMES, "context", *PAYLOADS),
    needed=(*_KINDS, *TIMES),
    suspect=_suspect,
    repair=repair,
    url=lambda records: records.once(_url),
    page=page,
    address=lambda records: _hoisted(records, "ip"),
    keepable=redact_line,
    shown=shown,
    columns={
        "platform": constant("edx"),
        "course": Column((*_PAGED, "referer"), _course),
        "time": Column(TIMES, _time),
        "learner": Column(("username", *_KINDS, "context", *PAYLOADS), _learner),
        "action": Column((*_PAGED, "event_source"), _action),
        "area": Column((*_PAGED, "host", "agent"), _area),
        "item": Column((*_PAGED, *PAYLOADS), _item),
        "url": Column(_PAGED, lambda records: records.once(_url)),
        "referrer": _text("referer"),
        "cookie": _text("session"),
        "user_agent": _text("agent"),
        "accept_language": _text("accept_language"),
        "network": Column(("ip", "context"), lambda records: records.network),
        "position": _number(*POSITION),
        "position_from": _number("old_time"),
        "rate": _number("new_speed"),
        "extra": Column((*_KINDS, "context", *PAYLOADS), extra),
    },
)
