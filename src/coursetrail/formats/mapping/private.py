"""Columns of a file with personal data, recognised by their names in several languages and by their values."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address

from coursetrail.formats.mapping.profile import ColumnProfile, Profile

PERSON = r"(?:^|_)(?:user|learner|student|pupil|actor|author|teacher|instructor|tutor|person|participant|member)"
ABOUT_LEARNERS = "user|learner|student|enrol"
"""Names of columns that contain one of these are about a learner."""
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
    "device": "device_?(id|uuid|token|serial|name|identifier)|(hardware|machine|installation|install|android|"
    "advertising|vendor|app_instance|browser)_?(id|uuid)|idf[av]|[ga]aid|imei|imsi|meid|udid|iccid|msisdn|mac_?addr(ess)?|"
    "serial_?(no|nr|num|number)|fingerprint|(host|computer|machine|pc)_?name|gerate_?(id|kennung|name)|seriennummer|"
    "numero_de_serie|numero_de_serial|设备(id|号|标识)|端末id",
    "location": "latitude|longitude|altitude|geo_?(point|loc|location|hash|json|coordinates?)|coord(inate)?s?|gps\\w*|"
    "breitengrad|langengrad|koordinaten|latitud|longitud|coordenadas|coordonnees|lat_?(lng|lon|long)|纬度|经度|緯度|経度",
    "account": "(twitter|facebook|linked_?in|instagram|github|gitlab|skype|telegram|we_?chat|weixin|weibo|tik_?tok|"
    "snapchat|discord|mastodon|xing|orcid)(_?(id|name|user|user_?name|handle|account|profile|url))?|screen_?name|"
    "qq(_?(id|number|号))?|微信号?|微博",
    "special": "gender|geschlecht|genero|sexo|sesso|pronouns|sexual_orientation|sexuelle_orientierung|"
    "orientacion_sexual|orientation_sexuelle|transgender|religion|religious|religiosity|konfession|religiao|religione|ethnicity|ethnic|"
    "ethnische?|ethnie|etnia|etnicidad|racial|nationality|nationalitat|nationalite|nacionalidad|nacionalidade|nazionalita|"
    "citizenship|staatsangehorigkeit|staatsburgerschaft|ciudadania|citoyennete|mother_tongue|native_language|muttersprache|"
    "lengua_materna|langue_maternelle|disability|disabilities|handicap(ped)?|behinderung|schwerbehindert|discapacidad|"
    "deficiencia|disabilita|impairment|special_needs|accommodations?|health|gesundheit|salud|sante|salute|saude|diagnos[ei]s|"
    "diagnostico|illness|disease|krankheit|enfermedad|maladie|medical|medication|allerg(y|ies|ie|ia)|blood_type|blutgruppe|"
    "pregnan(t|cy)|political_?(party|opinions?|views?|affiliation)?|politische_\\w+|trade_union|union_member(ship)?|"
    "gewerkschaft|sindicato|syndicat|marital_status|familienstand|estado_civil|etat_civil|stato_civile|genetic|biometric\\w*|"
    "criminal_record|vorstrafen?|refugee|veteran|caste|imd_?band|性别|性別|宗教|民族|种族|人種|国籍|残疾|障害|健康|婚姻(状况)?",
    "finance": "iban|bic|bank_?(account|name|code)|account_?(no|nr|number)|konto(nummer|nr|inhaber)?|cuenta_bancaria|"
    "compte_bancaire|credit_?card|card_?(no|nr|number)|kreditkarten?(nummer)?|cvv|cvc|(household_)?income|einkommen|salary|"
    "gehalt|ingresos|revenus?|reddito|scholarship|银行卡号?|收入|年収",
    "relative": "father|mother|guardian|spouse|sibling|brother|sister|emergency_?contact|next_of_kin|"
    "parents?_?(names?|contact)|vater|mutter|eltern(teil)?|erziehungsberechtigter?|familiares|acudiente|父亲|母亲|家长|保護者",
    "photo": "avatar|portrait|selfie|profile_?(image|pic|picture|photo)|lichtbild|passbild|头像|顔写真",
    "secret": "password|passwort|passwd|pwd|pw|passphrase|passcode|pin|otp|kennwort|contrasena|clave|senha|"
    "mot_de_passe|mdp|wachtwoord|secret|token|authorization|credentials?|(api|private|access|secret)_?key|密码|パスワード|пароль",
}
"""By kind of personal data, names that a column's name contains, between underscores and without accents."""
WHOLE = {
    "name": "nombres?|nom|名字|名前",
    "address": "((home|street|postal|mailing|billing)_?)?address|street|strasse|anschrift|adresse|direccion|domicilio|"
    "post_?code|postal_code|zip|zip_?code|plz|地址|住址|住所",
    "birth": "age|age_?(band|group|range|years)|alter|altersgruppe|edad|eta|idade|年龄|年齢",
    "device": "mac|mac_?id",
    "location": "lat|lng|lon|long|geo|gps",
    "special": "sex|sexe|race|raza|disabled|lgbt\\w*",
    "relative": "padre|madre|pere|mere|genitore|pai|mae",
    "account": "handle|alias|social_?media|homepage",
    "photo": "photo|foto",
    "secret": "pass|user_?pass",
}
"""The same for names that mean something else inside of a longer one."""
FREE_TEXT = (
    "notes?|comments?|messages?|msg|remarks?|feedback|bio|biography|about_?me|free_?text|essay|journal|reflections?|chat|"
    "(note|comment|message|post|chat|forum|answer|response|feedback|review|free|mail|open)_?(text|body|content)|"
    "open_(answer|response)|bemerkung(en)?|anmerkung(en)?|kommentar(e|text)?|nachricht(en)?|notiz(en)?|freitext|uber_mich|"
    "observacion(es)?|comentarios?|mensajes?|sobre_mi|remarques?|commentaires?|messaggi(o)?|commenti|commento|osservazioni|"
    "mensage(m|ns)|备注|留言|评论|消息|反馈|メモ|コメント|備考|自由記述|感想"
)
"""Names of columns in which people write what they want, also about themselves; if they hold text, not numbers."""
ACCOUNT = (
    "(user|account|member|profile)_?(name|id)?|log_?in(_?(name|id))?|user|nick|display|display_?name|kennung|"
    "benutzer(_?(name|kennung))?|nutzer(_?name)?|anmeldename|utilisateur|identifiant|nom_d_?utilisateur|usuario|"
    "nombre_de_usuario|nome_?utente|utente|nome_de_usuario|用户名?|账号|帐号|账户|昵称|ユーザー名?|アカウント"
)
"""Names of columns that say whose account it is; one of them may fill `learner`."""
THING = (
    "title|titel|titulo|titre|titolo|course|kurs|curso|cours|corso|class|module|modul|lecture|lesson|video|item|quiz|exam|"
    "assignment|problem|question|unit|section|chapter|topic|thema|tema|subject|resource|object|activity|event|action|verb|"
    "operation|component|komponente|componente|composant|context|kontext|contexto|contexte|origin|source|category|type|kind|"
    "mode|role|status|state|level|page|site|platform|browser|os|system|device|agent|model|brand|language|locale|country|"
    "region|timezone|term|semester|program|programme|department|faculty|school|university|institution|organi[sz]ation|org|"
    "degree|skill|tag|label|badge|forum|thread|file|document|material|tool|service|app|version|count|number|sum|share|"
    "rate|score|grade|points|duration|time|date|at|week|day|month|year|url"
)
"""Last words of names of columns about things: words with capitals in them are no names of people."""
NETWORK = "ip|ip_?addr(ess)?|(user|client|remote|source|src|host|visitor|real)_?(ip|addr|address)|forwarded_for|ip地址"
MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}(?![\w/])")
ADDRESSES = re.compile(r"(?=[^.:]*[.:])[0-9a-fA-F.:\[\], ]{3,400}")
WITHIN = re.compile(r"(?<![\w.])\d{1,3}(\.\d{1,3}){3}(?![\w.])")
"""An IP address in a text."""
PHONE = re.compile(r"\+\d[\d ()/.-]{6,18}\d|\(?0\d{1,4}\)?[ /-]\d[\d -]{4,12}\d")
IBAN = re.compile(r"[A-Z]{2}\d{2}[ ]?([A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}")
MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
HANDLE = re.compile(r"@\w[\w.]{1,39}")
COORDINATES = re.compile(r"[(\[]?-?\d{1,2}\.\d{3,}[,; ]\s*-?\d{1,3}\.\d{3,}[)\]]?")
SHAPES = {"finance": IBAN, "device": MAC, "account": HANDLE, "location": COORDINATES, "phone": PHONE}
"""Shapes of whole values by kind, if most values of a column have it."""
CAPITALISED = re.compile(r"[^\W\d_a-z][^\W\d_]*[.']?,?([ -][^\W\d_a-z][^\W\d_]*[.']?){1,3}")
"""Two to four words that begin with capitals, as names of people do, and many titles."""
NUMBERED_USER = re.compile(r"\b[Uu]ser with id '")
"""How Moodle writes about people in its descriptions."""
SOME, MOST = 0.2, 0.8
"""Shares of a column's different values."""


def kind_of(column: ColumnProfile, profile: Profile) -> str | None:
    """The kind of personal data in a column: `network`, `text`, a key of CONTAINED, WHOLE or SHAPES, or None."""
    if is_named(column.name, NETWORK) or _share(column, is_address) >= SOME:
        return "network"
    if kind := _kind_by_name(column):
        return kind
    if column.kind not in ("text", "mail", "number", "address"):
        return None
    if _share(column, MAIL.search) >= SOME:
        return "mail"
    for kind, shape in SHAPES.items():
        if _share(column, shape.fullmatch) >= MOST:
            return kind
    if _share(column, NUMBERED_USER.search) >= SOME:
        return "name"
    of_person = bool(profile.delimiter and not profile.header) or bool(re.search(WHO, plain_names(column.name)[0]))
    return "name" if of_person and _share(column, CAPITALISED.fullmatch) >= MOST else None


def _kind_by_name(column: ColumnProfile) -> str | None:
    name = plain_names(column.name)[0]
    if column.kind in ("text", "empty") and re.fullmatch(FREE_TEXT, name):
        return "text"
    whole = (kind for kind, pattern in WHOLE.items() if re.fullmatch(pattern, name))
    return next(whole, next((kind for kind, pattern in CONTAINED.items() if is_named(column.name, pattern)), None))


def kind_if_unused(column: ColumnProfile) -> str | None:
    """The kind of a column that fills none of ours: an account, or people, unless it is called after a thing."""
    name = plain_names(column.name)[0]
    is_thing = bool(re.search(rf"(?:^|_)(?:{THING})s?(?:_(?:name|title|label|text))?$", name))
    if re.fullmatch(ACCOUNT, name) or (re.search(ABOUT_LEARNERS, name) and not is_thing):
        return "account"
    if column.kind != "text" or _share(column, shows_contact if is_thing else shows_person) < SOME:
        return None
    return "contact" if is_thing else "name"


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
    return bool(shows_contact(value) or CAPITALISED.fullmatch(value))


def shows_contact(value: str) -> bool:
    """Whether there is an e-mail address, an IP address or a telephone number in a value."""
    return bool(MAIL.search(value) or is_address(value) or WITHIN.search(value) or PHONE.fullmatch(value))


def _is_one_address(text: str) -> bool:
    bare = re.sub(r"^\[(.*)\](:\d+)?$", r"\1", text)
    try:
        ip_address(re.sub(r"^(\d+(?:\.\d+){3}):\d+$", r"\1", bare))
    except ValueError:
        return False
    return True


def _share(column: ColumnProfile, fits: Callable[[str], object]) -> float:
    return sum(map(bool, map(fits, column.distinct))) / len(column.distinct) if column.values else 0.0
