"""Texts as the outlines of their glyphs, so that all texts of a picture are filled in one call.

matplotlib shapes every text and renders every letter each time, which is half of the time of a picture. Scripts whose
letters join, combine or run from right to left need shaping and are not drawn this way.
"""

from functools import cache

import numpy as np
from matplotlib.ft2font import LoadFlags
from matplotlib.path import Path
from numpy.typing import NDArray

from coursetrail.outputs.plots.text_metrics import font_face

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
    """The outline of each letter as vertices and codes of a Path; the baseline starts at `x`, `y`, y grows down."""
    vertices, codes = [], []
    for character in text:
        corners, kinds, advance = _glyph(character, bold)
        if len(kinds):
            vertices.append(corners * (size, -size) + (x, y))
            codes.append(kinds)
        x += advance * size
    return vertices, codes


def joined(vertices: list[Vertices], codes: list[Codes]) -> Path:
    """Many outlines as one path."""
    return Path(np.concatenate(vertices), np.concatenate(codes))


@cache
def _glyph(character: str, bold: bool) -> tuple[Vertices, Codes, float]:
    """Vertices in units of the font size, the codes of a Path, and the width."""
    face = font_face(bold)
    glyph = face.load_char(ord(character), flags=LoadFlags.NO_SCALE)
    corners, kinds = face.get_path()
    # In an unscaled glyph the vertices come in 1/64 of the font's units.
    return corners * 64 / face.units_per_EM, kinds, glyph.horiAdvance / face.units_per_EM
