"""Which course and which part of it an address of Open edX belongs to.

`COURSE` and `SITE` are the whole rule: the longest row that begins the path, below the course's address or below the
host, decides. A row ends at a `/` or at the end of the path.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote


class Page(NamedTuple):
    """What an address says; all null where it is none."""

    course: str | None
    area: str | None
    item: str | None
    action: str | None


class Rule(NamedTuple):
    """A path, its area, and what is done there."""

    path: str
    area: str
    action: str = "page_view"


COURSE = (
    Rule("", "home"),
    Rule("about", "home"),
    Rule("bookmarks", "home"),
    Rule("course", "home"),
    Rule("info", "home"),
    Rule("progress", "home"),
    Rule("courseware", "lecture"),
    Rule("jump_to", "lecture"),
    Rule("jump_to_id", "lecture"),
    Rule("book", "lecture"),
    Rule("htmlbook", "lecture"),
    Rule("pdfbook", "lecture"),
    Rule("xblock", "lecture", "other"),
    Rule("modx", "lecture", "other"),
    Rule("discussion", "forum"),
    Rule("discussion/comments", "forum", "other"),
    Rule("discussion/threads", "forum", "other"),
    Rule("discussion/upload", "forum", "other"),
    Rule("discussion/users", "forum", "other"),
    Rule("course_wiki", "wiki"),
    Rule("wiki", "wiki"),
    Rule("search", "search"),
    Rule("enroll", "account"),
    Rule("enroll_staff", "admin"),
    Rule("gradebook", "admin"),
    Rule("grade_summary", "admin"),
    Rule("instructor", "admin"),
    Rule("instructor_dashboard", "admin"),
)
SITE = (
    Rule("", "home"),
    Rule("account", "account"),
    Rule("change_enrollment", "account", "other"),
    Rule("create_account", "account", "other"),
    Rule("dashboard", "account"),
    Rule("login", "account"),
    Rule("login_ajax", "account", "other"),
    Rule("logout", "account"),
    Rule("password_reset", "account", "other"),
    Rule("register", "account"),
    Rule("u", "account"),
    Rule("user_api", "account", "other"),
    Rule("courses", "search"),
    Rule("search", "search", "other"),
    Rule("wiki", "wiki"),
    Rule("admin", "admin"),
    Rule("api", "admin", "other"),
    Rule("assets", "admin", "other"),
    Rule("checklists", "admin"),
    Rule("container", "admin"),
    Rule("course", "admin"),
    Rule("course_info_update", "admin", "other"),
    Rule("course_team", "admin"),
    Rule("event", "admin", "other"),
    Rule("export", "admin"),
    Rule("favicon.ico", "admin", "other"),
    Rule("group_configurations", "admin"),
    Rule("heartbeat", "admin", "other"),
    Rule("home", "admin"),
    Rule("i18n.js", "admin", "other"),
    Rule("import", "admin"),
    Rule("jsi18n", "admin", "other"),
    Rule("notifier_api", "admin", "other"),
    Rule("robots.txt", "admin", "other"),
    Rule("settings", "admin"),
    Rule("static", "admin", "other"),
    Rule("tabs", "admin"),
    Rule("textbooks", "admin"),
    Rule("unit", "admin"),
    Rule("videos", "admin"),
    Rule("xblock", "admin", "other"),
    Rule("xdomain_proxy.html", "admin", "other"),
)
OTHER = Rule("", "other")
FILES = ("asset-v1:", "c4x")
"""How the first step of a path begins that leads to a file of a course."""
BLOCKS = {
    "video": "lecture",
    "videoalpha": "lecture",
    "problem": "quiz",
    "openassessment": "peer",
    "discussion": "forum",
}
"""Areas of the kinds of blocks that courses are built of; any other is of the lecture."""

_RULES = {True: {rule.path: rule for rule in COURSE}, False: {rule.path: rule for rule in SITE}}
_BELOW = re.compile(
    r"/courses?/((?:course|ccx)-v1:[^/+ ]+[+ ][^/+ ]+[+ ][^/]+|[^/:]+/[^/:]+/[^/:]+)(?:/(.*))?$", re.DOTALL
)
_KEY = re.compile(r"(ccx-)?(?:course|block|asset|library|ccx)-v1:([^/+@ ]+[+ ][^/+@ ]+[+ ][^/+@ ]+)([+ ]ccx@\d+)?")
_BLOCK = re.compile(r"(?:type@|i4x:/+[^/]+/[^/]+/)(\w+)(?:[+ ]block@|/)([^/@]+)")
_OLD_BLOCK = re.compile(r"i4x-.+-([^-]+)")
_THREAD = re.compile(r"(?:threads|comments)/([0-9a-f]{16,})")


def page(address: str) -> Page:
    """Course, area, item and action of a page's address, or of the path of a request.

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
    if path.startswith(("/courses/", "/learning/course/")) and (found := _BELOW.search(path)):
        return _in_course(found[1].replace(" ", "+"), found[2] or "")
    return _on_site(path, request)


def _in_course(course: str, below: str) -> Page:
    rule = _rule(_steps(below), in_course=True)
    action = "download" if "/handler/transcript/download" in below else rule.action
    if block := _BLOCK.search(below):
        return Page(course, BLOCKS.get(block[1], "lecture"), block[2], action)
    if rule.area == "forum" and below.endswith(("/create", "/reply", "/update", "/upvote", "/unvote", "/delete")):
        action = "other"
    return Page(course, rule.area, _item(rule, below), action)


def _on_site(path: str, request: bool) -> Page:
    steps = _steps(path)
    key = _KEY.search(path)
    course = _course(key) if key else None
    block = _BLOCK.search(path)
    if steps and steps[0].startswith(FILES):
        if not key and len(steps) > 2:
            return Page(None, "lecture", steps[-1], "download")
        return Page(course, "lecture", path.rpartition("@")[2], "download")
    if block and not request:  # a block by itself in a page of another site, such as the learning application
        return Page(course, BLOCKS.get(block[1], "lecture"), block[2], "page_view")
    rule = _rule(steps, in_course=False)
    return Page(course, rule.area, block[2] if block else _item(rule, "/".join(steps)), rule.action)


def _course(key: re.Match[str]) -> str:
    kind = "ccx" if key[3] else "course"
    return f"{kind}-v1:{key[2]}{key[3] or ''}".replace(" ", "+")


def _rule(steps: list[str], in_course: bool) -> Rule:
    rules = _RULES[in_course]
    if not steps:
        return rules[""]
    return rules.get("/".join(steps[:2])) or rules.get(steps[0]) or OTHER


def _item(rule: Rule, below: str) -> str | None:
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
    """The short name of a block, as it is the same in all ways of naming it; None for no name.

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
