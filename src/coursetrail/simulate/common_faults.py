"""Faults that are the same in every format: functions from a line and a random number to the faulty line.

A byte that is not text is written as a lone surrogate, as Python's surrogateescape does.
"""

from collections.abc import Callable

import numpy as np


def garbage(line: str, random: int) -> str:
    """Binary data."""
    del line
    noise = np.random.default_rng(random).bytes(8 + random % 200).replace(b"\n", b"").replace(b"\r", b"")
    return (b"\x89" + noise).decode("utf-8", "surrogateescape")


def no_object(line: str, random: int) -> str:
    """Valid JSON that is not an event; `random` makes each one different."""
    del line
    shape = ("[1, {}]", '"pageview {}"', "{}", "-{}.5e3", '[{{"key":"pageview","n":{}}}]')[random % 7 % 5]
    if random % 7 > 4:
        return ("null", "{}")[random % 7 - 5] + " " * (random // 7)
    return shape.format(random)


def blank(line: str, random: int) -> str:
    """An empty line, or white space."""
    del line
    return ("", "\r", "  ", "\t")[random % 4]


def long_text(random: int) -> str:
    """100 kB to 1 MB of text."""
    return "long " * (20_000 + random % 180_000)


def cut_after(mark: str, line: str, random: int) -> str:
    """The line cut off at some character after `mark`, which is in it."""
    begin = line.index(mark)
    return line[: begin + random % (len(line) - 1 - begin)]


IN_JSON: dict[str, Callable[[str, int], str]] = {
    "byte_order_mark": lambda line, _: f"\ufeff{line}",
    "near_duplicate": lambda line, _: f"{{ {line[1:]}",
    "leading_nuls": lambda line, n: "\0" * (1 + n % 826) + line,
    "carriage_return": lambda line, _: f"{line}\r",
    "duplicate": lambda line, _: line,
    "blank": blank,
    "garbage": garbage,
    "no_object": no_object,
}
"""Faults of every format that is lines of JSON."""
