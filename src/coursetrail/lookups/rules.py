"""Ordered rules of which only those are tried that a text's own letters allow.

One pass over the text finds the literals that it holds (an Aho-Corasick automaton); a rule none of whose alternatives
finds a literal it needs cannot match. The rest are compiled when first met, without their impossible alternatives,
and run in order by the original regular-expression engine: the answers are those of trying every rule.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Generic, TypeVar

import ahocorasick_rs

from coursetrail.lookups.literals import OUTSIDE_ASCII, alternatives, without

SAME_IN_ANY_CASE = str.maketrans({"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"})
"""The characters outside ASCII that match an ASCII letter when case is ignored."""
WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


Made = TypeVar("Made")


class Rules(Generic[Made]):
    """Patterns in order; `make(number, pattern)` turns one that is about to be tried into what the caller needs."""

    def __init__(self, patterns: Sequence[str], make: Callable[[int, str], Made]) -> None:
        self._patterns, self._make = patterns, make
        self._made: dict[tuple[int, tuple[int, ...]], Made] = {}
        self._alternatives = [alternatives(pattern) for pattern in patterns]
        self._always: list[tuple[int, int]] = []
        anywhere: dict[str, list[tuple[int, int]]] = defaultdict(list)
        at_a_word: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, found in enumerate(self._alternatives):
            for part, alternative in enumerate(found):
                if not alternative.literals:
                    self._always.append((number, part))
                for text, word in alternative.literals:
                    (at_a_word if word else anywhere)[text].append((number, part))
        literals = list(anywhere.keys() | at_a_word.keys())
        self._anywhere = [anywhere.get(literal, ()) for literal in literals]
        self._at_a_word = [at_a_word.get(literal, ()) for literal in literals]
        self._automaton = ahocorasick_rs.AhoCorasick(literals) if literals else None

    def possible(self, text: str) -> list[Made]:
        """What was made of each rule that may match the text, in order."""
        found = set(self._always)
        ascii_only = text.isascii()
        folded = text.lower() if ascii_only else text.translate(SAME_IN_ANY_CASE).lower() + OUTSIDE_ASCII
        if self._automaton:
            for literal, start, _ in self._automaton.find_matches_as_indexes(folded, overlapping=True):
                found.update(self._anywhere[literal])
                if start == 0 or not ascii_only or folded[start - 1] not in WORD:
                    found.update(self._at_a_word[literal])
        return [
            self._remember(number, tuple(part for _, part in parts))
            for number, parts in groupby(sorted(found), itemgetter(0))
        ]

    def _remember(self, number: int, parts: tuple[int, ...]) -> Made:
        if (number, parts) not in self._made:
            pattern = without(self._patterns[number], self._alternatives[number], parts)
            self._made[number, parts] = self._make(number, pattern)
        return self._made[number, parts]
