"""User agents: the browser, system and device that a header names, and whether a bot sent it.

Each distinct header is parsed once, however many events have it. Names are those of Matomo's rules; docs/agents.md
lists our corrections and the measured accuracy.
"""

import gc
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from operator import attrgetter
from typing import TYPE_CHECKING

import pyarrow as pa

from coursetrail.lookups.corrections import USUAL_DEVICE, contradiction, is_program
from coursetrail.lookups.lookup import Lookup

if TYPE_CHECKING:
    from coursetrail.lookups.detector import Detected

REVISION = 3
"""Version of our own corrections; raise it with any change that alters an answer."""

PARSER = (
    f"device-detector {version('device-detector')} + crawler-user-agents {version('crawler-user-agents')}"
    f" + coursetrail {REVISION}"
)

LONGEST = 512
"""Characters that are read. The longest real header seen has 492; the time grows with the square of the length."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The parts of one header; null is unknown."""

    browser: str | None = None
    browser_version: str | None = None
    system: str | None = None
    system_version: str | None = None
    device: str | None = None
    brand: str | None = None
    is_bot: bool = False
    bot_source: str | None = None
    status: str = "ok"


def parse_agents(user_agents: Iterable[str], advance: Callable[[int], None] | None = None) -> pa.Table:
    """One row per distinct string, in order, with the string as key; calls `advance(n)` after each n strings.

    A key is the unchanged string, except that each lone surrogate, which UTF-8 cannot hold, becomes U+FFFD. Strings
    that differ only in lone surrogates share a row.
    """
    keys, agents = [], []
    with without_collecting():
        for text in dict.fromkeys(map(valid_unicode, user_agents)):
            keys.append(text)
            agents.append(parse_agent(text))
            if advance:
                advance(1)
    columns = {field.name: list(map(attrgetter(field.name), agents)) for field in fields(Agent)}
    return pa.table({"user_agent": keys, **columns, "parser": [PARSER] * len(keys)}, schema=AGENTS.schema)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Pause garbage collection: with many small objects that stay alive, it would take a quarter of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def parse_agent(text: str | None) -> Agent:
    """The parts of one header. Never raises."""
    cleaned = clean(text)
    if not cleaned:
        return Agent(status="missing")
    try:
        from coursetrail.lookups import detector

        found = detector.find(cleaned)
        check_types(found)
        return corrected(cleaned, found)
    except Exception:
        return Agent(status="error")


def check_types(found: object) -> None:
    """Raises TypeError if a value does not have the type of its column."""
    for name, kind in zip(AGENTS.schema.names, AGENTS.schema.types, strict=True):
        value = getattr(found, name, None)
        if value is not None and not isinstance(value, bool if pa.types.is_boolean(kind) else str):
            raise TypeError(name)


def valid_unicode(text: str | None) -> str | None:
    """The text in a form that UTF-8 can hold: surrogate pairs joined, lone surrogates replaced by U+FFFD."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def clean(text: str | None) -> str:
    """The part of a header that is parsed; empty if there is none."""
    cleaned = CONTROL.sub("", valid_unicode(text) or "").strip()[:LONGEST].strip()
    return "" if cleaned == "-" else cleaned


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def corrected(text: str, found: "Detected") -> Agent:
    """The parser's answer with its known mistakes corrected."""
    agent = Agent(
        browser=UNLISTED.get(found.browser or "", OTHER) if found.browser_is_free_text else found.browser,
        browser_version=number(found.browser_version) if found.browser_is_free_text else found.browser_version,
        system=found.system or ("Chrome OS" if CHROMEBOOK in text else None),
        system_version=found.system_version,
        device=device(text, found),
        brand=None if found.brand == "Unknown" else found.brand,
    )
    is_unlisted = agent.browser in (None, OTHER) and not agent.device
    source = found.bot_source or (OURS if is_program(text, is_unlisted) else None)
    agent = replace(agent, is_bot=source is not None, bot_source=source)
    if wrong := contradiction(text, agent.system):
        return replace(
            agent, system=wrong.system, system_version=None, device=wrong.device, brand=wrong.brand, status="reduced"
        )
    if is_reduced(text):
        return replace(agent, system_version=None, status="reduced")
    if agent.browser in (None, OTHER) and not (agent.system or agent.device or agent.is_bot):
        return replace(agent, status="unknown")
    return agent


OURS = "coursetrail"
"""The source of bots that only our own list knows."""
OTHER = "other"
UNLISTED = {
    "DocZilla": "DocZilla",
    "DreamKey": "DreamKey",
    "DreamPassport": "DreamPassport",
    "MultiZilla": "MultiZilla",
    "Spyglass_Mosaic": "Spyglass Mosaic",
}
"""Browsers that no rule names; the parser takes their names from the text."""


def number(version: str | None) -> str | None:
    """The numeric part at the beginning of a version."""
    found = re.match(r"\d+(?:\.\d+)*", version or "")
    return found.group() if found else None


def device(text: str, found: "Detected") -> str | None:
    """The device, including Chromebooks, iPods and desktops that the rules miss."""
    if CHROMEBOOK in text:
        return "desktop"
    if IPOD.search(text) and found.device in (None, "smartphone"):
        return "portable media player"
    if not found.device and found.on_desktop_system and not MOBILE.search(text):
        return "desktop"
    return found.device or USUAL_DEVICE.get(found.system or "")


CHROMEBOOK = "CrOS"
IPOD = re.compile(r"\biPod(?: ?touch)?\b", re.IGNORECASE)
MOBILE = re.compile(r"Mobi|Android", re.IGNORECASE)


def is_reduced(text: str) -> bool:
    """Whether browsers send this version of the system regardless of the real one."""
    return any(pattern.search(text) for pattern in FROZEN)


FROZEN = (
    re.compile(r"Windows NT 10\.0.*(?:Chrome/(?:9[4-9]|\d{3})|Firefox/(?:9[3-9]|\d{3}))"),  # Windows 11 says 10
    re.compile(r"Android 10; K[;)]"),
    re.compile(r"Mac OS X 10_15_7"),
    re.compile(r"Mac OS X 10\.15;.*Firefox/(?:8[7-9]|9\d|\d{3})"),
    re.compile(r"Macintosh; Intel Mac OS X 10_15.*Version/1[3-9].*Safari/"),  # or an iPad
    re.compile(r"OS 18_[67].*Version/(?:2[6-9]|[3-9]\d)\."),  # iOS 26 says 18
)

AGENTS = Lookup(
    name="agents",
    row="One distinct user agent. [User agents](agents.md) says how they are read, and how well.",
    key="user_agent",
    columns={
        "user_agent": (pa.string(), "the string as it was logged: the key"),
        "browser": (pa.string(), "Matomo's name; null if unknown"),
        "browser_version": (pa.string(), "as the browser gives it"),
        "system": (pa.string(), "operating system; null if unknown"),
        "system_version": (pa.string(), "null where browsers are known to send a false one"),
        "device": (pa.string(), "desktop, smartphone, tablet, phablet …; null if unknown"),
        "brand": (pa.string(), "maker of the device"),
        "is_bot": (pa.bool_(), "whether a list of bots knows it"),
        "bot_source": (pa.string(), "the list: `device-detector`, `crawler-user-agents`, `both` or `coursetrail`"),
        "status": (pa.string(), "`ok`, `missing`, `reduced`, `unknown` or `error` (see [agents](agents.md))"),
        "parser": (pa.string(), "the versions that gave this answer; another version reads the string again"),
    },
    parse=parse_agents,
    parser_version=PARSER,
)
