"""Analyses: the questions, one module each, with their filters, parameters and relations; a dataset open for them.

It may import engines, dataset, lookups, render, and what is below them.
"""

from coursetrail.analyses.activity import activity
from coursetrail.analyses.analysis import Analysis
from coursetrail.analyses.areas import areas
from coursetrail.analyses.at_risk import at_risk
from coursetrail.analyses.browsers import browsers
from coursetrail.analyses.concentration import concentration
from coursetrail.analyses.countries import countries
from coursetrail.analyses.daily import daily
from coursetrail.analyses.devices import devices
from coursetrail.analyses.dropout import dropout
from coursetrail.analyses.funnel import funnel
from coursetrail.analyses.hours import hours
from coursetrail.analyses.items import items
from coursetrail.analyses.languages import languages
from coursetrail.analyses.learners import learners
from coursetrail.analyses.paths import paths
from coursetrail.analyses.problems import problems
from coursetrail.analyses.quality import quality
from coursetrail.analyses.retention import retention
from coursetrail.analyses.session_lengths import session_lengths
from coursetrail.analyses.sessions import sessions
from coursetrail.analyses.survival import survival
from coursetrail.analyses.survival_test import survival_test
from coursetrail.analyses.systems import systems
from coursetrail.analyses.time_on_task import time_on_task
from coursetrail.analyses.video_heat import video_heat
from coursetrail.analyses.video_seeks import video_seeks
from coursetrail.analyses.videos import videos
from coursetrail.errors import UsageError, did_you_mean

ALL: tuple[Analysis, ...] = (
    *(browsers, systems, devices, languages, countries, learners, activity, concentration),
    *(daily, sessions, session_lengths, time_on_task, hours, retention, survival, survival_test, dropout, at_risk),
    *(areas, items, videos, video_heat, video_seeks, paths, funnel, problems, quality),
)


def aggregates() -> tuple[Analysis, ...]:
    """Those of all analyses whose rows are not about one learner."""
    return tuple(one for one in ALL if not one.names_learners)


def find(name: str) -> Analysis:
    """The analysis of that name."""
    for known in ALL:
        if known.name == name:
            return known
    raise UsageError(f"No analysis is called '{name}'.{did_you_mean(name, [known.name for known in ALL])}")
