"""Writes the lines of a plan to a file, damaged as planned, and keeps the ledger of what was written."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from coursetrail.simulate.damage import BLANK, DUPLICATE, KINDS, NAMES, REJECTED, Damage
from coursetrail.simulate.legacy import Lines
from coursetrail.simulate.scars import SCARS
from coursetrail.simulate.truth import Ledger

_BATCH = 20_000  # events rendered at a time
_FOLLOWER = NAMES.index("near_duplicate")
_LAST = NAMES.index("cut_at_end")


def write(
    out: str | os.PathLike[str],
    lines: Lines,
    order: NDArray[np.int64],
    damage: Damage,
    advance: Callable[[int], None],
) -> Ledger:
    """Write all events in `order` with the damage; `advance` is told how many lines were written."""
    kinds: Counter[str] = Counter()
    rejects: list[tuple[int, str]] = []
    written = 0
    with _opened(Path(out)) as file:
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            texts = _changed(lines, rows, damage)
            kinds.update(KINDS[i].name for i in damage.changed[rows].tolist() if i >= 0)
            low, high = np.searchsorted(damage.after, [begin, begin + len(rows)])
            added = damage.added[low:high].tolist()
            places = (damage.after[low:high] - begin + 1 + np.arange(high - low)).tolist()
            for i, kind, place in zip(range(int(low), int(high)), added, places, strict=True):
                texts.insert(place, _added(lines, damage, i))
                kinds[NAMES[kind]] += 1
                if KINDS[kind].fate == REJECTED:
                    rejects.append((written + place + 1, NAMES[kind]))
            end = "" if added and added[-1] == _LAST else "\n"
            file.write(("\n".join(texts) + end).encode("utf-8", "surrogateescape"))
            written += len(texts)
            advance(len(texts))
    fates = Counter[str]()
    for one in KINDS:
        fates[one.fate] += kinds[one.name]
    return Ledger(
        lines=written,
        events=len(order),
        duplicates=fates[DUPLICATE],
        rejected=len(rejects),
        blank=fates[BLANK],
        damage={name: kinds[name] for name in NAMES if kinds[name]},
        rejects=tuple(rejects),
    )


def _changed(lines: Lines, rows: NDArray[np.int64], damage: Damage) -> list[str]:
    kinds = damage.changed[rows]
    texts = lines.render(rows - (kinds == _FOLLOWER))
    for place in np.flatnonzero(kinds >= 0).tolist():
        scar = SCARS[NAMES[kinds[place]]]
        texts[place] = scar(texts[place], int(damage.random[rows[place]]))
    return texts


def _added(lines: Lines, damage: Damage, i: int) -> str:
    rows = damage.source[i : i + 1]
    kind = NAMES[damage.added[i]]
    text = _changed(lines, rows, damage)[0] if kind == "duplicate" else lines.render(rows)[0]
    return SCARS[kind](text, int(damage.added_random[i]))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        packed = igzip.IGzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0)  # type: ignore[no-untyped-call]
        with packed:
            yield cast("BinaryIO", packed)
