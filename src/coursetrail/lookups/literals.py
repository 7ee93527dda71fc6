"""The literal texts without which a regular expression cannot match.

A pattern is read just far enough to say, for each of its alternatives, which pieces of text it needs. What is not
understood needs nothing, so a wrong reading can cost time but never an answer.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

BOUNDARY = "(?:^|[^A-Z0-9_-]|[^A-Z0-9-]_|sprd-|MZ-)(?:"
OUTSIDE_ASCII = "\x80"

Literal = tuple[str, bool]
"""Lower-case text, and whether it counts only at the start of a word (no ASCII letter or digit before it)."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """`pattern[start:end]` can match only where one of the literals occurs; it may always match if there are none."""

    start: int
    end: int
    groups: int
    literals: tuple[Literal, ...]


def alternatives(pattern: str) -> tuple[Alternative, ...]:
    """The alternatives of a pattern, left to right, without overlap; all of it is one if it is not understood."""
    bounded = pattern.startswith(BOUNDARY) and pattern.endswith(")")
    start, end = (len(BOUNDARY), len(pattern) - 1) if bounded else (0, len(pattern))
    reader = _Reader(pattern, start, end)
    try:
        _, found = reader.alternation(at_start=bounded)
    except NotUnderstood:
        found = ()
    if reader.position != end or not found:
        return (Alternative(start, end, 0, ()),)
    return found


def without(pattern: str, found: Sequence[Alternative], kept: Iterable[int]) -> str:
    """The pattern with all but the kept alternatives made impossible; groups keep their numbers."""
    keep, pieces, copied = frozenset(kept), list[str](), 0
    for number, alternative in enumerate(found):
        if number in keep:
            continue
        pieces += pattern[copied : alternative.start], IMPOSSIBLE, "()" * alternative.groups
        copied = alternative.end
    return REPEATED.sub(IMPOSSIBLE, "".join(pieces) + pattern[copied:])


IMPOSSIBLE = "(?!)"
REPEATED = re.compile(r"\(\?!\)(?:\|\(\?!\)(?!\())+")
PLAIN = re.compile(r"[^\\\[\](){}|?*+.^$]+")
CLASS = re.compile(r"\[(\^?)(\]?(?:\\.|[^\]\\])*)\]", re.DOTALL)
TIMES = re.compile(r"(?:([?*+])|\{(\d*)(,?)(\d*)\})[?+]?")
MOST_TEXTS = 12
"""How many texts a piece such as `S[3-5] (Mini|Plus)` may stand for before it is cut into shorter pieces."""

ORDINARY = """mozilla/5.0 (linux; u; android 4.4.2; en-us; k) applewebkit/537.36 (khtml, like gecko) version/4.0
chrome/30.0.1599.92 mobile safari/537.36 build/ mozilla/5.0 (windows nt 6.1; win64; x64; wow64; rv:25.0) gecko/20100101
firefox/25.0 mozilla/5.0 (macintosh; intel mac os x 10_15_7) (iphone; cpu iphone os 7_0_4 like mac os x) mobile/11b554a
(ipad; (x11; ubuntu; linux x86_64 mozilla/4.0 (compatible; msie 8.0; trident/4.0; .net clr 2.0.50727; media center pc 6.0)
opera/9.80 (presto/2.12 version/12.16 tablet +http://www. .com bot"""


class NotUnderstood(Exception):  # noqa: N818 - a signal to the caller, who goes on without literals
    """A construct whose literals are not known."""


def _weight(literals: Iterable[Literal]) -> float:
    """How often some text will hold one of the literals; a rough rank, used only to choose."""
    return sum(1.0 if text in ORDINARY else 10.0 ** -(len(text) + word) for text, word in literals)


class _Reader:
    """Reads one pattern from a position to an end; a step returns the exact texts (or None) and the alternatives."""

    def __init__(self, pattern: str, start: int, end: int) -> None:
        self.pattern, self.position, self.end, self.groups = pattern, start, end, 0

    def next(self) -> str:
        return self.pattern[self.position] if self.position < self.end else ""

    def alternation(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        texts: list[str] | None = []
        found: list[Alternative] = []
        while True:
            exact, parts = self.sequence(at_start)
            texts = None if texts is None or exact is None else texts + exact
            found += parts
            if self.next() != "|":
                return texts, tuple(found)
            self.position += 1

    def sequence(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        begin, groups_before, whole = self.position, self.groups, True
        run, word = [""], at_start
        best: tuple[Literal, ...] = ()
        inner: tuple[Alternative, ...] = ()
        least = 1e9

        def offer(literals: tuple[Literal, ...], parts: tuple[Alternative, ...] = ()) -> None:
            nonlocal best, inner, least
            if literals and (weight := _weight(literals)) < least:
                best, inner, least = literals, parts, weight

        def close() -> None:
            if "" not in run:
                offer(tuple((text, word and _starts_a_word(text)) for text in dict.fromkeys(run)))

        while self.next() not in ("", "|", ")"):
            exact, parts = self.item(at_start=word and run == [""])
            if exact == [""] and not parts:
                continue
            low, high = self.times()
            if low == 0:
                exact, parts = ([*exact, ""] if exact is not None and high == 1 else None), ()
            if exact is not None and len(exact) * len(run) <= MOST_TEXTS:
                run = [a + b for a, b in product(run, exact)]
                if high == 1:
                    continue
                close()
                run = [""]
            else:
                close()
                if parts and all(part.literals for part in parts):
                    offer(tuple(dict.fromkeys(literal for part in parts for literal in part.literals)), parts)
                run = exact if exact is not None and high == 1 and len(exact) <= MOST_TEXTS else [""]
            whole = word = False
        close()
        if not inner:
            inner = (Alternative(begin, self.position, self.groups - groups_before, best),)
        return (run if whole else None), inner

    def item(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        """One item without its quantifier: [""] is nothing at all (an anchor), None is some unknown text."""
        character = self.next()
        if run := PLAIN.match(self.pattern, self.position, self.end):
            return self.plain(run)
        if character == "(":
            return self.group(at_start)
        if character == "[":
            return self.character_class(), ()
        if character == "\\":
            return self.escape(), ()
        self.position += 1
        if character in "^$":
            return [""], ()
        if character in "]}":
            return [character], ()
        if character == ".":
            return None, ()
        raise NotUnderstood

    def plain(self, run: re.Match[str]) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        text, self.position = run.group(), run.end()
        if len(text) > 1 and self.next() and self.next() in "?*+{":
            text, self.position = text[:-1], self.position - 1
        if text.isascii():
            return [text.lower()], ()
        begin = self.position - len(text)
        return None, (Alternative(begin, self.position, 0, ((OUTSIDE_ASCII, False),)),)

    def group(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        opening = re.compile(r"\(\?:|\(\?<?[=!]|\((?!\?)").match(self.pattern, self.position, self.end)
        if not opening:
            raise NotUnderstood
        self.position = opening.end()
        self.groups += opening.group() == "("
        exact, parts = self.alternation(at_start)
        if self.next() != ")":
            raise NotUnderstood
        self.position += 1
        if opening.group().endswith(("=", "!")):
            if self.next() and self.next() in "?*+{":
                raise NotUnderstood
            return [""], ()
        return exact, parts

    def character_class(self) -> list[str] | None:
        found = CLASS.match(self.pattern, self.position, self.end)
        if not found or self.pattern.startswith("[[:", self.position):
            raise NotUnderstood
        self.position = found.end()
        members = re.sub(r"\\([^\w])", r"\1", found[2]) if "\\" in found[2] else found[2]
        simple = not found[1] and len(members) <= MOST_TEXTS and members.isascii() and "\\" not in members
        return list(dict.fromkeys(members.lower())) if simple and "-" not in members[1:-1] else None

    def escape(self) -> list[str] | None:
        if self.position + 1 >= self.end:
            raise NotUnderstood
        character = self.pattern[self.position + 1]
        self.position += 2
        if character in "bBAZ":
            return [""]
        if character in "dDwWsStnr" or character.isdigit():
            return None
        if character.isalnum():
            raise NotUnderstood
        return [character] if character.isascii() else None

    def times(self) -> tuple[int, int | None]:
        if not self.next() or self.next() not in "?*+{":
            return 1, 1
        found = TIMES.match(self.pattern, self.position, self.end)
        if not found:
            raise NotUnderstood
        self.position = found.end()
        if sign := found[1]:
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        low = int(found[2] or 0)
        return low, (int(found[4]) if found[4] else None) if found[3] else low


def _starts_a_word(text: str) -> bool:
    """A substitution reads a match again from its own first character, where a boundary holds by itself."""
    return text[0].isalnum() and not any(text.startswith(p) or p.startswith(text) for p in ("sprd-", "mz-"))
