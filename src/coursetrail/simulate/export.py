"""Writes the lines of a plan with their faults to one or several files, and counts them in a ledger."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Self, cast

import numpy as np
from isal import igzip
from numpy.typing import NDArray

from coursetrail.simulate.damage import BLANK, DUPLICATE, REJECTED, Damage, altered
from coursetrail.simulate.plan import Plan
from coursetrail.simulate.simulated_format import SimulatedFormat
from coursetrail.simulate.truth import PlantedLedger

_BATCH = 20_000  # events rendered at a time


def write(
    out: str | os.PathLike[str],
    form: SimulatedFormat,
    planned: Plan,
    order: NDArray[np.int64],
    damage: Damage,
    advance: Callable[[int], None],
) -> PlantedLedger:
    """Write all events in `order` with the damage; calls `advance(n)` after each n lines.

    If the format gives a file for each row, `out` is the folder of these files.
    """
    faulty = _FaultyLines(form, planned, damage)
    kinds: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    rejects: list[tuple[str, int, str]] = []
    unfinished = 0
    with _Files(Path(out), form.files is not None) as files:
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            texts = faulty.changed(rows)
            kinds.update(form.kinds[i].name for i in damage.changed[rows].tolist() if i >= 0)
            of_rows = form.files(planned, rows) if form.files else [""] * len(rows)
            names = list(of_rows)
            low, high = np.searchsorted(damage.after, [begin, begin + len(rows)])
            planted: list[str | None] = [None] * len(rows)
            positions = (damage.after[low:high] - begin + 1 + np.arange(high - low)).tolist()
            for i, position in zip(range(int(low), int(high)), positions, strict=True):
                kind = form.kinds[damage.added[i]]
                source = damage.source[i : i + 1]
                file = of_rows[damage.after[i] - begin]
                if form.files and kind.outcome == DUPLICATE:
                    file = form.files(planned, source)[0]
                texts.insert(position, faulty.added(i))
                names.insert(position, file)
                planted.insert(position, kind.name if kind.outcome == REJECTED else None)
                kinds[kind.name] += 1
            for name, numbers in _positions(names).items():
                is_cut = planted[numbers[-1]] == "cut_at_end"
                end = "" if is_cut else "\n"
                files.write(name, "\n".join([texts[i] for i in numbers]) + end)
                unfinished += is_cut
                for number, i in enumerate(numbers[:-1] if is_cut else numbers, lines[name] + 1):
                    if word := planted[i]:
                        rejects.append((name, number, word))
                lines[name] += len(numbers)
            advance(len(texts))
    outcomes = Counter[str]()
    for one in form.kinds:
        outcomes[one.outcome] += kinds[one.name]
    before = dict(zip(sorted(lines), np.cumsum([0, *(lines[name] for name in sorted(lines))]).tolist(), strict=False))
    return PlantedLedger(
        lines=lines.total(),
        events=len(order),
        duplicates=outcomes[DUPLICATE],
        rejected=len(rejects),
        blank=outcomes[BLANK],
        unfinished=unfinished,
        damage={one.name: kinds[one.name] for one in form.kinds if kinds[one.name]},
        rejects=tuple(sorted((before[name] + number, word) for name, number, word in rejects)),
    )


def _positions(names: list[str]) -> dict[str, list[int]]:
    """The positions of each name."""
    found: dict[str, list[int]] = {}
    for position, name in enumerate(names):
        found.setdefault(name, []).append(position)
    return found


class _FaultyLines:
    """The lines of a plan with their faults."""

    def __init__(self, form: SimulatedFormat, planned: Plan, damage: Damage) -> None:
        self._form = form
        self._lines = form.lines(planned)
        self._damage = damage
        self._follows = altered(damage.changed, form.kinds, "repeats")

    def changed(self, rows: NDArray[np.int64]) -> list[str]:
        """The lines of these rows; a row that repeats the event before it gets that event's line."""
        texts = self._lines.render(rows - self._follows[rows])
        kinds = self._damage.changed[rows]
        for position in np.flatnonzero(kinds >= 0).tolist():
            fault = self._form.faults[self._form.kinds[kinds[position]].name]
            texts[position] = fault(texts[position], int(self._damage.random[rows[position]]))
        return texts

    def added(self, i: int) -> str:
        """The i-th added line."""
        rows = self._damage.source[i : i + 1]
        kind = self._form.kinds[self._damage.added[i]]
        text = self.changed(rows)[0] if kind.outcome == DUPLICATE else self._lines.render(rows)[0]
        return self._form.faults[kind.name](text, int(self._damage.added_random[i]))


class _Files:
    """The file `out`, or files in the folder `out`, opened at their first use; names that end in .gz are compressed."""

    def __init__(self, out: Path, folder: bool) -> None:
        self._out = out
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self._folder:
            self._out.mkdir(parents=True, exist_ok=True)
            if any(self._out.iterdir()):
                raise FileExistsError(17, "The folder is not empty", str(self._out))
        else:
            self._open[""] = self._stack.enter_context(_opened(self._out))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, name: str, text: str) -> None:
        """Append the text to a file."""
        if name not in self._open:
            self._open[name] = self._stack.enter_context(_opened(self._out / name))
        self._open[name].write(text.encode("utf-8", "surrogateescape"))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        packed = igzip.IGzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0)  # type: ignore[no-untyped-call]
        with packed:
            yield cast("BinaryIO", packed)
