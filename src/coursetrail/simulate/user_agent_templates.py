"""Parts of the user agents of desktop browsers and systems of 2013, with weights; our own templates.

A template may hold further `{names}` and `{low-high}` numbers.
"""

from coursetrail.simulate.mobile_user_agent_templates import MOBILE

_GECKO = "Gecko/20100101 Firefox"
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_EXPLORER_8 = "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT"
_EXPLORER_7 = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT"
_NET_2, _NET_3 = ".NET CLR 2.0.50727", ".NET CLR 3.5.30729"


def _each(pattern: str, weights: dict[str, int]) -> dict[str, int]:
    """The pattern with each of the words in place of `#`."""
    return {pattern.replace("#", word): weight for word, weight in weights.items()}


DESKTOP = {
    "windows": _each(
        "Windows NT #",
        {"6.1; WOW64": 45, "6.1": 22, "5.1": 14, "6.2; WOW64": 13, "6.0": 4, "6.2": 2, "6.0; WOW64": 1},
    ),
    "mac": _each(
        "Intel Mac OS X 10_#",
        {"8_4": 34, "7_5": 22, "6_8": 19, "8_3": 7, "8_2": 5, "7_4": 4, "5_8": 3, "8_5": 3, "7_{2-3}": 3},
    ),
    "bits": {"x86_64": 6, "i686": 4},
    "cros": {"x86_64 4100.{60-95}.0": 9, "i686 4100.{60-95}.0": 1, "armv7l 4100.{60-95}.0": 2},
    "locale": {"en-us": 12, "en-gb": 4, "es-es": 3, "ru-ru": 2, "pt-br": 2, "de-de": 2, "fr-fr": 1},
    "chrome": _each(
        f"{_KIT} Chrome/#",
        {"28.0.1500.72": 30, "28.0.1500.95": 26, "28.0.1500.71": 8, "28.0.1500.{52-70}": 2}
        | {"{any_chrome}": 18, "29.0.1547.66": 14, "29.0.1547.76": 14, "29.0.1547.57": 11, "29.0.1547.62": 9}
        | {"27.0.1453.116": 8, "27.0.1453.110": 5, "27.0.1453.94": 3, "30.0.1599.{14-69}": 5},
    ),
    "any_chrome": {"{18-31}.0.{1025-1650}.{0-170}": 1},
    "toolbar": {"": 60, " AlexaToolbar/alxg-3.1": 1, " AlexaToolbar/alxf-2.{10-19}": 1},
    "chrome_kin": {f"Mozilla/5.0 ({{windows}}) {_KIT} Chrome/{{21-28}}.0.{{1180-1500}}.{{20-99}}": 1},
    "firefox": {
        **_each(f"rv:#.0) {_GECKO}/#.0", {"23": 34, "22": 30, "24": 12, "21": 4, "17": 3, "20": 2, "19": 1}),
        **_each(f"rv:#) {_GECKO}/#.1", {"14.0": 1, "15.0": 1, "16.0": 2, "4.0": 1, "11.0": 1}),
        "rv:1.9.2.{10-28}) Gecko/201303{10-28} Firefox/3.6.{10-28}": 3,
        "rv:25.0) Gecko/201309{10-28} Firefox/25.0": 1,
    },
    "firefox_extra": {"": 30, " (.NET CLR 3.5.{30729-30735})": 2},
    "explorer": {
        "Mozilla/5.0 ({explorer_10})": 16,
        "Mozilla/5.0 ({explorer_9})": 13,
        "Mozilla/5.0 ({explorer_9}{net})": 6,
        "{old_explorer}{net}{office})": 35,
    },
    "explorer_10": _each(
        "compatible; MSIE 10.0; Windows NT #; Trident/6.0",
        {"6.1; WOW64": 12, "6.2; WOW64": 8, "6.1": 4, "6.2; Win64; x64": 4, "6.2": 2},
    ),
    "explorer_touch": _each("compatible; MSIE 10.0; Windows NT 6.2; #; Trident/6.0", {"Win64; x64": 2, "WOW64": 1}),
    "explorer_rt": {"compatible; MSIE 10.0; Windows NT 6.2; ARM; Trident/6.0": 1},
    "explorer_9": _each(
        "compatible; MSIE 9.0; Windows NT #; Trident/5.0",
        {"6.1; WOW64": 14, "6.1": 6, "6.0": 4, "6.0; WOW64": 1},
    ),
    "old_explorer": {
        **_each(f"{_EXPLORER_8} #", {"5.1; Trident/4.0": 9, "6.1; Trident/4.0; SLCC2": 6}),
        f"{_EXPLORER_8} 6.1; WOW64; Trident/4.0; SLCC2": 5,
        **_each(f"{_EXPLORER_7} #", {"6.0; SLCC1": 2, "5.1": 2}),
    },
    "net": {
        f"; {_NET_2}": 3,
        f"; {_NET_2}; .NET CLR 3.0.{{4500-4506}}.2152; {_NET_3}": 4,
        f"; .NET CLR 1.1.4322; {_NET_2}; .NET CLR 3.0.04506.{{30-648}}": 3,
        f"; {_NET_2}; {_NET_3}; .NET CLR 3.0.30729; Media Center PC 6.0; .NET4.0C": 5,
        f"; {_NET_2}; {_NET_3}; .NET CLR 3.0.30729; .NET4.0C; .NET4.0E": 4,
    },
    "office": {"": 6, "; InfoPath.{1-3}": 4, "; MS-RTC LM 8": 1, "; BRI/{1-2}": 1, "; GTB{6-7}.{0-5}": 2},
    "maker": {"": 6, "; MDDCJS": 1, "; MASMJS": 1, "; MALNJS": 1},
    "mac_safari": {
        "Intel Mac OS X 10_8_4) {kit} Version/6.0.5 Safari/536.30.1": 36,
        "Intel Mac OS X 10_7_5) {kit} Version/6.0.5 Safari/536.30.1": 18,
        "Intel Mac OS X 10_6_8) {snow_kit} Version/5.1.9 Safari/534.59.8": 22,
        "Intel Mac OS X 10_8_3) {kit} Version/6.0.4 Safari/536.29.13": 9,
        "Intel Mac OS X 10_8_2) {kit} Version/6.0.2 Safari/536.26.17": 5,
        "Intel Mac OS X 10_7_{0-5}) {old_kit} Version/5.1.{1-7} Safari/534.57": 8,
        "Intel Mac OS X 10_5_8) {old_kit} Version/5.0.6 Safari/533.22.3": 2,
    },
    "kit": _each("AppleWebKit/536.# (KHTML, like Gecko)", {"30.1": 8, "29.13": 1, "28.10": 1}),
    "snow_kit": {"AppleWebKit/534.59.{8-10} (KHTML, like Gecko)": 1},
    "old_kit": {"AppleWebKit/534.{50-57}.{2-7} (KHTML, like Gecko)": 1},
    "windows_safari": {"AppleWebKit/534.57.2 (KHTML, like Gecko) Version/5.1.{5-7} Safari/534.57.2": 1},
    "opera": {"Presto/2.12.388 Version/12.{14-16}": 9, "Presto/2.{8-10}.{229-289} Version/11.{50-64}": 1},
    "opera_15": {"Mozilla/5.0 ({windows}) {chrome} Safari/537.36 OPR/15.0.1147.{130-153}": 1},
    "opera_on_windows": {"Opera/9.80 ({windows}) {opera}": 2, "{opera_15}": 1},
    "chromium": _each(f"{_KIT} Ubuntu Chromium/28.0.1500.# Chrome/28.0.1500.#", {"52": 1, "71": 1, "95": 1}),
    "maxthon": {
        f"{_KIT} Maxthon/4.1.{{0-2}}.{{1000-4000}} Chrome/22.0.1229.79 Safari/537.1": 3,
        f"{_KIT} Maxthon/3.5.2.1000 Chrome/18.0.966.0 Safari/535.12": 1,
    },
    "iceweasel": {"rv:17.0) Gecko/20130810 Firefox/17.0 Iceweasel/17.0.{5-8}": 1},
    "iron": {f"{_KIT} Iron/27.0.{{1400-1500}}.0 Chrome/27.0.1500.0": 1},
    "amigo": {f"{_KIT} Chrome/28.0.1500.110 Amigo/28.0.1500.{{104-110}}": 1},
    "camino": {"en; rv:1.9.2.28) Gecko/20120308 Camino/2.1.2 (MultiLang) (like Firefox/3.6.28)": 1},
    "flock": {"rv:1.9.0.19) Gecko/2010061201 Firefox/3.0.19 Flock/2.6.1": 1},
    "epiphany": {f"{_KIT} Chromium/25.0.1349.2 Chrome/25.0.1349.2 Safari/537.32 Epiphany/3.8.2": 1},
    "air": {"AppleWebKit/533.19.4 (KHTML, like Gecko) AdobeAIR/3.{4-7}": 1},
    "midori": {f"{_KIT} Chromium/17.0.963.56 Chrome/17.0.963.56 Safari/535.22+ Midori/0.5": 1},
    "tv": {"NSZ-GS7/GX70 Build/MASTER": 1, "LG Google TV Build/MASTER": 1},
    "tv_chrome": {"AppleWebKit/534.24 (KHTML, like Gecko) Chrome/11.0.696.77": 1},
    "sony": {"00014A;SonyDTV115;0002;0100) KDL{32-46}EX720; CC/GBR": 1},
    "playstation": {"AppleWebKit/531.22.8 (KHTML, like Gecko)": 1},
}
TEMPLATES: dict[str, dict[str, int]] = DESKTOP | MOBILE
