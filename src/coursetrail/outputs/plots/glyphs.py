"""Texts as the outlines of their glyphs, so that all texts of a picture are filled in one call.

matplotlib shapes every text and renders every letter each time, which is half of the time of a picture. Scripts whose
letters join, combine or run from right to left need shaping and are not drawn this way.
"""

from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.ft2font import LoadFlags
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

from coursetrail.outputs.plots.fonts import face, font_file

Vertices = NDArray[np.float64]
Codes = NDArray[np.int8]

_COMBINING = range(0x300, 0x370)
_FIRST_SHAPED = 0x590
_PUNCTUATION = range(0x2010, 0x2030)


def is_simple(text: str) -> bool:
    """Whether the letters only follow one another, as in Latin, Greek and Cyrillic."""
    return text.isascii() or all(
        (code < _FIRST_SHAPED and code not in _COMBINING) or code in _PUNCTUATION for code in map(ord, text)
    )


def glyph_paths(text: str, size: float, bold: bool, x: float, y: float) -> tuple[list[Vertices], list[Codes]]:
    """The outline of each letter as vertices and codes of an outline; the baseline starts at `x`, `y`, y grows down."""
    vertices, codes = [], []
    file = font_file(text, bold)
    for character in text:
        corners, kinds, advance = _glyph(character, file)
        if len(kinds):
            vertices.append(corners * (size, -size) + (x, y))
            codes.append(kinds)
        x += advance * size
    return vertices, codes


def joined(vertices: list[Vertices], codes: list[Codes]) -> Outline:
    """Many outlines as one path."""
    return Outline(np.concatenate(vertices), np.concatenate(codes))


@cache
def _glyph(character: str, file: Path) -> tuple[Vertices, Codes, float]:
    """Vertices in units of the font size, the codes of an outline, and the width."""
    opened = face(file)
    glyph = opened.load_char(ord(character), flags=LoadFlags.NO_SCALE)
    corners, kinds = opened.get_path()
    # In an unscaled glyph the vertices come in 1/64 of the font's units.
    return corners * 64 / opened.units_per_EM, kinds, glyph.horiAdvance / opened.units_per_EM
