"""The scanner of lines under an address and undefined-behaviour sanitizer, on mutated lines, for as long as one likes.

Each round also holds the answers to Python's `json`, as tests/test_scan.py does. A finding prints its seed and ends it.
"""

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "coursetrail" / "formats" / "_scan.c"
FLAGS = ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


def build(folder: Path) -> Path:
    """The extension, built to stop at the first wrong access."""
    built = folder / "_scan.abi3.so"
    include = sysconfig.get_path("include")
    subprocess.run(["gcc", *FLAGS, "-shared", "-fPIC", f"-I{include}", SOURCE, "-o", built], check=True)
    return built


def fuzz(built: Path, seconds: float, seed: int) -> None:
    """Rounds of lines, until the time is over."""
    import importlib.machinery
    import importlib.util
    import random

    loader = importlib.machinery.ExtensionFileLoader("coursetrail.formats._scan", str(built))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    sys.modules[loader.name] = module
    import coursetrail.formats

    coursetrail.formats._scan = module  # noqa: SLF001
    sys.path.insert(0, str(ROOT / "tests"))
    import coursetrail.formats.scan
    from lines_of_json import line
    from test_scan import CODED, LAYOUT, is_right

    assert coursetrail.formats.scan._scan is module  # noqa: SLF001
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        draw = random.Random(seed)
        texts = [line(draw) for _ in range(200)]
        scanned = (CODED if seed % 2 else LAYOUT).scan(b"".join(texts), mended=seed % 5 == 0)
        for row, text in enumerate(texts if seed % 5 else []):
            is_right(scanned, row, text)
        done, seed = done + len(texts), seed + 1
    print(f"{done:,} lines, {seed:,} the next seed: nothing found")


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
