"""User agents of 2013, made from the patterns of the browsers, with the real browser, system and device."""

import re
from bisect import bisect
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from coursetrail.simulate.user_agent_templates import TEMPLATES

_PLACEHOLDER = re.compile(r"\{(?:(\d+)-(\d+)|(\w+))\}")
_CHOICES = {name: (tuple(weights), tuple(accumulate(weights.values()))) for name, weights in TEMPLATES.items()}


class SimulatedAgent(NamedTuple):
    """A user agent with its real browser, system and device; None as `user_agent` means that none was sent."""

    user_agent: str | None
    browser: str
    system: str
    device: str


def filled_in(pattern: str, random: np.random.Generator) -> str:
    """The pattern with every placeholder replaced."""

    def fill(placeholder: re.Match[str]) -> str:
        low, high, name = placeholder.groups()
        if name is None:
            return str(random.integers(int(low), int(high) + 1))
        texts, weights = _CHOICES[name]
        return _PLACEHOLDER.sub(fill, texts[bisect(weights, random.random() * weights[-1])])

    return _PLACEHOLDER.sub(fill, pattern)
