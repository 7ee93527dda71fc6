"""Lines of JSON, sound and mutated, and what Python's own `json` makes of them: the scanner's oracle."""

import json
import random
import re
from typing import Any

FIELDS = ("key", "value", "time", "note", "raw", "gone")
NUMBERS = ("type", "at")
VIDEO = "video"
PIECES = (
    *(
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\u",
        b"\\ud83d",
        b"\\u00e9",
        b'\\"',
        b"\\x",
        b"\0",
        b"\t",
        b"\x1f",
    ),
    *(
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-",
        b"01",
        b".",
    ),
    *(b"null", b"true", b"\r", b" ", b"\xef\xbb\xbf", b'"key":', b'"time":7', b"[" * 50, b'{"a":' * 50, b"\xc2\xa0"),
)
TEXTS = (
    "",
    "x",
    "é\U0001f600",
    'quote " and \\',
    "\n\t\b",
    "\0",
    "a" * 15,
    "b" * 16,
    "c" * 17,
    "{}",
    '{"type":"play","at":1.5}',
)


def drawn(draw: random.Random, depth: int = 0) -> Any:
    """Any JSON value."""
    match draw.randrange(8 if depth < 4 else 6):
        case 0:
            return draw.choice([None, True, False])
        case 1 | 2:
            return draw.choice(
                [0, -1, 7, 10**15, -(10**17), 10**18, 2**70, 0.1, -1e-9, 1e300, 123456.789012345, 5e-324]
            )
        case 3 | 4 | 5:
            return draw.choice(TEXTS)
        case 6:
            return [drawn(draw, depth + 1) for _ in range(draw.randrange(4))]
    return {draw.choice([*TEXTS, *FIELDS]): drawn(draw, depth + 1) for _ in range(draw.randrange(4))}


def line(draw: random.Random) -> bytes:
    """A line, mostly sound."""
    fields = {name: drawn(draw) for name in FIELDS if draw.random() < 0.7}
    if draw.random() < 0.7:
        fields |= {"key": draw.choice([VIDEO, "other"]), "note": draw.choice(TEXTS), "time": draw.randrange(10**15)}
    if draw.random() < 0.6:
        fields["value"] = json.dumps(
            {"type": drawn(draw), "at": draw.choice([drawn(draw), "2.5", 3]), "x": drawn(draw)}
        )
    for _ in range(draw.choice([0, 0, 1, 3])):
        fields[draw.choice(["more", "é", *TEXTS])] = drawn(draw)
    items = list(fields.items())
    draw.shuffle(items)
    gap = draw.choice([(",", ":"), (", ", ": "), (" ,\t", " :\r")])
    made = json.dumps(dict(items), ensure_ascii=draw.random() < 0.5, separators=gap).encode(errors="replace")
    for _ in range(draw.choice([0, 0, 0, 1, 2, 5])):
        at, more = draw.randrange(len(made) + 1), draw.choice(PIECES)
        made = made[:at] + (more if draw.random() < 0.5 else b"") + made[at + draw.randrange(4) :]
    return made.replace(b"\n", b" ") + b"\n"


class Doubtful(ValueError):  # noqa: N818 - a verdict
    """A line that the scanner has to leave to Python."""


def judged(text: bytes) -> dict[str, Any]:
    """The members of a sound line; Doubtful for any other. Numbers stay the text they are."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise Doubtful(word)

    try:
        top = json.loads(text.decode(), parse_constant=refuse, object_pairs_hook=members)
        pairs = (
            json.loads(text.decode(), parse_constant=refuse, object_pairs_hook=list) if isinstance(top, dict) else None
        )
    except (ValueError, RecursionError) as error:
        raise Doubtful(str(error)) from error
    if pairs is None or len(pairs) != len(top):
        raise Doubtful("no object, or a name that comes twice")
    if re.search("[\ud800-\udfff]", json.dumps(top, ensure_ascii=False)) or not text.decode().strip(
        " \t\r\n"
    ).startswith("{"):
        raise Doubtful("a lone surrogate")
    return top
