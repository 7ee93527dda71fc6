"""What is said about a table: its title, the notes under it, how it may be drawn, and the same facts for programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coursetrail.render.charts import Chart


@dataclass(frozen=True)
class Caption:
    """The title and the notes of a table; each output format shows what fits into it.

    `chart` decides how many rows a person sees. `about` holds the facts that programs read, as JSON values.
    """

    title: str
    notes: tuple[str, ...]
    chart: Chart
    about: Mapping[str, Any]
