"""The course, and the area of it, that an address of Open edX belongs to.

`COURSE` and `SITE` have all rules, for paths below a course's address and below the host. The longest row that matches
the beginning of the path decides. A row ends at a `/` or at the end of the path.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote

from coursetrail.reading.format import Page


class EdxPageRule(NamedTuple):
    """A path, its area and its action."""

    path: str
    area: str
    action: str = "page_view"


COURSE = (
    EdxPageRule("", "home"),
    EdxPageRule("about", "home"),
    EdxPageRule("bookmarks", "home"),
    EdxPageRule("course", "home"),
    EdxPageRule("info", "home"),
    EdxPageRule("progress", "home"),
    EdxPageRule("courseware", "lecture"),
    EdxPageRule("jump_to", "lecture"),
    EdxPageRule("jump_to_id", "lecture"),
    EdxPageRule("book", "lecture"),
    EdxPageRule("htmlbook", "lecture"),
    EdxPageRule("pdfbook", "lecture"),
    EdxPageRule("xblock", "lecture", "other"),
    EdxPageRule("modx", "lecture", "other"),
    EdxPageRule("discussion", "forum"),
    EdxPageRule("discussion/comments", "forum", "other"),
    EdxPageRule("discussion/threads", "forum", "other"),
    EdxPageRule("discussion/upload", "forum", "other"),
    EdxPageRule("discussion/users", "forum", "other"),
    EdxPageRule("course_wiki", "wiki"),
    EdxPageRule("wiki", "wiki"),
    EdxPageRule("search", "search"),
    EdxPageRule("enroll", "account"),
    EdxPageRule("enroll_staff", "admin"),
    EdxPageRule("gradebook", "admin"),
    EdxPageRule("grade_summary", "admin"),
    EdxPageRule("instructor", "admin"),
    EdxPageRule("instructor_dashboard", "admin"),
)
SITE = (
    EdxPageRule("", "home"),
    EdxPageRule("account", "account"),
    EdxPageRule("change_enrollment", "account", "other"),
    EdxPageRule("create_account", "account", "other"),
    EdxPageRule("dashboard", "account"),
    EdxPageRule("login", "account"),
    EdxPageRule("login_ajax", "account", "other"),
    EdxPageRule("logout", "account"),
    EdxPageRule("password_reset", "account", "other"),
    EdxPageRule("register", "account"),
    EdxPageRule("u", "account"),
    EdxPageRule("user_api", "account", "other"),
    EdxPageRule("courses", "search"),
    EdxPageRule("search", "search", "other"),
    EdxPageRule("wiki", "wiki"),
    EdxPageRule("admin", "admin"),
    EdxPageRule("api", "admin", "other"),
    EdxPageRule("assets", "admin", "other"),
    EdxPageRule("checklists", "admin"),
    EdxPageRule("container", "admin"),
    EdxPageRule("course", "admin"),
    EdxPageRule("course_info_update", "admin", "other"),
    EdxPageRule("course_team", "admin"),
    EdxPageRule("event", "admin", "other"),
    EdxPageRule("export", "admin"),
    EdxPageRule("favicon.ico", "admin", "other"),
    EdxPageRule("group_configurations", "admin"),
    EdxPageRule("heartbeat", "admin", "other"),
    EdxPageRule("home", "admin"),
    EdxPageRule("i18n.js", "admin", "other"),
    EdxPageRule("import", "admin"),
    EdxPageRule("jsi18n", "admin", "other"),
    EdxPageRule("notifier_api", "admin", "other"),
    EdxPageRule("robots.txt", "admin", "other"),
    EdxPageRule("settings", "admin"),
    EdxPageRule("static", "admin", "other"),
    EdxPageRule("tabs", "admin"),
    EdxPageRule("textbooks", "admin"),
    EdxPageRule("unit", "admin"),
    EdxPageRule("videos", "admin"),
    EdxPageRule("xblock", "admin", "other"),
    EdxPageRule("xdomain_proxy.html", "admin", "other"),
)
OTHER = EdxPageRule("", "other")
FILES = ("asset-v1:", "c4x")
"""The beginning of the first step of a path to a file of a course."""
BLOCKS = {
    "video": "lecture",
    "videoalpha": "lecture",
    "problem": "quiz",
    "openassessment": "peer",
    "discussion": "forum",
}
"""The area of each kind of course block; any other kind belongs to the lecture."""

_RULES = {True: {rule.path: rule for rule in COURSE}, False: {rule.path: rule for rule in SITE}}
_BELOW = re.compile(
    r"/courses?/((?:course|ccx)-v1:[^/+ ]+[+ ][^/+ ]+[+ ][^/]+|[^/:]+/[^/:]+/[^/:]+)(?:/(.*))?$", re.DOTALL
)
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
    if block and not request:  # a single block in a page of another site, such as the learning application
        return Page(course, BLOCKS.get(block[1], "lecture"), block[2], "page_view")
    rule = _rule(steps, in_course=False)
    return Page(course, rule.area, block[2] if block else _item(rule, "/".join(steps)), rule.action)


def _course(key: re.Match[str]) -> str:
    kind = "ccx" if key[3] else "course"
    return f"{kind}-v1:{key[2]}{key[3] or ''}".replace(" ", "+")


def _rule(steps: list[str], in_course: bool) -> EdxPageRule:
    rules = _RULES[in_course]
    if not steps:
        return rules[""]
    return rules.get("/".join(steps[:2])) or rules.get(steps[0]) or OTHER


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
