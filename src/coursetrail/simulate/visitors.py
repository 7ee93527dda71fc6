"""Visitors: the browsers, addresses and languages of the people of a simulated course."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coursetrail.simulate.addresses import address
from coursetrail.simulate.apportion import apportioned
from coursetrail.simulate.browsers import BOTS, BROWSER_ROWS, BrowserRow
from coursetrail.simulate.course import EXTERNAL, START
from coursetrail.simulate.language_headers import header, planted_rows
from coursetrail.simulate.published import BROWSERS, LANGUAGES, LEARNERS
from coursetrail.simulate.user_agents import SimulatedAgent, filled_in

LEARNER, STAFF, BOT, ANONYMOUS = range(4)
ACTIVE = 40  # a learner with this many events always has two visits, and may use a second browser
_MOBILE_EXTRAS = 700  # of the published learners, how many use a phone or tablet besides a desktop
_WINDOWS = {
    "desktop": ((667, 1366), (678, 1207), (775, 1440), (955, 1920), (643, 1280), (599, 1024), (878, 1600)),
    "tablet": ((672, 1024), (928, 768), (600, 1024)),
    "smartphone": ((356, 320), (460, 320), (567, 360)),
}
_CLOCKS = (
    (0.9, 4_000),
    (0.08, 180_000),
    (0.016, 8 * 3_600_000),
    (0.004, 365 * 86_400_000),
)  # share, error in ms


class Visitor(NamedTuple):
    """One person on one browser of one device, as the server sees them.

    `skew` is the client clock's error in ms; `older` pages send fewer fields.
    """

    actor: int
    agent: SimulatedAgent
    header: str | None
    language: str
    cookie: str
    address: str
    window: tuple[int, int]
    referrer: str
    skew: int
    older: bool


def visitors_of(
    roles: NDArray[np.int8], clicks: NDArray[np.int64], learners: int, random: np.random.Generator
) -> tuple[list[Visitor], NDArray[np.int32]]:
    """The first visitors of all actors followed by the second visitors of some, and the second one of each actor.

    The published tables have more browsers than learners. The additional ones go to active people with a desktop, first
    as phones and tablets, then as more desktop browsers.
    """
    browsers = _drawn_rows(round(learners * sum(BROWSERS.values()) / LEARNERS), random)
    mobiles = [i for i, one in enumerate(browsers) if one.device not in {"desktop", "unknown"}]
    desktops = [i for i, one in enumerate(browsers) if one.device == "desktop"]
    spare = len(browsers) - learners
    extras = mobiles[: min(spare, round(learners * _MOBILE_EXTRAS / LEARNERS))]
    extras += desktops[: spare - len(extras)]
    firsts = sorted(set(range(len(browsers))) - set(extras))
    first = [browsers[i] for i in firsts] or [BROWSER_ROWS[0]]
    first += [first[int(random.integers(len(first)))] for _ in range(len(roles) - len(first))]
    first[:learners] = [first[i] for i in random.permutation(learners)]
    owners = [
        int(i)
        for i in random.permutation(learners)
        if roles[i] in (LEARNER, STAFF) and clicks[i] >= ACTIVE and first[i].device == "desktop"
    ]
    seconds = _matched([browsers[i] for i in extras], owners, first)
    rows = planted_rows(round(learners * sum(LANGUAGES.values()) / LEARNERS), random)
    own, other = _languages(rows, learners, [owner for owner, _ in seconds])
    own += ["en"] * (len(roles) - learners)
    visitors = [_visitor(i, int(roles[i]), first[i], own[i], random) for i in range(len(roles))]
    second = np.full(len(roles), -1, np.int32)
    for owner, one in seconds:
        second[owner] = len(visitors)
        visitors.append(_visitor(owner, LEARNER, one, other.get(owner, own[owner]), random))
    return visitors, second


def _drawn_rows(total: int, random: np.random.Generator) -> list[BrowserRow]:
    counts = apportioned([one.learners for one in BROWSER_ROWS], total)
    drawn = [one for one, count in zip(BROWSER_ROWS, counts, strict=True) for _ in range(count)]
    return [drawn[i] for i in random.permutation(len(drawn))]


def _matched(extras: list[BrowserRow], owners: list[int], first: list[BrowserRow]) -> list[tuple[int, BrowserRow]]:
    """Each extra browser with an owner whose first browser is a different one, while there are owners."""
    free = list(owners)
    pairs = []
    for extra in extras:
        fit = next((i for i, owner in enumerate(free) if first[owner].browser != extra.browser), None)
        if fit is not None:
            pairs.append((free.pop(fit), extra))
    return pairs


def _languages(rows: list[str], learners: int, owners: list[int]) -> tuple[list[str], dict[int, str]]:
    """Published rows for the first browser of each learner, and another row for some second browsers.

    A learner with two languages has English and another one, so a third of the second ones are English.
    """
    count = max(0, len(rows) - learners)
    english = [i for i, row in enumerate(rows) if row == "en"][: count // 3]
    foreign = [i for i, row in enumerate(rows) if row not in {"en", " en"}][: count - len(english)]
    used = set(english) | set(foreign)
    own = [row for i, row in enumerate(rows) if i not in used][:learners]
    waiting = {True: [rows[i] for i in english], False: [rows[i] for i in foreign]}
    other = {}
    for owner in owners:
        choices = waiting[own[owner] != "en"]
        if choices:
            other[owner] = choices.pop()
    return own, other


def _visitor(actor: int, role: int, one: BrowserRow, row: str, random: np.random.Generator) -> Visitor:
    if role == BOT:
        name, text = BOTS[actor % len(BOTS)]
        agent, accepted, language = SimulatedAgent(text, name, "unknown", "unknown"), None, "unknown"
    else:
        text = filled_in(one.pattern, random)
        agent = SimulatedAgent(text or None, one.browser, one.system, one.device)
        accepted, language = header(row, one.browser, random)
    windows = _WINDOWS.get(agent.device, _WINDOWS["desktop"])
    created = START - int(random.integers(1, 60 * 86_400_000))
    shares, errors = zip(*_CLOCKS, strict=True)
    return Visitor(
        actor=actor,
        agent=agent,
        header=accepted,
        language=language,
        cookie=f"{random.integers(10**8, 10**10)}-{created}",
        address=address(random),
        window=windows[int(random.integers(len(windows)))],
        referrer=EXTERNAL[int(random.integers(len(EXTERNAL)))],
        skew=int(random.normal(0, random.choice(errors, p=shares))),
        older=bool(random.random() < 0.95),
    )
