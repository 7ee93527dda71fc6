"""Published facts about the course psy-001 of 2013, which the simulated course follows.

Source: the tables of a study of 21,790 learners and 3,475,235 clicks. Browsers, devices and languages count
distinct pairs of a learner and a value, so their sums differ from the number of learners.
"""

LEARNERS = 21_790
EVENTS = 3_475_235

# (share of learners, clicks of the learner at that rank), and the five busiest one by one.
CLICKS = (
    *((0.0, 1), (0.047, 1), (0.048, 2), (0.092, 2), (0.1, 3), (0.15, 4), (0.2, 6), (0.25, 9), (0.3, 13)),
    *((0.35, 17), (0.4, 23), (0.45, 31), (0.5, 39), (0.55, 50), (0.6, 63), (0.65, 78), (0.7, 98)),
    *((0.75, 125), (0.8, 165), (0.85, 232), (0.9, 364), (0.925, 475), (0.95, 674), (0.96, 811)),
    *((0.97, 998), (0.98, 1_247), (0.985, 1_432), (0.99, 1_737), (0.9925, 1_930), (0.995, 2_361)),
    *(
        (0.9965, 2_807),
        (0.9975, 3_218),
        (0.9985, 4_538),
        (0.999, 5_562),
        (0.9993, 6_663),
        (0.9995, 7_715),
        (0.9997, 10_362),
    ),
    *((1 - 4.5 / LEARNERS, 12_434), (1 - 3.5 / LEARNERS, 28_460), (1 - 2.5 / LEARNERS, 32_910)),
    *((1 - 1.5 / LEARNERS, 39_639), (1 - 0.5 / LEARNERS, 58_289)),
)

DEVICES = {
    "desktop": 18_248, "tablet": 1_980, "smartphone": 1_070, "unknown": 109, "phablet": 73,
    "portable media player": 44, "console": 6, "tv": 6,
}  # fmt: skip

BROWSERS = {
    "Chrome": 11_402, "Firefox": 5_672, "Internet Explorer": 2_334, "Mobile Safari": 1_765, "Safari": 1_367,
    "Android Browser": 512, "Opera": 355, "Chrome Mobile": 198, "Chrome Mobile iOS": 185, "Chromium": 114,
    "Firefox Mobile": 96, "Mobile Silk": 64, "Opera Mini": 56, "Maxthon": 47, "BlackBerry Browser": 42,
    "Sogou Explorer": 28, "IE Mobile": 23, "Yandex Browser": 22, "Opera Mobile": 21, "Chrome Frame": 21,
    "Puffin": 18, "Iceweasel": 16, "Iron": 15, "UC Browser": 13, "RockMelt": 12, "Amigo": 8, "CoolNovo": 7,
    "Liebao": 7, "SeaMonkey": 7, "Pale Moon": 6, "QQ Browser": 6, "CometBird": 5, "NetFront": 5, "Mercury": 5,
    "Nokia Browser": 4, "unknown": 4, "wOSBrowser": 4, "IceDragon": 3, "Camino": 3, "Facebook": 3,
    "Kindle Browser": 3, "Nokia Ovi Browser": 2, "Baidu Spark": 2, "Chrome Webview": 2, "Dolphin": 2,
    "ONE Browser": 1, "Avant Browser": 1, "Thunderbird": 1, "BingWebApp": 1, "QuickLook": 1, "Epic": 1,
    "Lunascape": 1, "Fennec": 1, "Opera Next": 1, "Flock": 1, "GNOME Web": 1, "AdobeAIR": 1, "Midori": 1,
}  # fmt: skip

# The study took the alphabetically smallest item of a header, untrimmed: its rows " en", " ru", " sv", " nl"
# are headers such as "it-IT, en-US", whose first choice is another language.
LANGUAGES = {
    "en": 15_942, "es": 1_156, "ru": 1_003, "pt": 841, "zh": 812, "de": 595, " en": 458, "el": 434,
    "fr": 393, "it": 204, "pl": 192, "ro": 165, "tr": 156, "nl": 147, "cs": 114, "ko": 91, "bg": 83, "ar": 69,
    "hu": 69, "uk": 68, "vi": 62, "hr": 62, "ja": 55, "da": 51, "nb": 51, "he": 45, "sr": 43, "th": 31,
    "sv": 31, "sl": 29, "ca": 28, "sk": 28, "lv": 26, "et": 23, "id": 21, "fil": 20, "fi": 20, "nan": 16,
    "fa": 10, "lt": 8, "ta": 5, "no": 5, "ka": 5, "bn": 3, " ru": 2, "kk": 2, "English US": 2, " sv": 2,
    "ps": 2, "be": 2, "mn": 2, "mk": 1, " nl": 1, "*": 1, "nn": 1, "hi": 1, "ms": 1, "az": 1,
}  # fmt: skip
