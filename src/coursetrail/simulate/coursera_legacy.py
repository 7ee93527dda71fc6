"""Writes planned events as lines of a legacy Coursera export: one JSON object per line."""

from collections.abc import Sequence
from json import dumps

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.coursera_legacy_faults import FAULTS, KINDS
from coursetrail.simulate.plan import Plan
from coursetrail.simulate.schedule import SILENCE
from coursetrail.simulate.simulated_format import SimulatedFormat
from coursetrail.simulate.visitors import Visitor

_TYPES = ("", "", "play", "pause", "seeked", "ratechange", "ended", "stalled", "waiting", "error", "")
_ERROR = '{\\"code\\":4}'


class CourseraLegacyLines:
    """The lines of a plan, rendered for any rows of it, as text without line ends."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        visitors, usernames = planned.people.visitors, planned.people.usernames
        self._who = [_who(one, usernames) for one in visitors]
        self._before = [_before(one) for one in visitors]
        self._after = [_after(one) for one in visitors]
        self._windows = [_window(one) for one in visitors]
        self._older = [one.older for one in visitors]
        self._skew = np.array([one.skew for one in visitors], np.int64)
        self._referrers = [_quoted(one.referrer) for one in visitors]
        self._pages = [_quoted(page) for page in planned.course.pages]
        self._values = [page.split("#")[0].split("&=")[0].rstrip("&") for page in self._pages]
        self._players = [_player(code) for code in range(16 * len(plan.RATES) * len(_TYPES))]
        self._ids = _lecture_ids(planned)

    def render(self, rows: NDArray[np.int64]) -> list[str]:
        """One line for each row."""
        planned = self._plan
        time, kind = planned.time[rows], planned.kind[rows]
        visitor, page = planned.visitor[rows], planned.page[rows]
        before = np.maximum(rows - 1, 0)
        visit = (planned.actor[before] == planned.actor[rows]) & (rows > 0)
        visit &= time - planned.time[before] < SILENCE
        moment = np.where(visit, planned.time[before], time - 1)
        came = np.where(visit, planned.page[before], -1)
        code = (planned.flash[rows] * 2 + planned.loading[rows]) * 2 + planned.paused[rows]
        code = (code.astype(np.int64) * len(plan.RATES) + planned.rate[rows]) * len(_TYPES) + kind
        skew = self._skew[visitor]
        clock = time + skew - 20 - rows * 7_919 % 380
        began = planned.time[planned.opened[rows]] + skew + 40
        columns = (
            *(kind, visitor, time, page, came, moment, rows % 11 == 0, code),
            *(planned.position[rows], planned.previous[rows], clock, began),
        )
        return [self._line(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]

    def _line(
        self, kind: int, visitor: int, time: int, page: int, came: int, moment: int, posted: bool, code: int,
        position: float, previous: float, clock: int, began: int,
    ) -> str:  # fmt: skip
        url, older = self._pages[page], self._older[visitor]
        source = f',"from":"{self._pages[came] if came >= 0 else self._referrers[visitor]}"'
        window = f'{self._windows[visitor]},"13":[{posted:d}]'
        if kind in plan.VIDEOS:
            state, action = self._players[code]
            key = (
                f'user.video.lecture.action","value":"{{\\"currentTime\\":{position:.10g},{state}'
                f'\\"eventTimestamp\\":{clock},\\"initTimestamp\\":{began},{action}'
                f'\\"prevTime\\":{previous:.10g}{"" if older else self._ids[page]}}}'
            )
            source, window = ("", "") if older else (source, window)
        else:
            key = "hg.hg.pageview" if kind == plan.PEER else "pageview"
            key = key if older else f'{key}","value":"{self._values[page]}'
            window = f'{window},"14":["{self._referrers[visitor]}"],"30":[{moment}]'
        return (
            f'{{"key":"{key}"{self._who[visitor]},"timestamp":{time},"page_url":"{url}"'
            f"{self._before[visitor]}{source}{self._after[visitor]}{window}}}"
        )


def _quoted(text: str) -> str:
    return dumps(text, ensure_ascii=False)[1:-1]


def _who(visitor: Visitor, usernames: Sequence[str]) -> str:
    if visitor.actor < len(usernames):
        return f',"username":"{usernames[visitor.actor]}"'
    return ',"username":""' if visitor.actor % 2 else ""


def _before(visitor: Visitor) -> str:
    return f',"client":"spark","session":"{visitor.cookie}","language":{dumps(visitor.header)}'


def _after(visitor: Visitor) -> str:
    return f',"user_ip":"{visitor.address}","user_agent":{dumps(visitor.agent.user_agent)}'


def _window(visitor: Visitor) -> str:
    height, width = visitor.window
    size = _quoted(f'{{"height":{height},"width":{width}}}')
    return f',"12":["{size}"]'


def _player(code: int) -> tuple[str, str]:
    """The parts of a video value that depend on the player's state: before and after its time stamps."""
    code, kind = divmod(code, len(_TYPES))
    code, rate = divmod(code, len(plan.RATES))
    flash, loading, paused = code & 4, code & 2, code & 1
    ready, network = (0, 2) if loading else (2, 2) if kind in (plan.STALLED, plan.WAITING) else (4, 1)
    if kind == plan.ERROR:
        ready, network = 0, 3
    speed = '\\"fragment\\":\\"\\",' if flash else f'\\"playbackRate\\":{plan.RATES[rate]:g},'
    states = "" if flash else f'\\"networkState\\":{network},\\"readyState\\":{ready},'
    error = _ERROR if kind == plan.ERROR else "null"
    return (
        f'{speed}\\"paused\\":{"true" if paused else "false"},\\"error\\":{error},{states}',
        f'\\"type\\":\\"{_TYPES[kind]}\\",',
    )


def _lecture_ids(planned: Plan) -> dict[int, str]:
    begin, count = planned.course.groups["lecture"]
    lectures = planned.course.lectures
    return {begin + i: f',\\"lectureID\\":{lectures[i * len(lectures) // count][0]}' for i in range(count)}


COURSERA_LEGACY = SimulatedFormat(
    "coursera-legacy", KINDS, FAULTS, CourseraLegacyLines, lambda course: [number for number, _ in course.lectures]
)
