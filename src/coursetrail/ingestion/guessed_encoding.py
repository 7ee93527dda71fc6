"""The encoding of a file, guessed from its first bytes by strict decoding. ADR 16 says why no library does it."""

import re
from codecs import BOM_UTF8
from typing import NamedTuple

from coursetrail.reading.encodings import BYTE_ORDER_MARKS, UTF_8

ZEROS, OTHER_ZEROS = 0.1, 0.01
"""Shares of the units of UTF-16 whose one byte is zero: at least, where it is the upper byte; at most, the lower."""
ENOUGH = 0.95
"""Share of the bytes beyond ASCII that an encoding must explain with usual characters."""
HIGH = re.compile(rb"[\x80-\xff]")
USUAL = {
    "gb18030": re.compile(rb"[\xa1-\xa3\xb0-\xf7][\xa1-\xfe]|(?:[\x81-\xfe][0-9]){2}"),
    "shift-jis": re.compile(
        rb"[\x81-\x83\x88-\x9f\xe0-\xea][\x40-\x7e\x80-\xfc]|[\xa6-\xdf]{2,}"  # half-width katakana come in words
    ),
}
"""The bytes of characters that people use: of GB2312 (or four bytes), and of JIS X 0208."""


class Guess(NamedTuple):
    """The name of an encoding; whether it `is_certain`; and whether a byte order mark says so."""

    name: str
    is_certain: bool
    has_mark: bool = False


def guessed(first: bytes) -> Guess:
    """The encoding of a file that begins with these bytes, which may end anywhere."""
    if first.startswith(BOM_UTF8):
        return Guess(UTF_8, is_certain=True, has_mark=True)
    if first[:2] in BYTE_ORDER_MARKS:
        return Guess("utf-16", is_certain=True, has_mark=True)
    if wide := _utf_16(first):
        return Guess(wide, is_certain=True)
    lines = [line for line in _whole_lines(first) if HIGH.search(line)]
    if sum(map(_is_utf_8, lines)) * 2 >= len(lines):  # damaged lines do not make it another encoding
        return Guess(UTF_8, is_certain=all(map(_is_utf_8, lines)))
    text = b"\n".join(lines)
    all_high = len(HIGH.findall(text))
    shares = {name: _explained(text, usual) / all_high for name, usual in USUAL.items()}
    best = max(shares, key=lambda name: shares[name])
    return Guess(best if shares[best] >= ENOUGH else "windows-1252", is_certain=False)


def _utf_16(first: bytes) -> str | None:
    """UTF-16 without a mark: digits, separators and line ends have a zero as their upper byte."""
    units = len(first) // 2
    upper_first, upper_second = first[: units * 2 : 2].count(0), first[1 : units * 2 : 2].count(0)
    for name, upper, lower in (("utf-16-le", upper_second, upper_first), ("utf-16-be", upper_first, upper_second)):
        if units and upper >= ZEROS * units and lower <= OTHER_ZEROS * units:
            return name
    return None


def _whole_lines(first: bytes) -> list[bytes]:
    lines = re.split(rb"[\r\n]+", first)
    return lines[:-1] if len(lines) > 1 else lines


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # the sample may end in a character
    return True


def _explained(text: bytes, usual: re.Pattern[bytes]) -> int:
    """How many bytes beyond ASCII belong to usual characters."""
    return sum(len(HIGH.findall(found)) for found in usual.findall(text))
