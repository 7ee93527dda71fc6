"""A faster device-detector: only the rules that can match a text are tried.

The library's own code gives every answer. Its parsers are subclassed so that they loop over the possible rules only.
Values without a column of ours (processor, app inside a browser) are not computed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import FunctionType
from typing import Any, Self

import regex
from device_detector.device_detector import (
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
from device_detector.lazy_regex import RegexLazy
from device_detector.parser.client import adobe_cc
from device_detector.parser.device import (
    device,
    notebook,
    television,
    vendor_fragment,
)
from device_detector.parser.device.vendor_fragment import VendorFragment
from device_detector.parser.parser import Parser
from device_detector.yaml_loader import normalized_regex_list

from coursetrail.lookups.rules import Rules

Rule = dict[str, Any]
ORIGINALS = (Bot, OS, *DeviceDetector.CLIENT_PARSERS, *DeviceDetector.DEVICE_PARSERS)


class Pattern:
    """A regular expression compiled at its first use."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern, self.flags = pattern, flags

    def __getattr__(self, method: str) -> Any:
        compiled = regex.compile(self.pattern, self.flags, cache_pattern=False)
        self.search, self.sub = compiled.search, compiled.sub
        return getattr(compiled, method)


def prepare(rules: Sequence[tuple[object, Rule]]) -> Rules[tuple[object, Rule]]:
    """The rules of several owners, found by one scan. Reading the text of a lazy expression does not compile it."""
    texts = [object.__getattribute__(rule["regex"], "pattern") for _, rule in rules]
    flags = [object.__getattribute__(rule["regex"], "flags") for _, rule in rules]

    def make(number: int, pattern: str) -> tuple[object, Rule]:
        owner, rule = rules[number]
        return owner, {**rule, "regex": Pattern(pattern, flags[number])}

    return Rules(texts, make)


@cache
def every_rule() -> Rules[tuple[object, Rule]]:
    """The rules of all parsers, the expressions that guard a parser, and those that recognise junk."""
    rules: list[tuple[object, Rule]] = [
        (original, rule) for original in ORIGINALS for rule in original("", None).regex_list
    ]
    rules += [(guard, {"regex": guard.lazy}) for guard in (*GATES.values(), *GUARDS)]
    rules += [("normalize", rule) for rule in normalized_regex_list("local/device/normalize.yml")]
    return prepare(rules)


@lru_cache(4)
def possible(text: str) -> dict[object, list[Rule]]:
    """The rules that can match a text, in order, by owner."""
    found: dict[object, list[Rule]] = defaultdict(list)
    for owner, rule in every_rule().possible(text):
        found[owner].append(rule)
    return dict(found)


@dataclass(frozen=True, eq=False)
class Guard:
    """One of the library's own expressions, searched only if it can match the text."""

    lazy: Any

    def search(self, text: str) -> Any:  # noqa: D102
        return self.lazy.search(text) if self in possible(text) else None


GATES = {
    AdobeCC: Guard(adobe_cc.ADOBE_CC),
    DictUA: Guard(RegexLazy("=|[{[]")),
    HbbTv: Guard(television.HBBTV_FRAGMENT),
    ShellTv: Guard(television.SHELL_TV_FRAGMENT),
    Notebook: Guard(notebook.FACEBOOK_NOTEBOOK_FRAGMENT),
}
"""Parsers that find nothing in a text without a match of their guard."""

FRAGMENTS = {name: Guard(lazy) for name, lazy in vars(device).items() if isinstance(lazy, RegexLazy)}
VENDORS = [
    {**vendor, "regexes": [Guard(lazy) for lazy in vendor["regexes"]]} for vendor in vendor_fragment.vendor_regex_list()
]
GUARDS = (*FRAGMENTS.values(), *(guard for vendor in VENDORS for guard in vendor["regexes"]))


def with_globals(original: Any, **names: object) -> dict[str, Any]:
    """The methods of one of the library's classes, with some of their global names replaced."""
    return {
        name: FunctionType(
            method.__code__, {**method.__globals__, **names}, name, method.__defaults__, method.__closure__
        )
        for name, method in vars(original).items()
        if isinstance(method, FunctionType)
    }


MODELS: dict[int, Rules[tuple[object, Rule]]] = {}
"""The models of each brand seen, by the id of the library's list, which lives as long as the library."""


def possible_models(models: list[Rule], text: str) -> list[Rule]:
    """The models of a brand that can match a text, in order."""
    if id(models) not in MODELS:
        MODELS[id(models)] = prepare([(models, model) for model in models])
    return [model for _, model in MODELS[id(models)].possible(text)]


class OnlyPossible:
    """The methods in which our parsers differ from the library's."""

    __slots__ = ()
    original: Any
    user_agent: str
    ua_data: dict[str, Any]

    @property
    def regex_list(self) -> list[Rule]:
        """The rules that can match the text."""
        return possible(self.user_agent).get(self.original, [])

    def extract_model(self) -> None:
        """Try the models that can match the text."""
        if models := self.ua_data.get("models"):
            self.ua_data["models"] = possible_models(models, self.user_agent)
        self.original.extract_model(self)

    def platform(self) -> str:
        """The processor, which no column shows."""
        return ""

    def check_secondary_client_data(self) -> None:
        """The app inside a browser, which no column shows."""


def parser_like(original: Any, **methods: Any) -> Any:
    """A subclass of the library's parser that tries only possible rules."""
    return type(original.__name__, (OnlyPossible, original), {"__slots__": (), "original": original, **methods})


PARSERS = {original: parser_like(original) for original in ORIGINALS}
VENDOR_FRAGMENT = parser_like(VendorFragment, **with_globals(VendorFragment, vendor_regex_list=lambda: VENDORS))
PARSERS[Device] = parser_like(Device, **with_globals(Device, VendorFragment=VENDOR_FRAGMENT, **FRAGMENTS))


def worth_trying(originals: Sequence[Any], text: str) -> list[Any]:
    """The parsers that may find something: those with a possible rule, and those that need no rules."""
    rules = possible(text)
    return [
        PARSERS[original]
        for original in originals
        if (GATES[original] in rules if original in GATES else original in rules or parses_without_rules(original))
    ]


def parses_without_rules(original: Any) -> bool:
    """Whether a parser does more than try its rules."""
    return original._parse is not Parser._parse  # noqa: SLF001 - what the library's parsers override


JUNK_LETTERS = 15
"""Text that the library calls repetitive has fewer than 15 different characters, and at most 100 characters."""


class Detector(DeviceDetector):  # type: ignore[misc]
    """The library's detector with our parsers."""

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

    def is_worthless(self) -> bool:
        """Junk is a number, an identifier or a few repeated letters, but not a text that begins like a browser's."""
        looks_real = self.user_agent.startswith(("Mozilla/4.0 (", "Mozilla/5.0 (", "Opera/9.80 ("))
        varied = len(set(self.user_agent_lower)) >= JUNK_LETTERS
        return not (looks_real and varied) and bool(super().is_worthless())

    def extract_app_id(self) -> None:  # noqa: D102
        if not self.client:
            super().extract_app_id()
