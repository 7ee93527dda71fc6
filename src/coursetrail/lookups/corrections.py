"""Where the lists of user agents are wrong, as data: people taken for bots, bots taken for people, contradictions."""

import re
from dataclasses import dataclass

_NAMES = (
    r"\b[A-Z]{2}\w{2}\.\d{6}\.\w+(?:\.\w+)*",  # AP3A.240617.008: a build of Android, in the list as a crawler
    r"\bSogou(?:MSE|MobileBrowser)\b",  # Sogou's browser for phones, not its spider
    r"\bHTC[ _-]?Butterfly",  # a phone, not Topsy's crawler
    r"ViewSonic",  # a maker of tablets, not the crawler Sonic
    r"(?<=[\d.])008/",  # the end of a version (Opera Mini/4.0.10008/28), not the crawler 008
    r"\bMobile\b[^()]*\bViber\b",  # the browser inside the app; the fetcher of previews has no Mobile
    r"\bWhatsApp/(?=.*\bElectron/)",  # the app for desktops; the fetcher of previews has no Electron
)
PEOPLE = re.compile("|".join(_NAMES))
"""Words of people's devices and apps that crawler-user-agents takes for crawlers; removed before it is asked."""

PROGRAMS = re.compile(
    r"headless"  # HeadlessChrome, also in lower case, and HeadlessEdg: Chromium without a screen under any name
    r"|phantomjs|slimerjs|puppeteer|playwright"  # automated browsers
    r"|wkhtmlto|khtml2png|\bPTST\b"  # web pages to pictures; WebPageTest
    r"|\bkube-probe/",  # health checks of Kubernetes
    re.IGNORECASE,
)
CRAWLER_WORD = re.compile(r"(?<!cu)bot(?![a-z])|crawl|spider|fetch|monitor|census|\bprobe", re.IGNORECASE)
"""What a crawler calls itself; asked only where no rule knows the browser and the device. Cubot makes phones."""


def is_program(text: str, is_unlisted: bool) -> bool:
    """Whether our own list knows the text as a bot's. `is_unlisted`: no rule knows its browser and device."""
    return bool(PROGRAMS.search(text) or (is_unlisted and CRAWLER_WORD.search(text)))


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A `sign` in the text that does not exist on a system of `impossible`, and what is true instead."""

    sign: re.Pattern[str]
    impossible: frozenset[str]
    system: str
    device: str | None
    brand: str | None
    reason: str


CONTRADICTIONS = (
    Contradiction(
        re.compile(r"\b(?:CriOS|FxiOS|EdgiOS|OPiOS)/"),
        frozenset({"Mac"}),
        "iOS",
        "tablet",
        "Apple",
        "These browsers exist on iOS only. As a Mac they ask for desktop pages, which iPads do by default.",
    ),
    Contradiction(
        re.compile(r"\bSamsungBrowser/"),
        frozenset({"GNU/Linux"}),
        "Android",
        None,
        None,
        "Samsung's browser exists on Android. X11 is its desktop mode, on a phone, a tablet or a screen.",
    ),
)


def contradiction(text: str, system: str | None) -> Contradiction | None:
    """The contradiction between a text and the system that was found in it, if there is one."""
    return next((one for one in CONTRADICTIONS if system in one.impossible and one.sign.search(text)), None)


_USUAL = {
    "smartphone": "Windows Phone|Windows Mobile|Symbian|Symbian OS|Symbian OS Series 60|Symbian^3|MeeGo|Bada|Maemo"
    "|Sailfish OS|BlackBerry OS|KIN OS|palmOS|Firefox OS",
    "feature phone": "Java ME|Symbian OS Series 40|Brew|MTK / Nucleus|MRE|KaiOS|Mocor OS",
    "tablet": "BlackBerry Tablet OS",
    "console": "Nintendo|Nintendo Mobile|PlayStation|PlayStation Portable|Xbox",
    "tv": "WebTV|Android TV|Google TV|Roku OS|tvOS",
    "wearable": "watchOS|Wear OS",
    "desktop": "RISC OS",
}
USUAL_DEVICE = {system: device for device, systems in _USUAL.items() for system in systems.split("|")}
"""The device of a system that runs on one kind of device, where the device itself is unknown. Not Tizen or Android."""
