"""Secrets in addresses and in JSON: passwords, login tokens, links that act for a person, e-mail and client addresses.

The lists below are all that is known of them, for every format. `SUSPECT` finds the few texts that may hold one; only
these are read in Python, each distinct one once. A removed value becomes `…`.
"""

import json
import re
import unicodedata
from math import isfinite
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coursetrail.reading.repair import written

REMOVED = "…"
PARTS_OF_NAMES = (
    "passw",
    "passphrase",
    "passcode",
    "passkey",
    "pswd",
    "(?:user|my|db|login|new|old|ftp|smtp|root|admin)_?pass(?![a-z])",
    "kennwort",
    "mot_?de_?passe",
    "palavra_?passe",
    "contraseña",
    "wachtwoord",
    "lösenord",
    "adgangskode",
    "passord",
    "salasana",
    "jelszó",
    "пароль",
    "密码",
    "密碼",
    "口令",
    "パスワード",
    "暗証番号",
    "비밀번호",
    "token(?!i[sz]|_?count|s_?used)",
    "secret(?!ar)",
    "[cx]srf",
    "sesskey",
    "session_?(?:id|key|hash|cookie)",
    "sess_?id",
    "(?:moodle|laravel|ci|flask|rails|drupal|wordpress)_?session",
    "(?:api|access|private|sign(?:ing|ed)?|encryption|auth|login|master|shared|ssh|user)_?key",
    "(?:activation|confirm(?:ation)?|enrol(?:l?ment)?|invit(?:e|ation)|recovery|reset)_?(?:code|key|hash)",
    "(?:share|verif(?:y|ication))_?(?:code|key|hash)",
    "(?:access|auth|backup|join|login|mfa|security)_?code",
    "code_?verifier",
    "jwt",
    "signature(?!_?track)",
    "credential",
    "saml_?(?:re|art)",
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
LAST_WORDS = (
    "pw",
    "pwd",
    "psw",
    "pass_(?:phrase|code|key|word)",
    "t?otp",
    "bearer",
    "mdp",
    "senha",
    "haslo",
    "heslo",
    "şifre",
)
"""Names whose last word is one of these have a secret value, as `userPw` and `db-pw2`, but not `npw`."""
WHOLE_NAMES = ("auth", "cookie", "pin", "sig", "set_?cookie", "x_?auth", "http_?cookie")
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
    "assertion",
    "clave",
    "parola",
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
PATHS_OF_TOKENS = (
    "reset",
    "password",
    "verify",
    "verification",
    "confirm(?:ation)?",
    "tokens?",
    "validate",
    "recover(?:y)?",
    "auto_?login",
    "login",
    "sso",
    "magic",
)
"""Steps of a path after which a step that is not made of words and numbers is a token. Lectures are called so, too."""
RECEIVERS = ("login_receiver",)
"""Steps of a path whose whole query is a credential."""
LABELS, VALUES = ("name", "key", "field", "param", "parameter", "header", "id", "label"), ("value", "val", "values")
"""Members that hold the name and the value of something else: `{"name": "password", "value": "…"}`."""
DEEPEST = 8
"""How often a text is decoded; one that is encoded more often is removed as a whole."""


def _any(patterns: tuple[str, ...]) -> str:
    """One pattern of all; what is not ASCII in them may also be escaped, encoded or without its accent."""
    joined = "(?:" + "|".join(patterns).replace("_?", "[ _-]?") + ")"
    return re.sub(r"[^\x00-\x7f]", lambda found: _spelled(found[0]), joined)


def _spelled(letter: str) -> str:
    apart = unicodedata.normalize("NFD", letter)
    forms = [letter, apart, *(apart[0] if apart[0].isascii() else "")]
    for one in (letter, letter.upper()):
        forms += [rf"\\+u{ord(one):04x}", "".join(f"%(?:25)*{byte:02x}" for byte in one.encode())]
    return f"(?:{'|'.join(dict.fromkeys(forms))})"


def _prefilter(patterns: tuple[str, ...]) -> str:
    """One short pattern that matches at least what these match, without what RE2 does not have."""
    found = re.sub(r"\(\?!(?:[^()]|\([^()]*\))*\)", "", "|".join(map(_core, patterns)))
    return "(?:" + found.replace("_?", "[ _-]?") + ")"


def _core(pattern: str) -> str:
    """The longest part in ASCII of a word; else the word, or its first two letters escaped or encoded."""
    if pattern.isascii():
        return pattern
    part = str(max(re.findall(r"[a-z]*", pattern), key=len))
    if len(part) >= 4:
        return part
    starts = (pattern[:2], pattern[:2].upper())
    escaped = ["".join(rf"\\+u{ord(letter):04x}" for letter in start) for start in starts]
    return "|".join({pattern: 0, **dict.fromkeys(escaped), **dict.fromkeys(map(quote, starts))})


_BLANK = r"(?:[\s+\[\]]|%(?:25)*(?:20|09|0[AD]|5[BD]))*"
_IS = rf"{_BLANK}\\*[\"']?\s*(?:[:=]|%(?:25)*3[AD])"
_LABEL, _LABELLED = rf"(?:{'|'.join(LABELS)})\\*[\"']\s*:\s*\\*[\"']", rf"(?:{'|'.join(VALUES)})\\*[\"']\s*:\s*"
SUSPECT = "(?i)" + "|".join(
    (
        _prefilter(PARTS_OF_NAMES),
        _prefilter((*LAST_WORDS, *WHOLE_NAMES, "pass", "session"))
        + r"[\s+%\dABD\[\]\\\"']*(?:[:=]|3[AD]|[\"']\s*[,}])",
        rf"{_prefilter(PARAMETERS)}[\s+%\dABD\[\]]*(?:=|3D)",
        rf"{_any(PATHS + PATHS_OF_TOKENS)}(?:/|%2F)",
        _any(RECEIVERS),
        r"eyJ[\w-]{8}",
        r"(?:bearer|basic)\s",
        r"[\w+-]@[\w-]+\.[a-z]{2}",
        r"(?:/|%2F){2}[^/?#\s\"]*@",
        r"%(?:25|4|5|6|7|C2%AD|E2%80%8[B-F]|E2%81%A|EF%B[BCD])",
        r"\\u(?:00[2-7]|00AD|200[B-F]|206|FEFF|FF[0-5])",
        "[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\uff21-\uff3a\uff41-\uff5a]",
        r"=[\w-]{48}",
        r"PRIVATE KEY",
        r"AKIA[0-9A-Z]{4}|gh[pousr]_\w{5}|github_pat_|xox[abprs]-|[sr]k_live_|glpat-",
    )
)
"""RE2's pattern of texts that may hold a secret. It matches all texts that hold one, and a few more."""
_SUSPECT = re.compile(SUSPECT)
_UNSEEN = {**dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x2060, 0x2065), 0xFEFF])}
_UNSEEN |= {wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
"""Characters that are not seen, and wide forms of ASCII: both hide a name."""
_END = r"(?:[/?#&;,\s\"'<>\\\])}]|$)"
_WORD = r"(?>[A-Z]?[a-z]{1,18}\d{0,8}|[A-Z]{1,18}\d{0,8}|\d{1,8}[A-Z]{0,2}[a-z]{0,18}\d{0,2})"
_TOKEN = rf"(?-i:(?!{_WORD}(?:[-_.~+=]+{_WORD})*{_END})(?:[\w~.+=-]){{8,}}(?={_END}))"
"""Eight or more characters that are not words and numbers, as the slug of a lecture or a course's session is."""
_START = r"(?:(?<![^\W\d_])|(?-i:(?<=[a-z0-9])(?=[A-Z])))"
_PLAIN = r"(?:\d{1,3}(?:\.\d+)?%?|[^\W\d]?|true|false|yes|no|null|none|pass(?:ed)?|fail(?:ed)?)"
"""Values of `pass` that are a result."""
_PASS = rf"{_START}pass\d{{0,2}}(?=[\[\s+\]]*=|\[?\]?\\*[\"'])(?!\[?{_IS}[\s\"'\\]*{_PLAIN}{_END})\[?"
_PARTS, _LAST = _any(PARTS_OF_NAMES), rf"{_START}{_any(LAST_WORDS)}\d{{0,2}}\[?"
_NAME = re.compile(rf"(?i)(?:.*{_PARTS}.*|(?:.*{_START})?{_any(LAST_WORDS)}\d{{0,2}}|{_any(WHOLE_NAMES)})", re.DOTALL)
_NAME_OF_PASS = re.compile(rf"(?i)(?:.*{_START})?pass\d{{0,2}}", re.DOTALL)
_VALUE = r"[(\s]*(?:\[[^\]]*|\{[^}]*|\\+[\"'](?:[^\"\\]|\\(?![\\\"']))*|\"(?:[^\"\\]|\\.)*|'[^']*|[^\"'&\s,;#}\]\\<>]+)"
_NAMED = (
    rf"(?:{_PARTS}(?:[\w.\[\]-]{{0,64}}|[^\"'\\:=,{{}}]{{0,64}}(?=\\*[\"']))|{_LAST}|{_PASS}"
    rf"|(?<![\w-]){_any(WHOLE_NAMES)})"
)
_PARAMETER = (
    rf"(?:^|[?&;#])(?:(?:[\w.\[\]+ -]{{0,64}}?(?:{_PARTS}[\w.\[\]+ -]{{0,64}}|{_LAST}|{_PASS}))"
    rf"|{_any(WHOLE_NAMES)}|{_any(PARAMETERS)})[\s+\[\]]*="
)
_NAMED_VALUE = rf"{_LABEL}[\w.\[-]*(?:{_PARTS}[\w.\[\]-]*|{_LAST}\]?|{_START}pass|{_any(WHOLE_NAMES)})\\*[\"']"
_BETWEEN = r"[^{}]{0,200}?"
_PATTERNS = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"(//)[^/?#\s\"'\\@]*@", rf"\1{REMOVED}@"),
        (rf"(?i)({_any(RECEIVERS)}/?(?:\?|%(?:25)*3F))[^\s\"'<>\\]+", rf"\1{REMOVED}"),
        (rf"(?i)(/{_any(PATHS)}/)[^\s\"'<>\\?#]+", rf"\1{REMOVED}"),
        (rf"(?i)(/{_any(PATHS_OF_TOKENS)}/)(?:[\w~-]{{1,7}}/)?{_TOKEN}[^\s\"'<>\\?#]*", rf"\1{REMOVED}"),
        (r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)(?:(?!-----END)[^\"'<>])+", rf"\1{REMOVED}"),
        (r"eyJ[\w-]{8,}(?:\.[\w-]+)*", REMOVED),
        (r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|(?:github_pat_|xox[abprs]-|[sr]k_live_|glpat-)[\w-]{10,})", REMOVED),
        (rf"(?i)\b(bearer|basic)\s+(?-i:(?!{_WORD}(?:[-/]{_WORD})*[.:!]?{_END}))[\w.~+/=-]{{6,}}", rf"\1 {REMOVED}"),
        (r"(?i)(\b(?:set-)?cookie|authorization)(\s*:\s*)(?![\s\"'\\])[^\"\r\n\\]+", rf"\1\2{REMOVED}"),
        (rf"(?i)({_NAMED_VALUE}\s*,{_BETWEEN}\\*[\"']{_LABELLED}){_VALUE}", rf"\1{REMOVED}"),
        (
            rf"(?i)(\b{_LABELLED}\\*[\"'])[^\"'\\]{{1,1000}}(?=\\*[\"']\s*,{_BETWEEN}\\*[\"']{_NAMED_VALUE})",
            rf"\1{REMOVED}",
        ),
        (rf"(?i)({_PARAMETER})[^&#\"'<>\\\r\n\t,]+(?=\\*[\"']|[&#])", rf"\1{REMOVED}"),
        (rf"(?i)({_NAMED}{_IS}){_VALUE}", rf"\1{REMOVED}"),
        (rf"(?i)(session\d{{0,2}}{_IS}[\s\"'\\]*){_TOKEN}", rf"\1{REMOVED}"),
        (rf"(?i)({_PARAMETER})[^&#;\s\"'<>\\]+", rf"\1{REMOVED}"),
        (r"(=)(?=[A-Za-z_-]*\d)[\w-]{48,}=*(?=$|[&#;\s\"'\\])", rf"\1{REMOVED}"),
        (r"[\w.+-]{1,64}+(?<!\+block)(?<!\+type)(?<!\+ccx)@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,63}", REMOVED),
    )
)
_IN_ADDRESS = (re.compile(rf"(?i)({_PARAMETER})(?:[^&#;\r\n]|;(?![\w.\[\]-]+=))+"), rf"\1{REMOVED}")
"""In an address, but not in other text, a value with blanks and quotes ends where the next parameter begins."""
_ADDRESS = re.compile(r"(?i)\s*(?:(?:[a-z][a-z\d+.-]*:)?//|[/?#]|[\w.\[\]-]+=)")
_FOUND_TOKEN, _FOUND_PLAIN = re.compile(_TOKEN), re.compile(_PLAIN, re.IGNORECASE)


def without_secrets(text: str) -> str:
    """The text of an address, a header or broken JSON without secrets; decoded if one was encoded.

    >>> without_secrets("https://x.org/a?token=abc&page=2"), without_secrets("/a?next=%2Fb%3Fcode%3D1")
    ('https://x.org/a?token=…&page=2', '/a?next=/b?code=…')
    """
    return _without(text, is_address=bool(_ADDRESS.match(text)))


def _without(text: str, is_address: bool) -> str:
    found = current = _cut(text, is_address)
    for _ in range(DEEPEST):
        further = _decoded(current)
        if further == current:
            return found
        current = _cut(further, is_address)
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
    return _without(text, is_address=False).encode("utf-8", "surrogateescape") if _SUSPECT.search(text) else raw


def remove(texts: pa.Array, is_json: bool) -> tuple[pa.Array, Any]:
    """The strings without secrets, and a numpy mask of those that had one; a distinct suspect string is read once."""
    is_coded = pa.types.is_dictionary(texts.type)
    coded = texts if is_coded else texts.dictionary_encode()
    words = coded.dictionary
    suspect = pc.fill_null(pc.match_substring_regex(words, SUSPECT), False)
    before = words.filter(suspect).to_pylist()
    after = [without_secrets_in_json(text) if is_json else _without(text, is_address=True) for text in before]
    changed = suspect.to_numpy(zero_copy_only=False).copy()
    changed[changed] = [one != other for one, other in zip(before, after, strict=True)]
    if not changed.any():
        return texts, np.zeros(len(texts), bool)
    there = pa.array(changed).take(coded.indices).fill_null(False).to_numpy(zero_copy_only=False)
    clean = pc.replace_with_mask(words, suspect, pa.array(after, words.type))
    found = pa.DictionaryArray.from_arrays(coded.indices, clean)
    return found if is_coded else found.cast(texts.type), there


def _cut(text: str, is_address: bool) -> str:
    for pattern, put in (_IN_ADDRESS, *_PATTERNS) if is_address else _PATTERNS:
        text = pattern.sub(put, text)
    return text


def _decoded(text: str) -> str:
    """The text with one layer of escapes less; halves of surrogate pairs stay."""
    plain = unquote(text).translate(_UNSEEN)
    return re.sub(r"(?i)\\{1,8}u(?!d[89a-f])([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), plain)


def _of_value(value: Any) -> Any:
    if isinstance(value, dict):
        is_named = any(_is_secret(one) for name, one in value.items() if name.lower() in LABELS)
        found: dict[str, Any] = {}
        for name, one in value.items():
            short = without_secrets(name)
            if short in found:  # two names that were secret stay two members
                short = f"{short}{len(found) + 1}"
            is_value = is_named and name.lower() in VALUES and one not in (None, "")
            found[short] = REMOVED if is_value or _holds(name, one) else _of_value(one)
        return found
    if isinstance(value, list):
        return [_of_value(one) for one in value]
    if not isinstance(value, str) or not _SUSPECT.search(value):
        return value
    return without_secrets_in_json(value) if value.lstrip().startswith(("{", "[", '"')) else without_secrets(value)


def _finite(text: str) -> float | str:
    """The number, or its text where JSON could not write it again."""
    return number if isfinite(number := float(text)) else text


def _is_secret(label: Any) -> bool:
    """Whether this is the name of something secret, and no sentence."""
    return (
        isinstance(label, str) and " " not in label and bool(_NAME.fullmatch(label) or _NAME_OF_PASS.fullmatch(label))
    )


def _holds(name: str, value: Any) -> bool:
    """Whether the value of a member is secret because of its name."""
    if value in (None, "", True, False):
        return False
    plain = _decoded(name).rstrip("[] ").strip()
    if plain.lower().rstrip("0123456789").endswith("session"):
        return bool(_NAME.fullmatch(plain)) or (isinstance(value, str) and bool(_FOUND_TOKEN.fullmatch(value.strip())))
    if _NAME_OF_PASS.fullmatch(plain):
        return isinstance(value, str | int | float | list) and not _FOUND_PLAIN.fullmatch(str(value))
    return bool(_NAME.fullmatch(plain))
