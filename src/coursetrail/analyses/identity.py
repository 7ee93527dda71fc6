"""Who is one learner: the relation `all_events`, which analyses filter."""

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Who is one learner: an id on one of the `platforms`, or an id wherever it occurs (`shared`)."""

    platforms: int = 1
    shared: bool = False

    @property
    def key(self) -> str:
        """The column `learner` of `all_events`, a text for each learner; `learner_id` is the id without the platform.

        Colons in a platform's name are escaped, so that two learners never have the same key.
        """
        if self.shared or self.platforms < 2:
            return "learner"
        return "replace(replace(platform, '%', '%25'), ':', '%3A') || ':' || learner"

    def over(self, stored: str, columns: Collection[str], only_days: Collection[int] = ()) -> str:
        """The events of `stored`, with these columns, as the relation `all_events`.

        Its column `has_clock` is false for events of the sources `only_days`, whose times are days.
        """
        chosen = [f"{self.key} as learner" if name == "learner" else name for name in columns]
        ids = ["learner as learner_id"] if "learner" in columns else []
        clock = f"source not in ({', '.join(map(str, sorted(only_days)))})" if only_days else "true"
        return f"select {', '.join([*chosen, *ids])}, {clock} as has_clock from {stored}"

    def describe(self) -> str:
        """A sentence about what counts as one learner, "" where an id can mean only one."""
        if self.shared:
            return "Ids are shared: the same id on several platforms is one learner."
        if self.platforms > 1:
            return f"Ids are those of {self.platforms} platforms: the same id on two of them is two learners."
        return ""
