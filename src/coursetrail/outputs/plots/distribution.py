"""How clicks are distributed over learners: the two curves of a picture and the marks on them.

The analysis `concentration` defines the marks; this module computes the same from the table of the analysis `activity`.
A picture is also drawn from a saved table, without an engine and without a second table. A test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from coursetrail.render.charts import Concentration

Numbers = NDArray[np.float64]

PERCENTILES: Mapping[str, float] = {"median": 0.5, "p75": 0.75, "p90": 0.9, "p99": 0.99}
MOST_ACTIVE: Mapping[str, float] = {"top_1_percent_share": 0.01, "top_10_percent_share": 0.1}
"""The share of learners behind a mark; the names are columns of the analysis `concentration`."""


@dataclass(frozen=True)
class Distribution:
    """How often each value occurs: `values` ascend, `counts` are positive."""

    values: Numbers
    counts: Numbers

    @cached_property
    def at_most(self) -> Numbers:
        """How many learners have at most each value."""
        return np.cumsum(self.counts)

    @cached_property
    def total(self) -> float:
        """How many learners there are."""
        return float(self.at_most[-1])

    @cached_property
    def lorenz(self) -> tuple[Numbers, Numbers]:
        """The Lorenz curve: the share of the least active learners, and their share of all clicks."""
        done = np.cumsum(self.values * self.counts)
        return np.concatenate(([0.0], self.at_most / self.total)), np.concatenate(([0.0], done / done[-1]))

    @cached_property
    def marks(self) -> dict[str, float]:
        """Each mark under the name of its column in the analysis `concentration`."""
        percentiles = {name: self.percentile(share) for name, share in PERCENTILES.items()}
        shares = {name: self.share_of_most_active(share) for name, share in MOST_ACTIVE.items()}
        return {**percentiles, "max": float(self.values[-1]), "gini": self._gini(), **shares}

    def percentile(self, share: float) -> float:
        """The smallest value that at least `share` of the learners do not exceed (`percentile_disc`)."""
        return float(self.values[np.searchsorted(self.at_most, share * self.total - 1e-9)])

    def rounded_up(self, share: float) -> float:
        """A share of the learners, rounded up to whole learners."""
        return ceil(share * self.total - 1e-9) / self.total

    def share_of_most_active(self, share: float) -> float:
        """The share of all clicks made by the most active `share` of the learners, rounded up to whole learners."""
        return float(1 - np.interp(1 - self.rounded_up(share), *self.lorenz))

    def _gini(self) -> float:
        """Twice the area between the Lorenz curve and the diagonal."""
        learners, done = self.lorenz
        return float(1 - np.sum(np.diff(learners) * (done[1:] + done[:-1])))


def distribution_of(table: pa.Table, chart: Concentration) -> Distribution | None:
    """The distribution in a table that the chart describes; None where there is no click."""
    values, counts = (
        np.array([number or 0 for number in table.column(name).to_pylist()], np.float64)
        for name in (chart.value, chart.count)
    )
    order = np.argsort(values, kind="stable")
    values, counts = values[order], counts[order]
    values, counts = values[counts > 0], counts[counts > 0]
    return Distribution(values, counts) if values.size and values[-1] > 0 else None
