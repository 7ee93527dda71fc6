"""The area of an on-demand Coursera course that an address belongs to.

`PAGES` has all rules (from Coursera's list of page types, and from addresses that other programs match). The first step
of the path below `…/learn/<course>/` decides; it must match exactly.
"""

from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from coursetrail.reading.format import Page


class CourseraPageRule(NamedTuple):
    """The first step of a path, its area, and whether the next step is the item."""

    path: str
    area: str
    item: bool = False


PAGES = (
    CourseraPageRule("", "home"),
    CourseraPageRule("home", "home"),
    CourseraPageRule("outline", "home"),
    CourseraPageRule("module", "home", item=True),
    CourseraPageRule("lecture", "lecture", item=True),
    CourseraPageRule("supplement", "wiki", item=True),
    CourseraPageRule("resources", "wiki", item=True),
    CourseraPageRule("quiz", "quiz", item=True),
    CourseraPageRule("exam", "quiz", item=True),
    CourseraPageRule("programming", "assignment", item=True),
    CourseraPageRule("gradedLti", "assignment", item=True),
    CourseraPageRule("ungradedLti", "assignment", item=True),
    CourseraPageRule("peer", "peer", item=True),
    CourseraPageRule("discussions", "forum"),
    CourseraPageRule("forum", "forum"),
    CourseraPageRule("discussionPrompt", "other", item=True),
)
OTHER = CourseraPageRule("", "other")
_BY_PATH = {rule.path: rule for rule in PAGES}


def page(address: str) -> Page:
    """Course (its slug), area, item and action of a page's address.

    >>> page("https://www.coursera.org/learn/data-patterns/lecture/gpUXO/2-1-the-downward-closure-property")
    Page(course='data-patterns', area='lecture', item='gpUXO', action='page_view')
    """
    scheme, _, rest = address.partition("://")
    if scheme.lower() not in ("http", "https"):
        return Page(None, None, None, None)
    host, _, path = rest.partition("#")[0].partition("?")[0].partition("/")
    steps = [step for step in path.split("/") if step]
    if not _is_coursera(host) or len(steps) < 2 or steps[0] != "learn":
        return Page(None, "other", None, "page_view")
    course, below = steps[1], steps[2:]
    rule = _BY_PATH.get(below[0] if below else "", OTHER)
    return Page(unquote(course), rule.area, _item(rule, below), "page_view")


def _is_coursera(host: str) -> bool:
    """Whether a host is Coursera's: `www`, one of a language such as `es`, or one in front of a cache."""
    name = host.rpartition("@")[2].partition(":")[0].lower()
    return name == "coursera.org" or name.endswith(".coursera.org") or name.startswith("www-cloudfront")


def _item(rule: CourseraPageRule, below: list[str]) -> str | None:
    if rule.area == "forum":
        found = [after for step, after in pairwise(below) if step in ("forums", "threads")]
        return unquote(found[-1]) if found else None
    return unquote(below[1]) if rule.item and len(below) > 1 else None
