"""Accept-Language headers of 2013: the header of each browser for a learner's first language."""

import numpy as np

from coursetrail.simulate.apportion import apportioned
from coursetrail.simulate.published import LANGUAGES

# More common regions first. A language that is missing here has the region of the same name: it-IT.
REGIONS = {
    "en": ("US", "US", "US", "GB", "IN", "CA", "AU"), "es": ("ES", "419", "MX"), "pt": ("BR", "BR", "PT"),
    "zh": ("CN", "TW", "HK"), "de": ("DE", "DE", "AT", "CH"), "fr": ("FR", "FR", "CA"), "el": ("GR",),
    "cs": ("CZ",), "ko": ("KR",), "ar": ("SA", "EG"), "uk": ("UA",), "vi": ("VN",), "ja": ("JP",),
    "da": ("DK",),
    "nb": ("NO",), "he": ("IL",), "sr": ("RS",), "sv": ("SE",), "sl": ("SI",), "ca": ("ES",), "et": ("EE",),
    "fil": ("PH",), "fa": ("IR",), "ta": ("IN",), "no": ("NO",), "ka": ("GE",), "bn": ("BD",), "kk": ("KZ",),
    "ps": ("AF",), "be": ("BY",), "nn": ("NO",), "hi": ("IN",), "ms": ("MY",),
}  # fmt: skip

# Unusual headers in forms that were seen in real data, each with its language.
ODD = (
    *(("zh_CN", "zh"), ("zh-Hant-TW,zh-Hant;q=0.8", "zh"), ("zh-TW,zh,en-US,en", "zh")),
    *(("zh-tw;q=1.0, zh-tw;q=0.8, zh-tw;q=0.2", "zh"), ("ru, uk;q=0.8, be;q=0.8", "ru"), ("ca, *;q=8", "ca")),
    *(("en-US;q=0.6,en;q=0.4", "en"), ("en-US,en;q=0.8,en-US,en;q=0.8", "en"), ("EN-us", "en")),
    ("", "unknown"),
    *(("iw-IL", "he"), ("de-CH-1996", "de"), ("en;q=0.5,fr", "fr"), ("sr-Latn-RS", "sr")),
)
_SPACED = {" ru": ("uk-UA, ru-RU", "uk"), " sv": ("nb-NO, sv-SE", "nb"), " nl": ("en-US, nl-NL", "en")}
_BARE = {"*": ("*", "*"), "English US": ("English US", "unknown"), "nan": (None, "unknown")}
_STYLES = {
    "Chrome": "{tag},{language};q=0.8{more}",
    "Firefox": "{tag},{language};q=0.8,en-us;q=0.5,en;q=0.3",
    "Internet Explorer": "{tag}",
    "Safari": "{lower}",
    "Mobile Safari": "{lower}",
    "Android Browser": "{tag}, en-US",
    "Opera": "{tag},{language};q=0.9,en;q=0.8",
}
_ENGLISH = {"Firefox": "en-US,en;q=0.5", "Android Browser": "{tag}"}
_COMMON = 300  # languages with at least this many learners are written in every browser's style


def planted_rows(total: int, random: np.random.Generator) -> list[str]:
    """`total` rows in random order, in the proportions of the published table of languages."""
    rows = list(LANGUAGES)
    often = apportioned(list(LANGUAGES.values()), total)
    drawn = [row for row, count in zip(rows, often, strict=True) for _ in range(count)]
    return [drawn[i] for i in random.permutation(len(drawn))]


def header(row: str, browser: str, random: np.random.Generator) -> tuple[str | None, str]:
    """A header for one published row in the browser's style, and its first language or "unknown"."""
    if row in _BARE:
        return _BARE[row]
    if row in _SPACED:
        return _SPACED[row]
    if row == " en":
        return _spaced_english(random)
    if random.random() < 0.002:
        odd = [pair for pair in ODD if pair[1] in {row, "unknown"}]
        if len(odd) > 1:
            return odd[int(random.integers(len(odd)))]
    regions = REGIONS.get(row, (row.upper(),))
    tag = f"{row}-{regions[int(random.integers(len(regions)))]}"
    style = browser if LANGUAGES[row] >= _COMMON else "Chrome"
    english = row == "en"
    style_text = _ENGLISH.get(style) if english else None
    style_text = style_text or _STYLES.get(style, _STYLES["Chrome"])
    more = "" if english else ",en-US;q=0.6,en;q=0.4"
    return style_text.format(tag=tag, lower=tag.lower(), language=row, more=more), row


def _spaced_english(random: np.random.Generator) -> tuple[str, str]:
    choices = ("es", "es", "ru", "ru", "pt", "zh", "de", "fr", "it", "en")
    language = choices[int(random.integers(len(choices)))]
    region = REGIONS.get(language, (language.upper(),))[0]
    return ("en-US, en-GB" if language == "en" else f"{language}-{region}, en-US"), language
