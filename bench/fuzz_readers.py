"""Every reader and lookup on hostile bytes, guided by the code that they reach (Atheris, which is libFuzzer).

Each target of `fuzz_targets.py` runs in a separate process, for `--seconds`. A finding ends the process, and its bytes,
as small as possible, are in `bench/results/fuzz`. Inputs that reached new code are stored there too, for the next run.
If ziglang is installed (compiler.lock), the scanner in C guides as well.
"""

import argparse
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from ctypes import CDLL, RTLD_GLOBAL
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fuzz import SOURCES, load

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "bench" / "results" / "fuzz"
COVERED = ("-O1", "-g", "-fno-sanitize=all", "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp")
LONGEST = 4096
"""Bytes of an input."""
PATIENCE = 40
"""Seconds that an input may take; the first one includes all imports. A hang is a finding."""


def run(name: str, seconds: int) -> None:
    """Fuzz one target, in this process, until libFuzzer ends it."""
    import atheris

    options = [f"-dict={KEPT / 'words'}", f"-max_len={LONGEST}", f"-timeout={PATIENCE}", "-rss_limit_mb=3000"]
    options += [f"-max_total_time={seconds}", f"-artifact_prefix={KEPT}/{name}-"]
    target = cache(lambda: _target(atheris, name))
    atheris.Setup([sys.argv[0], *options, str(KEPT / name)], lambda data: target().holds(data))
    atheris.Fuzz()


def _target(atheris: Any, name: str) -> Any:
    """The target, with everything it uses instrumented; the scanner in C needs libFuzzer to run already."""
    if (built := KEPT / "_scan.abi3.so").exists():
        CDLL(import_module("atheris.core_with_libfuzzer").__file__, RTLD_GLOBAL)
        load(built)
    with atheris.instrument_imports(include=["coursetrail"], exclude=["coursetrail.simulate"]):
        import fuzz_targets
    fuzz_targets.quiet()
    return fuzz_targets.TARGETS[name]


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("latin-1"))


def smaller(holds: Callable[[bytes], None], data: bytes) -> bytes:
    """The smallest part of a finding that still fails in the same way."""

    def wrong(data: bytes) -> str | None:
        try:
            holds(data)
        except Exception as error:
            return type(error).__name__
        return None

    kind, step = wrong(data), max(1, len(data) // 2)
    while step and kind:
        for at in range(0, len(data), step):
            while at < len(data) and wrong(data[:at] + data[at + step :]) == kind:
                data = data[:at] + data[at + step :]
        step //= 2
    return data


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one target in a separate process and print the result; True if nothing was found."""
    words = [sys.executable, __file__, "--run", name, "--seconds", str(seconds)]
    before = set(KEPT.glob(f"{name}-*"))
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    seen = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", done.stderr)
    inputs, places, features, held = map(int, seen[-1] if seen else (0, 0, 0, 0))
    print(f"| {name} | {inputs:,} | {places:,} | {features:,} | {held:,} |", flush=True)
    found = sorted(set(KEPT.glob(f"{name}-*")) - before)
    if done.returncode or found:
        print(done.stdout[-6_000:], re.sub("(?m)^INFO: Instr.*\n", "", done.stderr)[-3_000:], sep="\n")
    for file in found:
        if file.name.startswith(f"{name}-crash"):
            import fuzz_targets

            fuzz_targets.quiet()
            print(file.name, repr(smaller(fuzz_targets.TARGETS[name].holds, file.read_bytes())))
    return not done.returncode and not found


def main() -> None:
    """Each target, one after another; the exit code says whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="by default all")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.seconds)
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    if find_spec("ziglang"):
        include = f"-I{sysconfig.get_path('include')}"
        compiler = [sys.executable, "-m", "ziglang", "cc"]
        subprocess.run(
            [*compiler, *COVERED, "-shared", "-fPIC", include, *SOURCES, "-o", KEPT / "_scan.abi3.so"], check=True
        )
    import fuzz_targets

    (KEPT / "words").write_text("".join(f'"{_escaped(word)}"\n' for word in fuzz_targets.WORDS))
    for name, target in fuzz_targets.TARGETS.items():
        if not (KEPT / name).exists():
            (KEPT / name).mkdir()
            for number, seed in enumerate(target.seeds()):
                (KEPT / name / f"seed-{number}").write_bytes(seed[:LONGEST])
    print("| target | inputs | edges reached | features | saved inputs |\n|---|--:|--:|--:|--:|")
    fine = [fuzz(name, options.seconds) for name in options.targets or fuzz_targets.TARGETS]
    sys.exit(not all(fine))


if __name__ == "__main__":
    main()
