"""A figure as a sheet of paper: texts, lines and areas at points (1/72 inch) from its upper left corner.

Without matplotlib's axes, which place their ticks anew on every draw and know nothing of texts that meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray
from PIL import Image

from coursetrail.outputs.lettering import font
from coursetrail.outputs.palette import DOTS_PER_INCH, INK, PAPER, SETTINGS

Point = tuple[float, float]
Places = Sequence[float] | NDArray[np.float64]


@dataclass(frozen=True)
class Sheet:
    """An empty figure of `width` by `height` points, and what can be put on it."""

    figure: Figure
    width: float
    height: float
    points: Transform

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        side: Literal["left", "center", "right"] = "left",
    ) -> None:
        """One line of text whose baseline is at `y`."""
        letters = FontProperties(fname=font(bold), size=size)
        self.figure.text(
            x, y, words, transform=self.points, fontproperties=letters, color=colour, ha=side, va="baseline"
        )

    def line(self, xs: Places, ys: Places, colour: str, **style: Any) -> None:
        """A line through the points."""
        self.figure.add_artist(Line2D(xs, ys, transform=self.points, color=colour, **style))

    def dot(self, x: float, y: float, colour: str) -> None:
        """A marked point."""
        self.line([x], [y], colour, marker="o", markersize=5, markeredgecolor=PAPER, markeredgewidth=1)

    def areas(self, outlines: Sequence[Sequence[Point]], colours: Sequence[str]) -> None:
        """Filled outlines without a border."""
        self.figure.add_artist(
            PolyCollection(outlines, facecolors=colours, linewidths=0, transform=self.points)
        )

    def encode(self, format: str, title: str) -> bytes:  # noqa: A002
        """The figure as a png, pdf or svg file; nothing in it depends on the time or the machine."""
        sink = BytesIO()
        with matplotlib.rc_context(_settings()):
            if format == "png":
                _few_colours(self.figure).save(sink, "png", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
            else:
                moment = "CreationDate" if format == "pdf" else "Date"
                self.figure.savefig(
                    sink, format=format, metadata={"Title": title, "Creator": "coursetrail", moment: None}
                )
        return sink.getvalue()


def sheet(width: float, height: float) -> Sheet:
    """An empty sheet; the user's own matplotlib settings do not reach it."""
    with matplotlib.rc_context(_settings()):
        figure = Figure((width / 72, height / 72), dpi=DOTS_PER_INCH, facecolor=PAPER)
    points = Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72) + figure.dpi_scale_trans
    return Sheet(figure, width, height, points)


def _few_colours(figure: Figure) -> Image.Image:
    """The pixels with 64 colours: half the bytes, encoded twice as fast, no visible change."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    return pixels.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _settings() -> Any:
    return {key: value for key, value in matplotlib.rcParamsDefault.items() if key != "backend"} | SETTINGS
