"""How wide a text is in a figure, and how to shorten and wrap it, by the widths of its letters.

Measuring with a renderer lays out the whole text and takes 0.3 ms; adding up the letters takes 0.01 ms, and is
accurate to a few per cent for scripts whose letters join.
"""

from coursetrail.outputs.plots.fonts import advance, font_file, legible
from coursetrail.render.wording import clean


def width(text: str, size: float, bold: bool = False) -> float:
    """The width in points."""
    file = font_file(text, bold)
    return sum(advance(character, file) for character in text) * size


def drawable(text: str) -> str:
    """The text on one line; letters that no font has are written as code points."""
    return legible(clean(text))


def shorten(text: str, size: float, room: float, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it is wider than `room` points."""
    text = drawable(text[:1000])
    if width(text, size, bold) <= room:
        return text
    file = font_file(text, bold)
    left = room - width("…", size, bold)
    for end, character in enumerate(text):
        left -= advance(character, file) * size
        if left < 0:
            return text[:end].rstrip() + "…"
    return text


def wrap(text: str, size: float, room: float, most: int) -> list[str]:
    """The words in lines of at most `room` points; the last of `most` lines ends in an ellipsis if cut."""
    lines: list[str] = []
    for word in drawable(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(shorten(word, size, room))
    if len(lines) > most:
        lines[most - 1 :] = [shorten(" ".join(lines[most - 1 :]), size, room)]
    return lines
