"""What every kind of chart gives to a figure: its words, its height, and how it is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coursetrail.outputs.plots.canvas import Canvas


@dataclass(frozen=True)
class ChartBody:
    """The chart itself, between the title and the definition of a figure.

    `description` are its numbers as text, `note` says what the marks mean and what is left out; `draw` takes a canvas
    and how far down the chart begins, and needs `height` points from there.
    """

    description: str
    note: str
    height: float
    draw: Callable[["Canvas", float], None]


@dataclass(frozen=True)
class Panel:
    """A rectangle of a canvas, in points, with shares from 0 to 1 to the right and upwards."""

    left: float
    top: float
    width: float
    height: float

    def x(self, share: float) -> float:
        """How far right."""
        return self.left + share * self.width

    def y(self, share: float) -> float:
        """How far down."""
        return self.top + (1 - share) * self.height
