"""Apportionment: whole numbers in proportion to weights, by the method of largest remainders."""

from collections.abc import Sequence

import numpy as np


def apportioned(weights: Sequence[float], total: int) -> list[int]:
    """Split `total` in proportion to `weights`, largest remainders first; the parts add up to `total`."""
    exact = np.asarray(weights, dtype=float) * total / sum(weights)
    parts = np.floor(exact).astype(int)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return [int(part) for part in parts]
