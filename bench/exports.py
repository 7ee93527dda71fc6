"""The files that the benchmarks read: courses made by `coursetrail simulate`, stored in bench/data."""

from pathlib import Path

from harness import DATA, Step, coursetrail, measure, say

EVENTS = 3_475_235
LEARNERS = 21_790
BYTES_AN_EVENT = 651
"""Of a simulated course, on average."""
ENDINGS = {"coursera-legacy": ".json", "coursera": ".csv", "edx": ".log"}
"""Formats, and how their files end."""


def export(events: int = EVENTS, seed: int = 1, *, packed: bool = False, form: str = "coursera-legacy") -> Path:
    """The path of a simulated export, which is made if it does not exist; `packed` is gzip."""
    full = events == EVENTS and seed == 1
    name = "psy-001" if full else f"psy-001-{events}-{seed}"
    path = DATA / (f"{name}_clickstream_export.gz" if packed else f"{name}{ENDINGS[form]}")
    if not path.exists():
        make(path, events, seed, form)
    return path


def make(path: Path, events: int, seed: int, form: str = "coursera-legacy") -> None:
    """Simulate a course whose number of learners fits its events; an incomplete file never has the final name."""
    DATA.mkdir(parents=True, exist_ok=True)
    say(f"Making {path.name} with {events:,} events …")
    learners = max(1, round(LEARNERS * events / EVENTS))
    part = path.with_name(f"part-{path.name}")
    words = ("--format", form, "--learners", str(learners), "--events", str(events), "--seed", str(seed))
    measure(Step(coursetrail("simulate", part, *words)))
    part.replace(path)


def course_of(size: float, form: str = "coursera-legacy") -> Path:
    """One export of about `size` gigabytes: courses of several seeds, one after another, without repeated lines."""
    path = DATA / f"sweep-{size:g}GB{ENDINGS[form]}"
    if path.exists():
        return path
    left, seed = round(size * 1e9 / BYTES_AN_EVENT), 100
    whole = path.with_name(f"part-{path.name}")
    with whole.open("wb") as file:
        while left > 0:
            piece = DATA / f"part-sweep-piece{ENDINGS[form]}"
            make(piece, min(left, EVENTS), seed, form)
            with piece.open("rb") as more:
                while block := more.read(1 << 24):
                    file.write(block)
            piece.unlink()
            left, seed = left - EVENTS, seed + 1
    whole.replace(path)
    return path
