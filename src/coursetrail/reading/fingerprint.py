"""Fingerprints by which a file that was read before is recognised: grown, renamed, or compressed.

The lines of a file are hashed when they are scanned. The digest of these hashes up to a line identifies the beginning
of the file, compressed or not; the digest of the first lines alone says which known files are candidates.
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
"""How many first lines a candidate must have in common."""


@dataclass(frozen=True)
class Fingerprint:
    """The first `lines` of what was read as a `source`, with digests of the first `HEAD` of them (`head`) and of all.

    `whole` is the digest with one more, incomplete line, if the file ended in one that could not be read.
    """

    source: int
    lines: int
    head: str
    digest: str
    whole: str | None = None

    @classmethod
    def read(cls, source: int, text: str) -> "Fingerprint":
        """From the text of `written`."""
        return cls(source, **json.loads(text))

    def written(self) -> str:
        """As text, without the source's number."""
        fields = asdict(self)
        del fields["source"]
        return json.dumps(fields)

    def is_all(self, hashes: Sequence[Any], lines: int) -> bool:
        """Whether a file that begins like this has nothing more; `hashes` are of its lines, block by block."""
        return lines == self.lines or (lines == self.lines + 1 and _digest(np.concatenate(hashes)) == self.whole)


class PrefixMismatch(Exception):  # noqa: N818 - not an error: the file must be read once more
    """A file differs from the longest candidate: it begins with `fingerprint`, or with nothing known if None."""

    def __init__(self, fingerprint: Fingerprint | None) -> None:
        super().__init__()
        self.fingerprint = fingerprint


def fingerprint_of(source: int, hashes: Sequence[Any], lines: int) -> Fingerprint | None:
    """The fingerprint of the first `lines` of a file with these hashes, block by block; None for no lines."""
    every = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    known, whole = every[:lines], _digest(every) if len(every) > lines else None
    return Fingerprint(source, len(known), _digest(known[:HEAD]), _digest(known), whole) if len(known) else None


def candidates(known: Iterable[Fingerprint], first: Block) -> list[Fingerprint]:
    """The known fingerprints that a file with this first block may have, shortest first."""
    hashes = hashes_of(first)
    found = heads([hashes])
    fitting = (one for one in known if one.head in found or min(one.lines, HEAD) > len(hashes))
    return sorted(fitting, key=lambda one: one.lines)


def heads(hashes: Sequence[Any]) -> frozenset[str]:
    """Every `head` that a fingerprint of a file with these hashes may have."""
    first = np.concatenate(hashes)[:HEAD] if hashes else ()
    return frozenset(_digest(first[:count]) for count in range(1, len(first) + 1))


@dataclass
class SkippedPrefix:
    """Skips the first lines of a file if these are one of the `known`; `matched` is the longest that it begins with.

    `skipped` has the hashes of the skipped lines, block by block.
    """

    known: Sequence[Fingerprint] = ()
    matched: Fingerprint | None = None
    skipped: list[Any] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """How many lines were skipped."""
        return self.matched.lines if self.matched else 0

    def rest(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The blocks after the known lines. Raises PrefixMismatch if more was skipped to find them."""
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
                self.skipped.append(hashes)
                continue
            if self.lines < begin + fed:
                raise PrefixMismatch(self.matched)
            self.skipped.append(hashes[:fed])
            if fed < len(hashes):
                yield block.after(fed)
        if pending and self.lines < at:
            raise PrefixMismatch(self.matched)


def hashes_of(block: Block) -> Any:
    """Hashes of the lines of a block."""
    return np.frombuffer(_scan.hashes(block.raw), np.uint64) if block.hashes is None else block.hashes


def _digest(hashes: Any) -> str:
    return str(blake3(hashes.tobytes()).hexdigest())
