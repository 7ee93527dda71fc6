"""What this machine can and cannot do, and how a test makes it do less."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest


@contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """Writing fails when a file has so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def cannot(reason: str) -> NoReturn:
    """Skip loudly what this machine cannot test; where CI lacks it, that is a failure and no reason to skip."""
    assert not os.environ.get("CI"), f"{reason} (.ci/run and the pins have to install it)"
    pytest.skip(reason)
