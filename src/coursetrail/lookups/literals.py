"""The literal texts that a regular expression needs in order to match.

A pattern is parsed far enough to say which literals each of its alternatives needs. A construct that is not understood
counts as one that needs no literal: this costs time, but never changes an answer.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

BOUNDARY = "(?:^|[^A-Z0-9_-]|[^A-Z0-9-]_|sprd-|MZ-)(?:"
NAME_ENDS = "(?:[);/ ]|$)"
SAME_IN_ANY_CASE = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})
"""The characters outside ASCII that match an ASCII letter when case is ignored."""
OUTSIDE_ASCII = "\x80"

Literal = tuple[str, bool]
"""Lower-case text, and whether it counts only at the start of a word (no ASCII letter or digit before it)."""


class Alternative(NamedTuple):
    """`pattern[start:end]` matches only a text with one of the literals; it may match any text if there are none."""

    start: int
    end: int
    groups: int
    literals: tuple[Literal, ...]


def alternatives(pattern: str) -> tuple[Alternative, ...]:
    """The alternatives of a pattern, left to right, without overlap; only one if it is not understood."""
    bounded = pattern.startswith(BOUNDARY) and pattern.endswith(")")
    start, end = (len(BOUNDARY), len(pattern) - 1) if bounded else (0, len(pattern))
    plain = pattern[start:end].removesuffix(NAME_ENDS)
    if PLAIN.fullmatch(plain) and plain.isascii():
        return (Alternative(start, end, 0, _as_literals([plain.lower()], bounded)),)
    reader = _Reader(pattern, start, end)
    try:
        _, found = reader.alternation(at_start=bounded)
    except NotUnderstood:
        found = ()
    if reader.position != end or not found:
        return (Alternative(start, end, 0, ()),)
    if reader.named:
        return (Alternative(start, end, 0, _all_of(found)),)
    return found


def without(pattern: str, found: Sequence[Alternative], kept: Iterable[int]) -> str:
    """The pattern with all but the kept alternatives made impossible; groups keep their numbers."""
    keep, pieces, copied = frozenset(kept), list[str](), 0
    for number, alternative in enumerate(found):
        if number in keep:
            continue
        pieces += pattern[copied : alternative.start], IMPOSSIBLE, "()" * alternative.groups
        copied = alternative.end
    return NEEDLESS.sub("", "".join(pieces) + pattern[copied:])


IMPOSSIBLE = "(?!)"
NEEDLESS = re.compile(r"\(\?!\)\||\|\(\?!\)(?!\()")
PLAIN = re.compile(r"[^\\\[\](){}|?*+.^$]+")
CLASS = re.compile(r"\[(\^?)(\]?(?:\\.|[^\]\\])*)\]", re.DOTALL)
RANGE = re.compile(r"([a-zA-Z0-9])-([a-zA-Z0-9])")
GROUP = re.compile(r"\(\?:|\(\?<?[=!]|\(\?P<\w+>|\((?!\?)")
ENDS = frozenset(["", "|", ")"])
TIMES = re.compile(r"(?:([?*+])|\{(\d*)(,?)(\d*)\})[?+]?")
MOST_MEMBERS = 8
MOST_TEXTS = 12
"""A piece such as `S[3-5] (Mini|Plus)` that stands for more texts than this is split into shorter pieces."""

DIGITS = str.maketrans("123456789", "000000000")
ORDINARY = """
mozilla/5.0 (linux; u; android 4.4.2; en-us; k) applewebkit/537.36 (khtml, like gecko) version/4.0
chrome/30.0.1599.92 mobile safari/537.36 build/ mozilla/5.0 (windows nt 6.1; win64; x64; wow64; rv:25.0)
gecko/20100101 firefox/25.0 mozilla/5.0 (macintosh; intel mac os x 10_15_7) (x11; ubuntu; linux x86_64
(iphone; cpu iphone os 7_0_4 like mac os x) mobile/11b554a (ipad; mozilla/4.0 (compatible; msie 8.0;
trident/4.0; .net clr 2.0.50727; media center pc 6.0) opera/9.80 (presto/2.12 version/12.16 tablet
+http://www. .com bot""".translate(DIGITS)


class NotUnderstood(Exception):  # noqa: N818 - a signal to the caller, which continues without literals
    """A construct whose literals are not known."""


def _weight(literals: Iterable[Literal]) -> float:
    """A rough rank of how many texts have one of the literals; used only to choose between sets of literals."""
    weight = 0.0
    for text, word in literals:
        if text in ORDINARY or (" " in text and text.translate(DIGITS) in ORDINARY):
            weight += 1.0
        else:
            weight += 10.0 ** -(len(text) + word)
    return weight


class _Reader:
    """Parses one pattern; each method returns all texts that a part can match (None: unknown) and its alternatives."""

    def __init__(self, pattern: str, start: int, end: int) -> None:
        self.pattern, self.position, self.end = pattern, start, end
        self.groups, self.named = 0, False

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
        simple = PLAIN.match(self.pattern, begin, self.end)
        if simple and simple.group().isascii() and self.pattern[simple.end() : simple.end() + 1] in ENDS:
            self.position = simple.end()
            text = simple.group().lower()
            literal = (text, at_start and _starts_a_word(text))
            return [text], (Alternative(begin, self.position, 0, (literal,)),)
        run, word = [""], at_start
        offers: list[tuple[tuple[Literal, ...], tuple[Alternative, ...]]] = []
        while self.next() not in ENDS:
            exact, parts = self.item(at_start=word and run == [""])
            if exact == [""] and not parts:
                continue
            low, high = self.times()
            if low == 0:
                exact, parts = ([*exact, ""] if exact is not None and high == 1 else None), ()
            if exact is not None and len(exact) * len(run) <= MOST_TEXTS:
                run = [before + after for before in run for after in exact]
                if high == 1:
                    continue
                offers.append((_as_literals(run, word), ()))
                run = [""]
            else:
                offers.append((_as_literals(run, word), ()))
                offers.append((_all_of(parts), parts))
                run = exact if exact is not None and high == 1 and len(exact) <= MOST_TEXTS else [""]
            whole = word = False
        offers.append((_as_literals(run, word), ()))
        literals, parts = _best(offers)
        if not parts:
            parts = (Alternative(begin, self.position, self.groups - groups_before, literals),)
        return (run if whole else None), parts

    def item(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        """One item without its quantifier: [""] is an empty match (an anchor), None is unknown text."""
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
        folded = text.translate(SAME_IN_ANY_CASE).lower()
        if folded.isascii():
            return [folded], ()
        begin = self.position - len(text)
        return None, (Alternative(begin, self.position, 0, ((OUTSIDE_ASCII, False),)),)

    def group(self, at_start: bool) -> tuple[list[str] | None, tuple[Alternative, ...]]:
        start = GROUP.match(self.pattern, self.position, self.end)
        if not start:
            raise NotUnderstood
        self.position = start.end()
        self.groups += start.group() == "("
        self.named |= start.group().endswith(">")
        exact, parts = self.alternation(at_start)
        if self.next() != ")":
            raise NotUnderstood
        self.position += 1
        if start.group().endswith(("=", "!")):
            if self.next() and self.next() in "?*+{":
                raise NotUnderstood
            return [""], ()
        return exact, parts

    def character_class(self) -> list[str] | None:
        found = CLASS.match(self.pattern, self.position, self.end)
        if not found or self.pattern.startswith("[[:", self.position):
            raise NotUnderstood
        self.position = found.end()
        members = found[2]
        if "\\" in members:
            members = re.sub(r"\\([^\w-])", r"\1", members)
        if found[1] or "\\" in members or not members.isascii():
            return None
        if "-" in members[1:-1]:
            members = RANGE.sub(lambda span: "".join(map(chr, range(ord(span[1]), ord(span[2]) + 1))), members)
            if "-" in members[1:-1]:
                return None
        return list(dict.fromkeys(members.lower())) if len(members) <= MOST_MEMBERS else None

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


def _as_literals(texts: list[str], word: bool) -> tuple[Literal, ...]:
    """The literals of a run of texts; none if the run may be empty."""
    if "" in texts:
        return ()
    return tuple([(text, word and _starts_a_word(text)) for text in dict.fromkeys(texts)])


def _all_of(parts: tuple[Alternative, ...]) -> tuple[Literal, ...]:
    """The literals of a group; none if one of its alternatives needs none."""
    if any(not part.literals for part in parts):
        return ()
    return tuple(dict.fromkeys([literal for part in parts for literal in part.literals]))


def _best(
    offers: list[tuple[tuple[Literal, ...], tuple[Alternative, ...]]],
) -> tuple[tuple[Literal, ...], tuple[Alternative, ...]]:
    """The offer with the rarest literals."""
    useful = [offer for offer in offers if offer[0]]
    if len(useful) > 1:
        return min(useful, key=lambda offer: _weight(offer[0]))
    return useful[0] if useful else ((), ())


def _starts_a_word(text: str) -> bool:
    """Whether a boundary before the text is certain: a substitution matches again from its first character."""
    return text[0].isalnum() and not text.startswith(("sprd-", "mz-")) and text not in STARTS_OF_A_PREFIX


STARTS_OF_A_PREFIX = frozenset({"s", "sp", "spr", "sprd", "m", "mz"})
