"""The scanner in C under an address and undefined-behaviour sanitizer, on mutated lines and tables.

Each round also compares the answers with those of Python: of its `json`, and of a slow reader in Python. A
finding ends it. The inputs that `fuzz_readers.py` saved for the same readers come first.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "coursetrail" / "reading" / "native").glob("*.c"))
KEPT = ROOT / "bench" / "results" / "fuzz"
TABULAR = (b'"', b'""', b",", b";", b"\n", b"\n", b"\r\n", b"\\", b"NULL", b"a,b\n")
FLAGS = ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(folder: Path) -> Path:
    """The extension, built so that it stops at the first invalid access."""
    built = folder / "_scan.abi3.so"
    include = sysconfig.get_path("include")
    subprocess.run(["gcc", *FLAGS, "-shared", "-fPIC", f"-I{include}", *SOURCES, "-o", built], check=True)
    return built


def load(built: Path) -> None:
    """Make coursetrail, which must not be imported yet, use that extension."""
    loader = ExtensionFileLoader("coursetrail.reading._scan", str(built))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[loader.name] = module


def fuzz(built: Path, seconds: float, seed: int) -> None:
    """Run the inputs that `fuzz_readers.py` saved, then rounds of lines and tables, until the time is over."""
    load(built)
    import fuzz_targets
    from coursetrail.reading import _scan
    from coursetrail.reading import scan as scanner
    from support.lines_of_json import PIECES, line
    from support.scanned_lines import CODED, LAYOUT, is_right

    assert scanner._scan is _scan  # noqa: SLF001
    assert str(built) == _scan.__file__
    kept = [(name, file) for name in ("scan", "records") for file in sorted((KEPT / name).glob("*"))]
    for name, file in kept:
        fuzz_targets.TARGETS[name].holds(file.read_bytes())
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        draw = Random(seed)
        texts = [line(draw) for _ in range(200)]
        scanned = (CODED if seed % 2 else LAYOUT).scan(b"".join(texts), repaired=seed % 5 == 0)
        for row, text in enumerate(texts if seed % 5 else []):
            is_right(scanned, row, text)
        assert _scan.hashes(b"".join(texts)) == scanned.hashes.tobytes()
        for _ in range(20):
            pieces = [draw.choice((*PIECES, *TABULAR)) for _ in range(draw.randrange(60))]
            fuzz_targets.are_records(draw.randbytes(1) + b"".join(pieces))
        done, seed = done + len(texts), seed + 1
    print(f"{len(kept):,} saved inputs, {done:,} lines, {done // 10:,} tables, next seed {seed:,}: nothing found")


def main() -> None:
    """Build, then run in a process that has the sanitizer loaded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--built", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.built:
        fuzz(options.built, options.seconds, options.seed)
        return
    library = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        words = ["--built", build(Path(folder)), "--seconds", str(options.seconds), "--seed", str(options.seed)]
        variables = {"LD_PRELOAD": library.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0"}
        sys.exit(
            subprocess.run([sys.executable, __file__, *words], env={**os.environ, **variables}, check=False).returncode
        )


if __name__ == "__main__":
    main()
