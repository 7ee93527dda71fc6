"""The plan of a simulated course, before a format writes it: one row per event."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.course import SimulatedCourse
from coursetrail.simulate.people import People

PAGE, PEER, PLAY, PAUSE, SEEK, RATE, ENDED, STALLED, WAITING, ERROR, UNREADABLE = range(11)
HEARTBEAT, START, VOLUME, SUBTITLE, SAVED, LOADED = range(11, 17)  # of a player, in some formats
# not of a player, in some formats
REQUESTED, PRELOADED, SENT, CHECKED, WRITTEN, ENROLLED, TURNED, LEFT, SERVED = range(17, 26)
VIDEOS = range(PLAY, REQUESTED)
CLICKS = (PAGE, PEER, PLAY, PAUSE, SEEK, RATE, ENDED, SAVED, CHECKED, WRITTEN, ENROLLED, TURNED)
"""Kinds of deliberate events, except during a loading burst."""
COLUMNS: dict[str, type[np.generic]] = {
    **dict.fromkeys(("actor", "visitor", "opened", "page"), np.int32),
    **dict.fromkeys(("loading", "flash", "paused"), np.bool_),
    **dict.fromkeys(("position", "previous"), np.float64),
    **dict.fromkeys(("kind", "rate"), np.uint8),
    "time": np.int64,
}
RATES = (1.0, 1.25, 1.5, 0.75, 1.75, 2.0)


@dataclass(frozen=True)
class Plan:
    """The events of all people, by actor and then by time.

    `opened` is the row of the page view to which an event belongs (its own row for a page view); `time`
    is in ms since 1970 UTC, `position` and `previous` in seconds of the video, `rate` an index into RATES,
    `paused` the player's state after the event.
    """

    people: People
    course: SimulatedCourse
    actor: NDArray[np.int32]
    visitor: NDArray[np.int32]
    opened: NDArray[np.int32]
    time: NDArray[np.int64]
    kind: NDArray[np.uint8]
    page: NDArray[np.int32]
    loading: NDArray[np.bool_]
    flash: NDArray[np.bool_]
    paused: NDArray[np.bool_]
    position: NDArray[np.float64]
    previous: NDArray[np.float64]
    rate: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.time)

    def video(self) -> NDArray[np.bool_]:
        """A mask of the events of a player."""
        return (self.kind >= VIDEOS.start) & (self.kind < VIDEOS.stop)

    def repeat(self, rows: NDArray[np.int64]) -> None:
        """Make each of these rows a copy of the row before it."""
        for name in COLUMNS:
            column = getattr(self, name)
            column[rows] = column[rows - 1]
