"""Two segments of learners side by side: the shares of an analysis, and which of their differences are clear."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from coursetrail import analyses
from coursetrail.analyses.analysis import Analysis, Result, ShareOf
from coursetrail.analyses.filters import Filters
from coursetrail.analyses.parameters import Value
from coursetrail.engines.prelude import Z
from coursetrail.errors import UsageError
from coursetrail.render.caption import Caption
from coursetrail.render.charts import Table

if TYPE_CHECKING:
    from coursetrail.analyses.open_dataset import Dataset

CLEAR = 0.05
"""The false discovery rate of the differences that are called clear."""
DEFINITION = (
    "Compared are shares of learners: difference is the share in the segment less the other one, low and high are its "
    "95 % interval (Newcombe 1998, method 10). It is clear where that interval does not hold 0 and the two-sided test "
    "of two shares stays below 5 % after the correction of Benjamini and Hochberg over all rows; where less than five "
    "learners are expected in a cell, there are too few to tell. Both take the segments as different learners: one who "
    "is in both counts in both."
)
COLUMNS = {
    "learners": pa.int64(),
    "of": pa.int64(),
    "share": pa.float64(),
    "against_learners": pa.int64(),
    "against_of": pa.int64(),
    "against_share": pa.float64(),
    "difference": pa.float64(),
    "low": pa.float64(),
    "high": pa.float64(),
    "verdict": pa.string(),
}


def compare(
    dataset: "Dataset",
    name: str,
    segment: Mapping[str, Value],
    against: Mapping[str, Value],
    filters: Filters | None = None,
    parameters: Mapping[str, Value] | None = None,
) -> "Comparison":
    """The shares of the analysis of that name in two segments, each the `filters` with some values of its own.

    A row is one of the analysis, by its labels; one that only one segment has counts 0 in the other. The columns are
    the labels and `COLUMNS`; `verdict` is "higher", "lower", "no clear difference", "too few learners", or "only in one
    segment". Raises UsageError for an analysis without shares, and for a segment without learners.
    """
    analysis = analyses.find(name)
    if analysis.share_of is None:
        known = ", ".join(one.name for one in analyses.ALL if one.share_of)
        raise UsageError(f"'{name}' has no shares of learners to compare. These have: {known}.")
    common = filters or Filters()
    first, second = (
        next(iter(dataset.answers([analysis], common.with_values(**values), parameters)))
        for values in (segment, against)
    )
    for result, values in ((first, segment), (second, against)):
        if not result.scope.learners:
            raise UsageError(f"No learner is in the segment {common.with_values(**values).describe()}.")
    columns = {label: analysis.columns[label] for label in analysis.share_of.labels} | COLUMNS
    table = pa.Table.from_pylist(_rows(analysis, first, second), pa.schema(list(columns.items())))
    return Comparison(first, second, table)


@dataclass(frozen=True)
class Comparison:
    """Two answers to one analysis, and the `table` of their differences."""

    segment: Result
    against: Result
    table: pa.Table

    @property
    def caption(self) -> Caption:
        """What is said about the table: the definitions, and over what each segment was counted."""
        analysis = self.segment.analysis
        notes = (
            f"{self.segment.definition} {DEFINITION}",
            f"The segment: {self.segment.scope.describe()}",
            f"Against: {self.against.scope.describe()}",
        )
        about = dict(self.segment.caption.about) | {"against": self.against.caption.about, "definition": notes[0]}
        return Caption(f"{analysis.title}: two segments", notes, Table(), about)

    def __str__(self) -> str:
        from coursetrail.render.text import text

        return text(self.table, self.caption)


def newcombe(k: int, n: int, other_k: int, other_n: int) -> tuple[float, float]:
    """The 95 % interval of the difference of two independent shares (Newcombe 1998, method 10).

    >>> [round(bound, 4) for bound in newcombe(56, 70, 48, 80)]
    [0.0524, 0.3339]
    """
    share, other = k / n, other_k / other_n
    (low, high), (other_low, other_high) = wilson(k, n), wilson(other_k, other_n)
    difference = share - other
    return (
        difference - sqrt((share - low) ** 2 + (other_high - other) ** 2),
        difference + sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of the share k of n (Wilson 1927)."""
    middle, margin = k + Z * Z / 2, Z * sqrt(k * (n - k) / n + Z * Z / 4)
    return max(0.0, (middle - margin) / (n + Z * Z)), min(1.0, (middle + margin) / (n + Z * Z))


def adjusted(chances: list[float]) -> list[float]:
    """p-values as the false discovery rates at which each is found (Benjamini and Hochberg 1995).

    >>> adjusted([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """
    order = sorted(range(len(chances)), key=lambda index: -chances[index])
    found, best = [0.0] * len(chances), 1.0
    for rank, index in enumerate(order):
        best = min(best, chances[index] * len(chances) / (len(chances) - rank))
        found[index] = best
    return found


def _chance(k: int, n: int, other_k: int, other_n: int) -> float:
    """The p-value of the two-sided test that two shares are equal, with the pooled share."""
    pooled = (k + other_k) / (n + other_n)
    error = sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
    return erfc(abs(k / n - other_k / other_n) / error / sqrt(2)) if error else 1.0


def _counts(analysis: Analysis, result: Result) -> dict[tuple[Any, ...], tuple[int, int]]:
    """The learners of each row, and of how many they are, by the row's labels."""
    share_of = analysis.share_of or ShareOf(())
    return {
        tuple(row[label] for label in share_of.labels): (
            row[share_of.count] or 0,
            (row[share_of.whole] or 0) if share_of.whole else result.scope.learners,
        )
        for row in result.table.to_pylist()
        if row[share_of.count] is not None
    }


def _are_enough(k: int, n: int, other_k: int, other_n: int) -> bool:
    """Whether at least five learners are expected in each cell (Cochran 1954): else the test says little."""
    rarer = min(k + other_k, n + other_n - k - other_k)
    return min(n, other_n) * rarer >= 5 * (n + other_n)


def _rows(analysis: Analysis, first: Result, second: Result) -> list[dict[str, Any]]:
    share_of = analysis.share_of or ShareOf(())
    found, others = _counts(analysis, first), _counts(analysis, second)
    absent, absent_other = ((0, 0 if share_of.whole else one.scope.learners) for one in (first, second))
    rows: list[dict[str, Any]] = []
    for key in dict.fromkeys([*found, *others]):
        (k, n), (other_k, other_n) = found.get(key, absent), others.get(key, absent_other)
        row: dict[str, Any] = dict(zip(share_of.labels, key, strict=True)) | {"learners": k, "of": n}
        row |= {"against_learners": other_k, "against_of": other_n}
        row |= {"share": k / n if n else None, "against_share": other_k / other_n if other_n else None}
        if n and other_n:
            low, high = newcombe(k, n, other_k, other_n)
            row |= {"difference": k / n - other_k / other_n, "low": low, "high": high}
            if _are_enough(k, n, other_k, other_n):
                row["chance"] = _chance(k, n, other_k, other_n)
            else:
                row["verdict"] = "too few learners"
        rows.append(row)
    compared = [row for row in rows if "chance" in row]
    for row, rate in zip(compared, adjusted([row.pop("chance") for row in compared]), strict=True):
        is_clear = rate < CLEAR and row["low"] * row["high"] > 0
        row["verdict"] = ("higher" if row["difference"] > 0 else "lower") if is_clear else "no clear difference"
    return [{"verdict": "only in one segment", **row} for row in rows]
