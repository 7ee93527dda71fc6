"""Drafts a mapping file from the profile of a file, by the names and values of its columns.

Guesses that are likely enough are written; weaker guesses are commented out, for a person to decide.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from coursetrail.dataset.schema import EVENT_COLUMNS
from coursetrail.formats.mapping.private import (
    ABOUT_LEARNERS,
    MOST,
    kind_if_unused,
    kind_of,
    plain_names,
    snake,
)
from coursetrail.formats.mapping.profile import PER_SECOND, ColumnProfile, Profile
from coursetrail.formats.mapping.spec import MAX_COLUMNS, NUMBERS
from coursetrail.formats.mapping.time_texts import FINE, directives

# The first column whose whole name matches is used; one whose name only contains the word is a weak guess.
NAMES = {
    "course": "course|course_?id|course_?name|course_?key|course_?code|code_?module",
    "learner": "(user|learner|student|account|person|actor|anon)(_?id)?|(user|account|anon)_?name|"
    "id_?(user|student|learner)|uid|uuid",
    "item": "(item|object|content|resource|target|video|page|module|site|question|problem)_?id|item|object|id_?site",
    "url": "url|page_?url|page|uri",
    "referrer": "referr?er|referr?er_?url",
    "cookie": "cookie|session|session_?id",
    "user_agent": "user_?agent|agent|browser|ua",
    "accept_language": "(accept_?)?languages?",
    "country": "country|country_?code",
    "region": "region",
    "timezone": "time_?zone|tz",
    "position": "position|current_?time|video_?time",
    "position_from": "position_?from|old_?time|prev_?time|previous_?time",
    "rate": "rate|speed|playback_?rate",
    "weight": "(sum|n|num|number_?of)_?clicks?|clicks?",
}
WORDS = {
    "course": "course",
    "learner": ABOUT_LEARNERS,
    "item": "item|object|target|resource",
    "url": "url",
}
TIME = (
    "time|date|timestamp|datetime|ts|when|(event|server|created|log|local|start)_?(time|date|at)|"
    "zeit|datum|hora|fecha|heure"
)
ACTION = (
    "action|event|verb|activity|(action|event|activity)_?(type|name)|operation|"
    "ereignisname|nombre_(del_)?evento|nom_de_l_evenement"
)
EVENT_ID = "id|(event|statement|activity_log|log|record)_?(id|uuid)"
UUID = re.compile(r"(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MEANINGS = {
    "page_view": "page_?views?|view(ed)?|visit|navigate|open|access|read|enter|page",
    "video_play": "(video_?)?play(_?video|ed)?|watch(ed)?|video",
    "video_pause": "(video_?)?paused?(_?video)?",
    "video_seek": "(video_?)?seek(ed)?(_?video)?",
    "video_end": "(video_?)?(stop|ended|end)(_?video|ped)?",
    "problem_check": "problem|problem_?check|answer(ed)?|attempt(ed)?",
    "quiz_submit": "(quiz_?)?submit(ted)?",
    "forum_post": "post(ed)?|reply|comment(ed)?",
    "enroll": "enroll?(ed|ment)?",
    "unenroll": "un_?enroll?(ed|ment)?|drop(ped)?",
    "download": "download(ed)?",
}
PERSONAL = {column.name for column in EVENT_COLUMNS if column.personal}
ZONED = re.compile(r"(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$")
KEYS = ("account", "mail", "number", "name")
"""Kinds of personal data that also tell learners apart."""
FEW = 40
"""A column of actions has at most this many different values."""


def draft(profile: Profile, name: str, encoding: str | None = None) -> str:
    """The text of a mapping file with this name, for a file with this profile and encoding."""
    return "\n".join(_lines(profile, name, encoding)) + "\n"


def guesses(profile: Profile) -> dict[str, ColumnProfile]:
    """The columns of the file that probably fill columns of events, by name of the latter, with `time` and `action`."""
    return _guesses(profile, _kinds(profile))


def personal(profile: Profile) -> set[str]:
    """Columns whose values may identify a person: those that a draft drops, and those that fill a personal column."""
    kinds = _kinds(profile)
    found = _guesses(profile, kinds)
    return {*_unwanted(profile, kinds, found), *(column.name for ours, column in found.items() if ours in PERSONAL)}


def _unwanted(profile: Profile, kinds: Mapping[str, str], found: Mapping[str, ColumnProfile]) -> dict[str, str]:
    """The kind of personal data in each column that has some and fills none of ours."""
    used = {column.name for column in found.values()}
    unused = [column for column in profile.columns if column.name not in used]
    return {one.name: kind for one in unused if (kind := kinds.get(one.name) or kind_if_unused(one))}


def _kinds(profile: Profile) -> dict[str, str]:
    """The kind of personal data in each column that has some."""
    return {one.name: kind for one in profile.columns if (kind := kind_of(one, profile))}


def _guesses(profile: Profile, kinds: Mapping[str, str]) -> dict[str, ColumnProfile]:
    found: dict[str, ColumnProfile] = {}
    open_columns = [column for column in profile.columns if column.name not in kinds]
    addresses = [column for column in profile.columns if kinds.get(column.name) == "network"]
    if addresses:  # one with addresses in it rather than one that is only called so
        found["network"] = next((column for column in addresses if column.values), addresses[0])
    if time := _time(open_columns):
        found["time"] = time
    used = {time.name} if time else set()
    for ours, pattern in {"action": ACTION, **NAMES}.items():
        for column in open_columns:
            if column.name not in used and _fits(pattern, column.name) and _may_be(ours, column):
                found[ours] = column
                used.add(column.name)
                break
    return found


def _lines(profile: Profile, name: str, encoding: str | None) -> Iterator[str]:
    kinds = _kinds(profile)
    found = _guesses(profile, kinds)
    used = {column.name for column in found.values()}
    unwanted = _unwanted(profile, kinds, found)
    yield "# A draft from the first lines of a file: check it. Columns that are not named are stored in extra."
    yield f"name = {_quoted(name)}"
    if encoding:
        yield f"encoding = {_quoted(encoding)}"
    if unwanted:
        yield f"drop = [{', '.join(map(_quoted, unwanted))}]  # stored nowhere"
    yield from _duplicates(found)
    yield from _event_id(profile, {*unwanted, *used})
    if len(profile.columns) > MAX_COLUMNS:
        yield f"# It has {len(profile.columns):,} columns; a table may have {MAX_COLUMNS}: remove some from the file."
    yield from _file(profile)
    yield "\n[columns]"
    yield from _columns(profile, found, unwanted)
    if "learner" not in found and (keys := _keys(unwanted)):
        yield f"# learner = {_quoted(keys[0])}  # personal data: only if you may store it; take it out of drop then"
    if "course" not in found:
        yield "# Without a course: --course says which it is."
    if "action" not in found:
        yield '\n[constants]\naction = "page_view"  # no column seems to hold the action'
    yield from _time_lines(found.get("time"))
    if "action" in found:
        yield from _action_lines(found["action"])


def _duplicates(found: Mapping[str, ColumnProfile]) -> Iterator[str]:
    if "weight" in found:
        yield 'duplicates = "keep"  # equal rows are separate counts'
    elif "time" in found and _is_coarse(found["time"]):
        yield 'duplicates = "keep"  # the times have no seconds: equal rows are different events'


def _event_id(profile: Profile, used: set[str]) -> Iterator[str]:
    """The column of the line itself whose values are UUIDs, as xAPI and Caliper have it; a guess where they repeat."""
    for column in profile.columns:
        if column.name in used or "." in column.name or not re.fullmatch(EVENT_ID, snake(column.name)):
            continue
        if column.values and all(map(UUID.fullmatch, column.values)):
            line = f"event_id = {_quoted(column.name)}"
            unique = len(column.distinct) >= MOST * len(column.values)
            yield f"{line}  # an event that is sent twice counts once" if unique else f"# {line}  # perhaps"
            return


def _columns(profile: Profile, found: Mapping[str, ColumnProfile], unwanted: Mapping[str, str]) -> Iterator[str]:
    used = {*unwanted, *(column.name for column in found.values())}
    for ours in NAMES:
        if ours in found:
            yield f"{ours} = {_quoted(found[ours].name)}"
        elif perhaps := _weak_guess(ours, profile, used):
            yield f"# {ours} = {_quoted(perhaps)}  # perhaps"
    if "network" in found:
        yield f"network = {_quoted(found['network'].name)}  # cut to the network, and not in extra"


def _keys(unwanted: Mapping[str, str]) -> list[str]:
    """Columns that are dropped and tell learners apart, the likeliest first."""
    return sorted(
        (name for name, kind in unwanted.items() if kind in KEYS), key=lambda name: KEYS.index(unwanted[name])
    )


def _file(profile: Profile) -> Iterator[str]:
    nulls = ["", *profile.nulls] if profile.delimiter else []
    if not (profile.delimiter and (not profile.header or profile.backslash or profile.nulls)):
        return
    yield "\n[file]"
    if not profile.header:
        yield f"delimiter = {_quoted(profile.delimiter)}"
        yield f"names = [{', '.join(_quoted(column.name) for column in profile.columns)}]  # without a header"
    if profile.backslash:
        yield "backslash = true"
    if profile.nulls:
        yield f"nulls = [{', '.join(map(_quoted, nulls))}]"


def _time_lines(time: ColumnProfile | None) -> Iterator[str]:
    yield "\n[time]"
    if time is None:
        yield '# column = "…"  # no column looks like a time: name it'
        return
    yield f"column = {_quoted(time.name)}"
    if time.kind in PER_SECOND:
        yield f'unit = "{time.kind}"'
    elif time.kind == "number":
        small = all(abs(float(value)) < 5_000 for value in time.values)
        yield f'unit = "{"days" if small and "." not in "".join(time.values) else "s"}"  # a guess, as the next line'
        yield "origin = 1970-01-01"
    else:
        if time.kind != "ISO 8601":
            day_first = " day before month is a guess" if time.kind.startswith(("%d/%m/", "%m/%d/")) else ""
            yield f"format = {_quoted(time.kind)}" + (f"  #{day_first}" if day_first else "")
        if "%z" not in time.kind.lower() and not all(map(ZONED.search, time.values)):
            yield '# zone = "Asia/Shanghai"  # the zone of the times: they name none, and are read as UTC'


def _action_lines(action: ColumnProfile) -> Iterator[str]:
    yield f'\n[action]\ncolumn = {_quoted(action.name)}\ndefault = "other"  # no click\n\n[action.values]'
    for value in action.distinct:
        if value.isprintable():
            meaning = next((ours for ours, words in MEANINGS.items() if _fits(words, value)), None)
            yield f'{_quoted(value)} = "{meaning}"' if meaning else f'# {_quoted(value)} = "other"'


def _time(columns: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """The column with the name and values of a time; else one with such values; else one with such a name."""
    named = [column for column in columns if _fits(TIME, column.name)]
    dated = [column for column in columns if column.kind not in ("text", "number", "empty", "mail", "address")]
    both = [column for column in named if column in dated]
    counted = [column for column in named if column.kind == "number"]
    return next(iter((*both, *dated, *counted)), None)


def _may_be(ours: str, column: ColumnProfile) -> bool:
    if ours == "action":
        return column.kind == "text" and len(column.distinct) <= FEW and max(map(len, column.distinct)) <= FEW
    if ours in NUMBERS:
        return column.kind == "number" and (
            ours != "weight" or all(re.fullmatch(r"\d{1,9}", value) for value in column.values)
        )
    return column.kind != "mail"


def _weak_guess(ours: str, profile: Profile, used: set[str]) -> str | None:
    word = WORDS.get(ours)
    names = (column.name for column in profile.columns if column.name not in used and column.kind in ("text", "number"))
    return next((name for name in names if word and re.search(word, snake(name))), None)


def _fits(pattern: str, name: str) -> bool:
    """Whether the last name of a path, or its last two, match the pattern."""
    return any(re.fullmatch(pattern, one) for one in plain_names(name))


def _is_coarse(time: ColumnProfile) -> bool:
    """Whether the values show no seconds."""
    if time.kind == "ISO 8601":
        return not any(re.search(r":\d\d:\d\d|T\d{6}", value) for value in time.values)
    return "%" in time.kind and FINE.isdisjoint(directives(time.kind))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
