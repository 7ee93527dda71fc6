"""The events of a video: it loads in a burst, plays, pauses, jumps, changes speed and ends."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.schedule import LULL

_RATE_VALUES = np.array(plan.RATES)
_LOADING_KINDS = np.array([plan.PLAY, plan.PAUSE, plan.SEEK, plan.RATE, plan.STALLED], np.uint8)
_PLAYER_KINDS = np.array([plan.SEEK, plan.RATE, plan.STALLED, plan.WAITING, plan.ERROR], np.uint8)
_TOGGLES = 0.5  # share of the events in a playing or paused video that start or stop it
_PLAYER_SHARES = np.cumsum([0.44, 0.1, 0.12, 0.33, 0.01])
_FINISHES = 0.5
_LONGEST_GAP = 15 * 60_000


class Viewing(NamedTuple):
    """Columns of the player, one row per event; PAGE and zeros for events without a video.

    `gap` is the time since the event before in ms, `position` and `previous` are in seconds.
    """

    kind: NDArray[np.uint8]
    gap: NDArray[np.int64]
    loading: NDArray[np.bool_]
    paused: NDArray[np.bool_]
    position: NDArray[np.float64]
    previous: NDArray[np.float64]
    rate: NDArray[np.uint8]


def watch(
    first: NDArray[np.int64],
    last: NDArray[np.bool_],
    burst: NDArray[np.int64],
    seconds: NDArray[np.float64],
    random: np.random.Generator,
) -> Viewing:
    """Fill lecture pages with player events.

    Per event: `first` is the row of its page view, `last` whether it is the last one on the page, `burst` the
    number of events while the player loads, `seconds` the length of the video (0 if the page has none).
    """
    rows = np.arange(len(first))
    step = rows - first - 1 - burst
    video = (seconds > 0) & (rows > first)
    loading, started, going = video & (step < 0), video & (step == 0), video & (step > 0)
    toggle = started | (going & (random.random(len(rows)) < _TOGGLES))
    running = _within(toggle.astype(np.int64), first)
    playing = (running - toggle) % 2 == 1
    ended = going & last & playing & (step > 1) & (random.random(len(rows)) < _FINISHES)

    kind = np.zeros(len(rows), np.uint8)
    kind[loading] = random.choice(_LOADING_KINDS, int(loading.sum()))
    kind[going] = _PLAYER_KINDS[np.searchsorted(_PLAYER_SHARES[:-1], random.random(int(going.sum())))]
    kind[toggle] = np.where(running % 2 == 1, plan.PLAY, plan.PAUSE)[toggle]
    kind[ended] = plan.ENDED

    rate = _rates(rows, started, going & (kind == plan.RATE), random)
    speed = _RATE_VALUES[np.concatenate([rate[:1], rate[:-1]])]
    gap = _gaps(rows - first, loading, started, playing, random)
    advance = np.where(going & playing, gap / 1_000 * speed, 0.0)
    seek = going & (kind == plan.SEEK)
    jump = np.where(seek, random.normal(15, 90, len(rows)), 0.0)
    resumed = started & (random.random(len(rows)) < 0.2)
    begin = np.where(resumed, random.random(len(rows)) * seconds, 0.0)
    reached = _within(advance + jump + begin, first)
    left = np.clip(reached - advance, 0, seconds)
    gap[ended] = np.clip((seconds - left) / speed * 1_000, 400, LULL).astype(np.int64)[ended]
    position = np.where(ended, seconds, np.clip(reached, 0, seconds))
    previous = np.where(seek, np.clip(reached - jump, 0, seconds), position)
    paused = video & (loading | ended | (running % 2 == 0))
    return Viewing(kind, gap, loading, paused, position.round(6), previous.round(6), rate)


def _within(values: NDArray[Any], first: NDArray[np.int64]) -> NDArray[Any]:
    """Running totals that restart at each `first` row."""
    totals = np.cumsum(values)
    within: NDArray[Any] = totals - (totals - values)[first]
    return within


def _rates(
    rows: NDArray[np.int64],
    started: NDArray[np.bool_],
    changed: NDArray[np.bool_],
    random: np.random.Generator,
) -> NDArray[np.uint8]:
    """The speed after each event, as an index into RATES: most people start at 1."""
    drawn = random.integers(0, len(plan.RATES), len(rows)).astype(np.uint8)
    drawn[started & (random.random(len(rows)) < 0.85)] = 0
    drawn[0] = 0
    since = np.maximum.accumulate(np.where(started | changed, rows, 0))
    return drawn[since]


def _gaps(
    offset: NDArray[np.int64],
    loading: NDArray[np.bool_],
    started: NDArray[np.bool_],
    playing: NDArray[np.bool_],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Milliseconds since the previous event."""
    gap = random.exponential(np.where(playing, 70_000.0, 20_000.0)) + 400
    gap = np.where(loading, np.where(offset == 1, gap / 20 + 300, gap % 60 + 1), gap)
    gap = np.where(started, gap / 4 + 500, gap)
    return np.minimum(gap, _LONGEST_GAP).astype(np.int64)
