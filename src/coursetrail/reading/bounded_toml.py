"""TOML whose size and depth are bounded before it is parsed: what a parser does with a hostile file must be, too."""

import re
import tomllib
from typing import Any

from coursetrail.errors import UsageError

MAX_LENGTH = 1 << 20
"""Characters of a file."""
MAX_DOTS = 64
"""Dots of a line outside of quotes, and brackets that are open at once: how deep a key or a value can be."""
QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")


def parse(text: str, file: str, hint: str) -> dict[str, Any]:
    """The values of a file; UsageError, which ends in `hint`, for what is no TOML or beyond the bounds."""
    if len(text) > MAX_LENGTH:
        raise UsageError(f"{file}: too long, it may have {MAX_LENGTH:,} characters. {hint}")
    plain = "\n".join(QUOTED.sub("", line).partition("#")[0] for line in text.splitlines())
    if any(line.count(".") > MAX_DOTS for line in plain.splitlines()) or _depth(plain) > MAX_DOTS:
        raise UsageError(f"{file}: a key is nested too deeply. Put names with dots in quotes. {hint}")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{file} is not valid TOML: {' '.join(str(error).split())}. {hint}") from error


def _depth(text: str) -> int:
    """How many brackets are open at once, at most."""
    deepest = depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
