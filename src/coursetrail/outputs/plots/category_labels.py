"""Labels of an axis: which of them stand, in how many lines, and turned how far, so that none overlaps another."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, radians, sin

from coursetrail.outputs.plots.palette import MARGIN, SMALL
from coursetrail.outputs.plots.text_metrics import drawable, shorten, width, wrap

LINE = 1.3
LEAST_APART = 8.2
"""How close labels of one line each may stand above each other, in points."""

LONGEST = 100.0
"""How long a turned label is at most, in points."""


@dataclass(frozen=True)
class Ticks:
    """Positions on an axis and their labels."""

    positions: list[float]
    labels: list[str]

    @property
    def width(self) -> float:
        """The width of the widest label."""
        return max((width(label, SMALL) for label in self.labels), default=0.0)


@dataclass(frozen=True)
class CategoryLabels:
    """Labels side by side under an axis: in lines, turned, or every n-th where the reader knows those between."""

    ticks: Ticks
    rotation: float
    height: float


def side_by_side(labels: Sequence[str], slot: float, ordered: bool, left: float) -> CategoryLabels:
    """Labels at 0, 1, 2, … where each has a slot of that width and the first slot begins at `left`."""
    labels = [drawable(label[:1000]) for label in labels]
    widest = max(width(label, SMALL) for label in labels)
    if ordered or widest <= slot - 4:
        return CategoryLabels(_every(labels, (widest + 6) / slot), 0, SMALL * LINE)
    widest_word = max(width(word, SMALL) for label in labels for word in label.split() or [""])
    if widest_word <= slot - 4:
        lines = [wrap(label, SMALL, slot - 4, 4) for label in labels]
        height = SMALL * LINE * max(map(len, lines))
        return CategoryLabels(_every(["\n".join(line) for line in lines], 1), 0, height)
    rotation = 45.0 if slot >= LEAST_APART * 1.5 else 90.0
    across = cos(radians(rotation))
    rooms = [(left + slot * (nth + 0.5) - MARGIN) / across if rotation < 90 else LONGEST for nth in range(len(labels))]
    labels = [shorten(label, SMALL, min(room, LONGEST)) for label, room in zip(labels, rooms, strict=True)]
    height = max(width(label, SMALL) for label in labels) * sin(radians(rotation)) + SMALL * across
    return CategoryLabels(_every(labels, LEAST_APART / slot), rotation, height)


def above_each_other(labels: Sequence[str], slot: float, room: float) -> Ticks:
    """Labels at 0, 1, 2, …, shortened to the room, every n-th where the slots are lower than a line."""
    return _every([shorten(label, SMALL, room) for label in labels], LEAST_APART / slot)


def _every(labels: list[str], slots: float) -> Ticks:
    step = max(ceil(slots), 1)
    return Ticks([float(one) for one in range(0, len(labels), step)], labels[::step])
