"""A canvas: texts, lines and areas at points (1/72 inch) from the upper left corner of a figure.

Charts with scales put matplotlib's axes on it (`axes.py`). Texts that stand beside data are put here: they are measured
before, shortened, and drawn as filled glyphs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, Transform
from numpy.typing import NDArray

from coursetrail.outputs.plots.fonts import font_file
from coursetrail.outputs.plots.glyphs import glyph_paths, is_simple, joined
from coursetrail.outputs.plots.palette import DOTS_PER_INCH, INK, PAPER, SETTINGS
from coursetrail.outputs.plots.picture_formats import PictureFormat
from coursetrail.outputs.plots.text_metrics import width

Point = tuple[float, float]
Coordinates = Sequence[float] | NDArray[np.float64]
Side = Literal["left", "center", "right"]

SETTING_GROUPS = (
    *("agg", "axes", "date", "figure", "font", "grid", "hatch", "image", "lines", "markers", "patch", "path"),
    *("pcolor", "pcolormesh", "pdf", "savefig", "svg", "text", "xaxis", "xtick", "yaxis", "ytick"),
)
_SHIFT = {"left": 0.0, "center": 0.5, "right": 1.0}
"""How much of its width a text is moved to the left, by the side that is aligned."""


@dataclass(frozen=True)
class Canvas:
    """An empty figure of `width` by `height` points, and what can be put on it."""

    figure: Figure
    width: float
    height: float
    points: Transform
    texts: "TextLayer"

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        colour: str = INK,
        bold: bool = False,
        side: Side = "left",
    ) -> None:
        """One line of text whose baseline is at `y` and whose `side` is at `x`."""
        left = x - _SHIFT[side] * width(text, size, bold) if side != "left" else x
        self.texts.lines.append(TextLine(left, y, text, size, bold, colour))

    def line(self, xs: Coordinates, ys: Coordinates, colour: str, **style: Any) -> None:
        """A line through the points."""
        self.figure.add_artist(Line2D(xs, ys, transform=self.points, color=colour, **style))

    def dot(self, x: float, y: float, colour: str) -> None:
        """A marked point."""
        self.line([x], [y], colour, marker="o", markersize=5, markeredgecolor=PAPER, markeredgewidth=1)

    def areas(self, polygons: Sequence[Sequence[Point]], colours: Sequence[str]) -> None:
        """Filled polygons without a border."""
        self.figure.add_artist(PolyCollection(polygons, facecolors=colours, linewidths=0, transform=self.points))

    def at(self, axes: Axes, x: float, y: float) -> Point:
        """Where data of the axes lie on the canvas."""
        across, down = self.points.inverted().transform(axes.transData.transform((x, y)))
        return float(across), float(down)

    def encode(self, form: PictureFormat, title: str) -> bytes:
        """The figure as a file of that format."""
        with settings():
            return form.encode(self.figure, title)


@dataclass(frozen=True)
class TextLine:
    """One line of text: where its baseline starts, and how it looks."""

    x: float
    y: float
    text: str
    size: float
    bold: bool
    colour: str


class TextLayer(Artist):
    """All lines of text of a canvas, drawn as they are: never as mathematics, and not measured again."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[TextLine] = []
        self.set_zorder(5)

    def draw(self, renderer: RendererBase) -> None:
        """Draw every line: filled glyphs where the result is pixels and the script allows it, else searchable text."""
        filled = [line for line in self.lines if isinstance(renderer, RendererAgg) and is_simple(line.text)]
        for colour in dict.fromkeys(line.colour for line in filled):
            self._fill(renderer, colour, [line for line in filled if line.colour == colour])
        for line in self.lines:
            if line not in filled:
                self._write(renderer, line)

    def _fill(self, renderer: RendererBase, colour: str, lines: list[TextLine]) -> None:
        vertices, codes = [], []
        for line in lines:
            corners, kinds = glyph_paths(line.text, line.size, line.bold, line.x, line.y)
            vertices += corners
            codes += kinds
        pen = renderer.new_gc()
        pen.set_linewidth(0)
        renderer.draw_path(pen, joined(vertices, codes), self.get_transform(), to_rgba(colour))
        pen.restore()

    def _write(self, renderer: RendererBase, line: TextLine) -> None:
        pen = renderer.new_gc()
        pen.set_foreground(line.colour)
        x, y = self.get_transform().transform((line.x, line.y))
        height = renderer.get_canvas_width_height()[1]
        letters = FontProperties(fname=font_file(line.text, line.bold), size=line.size)
        renderer.draw_text(pen, x, height - y if renderer.flipy() else y, line.text, letters, 0)
        pen.restore()


def blank(width: float, height: float) -> Canvas:
    """An empty canvas; the user's own matplotlib settings do not affect it."""
    with settings():
        figure = Figure((width / 72, height / 72), dpi=DOTS_PER_INCH, facecolor=PAPER)
    points = Affine2D().scale(1 / 72, -1 / 72).translate(0, height / 72) + figure.dpi_scale_trans
    texts = TextLayer()
    texts.set_transform(points)
    figure.add_artist(texts)
    return Canvas(figure, width, height, points, texts)


@contextmanager
def settings() -> Iterator[None]:
    """In this context, matplotlib has the settings of our figures and not the user's own."""
    with matplotlib.rc_context(_settings()):
        yield


@cache
def _settings() -> Any:
    """matplotlib's own defaults for everything that a figure uses, and ours."""
    defaults = matplotlib.rcParamsDefault
    return {key: defaults[key] for key in defaults if key.partition(".")[0] in SETTING_GROUPS} | SETTINGS
