"""Times one step of the reference pipeline and prints seconds and peak memory as a line of JSON."""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print `{"step": …, "seconds": …, "peak_bytes": …}` at the end; the peak is of one process."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds) * unit
    print(json.dumps({"step": name, "seconds": round(seconds, 3), "peak_bytes": peak}))
