"""Colours, sizes and settings of every figure.

Colour-blind readers can distinguish blue and vermilion (Okabe and Ito 2008), and so can readers of a grey print.
"""

from dataclasses import dataclass
from typing import Any

INK = "#1f2933"
SOFT = "#5b6770"
FAINT = "#d9dee3"
PAPER = "#ffffff"
ACCENT = "#0072b2"
SECOND = "#d55e00"
TINT = "#e6eff6"
REST = "#9db8c9"
UNKNOWN = "#a3a8ad"

# Points: 1/72 inch.
WIDTH = 576.0
MARGIN = 18.0
TITLE = 13.0
BODY = 9.0
SMALL = 7.5
DOTS_PER_INCH = 144

# Type 3 text stays text in a PDF and is embedded four times as fast as Type 42. Without hinting a picture is drawn a
# third faster and looks the same at this density.
SETTINGS: dict[str, Any] = {
    "pdf.fonttype": 3,
    "svg.fonttype": "path",
    "svg.hashsalt": "coursetrail",
    "text.hinting": "no_hinting",
    "text.usetex": False,
    "text.parse_math": False,
    "path.simplify": True,
}


@dataclass(frozen=True)
class LineStyle:
    """The colour of a line, and its dashes as matplotlib has them."""

    colour: str
    dashes: Any


LINE_STYLES = (
    LineStyle(ACCENT, "-"),
    LineStyle(SECOND, (0, (6, 1))),
    LineStyle("#332288", (0, (2, 0.8))),
    LineStyle("#e69f00", "-"),
    LineStyle("#009e73", (0, (6, 1, 1.5, 1))),
    LineStyle("#56b4e9", (0, (3.5, 1))),
    LineStyle("#882255", (0, (9, 1))),
    LineStyle(INK, (0, (8, 1, 1.5, 1, 1.5, 1))),
)
"""Neighbours differ in colour, in how dark they are, and in their dashes."""

UNKNOWN_LINE = LineStyle(UNKNOWN, "-")
HEAT = ("#e4eef6", "#a6cbe3", "#5aa2cd", "#0072b2", "#08406e", "#061f3c")
"""From small to large values, ever darker; the smallest differs from paper."""
