"""Writes planned events as lines of an Open edX tracking log: one JSON object per line, all ASCII."""

from collections.abc import Sequence
from dataclasses import replace
from json import dumps

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate import plan
from coursetrail.simulate.edx_course import HOST, ORGANISATION, course_id, monitors, shown, video_ids
from coursetrail.simulate.edx_faults import FAULTS, KINDS
from coursetrail.simulate.edx_payloads import NAMES, Payloads
from coursetrail.simulate.follow_up_events import extended, until_next
from coursetrail.simulate.identifiers import hexadecimal
from coursetrail.simulate.plan import COLUMNS, Plan
from coursetrail.simulate.simulated_format import SimulatedFormat
from coursetrail.simulate.visitors import Visitor

_EXPLICIT_SERVER = (plan.CHECKED, plan.WRITTEN, plan.ENROLLED)
_BROWSER = (
    *(plan.LOADED, plan.PLAY, plan.PAUSE, plan.SEEK, plan.RATE, plan.ENDED, plan.SUBTITLE),
    *(plan.TURNED, plan.LEFT),
)
_ANSWERS, _POSTS = 80, 3  # ms between a browser's event and the server's own event


class EdxLines:
    """The lines of a plan, rendered for any rows of it."""

    def __init__(self, planned: Plan) -> None:
        self._plan = planned
        people, course = planned.people, planned.course
        self._payloads = Payloads(course)
        self._users = [_user(one, len(people.usernames)) for one in people.visitors]
        self._who = [_who(one, people.usernames) for one in people.visitors]
        self._agents = [_agent(one) for one in people.visitors]
        self._sessions = [hexadecimal(one.cookie, 32) if one.cookie else "" for one in people.visitors]
        self._ips = [one.address.partition(",")[0] for one in people.visitors]
        self._referrers = [dumps(one.referrer) for one in people.visitors]
        self._paths = course.pages
        self._quiz = course.pages[course.groups["start"][0]]
        self._courses = ['"org_id": "", "course_id": ""']
        self._courses.append(f'"org_id": "{ORGANISATION}", "course_id": {dumps(course_id(course))}')

    def render(self, rows: NDArray[np.int64]) -> list[str]:
        """One line for each row."""
        planned = self._plan
        before = np.maximum(rows - 1, 0)
        known = (planned.actor[before] == planned.actor[rows]) & (planned.actor[rows] < len(planned.people.roles))
        opened = planned.opened[rows]
        shown = np.where(opened < rows, opened, np.where(known & (rows > 0), planned.opened[before], -1))
        came = np.where(shown >= 0, planned.page[shown], -1)
        times = np.datetime_as_string(planned.time[rows].astype("datetime64[ms]")).tolist()
        columns = (planned.kind, planned.visitor, planned.page, planned.rate, planned.position, planned.previous)
        values = (column[rows].tolist() for column in columns)
        return [
            self._line(*one) for one in zip(times, planned.kind[before].tolist(), came.tolist(), *values, strict=True)
        ]

    def _line(
        self, time: str, previous_kind: int, came: int, kind: int, visitor: int, page: int, rate: int,
        position: float, previous: float,
    ) -> str:  # fmt: skip
        clock = f"{time.removesuffix('.000')}{'' if time.endswith('.000') else '000'}+00:00"
        path, session, named, more = self._paths[page], "", "", ""
        referrer = f'"https://{HOST}{self._paths[came]}"' if came >= 0 else self._referrers[visitor]
        shows, course = "null", self._courses[1]
        if kind in NAMES:
            event_type, name = NAMES[kind]
            event = self._payloads.explicit(kind, page, position, previous, rate, self._users[visitor])
            named, session = f' "name": "{name}",', self._sessions[visitor]
            if kind in _EXPLICIT_SERVER:
                source, shows = "server", '"x_module"' if kind == plan.CHECKED else "null"
                more = self._payloads.module(page) if kind == plan.CHECKED else ""
            else:
                source, shows, path = (
                    "browser",
                    f'"https://{HOST}{self._quiz if kind == plan.SENT else path}"',
                    "/event",
                )
        else:
            source, event_type, course = "server", path, self._courses[path.startswith("/courses/")]
            event = self._payloads.implicit(page, position, previous_kind, came)
        return (
            f'{{{self._who[visitor]}"event_source": "{source}",{named}{self._agents[visitor][0]}"time": "{clock}", '
            f'{self._agents[visitor][1]}"page": {shows}, "host": "{HOST}", "session": "{session}", '
            f'"referer": {referrer}, "context": {{"user_id": {self._users[visitor]}, {course}, '
            f'"path": "{path}"{more}}}, "ip": "{self._ips[visitor]}", "event": {event}, "event_type": "{event_type}"}}'
        )


def adapted(planned: Plan, random: np.random.Generator) -> Plan:
    """The plan with the requests of browsers and the server for each action, and with monitors as half of all lines."""
    planned = replace(planned, course=shown(planned.course))
    budget = planned.people.clicks - planned.people.clicks // 2
    _translate(planned, random)
    more = np.isin(planned.kind, _BROWSER) + 2 * (planned.kind == plan.SENT)
    gap = until_next(planned)
    found, row, copy = extended(planned, more, budget, random)
    added = copy > 0
    checked = found.kind == plan.SENT
    found.time[:] += np.where(added, np.minimum(gap[row], np.where(checked, _ANSWERS, _POSTS)), 0)
    found.kind[added] = plan.SERVED
    found.kind[checked & (copy == 1)] = plan.CHECKED
    found.page[added & ~checked] = found.course.groups["event"][0]
    return _monitored(found, len(planned) - len(found), random)


def _translate(planned: Plan, random: np.random.Generator) -> None:
    """Give each event the kind and the page that it has in this platform's log."""
    rows = np.arange(len(planned))
    kind, page, groups = planned.kind, planned.page, planned.course.groups
    lecture = (page - groups["lecture"][0]) * len(planned.course.lectures) // groups["lecture"][1]

    def within(group: str) -> NDArray[np.bool_]:
        begin, count = groups[group]
        return (page >= begin) & (page < begin + count)

    first = np.ones(len(planned), bool)
    first[1:] = planned.actor[1:] != planned.actor[:-1]
    first &= planned.actor < len(planned.people.usernames)
    paged = kind == plan.PAGE
    agents = [one.agent.user_agent or "" for one in planned.people.visitors]
    crawled = np.array(["Googlebot" in agent for agent in agents], bool)[planned.visitor]
    choices = (
        (paged & first & within("home"), plan.ENROLLED),
        (paged & within("attempt"), plan.SENT),
        (paged & within("thread") & (random.random(len(planned)) < 0.08), plan.WRITTEN),
        (paged & (page == groups["lectures"][0] + 1), plan.TURNED),
        (paged & (within("admin") | crawled), plan.SERVED),
    )
    for found, word in choices:
        kind[found] = word
    step = np.where(planned.loading, rows - planned.opened, 0)
    waits = (kind == plan.WAITING) & (step == 0)
    kind[(kind == plan.STALLED) & (step == 0)] = plan.SUBTITLE
    kind[(kind == plan.ERROR) & (step == 0)] = plan.LEFT
    kind[step == 2] = plan.LOADED
    kind[waits | ((step > 0) & (step != 2))] = plan.SERVED
    for found, group in ((step == 1, "transcript"), (waits | (step == 3), "state")):
        page[found] = groups[group][0] + lecture[found]
    page[step == 4] = groups["event"][0]
    page[step == 5] = groups["monitor"][0] + 3
    planned.loading[:] = False


def _monitored(planned: Plan, lines: int, random: np.random.Generator) -> Plan:
    """The plan with this many `lines` of monitors, spread over its whole time."""
    people, (begin, count) = planned.people, planned.course.groups["monitor"]
    actor = len(people.roles)
    watching = monitors(actor)
    columns = {name: np.zeros(lines, kind) for name, kind in COLUMNS.items()}
    columns["actor"][:] = actor
    columns["visitor"][:] = len(people.visitors) + random.integers(0, len(watching), lines)
    columns["opened"][:] = len(planned) + np.arange(lines)
    columns["kind"][:] = plan.SERVED
    columns["page"][:] = begin + random.integers(0, count, lines)
    if lines:
        columns["time"][:] = np.sort(random.integers(planned.time.min(), planned.time.max() + 1, lines))
    joined = {name: np.concatenate([getattr(planned, name), values]) for name, values in columns.items()}
    return Plan(people=replace(people, visitors=people.visitors + watching), course=planned.course, **joined)


def _user(visitor: Visitor, learners: int) -> str:
    if visitor.actor < learners:
        return str(100_000 + visitor.actor * 7)
    return "null" if visitor.actor % 2 else '""'


def _who(visitor: Visitor, usernames: Sequence[str]) -> str:
    name = usernames[visitor.actor] if visitor.actor < len(usernames) else ""
    return f'"username": "{name}", '


def _agent(visitor: Visitor) -> tuple[str, str]:
    """The fields before the time, and those after it."""
    return f' "accept_language": {dumps(visitor.header or "")}, ', f'"agent": {dumps(visitor.agent.user_agent or "")}, '


EDX = SimulatedFormat("edx", KINDS, FAULTS, EdxLines, video_ids, adapted)
