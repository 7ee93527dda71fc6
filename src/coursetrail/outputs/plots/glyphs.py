"""Texts as the outlines of their letters, which pixels are filled from in one go.

matplotlib shapes every text and renders every letter anew; that is half of the time of a picture. Scripts whose letters
join, combine or run from the right need the shaping and have no outlines here.
"""

from functools import cache

import numpy as np
from matplotlib.ft2font import LoadFlags
from matplotlib.path import Path
from numpy.typing import NDArray

from coursetrail.outputs.plots.text_metrics import face

Vertices = NDArray[np.float64]
Codes = NDArray[np.int8]

_COMBINING = range(0x300, 0x370)
_FIRST_SHAPED = 0x590
_PUNCTUATION = range(0x2010, 0x2030)


def is_simple(text: str) -> bool:
    """Whether the letters stand one after the other: Latin, Greek, Cyrillic."""
    return text.isascii() or all(
        (code < _FIRST_SHAPED and code not in _COMBINING) or code in _PUNCTUATION for code in map(ord, text)
    )


def outlines(text: str, size: float, bold: bool, x: float, y: float) -> tuple[list[Vertices], list[Codes]]:
    """The outline of each letter; `x`, `y` is the start of the baseline, y grows downwards."""
    vertices, codes = [], []
    for character in text:
        corners, kinds, advance = _letter(character, bold)
        if len(kinds):
            vertices.append(corners * (size, -size) + (x, y))
            codes.append(kinds)
        x += advance * size
    return vertices, codes


def joined(vertices: list[Vertices], codes: list[Codes]) -> Path:
    """Many outlines as one path."""
    return Path(np.concatenate(vertices), np.concatenate(codes))


@cache
def _letter(character: str, bold: bool) -> tuple[Vertices, Codes, float]:
    """Corners in parts of the letter's size, their kinds as a Path has them, and the letter's width."""
    letters = face(bold)
    glyph = letters.load_char(ord(character), flags=LoadFlags.NO_SCALE)
    corners, kinds = letters.get_path()
    # In an unscaled letter the corners come in 1/64 of the font's units.
    return corners * 64 / letters.units_per_EM, kinds, glyph.horiAdvance / letters.units_per_EM
