"""The area of a legacy Coursera course that an address belongs to.

`PAGES` has all rules (Coursera's paths of 2012 to 2015). The first row that matches the beginning of the path below
`/<course>/` decides. A pattern ends at a `/`, at the query or at the end of the path.
"""

from typing import NamedTuple
from urllib.parse import unquote

from coursetrail.reading.format import Page


class LegacyPageRule(NamedTuple):
    """A path pattern, its area, the parameter that names the item, and the action if it is not a page view."""

    path: str
    area: str
    item: str | None = None
    action: str = "page_view"


PAGES = (
    LegacyPageRule("", "home"),
    LegacyPageRule("class/index", "home"),
    LegacyPageRule("class/search", "search"),
    LegacyPageRule("class/preferences", "account"),
    LegacyPageRule("class", "home"),
    LegacyPageRule("lecture/download", "lecture", "lecture_id", "download"),
    LegacyPageRule("lecture/download.mp4", "lecture", "lecture_id", "download"),
    LegacyPageRule("lecture/subtitles", "lecture", "lecture_id", "download"),
    LegacyPageRule("lecture/preview", "lecture", "lecture_id"),
    LegacyPageRule("lecture", "lecture", "lecture_id"),
    LegacyPageRule("quiz/start", "quiz", "quiz_id", "quiz_start"),
    LegacyPageRule("quiz/submit", "quiz", "quiz_id", "quiz_submit"),
    LegacyPageRule("quiz/feedback", "quiz"),
    LegacyPageRule("quiz", "quiz", "quiz_id"),
    LegacyPageRule("forum/posted_thread", "forum", "thread_id", "forum_post"),
    LegacyPageRule("forum/posted_reply", "forum", "thread_id", "forum_post"),
    LegacyPageRule("forum/thread", "forum", "thread_id"),
    LegacyPageRule("forum/list", "forum", "forum_id"),
    LegacyPageRule("forum", "forum"),
    LegacyPageRule("human_grading", "peer"),
    LegacyPageRule("assignment", "assignment", "assignment_id"),
    LegacyPageRule("learning_tool", "assignment", "tool"),
    LegacyPageRule("wiki", "wiki", "page"),
    LegacyPageRule("search", "search"),
    LegacyPageRule("auth", "account"),
    LegacyPageRule("account", "account"),
    LegacyPageRule("signin", "account"),
    LegacyPageRule("signature", "account"),
    LegacyPageRule("generic", "account"),
    LegacyPageRule("admin", "admin"),
)
OTHER = LegacyPageRule("", "other")
_BY_PATH = {rule.path: rule for rule in PAGES}


def page(address: str) -> Page:
    """Course, area, item and action of a page's address.

    >>> page("https://class.coursera.org/psy-001/lecture/view?lecture_id=31&lecture_player=html5&=undefined&")
    Page(course='psy-001', area='lecture', item='31', action='page_view')
    """
    scheme, _, rest = address.partition("://")
    if scheme not in ("http", "https"):
        return Page(None, None, None, None)
    host, _, path = rest.partition("#")[0].partition("/")
    if not host.startswith("class."):
        return Page(None, "other", None, "page_view")
    course, _, below = path.partition("/")
    course = course.partition("?")[0]
    below, _, query = below.partition("?")
    steps = [step for step in below.split("/") if step]
    rule = _rule(steps)
    return Page(course or None, rule.area, _item(rule, steps, query), rule.action)


def _rule(steps: list[str]) -> LegacyPageRule:
    if not steps:
        return PAGES[0]
    return _BY_PATH.get("/".join(steps[:2])) or _BY_PATH.get(steps[0]) or OTHER


def _item(rule: LegacyPageRule, steps: list[str], query: str) -> str | None:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name == rule.item and value not in ("", "undefined"):
            return unquote(value)
    if rule.area == "lecture" and len(steps) > 1 and steps[-1].isdecimal():
        return steps[-1]
    if rule.area == "peer" and "assessments" in steps[:-1]:
        return steps[steps.index("assessments") + 1]
    if rule.area == "wiki" and len(steps) > 1 and steps[1] not in ("view", "edit"):
        return "/".join(steps[1:])
    return None
