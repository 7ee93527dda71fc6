"""A simulated course with what was planted in it."""

from pathlib import Path
from typing import NamedTuple

import coursetrail as ct
from coursetrail.simulate import Truth


class Simulated(NamedTuple):
    """A simulated course: its export, what was planted in it, and its dataset."""

    export: Path
    truth: Truth
    course: ct.Dataset
