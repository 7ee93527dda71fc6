"""What a format of the simulation consists of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.course import SimulatedCourse
from coursetrail.simulate.damage import FaultKinds
from coursetrail.simulate.plan import Plan


class LineWriter(Protocol):
    """The lines of a plan, rendered for any rows of it."""

    def render(self, rows: NDArray[np.int64]) -> list[str]:
        """One text for each row, without its line end."""


@dataclass(frozen=True)
class SimulatedFormat:
    """A format: the `kinds` of its faults, the `faults` as functions on a line, and its writer of `lines`.

    `adapted` is the plan with the events of this format, as many as before. `lectures` are the names of a course's
    lectures. An export of several files has `files`: the name of the file of each row.
    """

    name: str
    kinds: FaultKinds
    faults: Mapping[str, Callable[[str, int], str]]
    lines: Callable[[Plan], LineWriter]
    lectures: Callable[[SimulatedCourse], Sequence[int | str]]
    adapted: Callable[[Plan, np.random.Generator], Plan] = lambda planned, _: planned
    files: Callable[[Plan, NDArray[np.int64]], list[str]] | None = None
