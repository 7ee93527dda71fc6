"""Columns of a file with personal data, recognised by their names in several languages and by their values."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from coursetrail.formats.mapping.profile import ColumnProfile, Profile

PERSON = r"(?:^|_)(?:user|learner|student|pupil|actor|author|teacher|instructor|tutor|person|participant|member)"
WHO = rf"{PERSON}(_?name)?$|^name$"
"""Names of columns that say who it was, which may be a name or a number."""
CONTAINED = {
    "mail": "e_?mails?|mail|mbox|mbox_sha1sum|correo|courriel",
    "name": "(first|last|full|real|sur|given|family|middle|nick|preferred|maiden|birth|legal)_?names?|vor_?name|"
    "nach_?name|familien_?name|vollstandiger_name|nombre_completo|apellidos?|nom_complet|nom_de_famille|prenom|"
    "cognome|sobrenome|nome_completo|姓名|氏名|"
    "(student|learner|pupil|actor|author|teacher|instructor|tutor|person|participant|member)_?(display_?)?name|"
    "(user|account)_display_?name|name_of_(the_)?(student|learner|user)|affected_user|related_user|betroffener?|"
    "usuario_afectado|utilisateur_(touche|affecte|concerne)",
    "birth": "birth_?(day|date|year|place)?|dob|yob|geburt|geburts(datum|tag|jahr|ort)|nacimiento|naissance|nascita|"
    "nascimento|出生日期|生日|生年月日",
    "number": "matri[ck](el|elnummer|elnr|ula|ulation|le|no|nr)?|immatrikulationsnummer|legajo|expediente|"
    "(student|pupil|learner|enroll?ment|registration|roll|admission|national|passport|tax|personal)_?"
    "(no|nr|num|number|nummer)|num(ero)?_(de_)?(etudiant|estudiante|alumno|matricula)|id_?number|sis_(user_)?id|"
    "(national|passport|tax)_id|passport|ssn|social_security|dni|nif|学号|学籍番号|学生番号|身份证号?",
    "phone": "(tele|cell_?|mobile_?)?phones?|telefon|telefonnummer|telefono|tel|mobile_?(no|nr|num|number)|"
    "handy(nummer|nr)?|movil|fax|whatsapp|手机号?|电话|電話番号",
    "secret": "password|passwort|passwd|pwd|contrasena|mot_de_passe|secret|token|authorization|api_?key",
}
"""By kind of personal data, names that a column's name contains, between underscores and without accents."""
WHOLE = {
    "name": "nombres?|nom|名字|名前",
    "address": "((home|street|postal|mailing|billing)_?)?address|street|strasse|anschrift|adresse|direccion|domicilio|"
    "post_?code|postal_code|zip|zip_?code|plz",
}
"""The same for names that mean something else inside of a longer one."""
NETWORK = "ip|ip_?addr(ess)?|(user|client|remote|source|src|host|visitor|real)_?(ip|addr|address)|forwarded_for|ip地址"
MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}(?![\w/])")
ADDRESSES = re.compile(r"(?=[^.:]*[.:])[0-9a-fA-F.:\[\], ]{3,400}")
PHONE = re.compile(r"\+\d[\d ()/.-]{6,18}\d|\(?0\d{1,4}\)?[ /-]\d[\d -]{4,12}\d")
CAPITALISED = re.compile(r"[^\W\d_a-z][^\W\d_]*[.']?,?([ -][^\W\d_a-z][^\W\d_]*[.']?){1,3}")
"""Two to four words that begin with capitals, as names of people do, and many titles."""
NUMBERED_USER = re.compile(r"\b[Uu]ser with id '")
"""How Moodle writes about people in its descriptions."""
SOME, MOST = 0.2, 0.8
"""Shares of a column's different values."""


def kind_of(column: ColumnProfile, profile: Profile) -> str | None:
    """The kind of personal data in a column: network, mail, name, birth, number, phone, address, secret, or None."""
    if is_named(column.name, NETWORK) or _share(column, is_address) >= SOME:
        return "network"
    for kind, pattern in WHOLE.items():
        if re.fullmatch(pattern, plain_names(column.name)[0]):
            return kind
    for kind, pattern in CONTAINED.items():
        if is_named(column.name, pattern):
            return kind
    if column.kind not in ("text", "mail", "number"):
        return None
    if _share(column, MAIL.search) >= SOME:
        return "mail"
    if _share(column, PHONE.fullmatch) >= MOST:
        return "phone"
    if _share(column, NUMBERED_USER.search) >= SOME:
        return "name"
    of_person = bool(profile.delimiter and not profile.header) or bool(re.search(WHO, plain_names(column.name)[0]))
    return "name" if of_person and _share(column, CAPITALISED.fullmatch) >= MOST else None


def is_named(name: str, pattern: str) -> bool:
    """Whether the last name of a path, alone or after the one above it, contains the pattern between underscores."""
    return any(re.search(f"(?:^|_)(?:{pattern})(?:_|$)", one) for one in plain_names(name))


@lru_cache(4_096)
def plain_names(name: str) -> tuple[str, str]:
    """The last name of a path, and its last two, in snake case without accents: `userId` becomes user_id."""
    *_, above, last = "", "", *(part for part in name.replace("\\.", "_").split(".") if part.strip())
    return snake(last), snake(f"{above}_{last}")


def snake(name: str) -> str:
    """The name in snake case without accents: `userId` and `User-ID` become user_id."""
    bare = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare)).strip("_").casefold()


def is_address(value: str) -> bool:
    """Whether a value is an IP address, with a port too, or a list of them as proxies write it."""
    return bool(ADDRESSES.fullmatch(value)) and all(_is_one_address(part.strip()) for part in value.split(","))


def shows_person(value: str) -> bool:
    """Whether a single value may identify a person."""
    return bool(MAIL.search(value) or is_address(value) or PHONE.fullmatch(value) or CAPITALISED.fullmatch(value))


def _is_one_address(text: str) -> bool:
    bare = re.sub(r"^\[(.*)\](:\d+)?$", r"\1", text)
    try:
        ip_address(re.sub(r"^(\d+(?:\.\d+){3}):\d+$", r"\1", bare))
    except ValueError:
        return False
    return True


def _share(column: ColumnProfile, fits: Callable[[str], object]) -> float:
    return sum(map(bool, map(fits, column.distinct))) / len(column.distinct) if column.values else 0.0
