"""Parts of the user agents of phones and tablets of 2013, with weights; our own templates."""

_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_STOCK_2 = "AppleWebKit/533.1 (KHTML, like Gecko) Version/4.0 Mobile Safari/533.1"
_STOCK_4 = "AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0"

_IOS = {  # version of iOS: its build, WebKit, Version, Safari, weight
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
# More common models first.
_PHONES = (
    "GT-I9300, GT-I9100, Nexus 4, Galaxy Nexus, GT-I9505, HTC One, SPH-L710, SCH-I535, SGH-I747, GT-I9500, "
    "GT-I8190, DROID RAZR, LT26i, LT22i, HTC One X, SAMSUNG-SGH-I337, MB886, LG-P880, HUAWEI U8950-1, XT910"
)
_OLD_PHONES = "GT-S5830, GT-S5360, GT-I9000, SGH-T769, GT-S6802, GT-S5570, Desire HD, LG-P500, ST18i, DROIDX, Nexus One"
_PHABLETS = "GT-N7100, GT-N7000, SPH-L900, SCH-I605"
_TABLETS = (
    "Nexus 7, GT-P3110, GT-P5110, GT-P3100, Nexus 10, GT-N8013, GT-P5113, GT-N8000, GT-P3113, "
    "Transformer TF101, A500, Xoom, ME301T, A200, SGPT12, ASUS Transformer Pad TF300T, GT-P7510, GT-N5110"
)
_GINGERBREAD = ("2.3.6; {} Build/GINGERBREAD", "2.3.4; {} Build/GRJ22", "2.2.1; {} Build/FROYO")
_JELLY_BEAN = (
    *("4.2.2; {} Build/JDQ39", "4.1.2; {} Build/JZO54K"),
    *("4.0.4; {} Build/IMM76D", "4.1.1; {} Build/JRO03C"),
)


def _ios(client: str) -> dict[str, int]:
    """The client on every version of iOS; `@build`, `@shown` and `@safari` stand for the version's own."""
    return {
        f"{version} like Mac OS X) AppleWebKit/{kit} (KHTML, like Gecko) "
        + client.replace("@build", build).replace("@shown", shown).replace("@safari", safari): weight
        for version, (build, kit, shown, safari, weight) in _IOS.items()
    }


def _android(models: str, versions: tuple[str, ...], frame: str = "@", locale: str = "") -> dict[str, int]:
    """Every model on every version of Android, put in place of `@` in the frame."""
    return {
        frame.replace("@", f"Android {version.format(locale + model)}"): 1 + 60 // (rank + 3)
        for rank, model in enumerate(models.split(", "))
        for version in versions
    }


def _stock(models: str, versions: tuple[str, ...], client: str) -> dict[str, int]:
    return _android(models, versions, f"Mozilla/5.0 (Linux; U; @) {client}", "{locale}; ")


MOBILE: dict[str, dict[str, int]] = {
    "ios_safari": _ios("Version/@shown Mobile/@build Safari/@safari"),
    "ios_chrome": _ios("CriOS/{27-29}.0.{1453-1547}.{10-16} Mobile/@build Safari/@safari"),
    "mercury": _ios("Mercury/7.4 Mobile/@build Safari/@safari"),
    "facebook": _ios("Mobile/@build [FBAN/FBIOS;FBAV/6.{1-3};FBBV/{202900-204000};FBDV/iPad2,3;FBLC/en_US]"),
    "bing": _ios("Mobile/@build BingWeb/3.1"),
    "phone": _android(_PHONES, _JELLY_BEAN),
    "phablet": _android(_PHABLETS, _JELLY_BEAN[1:]),
    "tablet": _android(_TABLETS, _JELLY_BEAN),
    "stock_phone": {"{stock_old_phone}": 1, "{stock_new_phone}": 1},
    "stock_old_phone": _stock(_OLD_PHONES, _GINGERBREAD, _STOCK_2),
    "stock_new_phone": _stock(_PHONES, _JELLY_BEAN, f"{_STOCK_4} Mobile Safari/534.30"),
    "stock_phablet": _stock(_PHABLETS, _JELLY_BEAN[1:], f"{_STOCK_4} Mobile Safari/534.30"),
    "stock_tablet": _stock(_TABLETS, _JELLY_BEAN, f"{_STOCK_4} Safari/534.30"),
    "android_chrome": {f"{_KIT} Chrome/28.0.1500.{{64-94}}": 3, f"{_KIT} Chrome/29.0.1547.{{59-72}}": 2},
    "mobile_chrome": {"{android_chrome} Mobile Safari/537.36": 1},
    "webview": {f"{_KIT} Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36": 1},
    "mobile_firefox": {f"rv:{n}.0) Gecko/{n}.0 Firefox/{n}.0": n - 19 for n in (20, 21, 22, 23)},
    "fennec": {"rv:9.0) Gecko/20111216 Firefox/9.0 Fennec/9.0": 1},
    "kindle": {"Android 4.0.3": 3, "Android 2.3.4": 1},
    "silk": {"{fire} Build/IML74K) {silk_kit} Silk/3.{4-11} Safari/535.19 Silk-Accelerated=true": 1},
    "fire": {"KFTT": 3, "KFOT": 1, "KFJWI": 1},
    "silk_kit": {"AppleWebKit/535.19 (KHTML, like Gecko)": 1},
    "kindle_reader": {
        "AppleWebKit/528.5+ (KHTML, like Gecko, Safari/528.5+) Version/4.0 Kindle/3.0 (screen 600x800)": 1,
    },
    "mini": {"Opera Mini/7.{0-5}.{32052-33361}/30.{3500-3700}; U; en) Presto/2.8.119 Version/11.10": 1},
    "old": {"2.3.5": 2, "2.3.6": 1, "4.0.4": 2, "4.1.2": 1},
    "mobi": {"ADR-{1210241511-1305251841}) Presto/2.11.355 Version/12.10": 1},
    "blackberry": {
        "Mozilla/5.0 (BlackBerry; U; BlackBerry {bold}; en) AppleWebKit/534.11+ (KHTML, like Gecko) "
        "Version/7.{0-1}.0.{261-1033} Mobile Safari/534.11+": 3,
        "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) "
        "Version/10.{0-1}.9.2372 Mobile Safari/537.10+": 2,
    },
    "bold": {"9900": 3, "9860": 1, "9790": 1, "9360": 1},
    "playbook": {
        "RIM Tablet OS 2.{0-1}.0; en-US) AppleWebKit/536.2+ (KHTML, like Gecko) Version/7.2.{0-1}.0 Safari/536.2+": 1,
    },
    "windows_phone": {
        "MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0; ARM; Touch; {phone_8}": 7,
        "MSIE 9.0; Windows Phone OS 7.5; Trident/5.0; IEMobile/9.0; {phone_7}": 3,
    },
    "phone_8": {"NOKIA; Lumia 920": 2, "NOKIA; Lumia 820": 1, "NOKIA; Lumia 520": 1, "NOKIA; Lumia 620": 1},
    "phone_7": {"NOKIA; Lumia 800": 1, "NOKIA; Lumia 710": 1, "SAMSUNG; SGH-i917": 1},
    "puffin": {
        "AppleWebKit/534.35 (KHTML, like Gecko) Chrome/11.0.696.65 Safari/534.35 Puffin/{2-3}.{9100-9999}": 1,
    },
    "puffin_tablet": {"AT": 1, "IT": 1},
    "uc_phone": {"Android 4.{0-1}.1; {locale}; {uc_model}": 1},
    "uc_model": {"GT-I9300": 2, "GT-I9100": 2, "LT26i": 1},
    "uc": {
        "AppleWebKit/534.31 (KHTML, like Gecko) UCBrowser/9.{0-2}.0.{261-339} U3/0.8.0 Mobile Safari/534.31": 1,
    },
    "nokia": {
        "{symbian}/111.{20-40}.1511; Profile/MIDP-2.1 Configuration/CLDC-1.1) "
        "AppleWebKit/535.1 (KHTML, like Gecko) NokiaBrowser/8.3.1.4 Mobile Safari/535.1 3gpp-gba": 1,
    },
    "symbian": {"NokiaN8-00": 1, "NokiaE7-00": 1, "Nokia701": 1},
    "ovi": {
        "Nokia311/03.81; Profile/MIDP-2.1 Configuration/CLDC-1.1) Gecko/20100401 S40OviBrowser/2.2.0.0.{31-34}": 1,
    },
    "wos": {"AppleWebKit/534.6 (KHTML, like Gecko) wOSBrowser/234.{40-83} Safari/534.6 TouchPad/1.0": 1},
}
