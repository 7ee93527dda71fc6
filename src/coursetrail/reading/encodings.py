"""Encodings of text other than UTF-8: which are known, and the bytes of a file as UTF-8 while they are read."""

import codecs
from collections.abc import Iterator

from coursetrail.errors import UsageError
from coursetrail.filesystem.compression import PIECE, ByteStream

UTF_8 = "utf-8"
CODECS = {
    UTF_8: "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (*range(1, 12), *range(13, 17))},
    **{f"windows-{page}": f"cp{page}" for page in (874, *range(1250, 1259))},
    "koi8-r": "koi8-r",
    "shift-jis": "cp932",
    "euc-jp": "euc_jp",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "cp949",
}
"""Every encoding that can be given, by its name, and Python's codec for it: each is ASCII below 128, or UTF-16.

Shift-JIS and EUC-KR are read as Windows writes them, which has more characters and the same meaning for the rest.
"""
ALIASES = {
    "ascii": UTF_8,
    "utf-8-sig": UTF_8,
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "shift_jis": "shift-jis",
    "euc_kr": "euc-kr",
}
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CUT_CHARACTER = "the text ends in the middle of a character; what came before was read"


def encoding_named(name: str) -> str:
    """The encoding with this name, or another name for it: latin1 is iso-8859-1. Raises UsageError for any other."""
    wanted = name.strip().lower()
    if wanted in CODECS:
        return wanted
    try:
        codec = codecs.lookup(wanted).name
    except (LookupError, ValueError, UnicodeError):
        codec = ""
    same = (ours for ours, theirs in CODECS.items() if codec and codecs.lookup(theirs).name == codec)
    if found := ALIASES.get(codec) or next(same, None):
        return found
    raise UsageError(f"There is no encoding '{name[:40]}'. Known: {', '.join(CODECS)}.")


def is_utf_8(encoding: str | None) -> bool:
    """Whether text needs no transcoding; None is UTF-8."""
    return encoding in (None, UTF_8)


def same_encoding(one: str | None, other: str | None) -> bool:
    """Whether two files are in the same encoding; None is UTF-8."""
    return (one or UTF_8) == (other or UTF_8)


class Transcoded:
    """A stream of bytes in an encoding, as UTF-8; `head` are its first bytes, if they were read before.

    What is invalid in the encoding becomes a lone surrogate, which is invalid in UTF-8: so the line is repaired like
    any other line with invalid bytes, and different bytes stay different. Nothing is left out.
    """

    def __init__(self, source: ByteStream, head: bytes, encoding: str) -> None:
        self._source = source
        self._head = head
        self._encoding = encoding
        self._space = memoryview(bytearray(PIECE))
        self._pieces = self._decoded()
        self._text = memoryview(b"")
        self.fault: str | None = None

    def readinto(self, space: memoryview) -> int:
        """The next bytes of UTF-8."""
        while not self._text:
            if (piece := next(self._pieces, None)) is None:
                return 0
            self._text = memoryview(piece)
        count = min(len(space), len(self._text))
        space[:count] = self._text[:count]
        self._text = self._text[count:]
        return count

    def _decoded(self) -> Iterator[bytes]:
        """The stream as UTF-8, piece by piece."""
        first = self._head
        while len(first) < len(codecs.BOM_UTF16_LE) and (piece := self._read()):
            first += piece
        codec = CODECS[self._encoding]
        if codec == "utf-16":
            codec = BYTE_ORDER_MARKS.get(first[:2], "utf-16-le")
        errors = "surrogatepass" if codec.startswith("utf-16") else "surrogateescape"
        decoder = codecs.getincrementaldecoder(codec)(errors)
        while first:
            yield decoder.decode(first).encode(errors="surrogatepass")
            first = self._read()
        rest = decoder.getstate()[0]  # at the end, the decoder of GB18030 loses bytes after an invalid one
        try:
            yield rest.decode(codec, errors).encode(errors="surrogatepass")
        except UnicodeDecodeError:
            self.fault = self.fault or CUT_CHARACTER

    def _read(self) -> bytes:
        piece = bytes(self._space[: self._source.readinto(self._space)])
        self.fault = self._source.fault
        return piece
