"""Ids like those of the platforms, derived from a text: the same text gives the same id."""

from hashlib import sha1

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def hexadecimal(text: str, length: int = 40) -> str:
    """Hexadecimal digits, at most 40."""
    return sha1(text.encode(), usedforsecurity=False).hexdigest()[:length]


def alphanumeric(text: str, length: int) -> str:
    """Letters and digits, at most 26."""
    number = int(hexadecimal(text), 16)
    return "".join(_LETTERS[number // 62**place % 62] for place in range(length))
