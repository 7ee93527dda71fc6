"""device-detector, trying only the rules that can match.

Its own code decides everything. Its parsers are subclassed so that the list of rules which they go through is the
list that a text's letters allow; what none of our columns shows (processor, app inside a browser) is not looked for.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from device_detector.device_detector import (  # type: ignore[import-untyped]
    OS,
    AdobeCC,
    Bot,
    DeviceDetector,
    DictUA,
)
from device_detector.enums import AppType  # type: ignore[import-untyped]
from device_detector.parser.client.base import GenericClientParser  # type: ignore[import-untyped]
from device_detector.parser.parser import Parser  # type: ignore[import-untyped]
from device_detector.parser.settings import DESKTOP_OS  # type: ignore[import-untyped]
from device_detector.yaml_loader import app_custom_details, normalized_regex_list  # type: ignore[import-untyped]

from coursetrail.lookups.rules import Rules

Rule = dict[str, Any]
ORIGINALS = (Bot, OS, *DeviceDetector.CLIENT_PARSERS, *DeviceDetector.DEVICE_PARSERS)


class Pattern:
    """A regular expression compiled at its first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, method: str) -> Any:
        compiled = regex.compile(self.pattern, self.flags)
        self.search, self.sub = compiled.search, compiled.sub
        return getattr(compiled, method)


def prepare(rules: Sequence[tuple[str, Rule]]) -> Rules[tuple[str, Rule]]:
    """Rules of several owners behind one scan; the library's lazy expressions give their text without compiling."""
    sources = [object.__getattribute__(rule["regex"], "pattern") for _, rule in rules]
    flags = [object.__getattribute__(rule["regex"], "flags") for _, rule in rules]

    def make(number: int, pattern: str) -> tuple[str, Rule]:
        owner, rule = rules[number]
        return owner, {**rule, "regex": Pattern(pattern, flags[number])}

    return Rules(sources, make)


@cache
def every_rule() -> Rules[tuple[str, Rule]]:
    """The rules of all parsers, and those that recognise gibberish."""
    rules = [(original.__name__, rule) for original in ORIGINALS for rule in original("", None).regex_list]
    return prepare(
        rules + [("normalize", rule) for rule in normalized_regex_list("local/device/normalize.yml")]
    )


@lru_cache(4)
def possible(text: str) -> dict[str, list[Rule]]:
    """The rules that can match a text, in order, by the parser they belong to."""
    found: dict[str, list[Rule]] = defaultdict(list)
    for owner, rule in every_rule().possible(text):
        found[owner].append(rule)
    return found


@cache
def models_of(brand: int) -> Rules[tuple[str, Rule]]:
    """The models of a brand, prepared when the brand is first met."""
    return prepare([("", model) for model in MODELS[brand]])


MODELS: dict[int, list[Rule]] = {}


class OnlyPossible:
    """What a parser goes through."""

    __slots__ = ()

    @property
    def regex_list(self) -> list[Rule]:
        return possible(self.user_agent).get(type(self).__name__, [])  # type: ignore[attr-defined]

    def extract_model(self) -> None:
        models = self.ua_data.get("models")  # type: ignore[attr-defined]
        if models:
            MODELS[id(models)] = models
            self.ua_data["models"] = [model for _, model in models_of(id(models)).possible(self.user_agent)]
        super().extract_model()

    def platform(self) -> str:
        return ""

    def check_secondary_client_data(self) -> None:
        return None


PARSERS = {
    original: type(original.__name__, (OnlyPossible, original), {"__slots__": ()}) for original in ORIGINALS
}


class Detector(DeviceDetector):  # type: ignore[misc]
    """The library's detector with our parsers; those that have nothing to try are left out."""

    __slots__ = ()

    def __new__(cls, user_agent: str) -> "Detector":
        return object.__new__(cls)

    def __init__(self, user_agent: str) -> None:
        super().__init__(user_agent, check_cache=False)
        self._normalized_regex_list = possible(self.user_agent).get("normalize", [])

    @property
    def CLIENT_PARSERS(self) -> list[Any]:  # noqa: N802 - the library's name
        return self._worth_trying(DeviceDetector.CLIENT_PARSERS)

    @property
    def DEVICE_PARSERS(self) -> list[Any]:  # noqa: N802 - the library's name
        return self._worth_trying(DeviceDetector.DEVICE_PARSERS)

    def _worth_trying(self, originals: Sequence[Any]) -> list[Any]:
        rules = possible(self.user_agent)
        return [
            PARSERS[original]
            for original in originals
            if original._parse is not Parser._parse or original.__name__ in rules
        ]

    def parse_bot(self) -> None:
        self.bot = PARSERS[Bot](self.user_agent, None).parse()
        self.all_details["bot"] = self.bot.ua_data

    def parse_os(self) -> None:
        self.os = PARSERS[OS](self.user_agent, None).parse()
        self.all_details["os"] = self.os.ua_data

    def extract_app_id(self) -> None:
        if not self.client:
            super().extract_app_id()


@dataclass(frozen=True, slots=True)
class Found:
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


def find(text: str) -> Found:
    """What the rules say about a cleaned text."""
    detector = Detector(text).parse()
    client, system = detector.all_details.get("client") or {}, detector.all_details.get("os") or {}
    return Found(
        browser=client.get("name") or None,
        browser_version=client.get("version") or None,
        browser_is_free_text=bool(client) and is_free_text(detector),
        system=system.get("name") or None,
        system_version=system.get("version") or None,
        on_desktop_system=system.get("family") in DESKTOP_OS,
        device=str(detector.device_type()) or None,
        brand=detector.device_brand() or None,
        bot_source=bot_source(detector.is_bot(), is_crawler(text)),
    )


def is_free_text(detector: DeviceDetector) -> bool:
    """Whether the client's name was cut out of the text, not given by a rule."""
    if isinstance(detector.client, GenericClientParser | DictUA | AdobeCC):
        return detector.client_name() not in known_names()
    return detector.client is None or detector.client_type() == AppType.Generic


@cache
def known_names() -> frozenset[str]:
    """The names that the library's lists of applications give."""
    return frozenset(details["name"] for details in app_custom_details().values())


def bot_source(detected: bool, crawler: bool) -> str | None:
    """Who says that it is a bot."""
    if detected:
        return "both" if crawler else "device-detector"
    return "crawler-user-agents" if crawler else None


@cache
def crawlers() -> Rules[re.Pattern[str]]:
    """The patterns of crawler-user-agents, which heed case."""
    return Rules(
        [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA], lambda _, pattern: re.compile(pattern)
    )


def is_crawler(text: str) -> bool:
    """Whether crawler-user-agents knows the text."""
    return any(pattern.search(text) for pattern in crawlers().possible(text))
