"""A first draft of a mapping file, from a look at a file's first lines: guesses by names and by values.

What is sure enough stands there; what is only likely is commented out, for a person to decide.
"""

import json
import re
from collections.abc import Iterator

from coursetrail.formats.mapping.profile import PER_SECOND, ColumnProfile, Profile

# The first column whose whole name fits is taken; one whose name only holds the word is a guess.
NAMES = {
    "course": "course|course_?id|course_?name|course_?key|course_?code|code_?module",
    "learner": "(user|learner|student|account|person|actor|anon)(_?(id|name))?|id_?(user|student|learner)|uid|uuid",
    "item": "(item|object|content|resource|target|video|page|module|site|question|problem)_?id|item|object|id_?site",
    "url": "url|page_?url|page|uri",
    "referrer": "referr?er|referr?er_?url",
    "cookie": "cookie|session|session_?id",
    "user_agent": "user_?agent|agent|browser|ua",
    "accept_language": "(accept_?)?languages?",
    "network": "ip|ip_?address|(user|client|remote)_?(ip|address|addr)",
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
    "learner": "user|learner|student|enrol",
    "item": "item|object|target|resource",
    "url": "url",
}
TIME = "time|date|timestamp|datetime|ts|when|(event|server|created|log|local|start)_?(time|date|at)"
ACTION = "action|event|verb|activity|(action|event|activity)_?(type|name)|operation"
PRIVATE = "e?_?mail(_?address)?|(first|last|full|real|sur)_?name|phone|password|birth_?date|address"
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
PERSONAL = ("learner", "network", "cookie", "url", "referrer")
FEW = 40
"""Different values that a column may have to be one of actions."""


def draft(look: Profile, name: str) -> str:
    """The text of a mapping file of that name for a file that looks so."""
    return "\n".join(_lines(look, name)) + "\n"


def guesses(look: Profile) -> dict[str, ColumnProfile]:
    """Columns of events by what their names say, `time` and `action` too."""
    found: dict[str, ColumnProfile] = {}
    if time := _time(look):
        found["time"] = time
    taken = {time.name} if time else set()
    for ours, pattern in {"action": ACTION, **NAMES}.items():
        for column in look.columns:
            if column.name not in taken and _fits(pattern, column.name) and _may_be(ours, column):
                found[ours] = column
                taken.add(column.name)
                break
    return found


def personal(look: Profile) -> set[str]:
    """Columns whose values may tell who somebody is."""
    likely = {column.name for ours, column in guesses(look).items() if ours in PERSONAL}
    word = WORDS["learner"]
    return likely.union(private(look), (one.name for one in look.columns if re.search(word, _snake(one.name))))


def private(look: Profile) -> list[str]:
    """Columns that nobody should keep."""
    return [one.name for one in look.columns if one.kind == "mail" or _fits(PRIVATE, one.name)]


def _lines(look: Profile, name: str) -> Iterator[str]:
    found, hidden = guesses(look), private(look)
    found = {ours: column for ours, column in found.items() if column.name not in hidden}
    yield "# A draft from the first lines of a file: look through it. What is not named is kept in extra."
    yield f"name = {_quoted(name)}"
    if hidden:
        yield f"drop = [{', '.join(map(_quoted, hidden))}]  # kept nowhere"
    if "weight" in found:
        yield 'duplicates = "keep"  # of counts, the same row twice is two'
    yield from _file(look)
    yield "\n[columns]"
    for ours in NAMES:
        if ours in found:
            yield f"{ours} = {_quoted(found[ours].name)}"
        elif perhaps := _perhaps(ours, look, {*hidden, *(column.name for column in found.values())}):
            yield f"# {ours} = {_quoted(perhaps)}  # perhaps"
    if "course" not in found:
        yield "# Without a course: --course says which it is."
    if "action" not in found:
        yield '\n[constants]\naction = "page_view"  # no column seems to say what was done'
    yield from _time_lines(found.get("time"))
    if "action" in found:
        yield from _action_lines(found["action"])


def _file(look: Profile) -> Iterator[str]:
    nulls = ["", *look.nulls] if look.delimiter else []
    if not (look.delimiter and (not look.header or look.backslash or look.nulls)):
        return
    yield "\n[file]"
    if not look.header:
        yield f"delimiter = {_quoted(look.delimiter)}"
        yield f"names = [{', '.join(_quoted(column.name) for column in look.columns)}]  # its first line has none"
    if look.backslash:
        yield "backslash = true"
    if look.nulls:
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
            day_first = " day before month is a guess" if time.kind.startswith(("%d/%m", "%m/%d")) else ""
            yield f"format = {_quoted(time.kind)}" + (f"  #{day_first}" if day_first else "")
        if not all(re.search(r"(Z|[+-]\d\d:?\d\d)$", value) for value in time.values):
            yield '# zone = "Asia/Shanghai"  # where they are of: they name no zone, and are taken as UTC'


def _action_lines(action: ColumnProfile) -> Iterator[str]:
    yield f'\n[action]\ncolumn = {_quoted(action.name)}\ndefault = "other"  # no click\n\n[action.values]'
    for value in action.distinct:
        if value.isprintable():
            meaning = next((ours for ours, words in MEANINGS.items() if _fits(words, value)), None)
            yield f'{_quoted(value)} = "{meaning}"' if meaning else f'# {_quoted(value)} = "other"'


def _time(look: Profile) -> ColumnProfile | None:
    """The column whose name and values are a time's; else one with such values; else one with such a name."""
    named = [column for column in look.columns if _fits(TIME, column.name)]
    dated = [column for column in look.columns if column.kind not in ("text", "number", "empty", "mail", "address")]
    both = [column for column in named if column in dated]
    counted = [column for column in named if column.kind == "number"]
    return next(iter((*both, *dated, *counted)), None)


def _may_be(ours: str, column: ColumnProfile) -> bool:
    if ours == "action":
        return column.kind == "text" and len(column.distinct) <= FEW and max(map(len, column.distinct)) <= FEW
    if ours in ("position", "position_from", "rate", "weight"):
        return column.kind == "number" and (
            ours != "weight" or all(re.fullmatch(r"\d{1,9}", value) for value in column.values)
        )
    return column.kind != "mail"


def _perhaps(ours: str, look: Profile, taken: set[str]) -> str | None:
    word = WORDS.get(ours)
    names = (column.name for column in look.columns if column.name not in taken and column.kind in ("text", "number"))
    return next((name for name in names if word and re.search(word, _snake(name))), None)


def _fits(pattern: str, name: str) -> bool:
    """Whether a name is such a one, or the last or the last two names of a path are."""
    *_, above, last = "", *name.replace("\\.", "_").split(".")
    return any(re.fullmatch(pattern, _snake(one)) for one in (last, f"{above}_{last}"))


def _snake(name: str) -> str:
    """`userId` and `User-ID` alike: user_id."""
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").lower()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
