"""The font of a text: the one that matplotlib ships, or an installed one where that lacks letters of the text.

The same picture comes out on every machine, except for letters that need an installed font.
"""

import logging
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

LOG = logging.getLogger("coursetrail")


def font_file(text: str, bold: bool = False) -> Path:
    """The font for a whole text: DejaVu Sans as matplotlib ships it, where no installed one has more of its letters."""
    shipped = _shipped(bold)
    return (installed(frozenset(text)) if lacking(text, shipped) else None) or shipped


def legible(text: str) -> str:
    """The text with the code points of letters that its font lacks: `[U+8BFE U+7A0B]` instead of two boxes."""
    missing = lacking(text, font_file(text))
    if not missing:
        return text
    warn_once()
    parts: list[str] = []
    codes: list[str] = []
    for character in f"{text}\0":
        if character in missing:
            codes.append(f"U+{ord(character):04X}")
            continue
        if codes:
            parts.append(f"[{' '.join(codes)}]")
            codes = []
        parts.append(character)
    return "".join(parts)[:-1]


def lacking(text: str, file: Path) -> set[str]:
    """The characters of a text that a font lacks."""
    return set() if text.isascii() else {character for character in set(text) if not _has(character, file)}


@lru_cache(16)
def face(file: Path) -> "FT2Font":
    """An opened font; an open one holds a file descriptor, and there may be thousands of fonts."""
    from matplotlib.ft2font import FT2Font

    return FT2Font(str(file))


@cache
def advance(character: str, file: Path) -> float:
    """How far the next letter is from this one, in units of the font's size."""
    from matplotlib.ft2font import LoadFlags

    opened = face(file)
    return opened.load_char(ord(character), flags=LoadFlags.NO_SCALE).horiAdvance / opened.units_per_EM


@cache
def _shipped(bold: bool) -> Path:
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name)


@cache
def installed(letters: frozenset[str]) -> Path | None:
    """The first installed font with all these letters; fonts without serifs come first."""
    from matplotlib.font_manager import findSystemFonts

    files = sorted(map(Path, findSystemFonts()), key=lambda file: ("sans" not in file.name.lower(), file.name))
    return next((file for file in files if _is_scalable(file) and not lacking("".join(letters), file)), None)


@cache
def _is_scalable(file: Path) -> bool:
    try:
        return bool(face(file).scalable)
    except (RuntimeError, OSError):  # a damaged file, or one that FreeType cannot read
        return False


@cache
def _has(character: str, file: Path) -> bool:
    return face(file).get_char_index(ord(character)) != 0


@cache
def warn_once() -> None:
    """Log, once in a process, that letters are missing."""
    LOG.warning(
        "No installed font has some letters of the plots, so their code points are written. Install a font of that "
        "script, for example fonts-noto-cjk."
    )
