"""The course, and the area of it, that an address of Open edX belongs to."""

import re
from urllib.parse import unquote

from coursetrail.formats.edx.paths import (
    BLOCKS,
    COURSE,
    EMBEDDED,
    FILES,
    KINDS,
    NAMED,
    OTHER,
    PARTS,
    SERVED,
    SITE,
    TOOLS,
    EdxPageRule,
)
from coursetrail.reading.format import Page

COURSES = ("/courses/", "/learning/course/")
WRITES = (
    *("/create", "/reply", "/update", "/delete", "/upvote", "/downvote", "/unvote", "/flagAbuse", "/unFlagAbuse"),
    *("/pin", "/unpin", "/follow", "/unfollow", "/close", "/endorse"),
)
"""The ends of requests that change the forum: events of their own report what was done."""

_RULES = {True: {rule.path: rule for rule in COURSE}, False: {rule.path: rule for rule in SITE}}
_BELOW = re.compile(
    r"/courses?/((?:course|ccx)-v1:[^/+ ]+[+ ][^/+ ]+[+ ][^/]+|[^/:]+/[^/:]+/[^/:]+)(?:/(.*))?$", re.DOTALL
)
_LEARNING = re.compile(r"/course/(?:course|ccx)-v1:[^/]+/.")
"""A page of the learning application; Studio's own pages end with the course."""
_THUMBNAIL = re.compile(r"type@thumbnail|/thumbnail/")
_KEY = re.compile(r"(ccx-)?(?:course|block|asset|library|ccx)-v1:([^/+@ ]+[+ ][^/+@ ]+[+ ][^/+@ ]+)([+ ]ccx@\d+)?")
_BLOCK = re.compile(r"(?:type@|i4x:/+[^/]+/[^/]+/)(\w+)(?:[+ ]block@|/)([^/@]+)")
_OLD_BLOCK = re.compile(r"i4x-.+-([^-]+)")
_THREAD = re.compile(r"(?:threads|comments)/([0-9a-f]{16,})")


def page(address: str) -> Page:
    """Course, area, item and action of a page's address, or of a request's path.

    >>> page("/courses/course-v1:Org+C1+2017/courseware/week1/lesson2/")
    Page(course='course-v1:Org+C1+2017', area='lecture', item='lesson2', action='page_view')
    """
    request = address.startswith("/")
    if request:
        path = address
    else:
        scheme, _, rest = address.partition("://")
        if scheme not in ("http", "https"):
            return Page(None, None, None, None)
        path = "/" + rest.partition("/")[2]
    path = unquote(re.split("[?#]", path, maxsplit=1)[0]).replace(";_", "/")
    if (path.startswith(COURSES) or (not request and _LEARNING.match(path))) and (found := _BELOW.search(path)):
        return _in_course(found[1].replace(" ", "+"), found[2] or "", request)
    return _on_site(path, request)


def _in_course(course: str, below: str, request: bool) -> Page:
    rule = _rule(_steps(below), in_course=True)
    written = rule.area == "forum" and below.endswith(WRITES)
    action = rule.action
    if "/handler/transcript/download" in below:
        action = "download"
    elif action == "page_view" and (written or (request and _is_made_by_program(rule, below, in_course=True))):
        action = "other"
    if block := _BLOCK.search(below):
        area = rule.area if rule.area == "admin" else BLOCKS.get(block[1], "lecture")
        return Page(course, area, block[2], action)
    return Page(course, rule.area, _item(rule, below), action)


def _on_site(path: str, request: bool) -> Page:
    steps = _steps(path)
    key = _KEY.search(path)
    course = _course(key) if key else None
    block = _BLOCK.search(path)
    if steps and (steps[0].startswith(FILES) or steps[:2] == ["assets", "courseware"]):
        action = "other" if _ending(path) in EMBEDDED or _THUMBNAIL.search(path) else "download"
        if not key and len(steps) > 2:
            return Page(None, "lecture", steps[-1], action)
        return Page(course, "lecture", path.rpartition("@")[2], action)
    rule = _rule(steps, in_course=False)
    if block and (rule.path == "videos" or (not request and (rule.area != "admin" or rule.path == "xblock"))):
        return Page(course, BLOCKS.get(block[1], "lecture"), block[2], "page_view")
    action, area = rule.action, rule.area
    if action == "page_view" and request and _is_made_by_program(rule, path, in_course=False):
        action, area = "other", "admin" if rule is OTHER else area
    return Page(course, area, block[2] if block else _item(rule, "/".join(steps)), action)


def _is_made_by_program(rule: EdxPageRule, path: str, in_course: bool) -> bool:
    """Whether no learner makes such a request by hand. A course team can give a page of a course any single name."""
    steps = _steps(path)
    if rule.path in NAMED or not steps:
        return False
    endings = (*EMBEDDED, *SERVED) if rule is OTHER else EMBEDDED
    if not path.endswith("/") and _ending(path) in endings:
        return True
    if rule is not OTHER:
        return bool(PARTS.pattern.fullmatch(steps[-1]))
    if len(steps) > 1 and not in_course and TOOLS.pattern.fullmatch(steps[1]):
        return True
    if in_course and len(steps) == 1:
        return False
    return any(kind.pattern.fullmatch(step) for kind in KINDS if kind is not TOOLS for step in steps)


def _ending(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()


def _course(key: re.Match[str]) -> str:
    kind = "ccx" if key[3] else "course"
    return f"{kind}-v1:{key[2]}{key[3] or ''}".replace(" ", "+")


def _rule(steps: list[str], in_course: bool) -> EdxPageRule:
    rules = _RULES[in_course]
    if not steps:
        return rules[""]
    further = rules.get(f"{steps[0]}/*") if len(steps) > 1 else None
    return rules.get("/".join(steps[:2])) or further or rules.get(steps[0]) or OTHER


def _item(rule: EdxPageRule, below: str) -> str | None:
    steps = _steps(below)
    if rule.area == "forum":
        found = _THREAD.search(below)
        return found[1] if found else None
    if rule.area == "wiki" and len(steps) > 1:
        return "/".join(steps[1:])
    if rule.path == "courseware" and len(steps) > 1:
        return steps[min(2, len(steps) - 1)]
    return steps[1] if rule.area == "lecture" and len(steps) > 1 else None


def _steps(path: str) -> list[str]:
    return [step for step in path.split("/") if step]


def block(name: str) -> str | None:
    """The short name of a block, the same for every form of its full name; None for an empty name.

    >>> block("block-v1:Org+C1+2017+type@problem+block@0e71a74e"), block("i4x-Org-C1-video-Intro")
    ('0e71a74e', 'Intro')
    """
    if found := _BLOCK.search(name):
        return found[2]
    if found := _OLD_BLOCK.fullmatch(name):
        return found[1]
    return name or None


def course_in(address: str) -> str | None:
    """The course that an address names."""
    return page(address).course
