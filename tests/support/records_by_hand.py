"""What records of a table are, byte by byte, and what a line's hash is: the oracle of what C makes of them."""

import re

Fields = list[bytes | None]
LINE, END = re.compile(rb"[^\r\n]*+(?:\r\n|\r|\n)"), re.compile(rb"\r\n|\r|\n")


def converted(
    data: bytes, names: tuple[str, ...], delimiter: str, backslash: bool, nulls: tuple[bytes, ...], header: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Each record of a whole file as (its bytes, its line of JSON)."""
    made = []
    at = 0
    while at < len(data):
        line = LINE.match(data, at)[0]
        begin = at + 3 * data.startswith(b"\xef\xbb\xbf", at)
        usual, other = (_fields(data, begin, delimiter.encode(), escapes) for escapes in (backslash, not backslash))
        taken, escapes = usual, backslash
        if (not usual or len(usual[0]) != len(names)) and other and len(other[0]) == len(names):
            taken, escapes = other, not backslash
        if line in (b"\n", b"\r\n", b"\r"):
            json = b""
        elif header and data[begin : at + len(line)].rstrip(b"\r\n") == header.rstrip(b"\r\n"):
            json = b"#"
        elif not taken or len(taken[0]) != len(names):
            json = b"!%d" % (len(taken[0]) if taken else 0)
        else:
            line = data[at : taken[1]]
            values = (_value(field, escapes, nulls) for field in taken[0])
            pairs = (b'"%s":%s' % (name.encode(), value) for name, value in zip(names, values, strict=True))
            json = b"{" + b",".join(pairs) + b"}"
        made.append((line, json + b"\n"))
        at += len(line)
    return made


def _fields(data: bytes, at: int, delimiter: bytes, backslash: bool) -> tuple[list[bytes], int] | None:
    """The fields of the record that begins there, quotes and all, and what is behind it; None if it never ends."""
    mark = re.escape(delimiter)
    escaped = rb"\\.|" if backslash else b""
    other = rb"\"\\" if backslash else rb"\""
    first_line = rb'(?:%s[^%s\r\n]|""|"(?!%s|[\r\n]|"))*+' % (escaped, other, mark)
    more_lines = rb'(?:%s[^%s]|"")*+' % (escaped, other)
    quoted = re.compile(rb'"%s%s"(?=%s|[\r\n])' % (first_line, more_lines, mark), re.DOTALL)
    plain = re.compile(rb"(?:%s[^%s\r\n])*+" % (rb"\\[^\r\n]|" if backslash else b"", mark))
    found = []
    while True:
        match = (quoted if data.startswith(b'"', at) else plain).match(data, at)
        if not match:
            return None
        at = match.end()
        found.append(match[0])
        if end := END.match(data, at):
            return found, end.end()
        if at >= len(data):
            return None
        at += 1


def _value(field: bytes, backslash: bool, nulls: tuple[bytes, ...]) -> bytes:
    quoted = field.startswith(b'"')
    text = field[1:-1] if quoted else field
    if text in nulls:
        return b"null"
    pairs = [rb"\\(.)"] * backslash + [rb'"(")'] * quoted
    if pairs:
        text = re.sub(b"|".join(pairs), lambda pair: pair[pair.lastindex or 0], text, flags=re.DOTALL)
    return b'"%s"' % re.sub(rb'[\x01-\x1f"\\]', _escaped, text)


def _escaped(sign: re.Match[bytes]) -> bytes:
    return b"\\" + sign[0] if sign[0] in b'"\\' else b"\\u%04x" % sign[0][0]


ONE, TWO, WIDE = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 2**64 - 1


def hashed(line: bytes) -> int:
    """The hash of a line, its newline included. Ledgers keep digests of them, so it must never change."""
    left, right = len(line) * ONE & WIDE, TWO
    padded = line + bytes(32 - len(line) % 32)
    for at in range(0, len(padded), 32):
        words = [int.from_bytes(padded[at + 8 * place : at + 8 * place + 8], "little") for place in range(4)]
        left = _mixed(left ^ words[0] ^ ONE, words[1] ^ TWO)
        right = _mixed(right ^ words[2] ^ TWO, words[3] ^ ONE)
        if at + 32 < len(padded):
            left, right = (left + ONE) & WIDE, (right + TWO) & WIDE
    return _mixed(left ^ ONE, right ^ TWO)


def _mixed(one: int, other: int) -> int:
    product = one * other
    return (product ^ product >> 64) & WIDE
