"""What a file is known by that was read before and has grown since, or comes under another name, or packed.

The lines of a file are hashed when they are scanned. The digest of these hashes, up to a line, says what the file began
with, whatever it is packed in; the first lines alone say which files it may be.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from blake3 import blake3

from coursetrail.reading import _scan
from coursetrail.reading.lines import Block

HEAD = 16
"""First lines that a file is recognised by."""


@dataclass(frozen=True)
class Fingerprint:
    """The first `lines` of what was read as a `source`, and digests of the first of them (`head`) and of all.

    `whole` is the digest with half a line behind them, where the file ended in one that could not be read.
    """

    source: int
    lines: int
    head: str
    digest: str
    whole: str | None = None

    @classmethod
    def read(cls, source: int, text: str) -> "Fingerprint":
        """From what `written` gave."""
        return cls(source, **json.loads(text))

    def written(self) -> str:
        """All but the source's number, as text."""
        told = asdict(self)
        del told["source"]
        return json.dumps(told)

    def is_all(self, hashes: Sequence[Any], lines: int) -> bool:
        """Whether a file that begins so has nothing else; its hashes come block by block."""
        return lines == self.lines or (lines == self.lines + 1 and _digest(np.concatenate(hashes)) == self.whole)


class PrefixMismatch(Exception):  # noqa: N818 - not an error: the file is to be read once more
    """A file goes on otherwise than its first lines let expect: it begins with `beginning`, or with nothing known."""

    def __init__(self, beginning: Fingerprint | None) -> None:
        super().__init__()
        self.beginning = beginning


def beginning(source: int, hashes: Sequence[Any], lines: int) -> Fingerprint | None:
    """The first `lines` of a file whose hashes come block by block; None for none."""
    every = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    known, whole = every[:lines], _digest(every) if len(every) > lines else None
    return Fingerprint(source, len(known), _digest(known[:HEAD]), _digest(known), whole) if len(known) else None


def candidates(known: Iterable[Fingerprint], first: Block) -> list[Fingerprint]:
    """Those of the known fingerprints that a file may have which begins with this block, shortest first."""
    hashes = hashes_of(first)
    found = heads([hashes])
    fitting = (one for one in known if one.head in found or min(one.lines, HEAD) > len(hashes))
    return sorted(fitting, key=lambda one: one.lines)


def heads(hashes: Sequence[Any]) -> frozenset[str]:
    """Every `head` that a beginning may have of a file whose hashes come block by block."""
    first = np.concatenate(hashes)[:HEAD] if hashes else ()
    return frozenset(_digest(first[:count]) for count in range(1, len(first) + 1))


@dataclass
class SkippedPrefix:
    """Passes over what a file begins with as far as it is one of the `known`; `matched` is the one that it was.

    `passed` has the hashes of what was passed over, a block each.
    """

    known: Sequence[Fingerprint] = ()
    matched: Fingerprint | None = None
    passed: list[Any] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines were passed over."""
        return self.matched.lines if self.matched else 0

    def rest(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks behind what is known. Raises Differs where too much was passed over to find that out."""
        running, at = blake3(), 0
        pending: list[Fingerprint] | None = None
        for block in blocks:
            if pending is None:
                pending = candidates(self.known, block) if self.known else []
            if not pending:
                yield block
                continue
            hashes = hashes_of(block)
            begin, at = at, at + len(hashes)
            fed = 0
            while pending and pending[0].lines <= at:
                one = pending.pop(0)
                running.update(hashes[fed : one.lines - begin].tobytes())
                fed = one.lines - begin
                if running.hexdigest() == one.digest:
                    self.matched = one
            if pending:
                running.update(hashes[fed:].tobytes())
                self.passed.append(hashes)
                continue
            if self.lines < begin + fed:
                raise PrefixMismatch(self.matched)
            self.passed.append(hashes[:fed])
            if fed < len(hashes):
                yield block.behind(fed)
        if pending and self.lines < at:
            raise PrefixMismatch(self.matched)


def hashes_of(block: Block) -> Any:
    """Hashes of the lines of a block."""
    return np.frombuffer(_scan.hashes(block.raw), np.uint64) if block.hashes is None else block.hashes


def _digest(hashes: Any) -> str:
    return str(blake3(hashes.tobytes()).hexdigest())
