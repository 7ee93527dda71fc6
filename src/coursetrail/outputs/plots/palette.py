"""Colours, sizes and settings of every figure.

Colour-blind readers can distinguish blue and vermilion (Okabe and Ito 2008), and so can readers of a grey print.
"""

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
