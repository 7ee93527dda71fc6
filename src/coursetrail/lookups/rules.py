"""Ordered rules of which only those are tried that a text's own letters allow.

One pass over the text finds the literals that it holds (an Aho-Corasick automaton); a rule none of whose
alternatives finds a literal it needs cannot match. The rest are compiled when first met, without their
impossible alternatives, and run in order by the original engine: the answers are those of trying every rule.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ahocorasick_rs

from coursetrail.lookups.literals import OUTSIDE_ASCII, SAME_IN_ANY_CASE, alternatives, without

WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


Made = TypeVar("Made")


class Rules(Generic[Made]):
    """Patterns in order; `make(number, pattern)` turns one about to be tried into what the caller needs."""

    def __init__(self, patterns: Sequence[str], make: Callable[[int, str], Made]) -> None:
        self._patterns, self._make = patterns, make
        self._made: dict[tuple[int, int], Made] = {}
        self._alternatives = [alternatives(pattern) for pattern in patterns]
        self._always: dict[int, int] = {}
        anywhere: dict[str, list[tuple[int, int]]] = defaultdict(list)
        at_a_word: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, found in enumerate(self._alternatives):
            for place, alternative in enumerate(found):
                if not alternative.literals:
                    self._always[number] = self._always.get(number, 0) | 1 << place
                for text, word in alternative.literals:
                    (at_a_word if word else anywhere)[text].append((number, 1 << place))
        literals = list(anywhere.keys() | at_a_word.keys())
        self._anywhere = [anywhere.get(literal, ()) for literal in literals]
        self._at_a_word = [at_a_word.get(literal, ()) for literal in literals]
        self._automaton = ahocorasick_rs.AhoCorasick(literals)

    def possible(self, text: str) -> list[Made]:
        """What was made of each rule that may match the text, in order."""
        found = dict(self._always)
        ascii_only = text.isascii()
        folded = text.lower() if ascii_only else text.translate(SAME_IN_ANY_CASE).lower() + OUTSIDE_ASCII
        for literal, start, _ in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            for number, place in self._anywhere[literal]:
                found[number] = found.get(number, 0) | place
            if start == 0 or not ascii_only or folded[start - 1] not in WORD:
                for number, place in self._at_a_word[literal]:
                    found[number] = found.get(number, 0) | place
        made = self._made
        return [made.get(rule) or self._make_from(rule) for rule in sorted(found.items())]

    def _make_from(self, rule: tuple[int, int]) -> Made:
        """A rule of which only some alternatives are possible: its number, and their places as bits."""
        number, places = rule
        found = self._alternatives[number]
        kept = [place for place in range(len(found)) if places >> place & 1]
        made = self._made[rule] = self._make(number, without(self._patterns[number], found, kept))
        return made
