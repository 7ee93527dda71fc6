"""Secrets in addresses and in JSON: passwords, login tokens, links that act for a person, e-mail and client addresses.

The lists below are all that is known of them, for every format. `SUSPECT` finds the few texts that may hold one; only
these are read in Python, each distinct one once. A removed value becomes `…`.
"""

import json
import re
from math import isfinite
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.reading.repair import written

REMOVED = "…"
PARTS_OF_NAMES = (
    "passw",
    "passphrase",
    "token",
    "secret",
    "csrf",
    "sesskey",
    "session_?id",
    "sessid",
    "api_?key",
    "access_?key",
    "private_?key",
    "jwt",
    "signature",
    "credential",
    "saml_?re",
    "relay_?state",
    "oauth",
    "authori[sz]ation",
    "forwarded",
    "real_?ip",
    "client_?ip",
    "connecting_?ip",
    "remote_?addr",
    "e_?mail",
)
"""Names of a parameter, member, field or header that contain one of these have a secret value; `_` may be `-`."""
WHOLE_NAMES = ("auth", "cookie", "otp", "pin", "pwd", "sig", "set_?cookie")
"""Names that have a secret value if they are exactly one of these."""
PARAMETERS = (
    "code",
    "key",
    "ticket",
    "state",
    "hash",
    "hmac",
    "nonce",
    "sid",
    "hdnea",
    "hdnts",
    "policy",
    "key_pair_id",
)
"""Names of parameters of an address. A member of JSON with such a name is often something else, as a video's code."""
PATHS = (
    "password_?reset(?:_?confirm)?",
    "reset_?password",
    "password/(?:reset|change)",
    "forgot_?password",
    "activate",
    "activation",
    "email_?(?:verify|verification|confirm|change_?confirm)",
    "(?:confirm|verify)_?email(?:_?change)?",
    "magic_?(?:link|login)",
    "one_?time_?login",
    "user/reset",
    "unsubscribe",
    "invitations?",
    "invite",
)
"""Steps of a path after which everything acts for a person."""
RECEIVERS = ("login_receiver",)
"""Steps of a path whose whole query is a credential."""
DEEPEST = 8
"""How often a text is decoded; one that is encoded more often is removed as a whole."""


def _any(patterns: tuple[str, ...]) -> str:
    return "(?:" + "|".join(patterns).replace("_?", "[_-]?") + ")"


_IS = r"\\*[\"']?\s*(?:[:=]|%(?:25)*3[ADad])"
SUSPECT = "(?i)" + "|".join(
    (
        _any(PARTS_OF_NAMES),
        rf"\b{_any(WHOLE_NAMES)}{_IS}",
        rf"{_any(PARAMETERS)}(?:=|%(?:25)*3D)",
        rf"{_any(PATHS)}(?:/|%(?:25)*2F)",
        _any(RECEIVERS),
        r"eyJ[\w-]{8}",
        r"(?:bearer|basic)\s",
        r"[\w+-]@[\w-]+\.[a-z]{2}",
        r"//[^/?#\s\"]*@",
        r"%(?:25|4|5|6|7)",
        r"\\u00[2-7]",
        r"=[\w-]{48}",
    )
)
"""RE2's pattern of texts that may hold a secret. It matches all texts that hold one, and a few more."""
_SUSPECT = re.compile(SUSPECT)
_NAME = re.compile(rf"(?i)(?:.*{_any(PARTS_OF_NAMES)}.*|{_any(WHOLE_NAMES)})", re.DOTALL)
_VALUE = r"[(\s]*(?:\[[^\]]*|\{[^}]*|\\+[\"'](?:[^\"\\]|\\(?![\\\"']))*|\"(?:[^\"\\]|\\.)*|'[^']*|[^\"'&\s,;#}\]\\<>]+)"
_PATTERNS = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (rf"(?i)({_any(RECEIVERS)}/?(?:\?|%(?:25)*3F))[^\s\"'<>\\]+", rf"\1{REMOVED}"),
        (rf"(?i)(/{_any(PATHS)}/)[^\s\"'<>\\?#]+", rf"\1{REMOVED}"),
        (r"eyJ[\w-]{8,}(?:\.[\w-]+)*", REMOVED),
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", rf"\1 {REMOVED}"),
        (r"(?i)(\b(?:set-)?cookie|authorization)(\s*:\s*)(?![\s\"'\\])[^\"\r\n\\]+", rf"\1\2{REMOVED}"),
        (
            rf"(?i)((?:{_any(PARTS_OF_NAMES)}[\w.\[\]-]{{0,64}}|(?<![\w-]){_any(WHOLE_NAMES)}){_IS}){_VALUE}",
            rf"\1{REMOVED}",
        ),
        (rf"(?i)((?:^|[?&;#]){_any(PARAMETERS)}=)[^&#;\s\"'<>\\]+", rf"\1{REMOVED}"),
        (r"(=)(?=[A-Za-z_-]*\d)[\w-]{48,}=*(?=$|[&#;\s\"'\\])", rf"\1{REMOVED}"),
        (r"(//)[^/?#\s\"'\\@]*@", rf"\1{REMOVED}@"),
        (r"[\w.+-]{1,64}+(?<!\+block)(?<!\+type)(?<!\+ccx)@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,63}", REMOVED),
    )
)


def without_secrets(text: str) -> str:
    """The text of an address, a header or broken JSON without secrets; decoded if one was encoded.

    >>> without_secrets("https://x.org/a?token=abc&page=2"), without_secrets("/a?next=%2Fb%3Fcode%3D1")
    ('https://x.org/a?token=…&page=2', '/a?next=/b?code=…')
    """
    found = current = _cut(text)
    for _ in range(DEEPEST):
        further = _decoded(current)
        if further == current:
            return found
        current = _cut(further)
        if current != further:
            found = current
    return REMOVED


def without_secrets_in_json(text: str) -> str:
    """JSON without secrets, also in JSON that is nested as text."""
    try:
        value = json.loads(text, strict=False, parse_float=_finite, parse_constant=_finite)
        found = _of_value(value)
    except (ValueError, RecursionError):
        return without_secrets(text)
    return text if found == value else written(found)


def without_secrets_in_bytes(raw: bytes) -> bytes:
    """What may be stored of a line that cannot be read."""
    text = raw.decode("utf-8", "surrogateescape")
    return without_secrets(text).encode("utf-8", "surrogateescape") if _SUSPECT.search(text) else raw


def remove(texts: pa.Array, is_json: bool) -> tuple[pa.Array, Any]:
    """The strings without secrets, and a numpy mask of those that had one; a distinct suspect string is read once."""
    if pa.types.is_dictionary(texts.type):
        words, changed = remove(texts.dictionary, is_json)
        if not changed.any():
            return texts, np.zeros(len(texts), bool)
        there = pa.array(changed).take(texts.indices).fill_null(False).to_numpy(zero_copy_only=False)
        return pa.DictionaryArray.from_arrays(texts.indices, words), there
    mask = pc.fill_null(pc.match_substring_regex(texts, SUSPECT), False)
    changed = mask.to_numpy(zero_copy_only=False).copy()
    if not changed.any():
        return texts, changed
    distinct = texts.filter(mask).dictionary_encode()
    before = distinct.dictionary.to_pylist()
    after = [*map(without_secrets_in_json if is_json else without_secrets, before)]
    differs = np.array([one != other for one, other in zip(before, after, strict=True)], bool)
    numbers = distinct.indices.to_numpy()
    changed[changed] = differs[numbers]
    if not changed.any():
        return texts, changed
    return pc.replace_with_mask(texts, mask, pa.array(after, texts.type).take(distinct.indices)), changed


def _cut(text: str) -> str:
    for pattern, put in _PATTERNS:
        text = pattern.sub(put, text)
    return text


def _decoded(text: str) -> str:
    return re.sub(r"\\{1,8}u00([0-7][0-9a-fA-F])", lambda found: chr(int(found[1], 16)), unquote(text))


def _of_value(value: Any) -> Any:
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for name, one in value.items():
            short = without_secrets(name)
            if short in found:  # two names that were secret stay two members
                short = f"{short}{len(found) + 1}"
            found[short] = REMOVED if _holds(name, one) else _of_value(one)
        return found
    if isinstance(value, list):
        return [_of_value(one) for one in value]
    if not isinstance(value, str) or not _SUSPECT.search(value):
        return value
    return without_secrets_in_json(value) if value.lstrip().startswith(("{", "[", '"')) else without_secrets(value)


def _finite(text: str) -> float | str:
    """The number, or its text where JSON could not write it again."""
    return number if isfinite(number := float(text)) else text


def _holds(name: str, value: Any) -> bool:
    """Whether the value of a member is secret because of its name."""
    return bool(_NAME.fullmatch(name)) and value not in (None, "", True, False)
