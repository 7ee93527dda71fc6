"""device-detector, trying only the rules that can match.

Its own code decides everything. Its parsers are subclassed so that the rules they go through are those that a
text's letters allow; what none of our columns shows (processor, app inside a browser) is not looked for.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Self

import regex  # type: ignore[import-untyped]
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from device_detector.device_detector import (  # type: ignore[import-untyped]
    OS,
    AdobeCC,
    Bot,
    Device,
    DeviceDetector,
    DictUA,
    HbbTv,
    Notebook,
    ShellTv,
)
from device_detector.enums import AppType  # type: ignore[import-untyped]
from device_detector.parser.client.adobe_cc import ADOBE_CC  # type: ignore[import-untyped]
from device_detector.parser.client.base import GenericClientParser  # type: ignore[import-untyped]
from device_detector.parser.device import device, notebook, television  # type: ignore[import-untyped]
from device_detector.parser.parser import Parser  # type: ignore[import-untyped]
from device_detector.parser.settings import DESKTOP_OS  # type: ignore[import-untyped]
from device_detector.yaml_loader import app_custom_details, normalized_regex_list  # type: ignore[import-untyped]

from coursetrail.lookups.rules import Rules

Rule = dict[str, Any]
ORIGINALS = (Bot, OS, *DeviceDetector.CLIENT_PARSERS, *DeviceDetector.DEVICE_PARSERS)
GATES = {
    AdobeCC: (ADOBE_CC,),
    HbbTv: (television.HBBTV_FRAGMENT,),
    ShellTv: (television.SHELL_TV_FRAGMENT,),
    Notebook: (notebook.FACEBOOK_NOTEBOOK_FRAGMENT,),
    Device.is_television: (
        device.OPERA_TV_FRAGMENT,
        device.ANDROID_TV_FRAGMENT,
        device.TIZEN_TV_FRAGMENT,
        device.TV_MINI_FRAGMENT,
        device.TV_FRAGMENT,
    ),
}
"""What says no whenever none of these expressions matches."""


class Pattern:
    """A regular expression compiled at its first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, method: str) -> Any:
        compiled = regex.compile(self.pattern, self.flags)
        self.search, self.sub = compiled.search, compiled.sub
        return getattr(compiled, method)


def prepare(rules: Sequence[tuple[object, Rule]]) -> Rules[tuple[object, Rule]]:
    """Rules of several owners behind one scan; the library's lazy expressions tell their text without compiling."""
    texts = [object.__getattribute__(rule["regex"], "pattern") for _, rule in rules]
    flags = [object.__getattribute__(rule["regex"], "flags") for _, rule in rules]

    def make(number: int, pattern: str) -> tuple[object, Rule]:
        owner, rule = rules[number]
        return owner, {**rule, "regex": Pattern(pattern, flags[number])}

    return Rules(texts, make)


@cache
def every_rule() -> Rules[tuple[object, Rule]]:
    """The rules of all parsers, what gates a parser, and what recognises gibberish."""
    rules: list[tuple[object, Rule]] = [
        (original, rule) for original in ORIGINALS for rule in original("", None).regex_list
    ]
    rules += [(("gate", gated), {"regex": fragment}) for gated, gate in GATES.items() for fragment in gate]
    rules += [("normalize", rule) for rule in normalized_regex_list("local/device/normalize.yml")]
    return prepare(rules)


@lru_cache(4)
def possible(text: str) -> dict[object, list[Rule]]:
    """The rules that can match a text, in order, by what they belong to."""
    found: dict[object, list[Rule]] = defaultdict(list)
    for owner, rule in every_rule().possible(text):
        found[owner].append(rule)
    return dict(found)


MODELS: dict[int, Rules[tuple[object, Rule]]] = {}
"""The models of each brand met, by the identity of the library's list, which lives as long as the library."""


def possible_models(models: list[Rule], text: str) -> list[Rule]:
    """The models of a brand that can match a text, in order."""
    if id(models) not in MODELS:
        MODELS[id(models)] = prepare([(models, model) for model in models])
    return [model for _, model in MODELS[id(models)].possible(text)]


def only_possible(original: Any) -> Any:
    """The library's parser, going through what a text allows."""

    class OnlyPossible(original):  # type: ignore[misc]
        __slots__ = ()

        @property
        def regex_list(self) -> list[Rule]:
            return possible(self.user_agent).get(original, [])

        def extract_model(self) -> None:
            if models := self.ua_data.get("models"):
                self.ua_data["models"] = possible_models(models, self.user_agent)
            super().extract_model()

        def is_television(self, os_name: str) -> bool:
            gate = ("gate", Device.is_television) in possible(self.user_agent)
            return (gate or os_name == "Coolita OS") and bool(super().is_television(os_name))

        def platform(self) -> str:
            return ""

        def check_secondary_client_data(self) -> None:
            return

    OnlyPossible.__name__ = original.__name__
    return OnlyPossible


PARSERS = {original: only_possible(original) for original in ORIGINALS}


def has_own_way(original: Any) -> bool:
    """Whether a parser does more than go through its rules."""
    return original._parse is not Parser._parse  # noqa: SLF001 - that is what the library's parsers override


def worth_trying(originals: Sequence[Any], text: str) -> list[Any]:
    """The parsers that may find something: those with a possible rule, and those that work without rules."""
    rules = possible(text)
    return [
        PARSERS[original]
        for original in originals
        if (("gate", original) in rules if original in GATES else original in rules or has_own_way(original))
    ]


class Detector(DeviceDetector):  # type: ignore[misc]
    """The library's detector with our parsers."""

    __slots__ = ("CLIENT_PARSERS", "DEVICE_PARSERS")

    def __new__(cls, user_agent: str) -> Self:  # noqa: ARG004, D102
        return object.__new__(cls)

    def __init__(self, user_agent: str) -> None:
        super().__init__(user_agent, check_cache=False)
        self._normalized_regex_list = possible(self.user_agent).get("normalize", [])
        self.CLIENT_PARSERS = worth_trying(DeviceDetector.CLIENT_PARSERS, self.user_agent)
        self.DEVICE_PARSERS = worth_trying(DeviceDetector.DEVICE_PARSERS, self.user_agent)

    def parse_bot(self) -> None:  # noqa: D102
        self.bot = PARSERS[Bot](self.user_agent, None).parse()
        self.all_details["bot"] = self.bot.ua_data

    def parse_os(self) -> None:  # noqa: D102
        self.os = PARSERS[OS](self.user_agent, None).parse()
        self.all_details["os"] = self.os.ua_data

    def extract_app_id(self) -> None:  # noqa: D102
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
    return Rules([entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA], lambda _, pattern: re.compile(pattern))


def is_crawler(text: str) -> bool:
    """Whether crawler-user-agents knows the text."""
    return any(pattern.search(text) for pattern in crawlers().possible(text))
