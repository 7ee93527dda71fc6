"""Writes planned events as records of Coursera's research exports: CSV of 16 columns, quotes escaped by backslashes."""

from collections.abc import Sequence
from dataclasses import replace
from json import dumps

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.course import SimulatedCourse
from coursetrail.simulate.coursera_course import Video, course_id, item_ids, lecture_of, urls, videos
from coursetrail.simulate.coursera_faults import FAULTS, KINDS
from coursetrail.simulate.follow_up_events import extended, until_next
from coursetrail.simulate.identifiers import hexadecimal
from coursetrail.simulate.plan import Plan
from coursetrail.simulate.simulated_format import SimulatedFormat
from coursetrail.simulate.visitors import Visitor

BEAT = 5_000  # ms of playing between heartbeats
_KEYS = {
    plan.PAGE: "pageview",
    plan.PEER: "pageview",
    plan.REQUESTED: "page_requested",
    plan.PRELOADED: "page_preloaded",
    plan.START: "start",
    plan.PLAY: "play",
    plan.PAUSE: "pause",
    plan.SEEK: "seek",
    plan.ENDED: "end",
    plan.WAITING: "wait",
    plan.HEARTBEAT: "heartbeat",
    plan.RATE: "playback_rate_change",
    plan.VOLUME: "volume_change",
    plan.SUBTITLE: "subtitle_change",
}
_SAVED = ("download_video", "download_subtitle")
_PLACES = (
    *(("US", "CA", "America/Los_Angeles"), ("US", "IL", "America/Chicago"), ("US", "NY", "America/New_York")),
    *(("GR", "I", "Europe/Athens"), ("RU", "MOW", "Europe/Moscow"), ("AU", "NSW", "Australia/Sydney")),
    *(("CN", "11", "Asia/Shanghai"), ("IN", "KA", "Asia/Kolkata"), ("BR", "SP", "America/Sao_Paulo")),
    *(("FR", "07", "Europe/Paris"), ("NA", "KH", "Africa/Windhoek"), ("NP", "", "Asia/Kathmandu"), ("", "", "")),
)


class CourseraLines:
    """The records of a plan, rendered for any rows of it; some hold a newline."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        people, course = planned.people, planned.course
        identity = course_id(course)
        self._who = [_who(one, people.usernames) for one in people.visitors]
        self._before = [_before(one) for one in people.visitors]
        self._after = [_after(one, identity) for one in people.visitors]
        self._urls = [_escaped(url) for url in urls(course)]
        self._videos = {page: _video(one) for page, one in videos(course).items()}
        self._states = [_state(code) for code in range(2 * len(plan.RATES) * plan.VIDEOS.stop)]

    def render(self, rows: NDArray[np.int64]) -> list[str]:
        """One record for each row."""
        planned = self._plan
        code = (planned.flash[rows] * len(plan.RATES) + planned.rate[rows].astype(np.int64)) * plan.VIDEOS.stop
        code = np.where(planned.video()[rows], code + planned.kind[rows], 0)
        times = np.datetime_as_string(planned.time[rows].astype("datetime64[ms]")).tolist()
        columns = (planned.kind, planned.visitor, planned.page, planned.position)
        values = (column[rows].tolist() for column in columns)
        return [self._line(*one) for one in zip(times, code.tolist(), *values, strict=True)]

    def _line(self, time: str, code: int, kind: int, visitor: int, page: int, position: float) -> str:
        clock = f"{time[:10]} {time[11:]}".removesuffix(".000")
        if code:
            module, name, item = self._videos[page]
            delta, rate, state = self._states[code]
            key = _SAVED[page % 2] if kind == plan.SAVED else _KEYS[kind]
            value = (
                f'{{\\"playback_rate_delta\\":\\"{delta}\\",\\"module_id\\":\\"{module}\\",'
                f'\\"playback_rate\\":\\"{rate}\\",\\"timecode\\":\\"{position:.10g}\\",{name}{state}{item}}}'
            )
        else:
            key, value = _KEYS[kind], "{}" if visitor % 3 else ""
        return (
            f'{self._who[visitor]},"{clock}",{self._before[visitor]},"{self._urls[page]}",{self._after[visitor]},'
            f'"{key}","{value}"'
        )


def adapted(planned: Plan, random: np.random.Generator) -> Plan:
    """The plan with page requests before page views, downloads, and a heartbeat every 5 s of playing."""
    rows = np.arange(len(planned))
    kind, loading, groups = planned.kind, planned.loading, planned.course.groups
    step = rows - planned.opened
    kind[np.isin(rows, planned.opened[loading])] = plan.REQUESTED
    kind[kind == plan.STALLED] = plan.VOLUME
    kind[kind == plan.ERROR] = plan.SUBTITLE
    burst = np.array([plan.PRELOADED, plan.PAGE, plan.START, plan.VOLUME, plan.SUBTITLE], np.uint8)
    kind[loading] = burst[step[loading] - 1]
    begin, count = groups["download"]
    kind[(planned.page >= begin) & (planned.page < begin + count)] = plan.SAVED
    begin, count = groups["admin"]
    planned.page[(planned.page >= begin) & (planned.page < begin + count)] = groups["home"][0]

    speed = np.array(plan.RATES)[planned.rate]
    seconds = np.array([length for _, length in planned.course.lectures])[lecture_of(planned)]
    left = np.maximum(0, seconds - planned.position) / speed
    playing = planned.video() & ~planned.paused & ~loading & (kind != plan.ENDED)
    beats = np.minimum((until_next(planned) - 1) // BEAT, left * 1_000 // BEAT).astype(np.int64)
    loading[:] = False
    found, _, copy = extended(planned, np.where(playing, np.maximum(0, beats), 0), planned.people.clicks, random)
    found.kind[copy > 0] = plan.HEARTBEAT
    found.time[:] += copy * BEAT
    found.position[:] += copy * (BEAT / 1_000) * np.array(plan.RATES)[found.rate]
    found.position[:] = found.position.round(6)
    return found


def _files(planned: Plan, rows: NDArray[np.int64]) -> list[str]:
    """A file for each UTC day and kind."""
    days = np.datetime_as_string(planned.time[rows].astype("datetime64[ms]"), unit="D").tolist()
    videos = planned.video()[rows].tolist()
    return [f"{'video' if video else 'access'}-{day}.csv.gz" for video, day in zip(videos, days, strict=True)]


def _lectures(course: SimulatedCourse) -> Sequence[str]:
    return item_ids(course)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _record(*fields: str) -> str:
    return ",".join(f'"{_escaped(field)}"' for field in fields)


def _who(visitor: Visitor, usernames: Sequence[str]) -> str:
    name = usernames[visitor.actor] if visitor.actor < len(usernames) else ""
    return _record(name, hexadecimal(visitor.cookie))


def _before(visitor: Visitor) -> str:
    return _record(hexadecimal(visitor.address), visitor.agent.user_agent or "")


def _after(visitor: Visitor, course: str) -> str:
    country, region, zone = _PLACES[visitor.actor * 7 % len(_PLACES)]
    known = [name if name != "unknown" else "" for name in (visitor.agent.system, visitor.agent.browser)]
    return _record(visitor.referrer, visitor.header or "", course, country, region, zone, *known)


def _video(video: Video) -> tuple[str, str, str]:
    """The module's id, and the parts of a value that name the video and the item."""
    name = _escaped(f'"video_name":{dumps(video.name, ensure_ascii=False)},')
    return video.module, name, _escaped(f'{video.spacing}"item_id":"{video.item}"')


def _state(code: int) -> tuple[str, str, str]:
    """The change of speed, the speed, and the part of a value that depends on the player's state."""
    code, kind = divmod(code, plan.VIDEOS.stop)
    flash, rate = divmod(code, len(plan.RATES))
    complete = kind in {plan.HEARTBEAT, plan.VOLUME, plan.RATE, plan.SUBTITLE}
    state = {
        "language_code": "en" if kind == plan.SAVED else "",
        "subtitle_language": "en" if complete and rate else "",
        "volume": ("1", "0.75")[rate % 2] if complete else "",
        "volume_delta": "-0.25" if kind == plan.VOLUME else "",
        "tech": ("flash" if flash else "html5") if complete else "",
    }
    delta = f"{plan.RATES[rate] - plan.RATES[rate - 1]:g}" if kind == plan.RATE else ""
    written = _escaped("".join(f'"{name}":"{text}",' for name, text in state.items()))
    return delta, f"{plan.RATES[rate]:g}" if complete else "", written


COURSERA = SimulatedFormat("coursera", KINDS, FAULTS, CourseraLines, _lectures, adapted, _files)
COURSERA_IN_ONE_FILE = replace(COURSERA, files=None)
