"""How browsers and systems of 2013 word the parts of a user agent, with weights; templates of our own.

A wording may hold further `{names}` and `{low-high}` numbers.
"""

_GECKO = "Gecko/20100101 Firefox"
_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_STOCK_2 = "AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1"
_STOCK_4 = "AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0"

_IOS = {  # version: build, WebKit, Version, Safari
    "6_1_3": ("10B329", "536.26", "6.0", "8536.25", 40),
    "6_1_4": ("10B350", "536.26", "6.0", "8536.25", 8),
    "6_1_2": ("10B146", "536.26", "6.0", "8536.25", 8),
    "6_1": ("10B141", "536.26", "6.0", "8536.25", 5),
    "6_0_1": ("10A523", "536.26", "6.0", "8536.25", 8),
    "6_0": ("10A403", "536.26", "6.0", "8536.25", 3),
    "5_1_1": ("9B206", "534.46", "5.1", "7534.48.3", 14),
    "5_1": ("9B176", "534.46", "5.1", "7534.48.3", 2),
    "5_0_1": ("9A405", "534.46", "5.1", "7534.48.3", 3),
    "7_0": ("11A465", "537.51.1", "7.0", "9537.53", 4),
    "7_0_2": ("11A501", "537.51.1", "7.0", "9537.53", 3),
}


def _ios(client: str) -> dict[str, int]:
    return {
        f"{version} like Mac OS X) AppleWebKit/{kit} (KHTML, like Gecko) "
        + client.format(build=build, shown=shown, safari=safari): weight
        for version, (build, kit, shown, safari, weight) in _IOS.items()
    }


def _android(models: str, versions: tuple[str, ...]) -> dict[str, int]:
    """Commoner models first."""
    names = models.split(", ")
    return {
        f"Android {version}; {{place}}{name} Build/{build}": 1 + 60 // (rank + 3)
        for rank, name in enumerate(names)
        for version, build in (pair.split("=") for pair in versions)
    }


def _without(models: dict[str, int], place: str) -> dict[str, int]:
    return {text.replace("{place}", place): weight for text, weight in models.items()}


_PHONES = (
    "GT-I9300, GT-I9100, Nexus 4, Galaxy Nexus, GT-I9505, HTC One, SPH-L710, SCH-I535, SGH-I747, GT-I9500, GT-I8190, "
    "DROID RAZR, LT26i, LT22i, HTC One X, Desire S, SAMSUNG-SGH-I337, MB886, LG-P880, HUAWEI U8950-1, XT910, GT-I9070"
)
_OLD_PHONES = (
    "GT-S5830, GT-S5360, GT-I9000, SGH-T769, GT-S6802, GT-S5570, Desire HD, LG-P500, ST18i, DROIDX, HUAWEI-M860, Nexus One"
)
_PHABLETS = "GT-N7100, GT-N7000, SPH-L900, SAMSUNG-SGH-I717, SCH-I605, SGH-T889"
_TABLETS = (
    "Nexus 7, GT-P3110, GT-P5110, GT-P3100, Nexus 10, GT-N8013, GT-P5113, GT-N8000, GT-P3113, Transformer TF101, A500, "
    "Xoom, ME301T, A200, SGPT12, ASUS Transformer Pad TF300T, GT-P7510, GT-N5110"
)
_JELLY = ("4.2.2=JDQ39", "4.1.2=JZO54K", "4.0.4=IMM76D", "4.1.1=JRO03C")
_PHONE_4 = _android(_PHONES, _JELLY)
_PHONE_2 = _android(_OLD_PHONES, ("2.3.6=GINGERBREAD", "2.3.4=GRJ22", "2.2.1=FROYO"))
_PHABLET_4 = _android(_PHABLETS, ("4.1.2=JZO54K", "4.1.1=JRO03C", "4.0.4=IMM76D"))
_TABLET_4 = _android(_TABLETS, _JELLY)


def _stock(models: dict[str, int], client: str) -> dict[str, int]:
    return {f"Mozilla/5.0 (Linux; U; {text}) {client}": n for text, n in _without(models, "{locale}; ").items()}


WORDINGS: dict[str, dict[str, int]] = {
    "windows": {
        **{"Windows NT 6.1; WOW64": 45, "Windows NT 6.1": 22, "Windows NT 5.1": 14, "Windows NT 6.2; WOW64": 13},
        **{"Windows NT 6.0": 4, "Windows NT 6.2": 2, "Windows NT 6.0; WOW64": 1, "Windows NT 6.3; WOW64": 1},
    },
    "mac": {f"Intel Mac OS X 10_{version}": weight for version, weight in (
        *(("8_4", 34), ("7_5", 22), ("6_8", 19), ("8_3", 7), ("8_2", 5), ("7_4", 4), ("5_8", 3), ("8_0", 2)),
        *(("7_3", 2), ("7_2", 1), ("8_5", 3), ("6_7", 1), ("9_0", 1)),
    )},
    "bits": {"x86_64": 6, "i686": 4},
    "cros": {"x86_64 4100.{60-95}.0": 9, "i686 4100.{60-95}.0": 1, "armv7l 4100.{60-95}.0": 2},
    "locale": {
        **{"en-us": 12, "en-gb": 4, "es-es": 2, "ru-ru": 2, "pt-br": 2, "de-de": 2, "zh-cn": 1, "el-gr": 1},
        **{"fr-fr": 1, "it-it": 1},
    },
    "chrome": {
        **{f"{_KIT} Chrome/28.0.1500.{patch}": n for patch, n in ((72, 30), (95, 26), (71, 8), (70, 1), (63, 1))},
        **{f"{_KIT} Chrome/29.0.1547.{patch}": n for patch, n in ((57, 11), (62, 9), (66, 14), (65, 4), (76, 14))},
        **{f"{_KIT} Chrome/27.0.1453.{patch}": n for patch, n in ((116, 8), (110, 5), (94, 2), (93, 1))},
        f"{_KIT} Chrome/30.0.1599.{{14-69}}": 5,
        f"{_KIT} Chrome/{{18-31}}.0.{{1025-1650}}.{{0-170}}": 15,
    },
    "old_chrome": {f"{_KIT} Chrome/{{21-28}}.0.{{1180-1500}}.{{20-99}}": 1},
    "toolbar": {"": 60, " AlexaToolbar/alxg-3.1": 1, " AlexaToolbar/alxf-2.{10-19}": 1},
    "firefox": {
        **{f"rv:{n}.0) {_GECKO}/{n}.0": w for n, w in ((22, 30), (23, 34), (24, 12), (21, 4), (20, 2), (19, 1))},
        f"rv:{{14-16}}.0) {_GECKO}/{{14-16}}.0.1": 3,
        f"rv:17.0) {_GECKO}/17.0": 3,
        f"rv:3.6.{{10-28}}) {_GECKO}/3.6.{{10-28}}": 2,
        f"rv:{{4-13}}.0) {_GECKO}/{{4-13}}.0.{{1-2}}": 3,
        f"rv:25.0) Gecko/201309{{10-28}} Firefox/25.0": 1,
    },
    "firefox_extra": {"": 30, " (.NET CLR 3.5.{30729-30735})": 2},
    "explorer": {"Mozilla/5.0 ({explorer_10})": 30, "Mozilla/5.0 ({explorer_9}{net})": 12, "Mozilla/5.0 ({explorer_9})": 25},
    "explorer_10": {f"compatible; MSIE 10.0; {system}; Trident/6.0": n for system, n in (
        *(("Windows NT 6.1; WOW64", 12), ("Windows NT 6.1", 4), ("Windows NT 6.2; WOW64", 8), ("Windows NT 6.2", 2)),
        ("Windows NT 6.2; Win64; x64", 4),
    )},
    "explorer_9": {f"compatible; MSIE 9.0; {system}; Trident/5.0": n for system, n in (
        *(("Windows NT 6.1; WOW64", 14), ("Windows NT 6.1", 6), ("Windows NT 6.0", 4), ("Windows NT 6.0; WOW64", 1)),
    )},
    "explorer_rt": {"compatible; MSIE 10.0; Windows NT 6.2; ARM; Trident/6.0": 1},
    "explorer_touch": {"compatible; MSIE 10.0; Windows NT 6.2; Win64; x64; Trident/6.0": 2, "compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0": 1},
    "maker": {"": 6, "; MDDCJS": 1, "; MASMJS": 1, "; MALNJS": 1},
    "old_explorer": {
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0": 9,
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2": 6,
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; WOW64; Trident/4.0; SLCC2": 5,
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.0; SLCC1": 2,
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1": 2,
    },
    "net": {
        "; .NET CLR 2.0.50727": 3,
        "; .NET CLR 2.0.50727; .NET CLR 3.0.{4500-4506}.2152; .NET CLR 3.5.30729": 4,
        "; .NET CLR 1.1.4322; .NET CLR 2.0.50727; .NET CLR 3.0.04506.{30-648}": 3,
        "; .NET CLR 2.0.50727; .NET CLR 3.5.30729; .NET CLR 3.0.30729; Media Center PC 6.0; .NET4.0C": 5,
        "; .NET CLR 2.0.50727; .NET CLR 3.5.30729; .NET CLR 3.0.30729; .NET4.0C; .NET4.0E": 4,
    },
    "office": {"": 6, "; InfoPath.{1-3}": 4, "; MS-RTC LM 8": 1, "; BRI/{1-2}": 1, "; GTB{6-7}.{0-5}": 2},
    "mac_safari": {
        "Intel Mac OS X 10_8_4) AppleWebKit/536.30.1 (KHTML, like Gecko) Version/6.0.5 Safari/536.30.1": 36,
        "Intel Mac OS X 10_7_5) AppleWebKit/536.30.1 (KHTML, like Gecko) Version/6.0.5 Safari/536.30.1": 18,
        "Intel Mac OS X 10_6_8) AppleWebKit/534.59.{8-10} (KHTML, like Gecko) Version/5.1.9 Safari/534.59.8": 22,
        "Intel Mac OS X 10_8_3) AppleWebKit/536.29.13 (KHTML, like Gecko) Version/6.0.4 Safari/536.29.13": 9,
        "Intel Mac OS X 10_8_2) AppleWebKit/536.26.17 (KHTML, like Gecko) Version/6.0.2 Safari/536.26.17": 5,
        "Intel Mac OS X 10_7_{0-5}) AppleWebKit/534.{50-57}.{2-7} (KHTML, like Gecko) Version/5.1.{1-7} Safari/534.57": 8,
        "Intel Mac OS X 10_5_8) AppleWebKit/534.50.2 (KHTML, like Gecko) Version/5.0.6 Safari/533.22.3": 2,
    },
    "windows_safari": {"AppleWebKit/534.57.2 (KHTML, like Gecko) Version/5.1.{5-7} Safari/534.57.2": 1},
    "opera": {"Presto/2.12.388 Version/12.{14-16}": 9, "Presto/2.{8-10}.{229-289} Version/11.{50-64}": 1},
    "opera_15": {f"Mozilla/5.0 ({{windows}}) {_KIT} Chrome/28.0.1500.{{29-95}} Safari/537.36 OPR/15.0.1147.{{130-153}}": 1},
    "tv": {"NSZ-GS7/GX70 Build/MASTER": 1, "LG Google TV Build/MASTER": 1},
    "tv_chrome": {"AppleWebKit/534.24 (KHTML, like Gecko) Chrome/11.0.696.77": 1},
    "sony": {"00014A;SonyDTV115;0002;0100) KDL{32-46}EX720; CC/GBR": 1},
    "chromium": {f"{_KIT} Ubuntu Chromium/28.0.1500.{n} Chrome/28.0.1500.{n}": 1 for n in (52, 71, 95)},
    "maxthon": {
        "AppleWebKit/537.1 (KHTML, like Gecko) Maxthon/4.1.{0-2}.{1000-4000} Chrome/22.0.1229.79 Safari/537.1": 3,
        "AppleWebKit/535.12 (KHTML, like Gecko) Maxthon/3.5.2.1000 Chrome/18.0.966.0 Safari/535.12": 1,
    },
    "iceweasel": {"rv:17.0) Gecko/20130810 Firefox/17.0 Iceweasel/17.0.{5-8}": 1},
    "iron": {f"{_KIT} Iron/27.0.{{1400-1500}}.0 Chrome/27.0.1500.0": 1},
    "amigo": {f"{_KIT} Chrome/28.0.1500.110 Amigo/28.0.1500.{{104-110}}": 1},
    "camino": {"en; rv:1.9.2.28) Gecko/20120308 Camino/2.1.2 (MultiLang) (like Firefox/3.6.28)": 1},
    "thunderbird": {"Gecko/20130620 Thunderbird/17.0.7": 1},
    "flock": {"rv:1.9.0.19) Gecko/2010061201 Firefox/3.0.19 Flock/2.6.1": 1},
    "epiphany": {f"{_KIT} Chromium/25.0.1349.2 Chrome/25.0.1349.2 Safari/537.32 Epiphany/3.8.2": 1},
    "air": {"AppleWebKit/533.19.4 (KHTML, like Gecko) AdobeAIR/3.{4-7}": 1},
    "midori": {"AppleWebKit/535.22+ (KHTML, like Gecko) Chromium/17.0.963.56 Chrome/17.0.963.56 Safari/535.22+ Midori/0.5": 1},
    "ios": {**_ios("Version/{shown} Mobile/{build} Safari/{safari}")},
    "ios_chrome": _ios("CriOS/{{27-29}}.0.{{1453-1547}}.{{10-16}} Mobile/{build} Safari/{safari}"),
    "mercury": _ios("Mercury/7.4 Mobile/{build} Safari/{safari}"),
    "facebook": _ios("Mobile/{build} [FBAN/FBIOS;FBAV/6.{{1-3}};FBBV/{{202900-204000}};FBDV/iPad2,3;FBLC/en_US]"),
    "bing": _ios("Mobile/{build} BingWeb/3.1"),
    "phone_4": _without(_PHONE_4, ""),
    "phablet_4": _without(_PHABLET_4, ""),
    "tablet_4": _without(_TABLET_4, ""),
    "android_chrome": {f"{_KIT} Chrome/28.0.1500.{{64-94}}": 3, f"{_KIT} Chrome/29.0.1547.{{59-72}}": 2},
    "mobile_chrome": {f"{{android_chrome}} Mobile Safari/537.36": 1},
    "webview": {f"{_KIT} Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36": 1},
    "stock_phone_2": _stock(_PHONE_2, _STOCK_2),
    "stock_phone_4": _stock(_PHONE_4, f"{_STOCK_4} Mobile Safari/534.30"),
    "stock_tablet": _stock(_TABLET_4, f"{_STOCK_4} Safari/534.30"),
    "stock_phablet": _stock(_PHABLET_4, f"{_STOCK_4} Mobile Safari/534.30"),
    "one": {"OneBrowser/4.2": 1},
    "mobile_firefox": {f"rv:{n}.0) Gecko/{n}.0 Firefox/{n}.0": n - 19 for n in (20, 21, 22, 23)},
    "fennec": {"rv:9.0) Gecko/20111216 Firefox/9.0 Fennec/9.0": 1},
    "kindle": {"Android 4.0.3": 3, "Android 2.3.4": 1},
    "silk": {f"{model} AppleWebKit/535.19 (KHTML, like Gecko) Silk/3.{{4-11}} Safari/535.19 Silk-Accelerated=true": 1
             for model in ("KFTT Build/IML74K)", "KFOT Build/IML74K)", "KFJWI Build/IMM76D)")},
    "kindle_reader": {
        "AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800; rotate)": 1,
    },
    "mini": {"Opera Mini/7.{0-5}.{32052-33361}/30.{3500-3700}; U; en) Presto/2.8.119 Version/11.10": 1},
    "android_old": {"2.3.5": 2, "2.3.6": 1, "4.0.4": 2, "4.1.2": 1},
    "mobi": {"ADR-{1210241511-1305251841}) Presto/2.11.355 Version/12.10": 1},
    "blackberry": {
        f"Mozilla/5.0 (BlackBerry; U; BlackBerry {model}; en) AppleWebKit/534.11+ (KHTML, like Gecko) "
        "Version/7.{0-1}.0.{261-1033} Mobile Safari/534.11+": 1 for model in (9900, 9860, 9790, 9360)
    },
    "blackberry_10": {"Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.{0-1}.9.2372 Mobile Safari/537.10+": 1},
    "playbook": {"Mozilla/5.0 (PlayBook; U; RIM Tablet OS 2.{0-1}.0; en-US) AppleWebKit/536.2+ (KHTML, like Gecko) Version/7.2.{0-1}.0 Safari/536.2+": 1},
    "windows_phone": {
        **{f"MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; {model}": 2
           for model in ("NOKIA; Lumia 920", "NOKIA; Lumia 820", "HTC; Windows Phone 8X by HTC", "NOKIA; Lumia 520")},
        **{f"MSIE 9.0; Windows Phone OS 7.5; Trident/5.0; IEMobile/9.0; {model}": 1
           for model in ("NOKIA; Lumia 800", "NOKIA; Lumia 710", "SAMSUNG; SGH-i917")},
    },
    "puffin": {"AppleWebKit/534.35 (KHTML, like Gecko) Chrome/11.0.696.65 Safari/534.35 Puffin/{2-3}.{9100-9999}": 1},
    "uc_phone": {f"Android {version}; {{locale}}; {model}": 1
                 for version in ("4.0.4", "4.1.2") for model in ("GT-I9300", "GT-I9100", "LT26i")},
    "uc": {"AppleWebKit/534.31 (KHTML, like Gecko) UCBrowser/9.{0-2}.0.{261-339} U3/0.8.0 Mobile Safari/534.31": 1},
    "playstation": {"AppleWebKit/531.22.8 (KHTML, like Gecko)": 1},
    "nokia": {
        f"{model}/111.{{20-40}}.1511; Profile/MIDP-2.1 Configuration/CLDC-1.1) AppleWebKit/535.1 (KHTML, like Gecko) "
        "NokiaBrowser/8.3.1.4 Mobile Safari/535.1 3gpp-gba": 1 for model in ("NokiaN8-00", "NokiaE7-00", "Nokia701")
    },
    "ovi": {"Nokia311/03.81; Profile/MIDP-2.1 Configuration/CLDC-1.1) Gecko/20100401 S40OviBrowser/2.2.0.0.{31-34}": 1},
    "wos": {"AppleWebKit/534.6 (KHTML, like Gecko) wOSBrowser/234.{40-83} Safari/534.6 TouchPad/1.0": 1},
}
