"""Ordered rules, of which only those are tried that can match a text.

One pass over the text finds the literals in it (an Aho-Corasick automaton). A rule cannot match if each of its
alternatives needs a literal that the text does not have. Every other rule is compiled at its first use, without the
impossible alternatives, and tried in order by the original engine. The answers are the same as with every rule tried.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ahocorasick_rs

from coursetrail.lookups.literals import OUTSIDE_ASCII, SAME_IN_ANY_CASE, alternatives, without

WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")

Built = TypeVar("Built")


class Rules(Generic[Built]):
    """Patterns in order; `make(number, pattern)` builds the object that the caller gets for a rule to try."""

    def __init__(self, patterns: Sequence[str], make: Callable[[int, str], Built]) -> None:
        self._patterns, self._make = patterns, make
        self._built: dict[tuple[int, int], Built] = {}
        self._alternatives = [alternatives(pattern) for pattern in patterns]
        self._always: dict[int, int] = {}
        anywhere: dict[str, list[tuple[int, int]]] = defaultdict(list)
        at_a_word: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, found in enumerate(self._alternatives):
            for index, alternative in enumerate(found):
                if not alternative.literals:
                    self._always[number] = self._always.get(number, 0) | 1 << index
                for text, word in alternative.literals:
                    (at_a_word if word else anywhere)[text].append((number, 1 << index))
        literals = list(anywhere.keys() | at_a_word.keys())
        self._anywhere = [anywhere.get(literal, ()) for literal in literals]
        self._at_a_word = [at_a_word.get(literal, ()) for literal in literals]
        self._automaton = ahocorasick_rs.AhoCorasick(literals)

    def possible(self, text: str) -> list[Built]:
        """The objects built for the rules that may match the text, in order."""
        found = dict(self._always)
        ascii_only = text.isascii()
        folded = text.lower() if ascii_only else text.translate(SAME_IN_ANY_CASE).lower() + OUTSIDE_ASCII
        for literal, start, _ in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            for number, bit in self._anywhere[literal]:
                found[number] = found.get(number, 0) | bit
            if start == 0 or not ascii_only or folded[start - 1] not in WORD:
                for number, bit in self._at_a_word[literal]:
                    found[number] = found.get(number, 0) | bit
        built = self._built
        return [built.get(rule) or self._build(rule) for rule in sorted(found.items())]

    def _build(self, rule: tuple[int, int]) -> Built:
        """Build the object for a rule: its number, and its possible alternatives as bits."""
        number, bits = rule
        found = self._alternatives[number]
        kept = [index for index in range(len(found)) if bits >> index & 1]
        built = self._built[rule] = self._make(number, without(self._patterns[number], found, kept))
        return built
