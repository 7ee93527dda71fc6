"""What device-detector and crawler-user-agents say about one text."""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from device_detector import DeviceDetector
from device_detector.parser.settings import AVAILABLE_BROWSERS, DESKTOP_OS
from device_detector.yaml_loader import app_custom_details

from coursetrail.lookups.corrections import PEOPLE
from coursetrail.lookups.rules import Rules

FREE_TEXT = frozenset({"NameVersionExtractor", "WholeNameExtractor", "DictUA", "AdobeCC"})
"""Parsers of the library that cut a client's name out of the text."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The library's answer; null is unknown."""

    browser: str | None
    browser_version: str | None
    browser_is_free_text: bool
    system: str | None
    system_version: str | None
    on_desktop_system: bool
    device: str | None
    brand: str | None
    bot_source: str | None


def find(text: str) -> Detected:
    """The library's answer for a cleaned text."""
    try:
        detector = detector_class()(text).parse()
    except Exception:
        detector = uncached(text).parse()
    client, system = detector.all_details.get("client") or {}, detector.all_details.get("os") or {}
    return Detected(
        browser=words(client.get("name")),
        browser_version=words(client.get("version")),
        browser_is_free_text=bool(client) and is_free_text(detector),
        system=words(system.get("name")),
        system_version=words(system.get("version")),
        on_desktop_system=system.get("family") in DESKTOP_OS,
        device=words(str(detector.device_type())),
        brand=words(detector.device_brand()),
        bot_source=bot_source(detector.is_bot(), is_crawler(PEOPLE.sub("", text))),
    )


def words(value: object) -> str | None:
    """A value of the rules as text. YAML reads a name without quotes as a number where it can: the brand 8848."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def uncached(text: str) -> DeviceDetector:
    """The unchanged library without its cache, because the cache returns the same object to every caller."""
    return DeviceDetector(text, check_cache=False)


@cache
def detector_class() -> Callable[[str], DeviceDetector]:
    """Our shortcut, or the unchanged library if the shortcut does not work with its version."""
    try:
        from coursetrail.lookups.shortcut import Detector

        Detector("Mozilla/5.0 (Windows NT 6.1; rv:25.0) Gecko/20100101 Firefox/25.0").parse()
    except Exception as error:
        warnings.warn(f"user agents are parsed slowly: unexpected version of device-detector ({error})", stacklevel=2)
        return uncached
    return Detector


def is_free_text(detector: DeviceDetector) -> bool:
    """Whether the client's name was cut out of the text and not given by a rule."""
    if type(detector.client).__name__ in FREE_TEXT:
        return detector.client_name() not in known_names()
    return detector.client is None or detector.client_type() == "generic"


@cache
def known_names() -> frozenset[str]:
    """The names that the library's lists of browsers and applications give."""
    listed = {found.get("name", "") for found in app_custom_details().values()}  # the library may add empty entries
    return frozenset(AVAILABLE_BROWSERS.values()) | listed - {""}


def bot_source(detected: bool, crawler: bool) -> str | None:
    """The list that knows the bot, or both lists; None if it is not a bot."""
    if detected:
        return "both" if crawler else "device-detector"
    return "crawler-user-agents" if crawler else None


@cache
def crawlers() -> Rules[re.Pattern[str]]:
    """The patterns of crawler-user-agents; they are case-sensitive."""
    return Rules([entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA], lambda _, pattern: re.compile(pattern))


def is_crawler(text: str) -> bool:
    """Whether crawler-user-agents knows the text."""
    return any(pattern.search(text) for pattern in crawlers().possible(text))
