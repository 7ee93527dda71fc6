"""A figure as a sheet of paper: texts, lines and areas at points (1/72 inch) from its upper left corner.

Without matplotlib's axes, which place their ticks anew on every draw and know nothing of texts that meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray
from PIL import Image

from coursetrail.outputs.plots.glyphs import is_simple, joined, outlines
from coursetrail.outputs.plots.palette import DOTS_PER_INCH, INK, PAPER, SETTINGS
from coursetrail.outputs.plots.text_metrics import font, width

Point = tuple[float, float]
Places = Sequence[float] | NDArray[np.float64]
Side = Literal["left", "center", "right"]

_BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True)
class Sheet:
    """An empty figure of `width` by `height` points, and what can be put on it."""

    figure: Figure
    width: float
    height: float
    points: Transform
    texts: "Texts"

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        side: Side = "left",
    ) -> None:
        """One line of text whose baseline is at `y` and whose `side` is at `x`."""
        left = x - _BEFORE[side] * width(words, size, bold) if side != "left" else x
        self.texts.lines.append(Line(left, y, words, size, bold, colour))

    def line(self, xs: Places, ys: Places, colour: str, **style: Any) -> None:
        """A line through the points."""
        self.figure.add_artist(Line2D(xs, ys, transform=self.points, color=colour, **style))

    def dot(self, x: float, y: float, colour: str) -> None:
        """A marked point."""
        self.line([x], [y], colour, marker="o", markersize=5, markeredgecolor=PAPER, markeredgewidth=1)

    def areas(self, outlines: Sequence[Sequence[Point]], colours: Sequence[str]) -> None:
        """Filled outlines without a border."""
        self.figure.add_artist(PolyCollection(outlines, facecolors=colours, linewidths=0, transform=self.points))

    def encode(self, format: str, title: str) -> bytes:  # noqa: A002
        """The figure as a png, pdf or svg file; nothing in it depends on the time or the machine."""
        sink = BytesIO()
        with matplotlib.rc_context(_settings()):
            if format == "png":
                _few_colours(self.figure).save(sink, "png", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), compress_level=3)
            else:
                moment = "CreationDate" if format == "pdf" else "Date"
                about = {"Title": title, "Creator": "coursetrail", moment: None}
                self.figure.savefig(sink, format=format, metadata=about)
        return sink.getvalue()


@dataclass(frozen=True)
class Line:
    """A line of text: where its baseline starts, and how it looks."""

    x: float
    y: float
    words: str
    size: float
    bold: bool
    colour: str


class Texts(Artist):
    """All lines of text of a sheet, drawn as they are: never as mathematics, and not measured again."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []
        self.set_zorder(5)

    def draw(self, renderer: RendererBase) -> None:
        """Draw every line: as outlines into pixels where that is enough, else as text that can be searched."""
        filled = [line for line in self.lines if isinstance(renderer, RendererAgg) and is_simple(line.words)]
        for colour in dict.fromkeys(line.colour for line in filled):
            self._fill(renderer, colour, [line for line in filled if line.colour == colour])
        for line in self.lines:
            if line not in filled:
                self._write(renderer, line)

    def _fill(self, renderer: RendererBase, colour: str, lines: list[Line]) -> None:
        vertices, codes = [], []
        for line in lines:
            corners, kinds = outlines(line.words, line.size, line.bold, line.x, line.y)
            vertices += corners
            codes += kinds
        pen = renderer.new_gc()
        pen.set_linewidth(0)
        renderer.draw_path(pen, joined(vertices, codes), self.get_transform(), to_rgba(colour))
        pen.restore()

    def _write(self, renderer: RendererBase, line: Line) -> None:
        pen = renderer.new_gc()
        pen.set_foreground(line.colour)
        across, up = self.get_transform().transform((line.x, line.y))
        high = renderer.get_canvas_width_height()[1]
        letters = FontProperties(fname=font(line.bold), size=line.size)
        renderer.draw_text(pen, across, high - up if renderer.flipy() else up, line.words, letters, 0)
        pen.restore()


def sheet(width: float, height: float) -> Sheet:
    """An empty sheet; the user's own matplotlib settings do not reach it."""
    with matplotlib.rc_context(_settings()):
        figure = Figure((width / 72, height / 72), dpi=DOTS_PER_INCH, facecolor=PAPER)
    points = Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72) + figure.dpi_scale_trans
    texts = Texts()
    texts.set_transform(points)
    figure.add_artist(texts)
    return Sheet(figure, width, height, points, texts)


def _few_colours(figure: Figure) -> Image.Image:
    """The pixels with 64 colours: half the bytes, encoded twice as fast, no visible change."""
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    few = pixels.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if level == 254 else level for level in few.getpalette() or ()])  # its white is 254
    return few


@cache
def _settings() -> Any:
    """matplotlib's own defaults for everything that a figure reads, and ours."""
    read = ("agg", "figure", "font", "lines", "patch", "path", "pdf", "savefig", "svg", "text")
    defaults = matplotlib.rcParamsDefault
    return {key: defaults[key] for key in defaults if key.partition(".")[0] in read} | SETTINGS
