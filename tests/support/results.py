"""Results made up for what draws and shows them."""

import pyarrow as pa

from coursetrail.analyses.analysis import Analysis, Result
from coursetrail.analyses.scope import Scope
from coursetrail.render.charts import Bars, Concentration

SCOPE = Scope(
    events=3475235,
    learners=21790,
    without_learner=12,
    bots=0,
    bot_events=0,
    outside=0,
    admin=0,
    filters="",
    source="a.gz",
)
# Published: learners of psy-001 (2013) by browser.
BROWSERS = {
    "Chrome": 11402,
    "Firefox": 5672,
    "Internet Explorer": 2334,
    "Mobile Safari": 1765,
    "Safari": 1367,
    "Android Browser": 512,
    "Opera": 355,
    "Chrome Mobile": 198,
    "Chrome Mobile iOS": 185,
    "Chromium": 114,
    "Firefox Mobile": 96,
    "Mobile Silk": 64,
    "Opera Mini": 56,
    "Maxthon": 47,
    "BlackBerry Browser": 42,
    "Sogou Explorer": 28,
    "IE Mobile": 23,
    "Yandex Browser": 22,
    "unknown": 4,
}
HOSTILE = {
    "<script>alert(1)</script> -- -->": 10**9,
    "$\\frac{1}{0}$ $x": 9 * 10**8,
    "\x1b[31mred": 8 * 10**8,
    "a\0b\nc\td": 7 * 10**8,
    "\u202egnp.exe": 6 * 10**8,
    "W" * 500: 5 * 10**8,
    "مرحبا بالعالم " * 30: 4 * 10**8,
    "汉字 😀 🧑🏽\u200d🚀": 3 * 10**8,
    "": 2,
    "unknown": 1,
}


def browsers(counts=BROWSERS, top=15):
    kinds = {"browser": pa.string(), "learners": pa.int64(), "share": pa.float64()}
    analysis = Analysis(
        name="browsers",
        title="Learners by browser",
        question="Which browsers do learners use?",
        definition="A learner counts once for every browser.",
        columns=kinds,
        sql="",
        chart=Bars(label="browser", value="learners", share="share", top=top),
    )
    rows = {
        "browser": list(counts),
        "learners": list(counts.values()),
        "share": [n / 21790 for n in counts.values()],
    }
    return Result(analysis, pa.table(rows, schema=analysis.schema), SCOPE, "")


def activity(counts):
    """`counts` says how many learners have each number of clicks."""
    kinds = {"clicks": pa.int64(), "learners": pa.int64()}
    analysis = Analysis(
        name="activity",
        title="Clicks per learner",
        question="How active are learners?",
        definition="Clicks of each learner.",
        columns=kinds,
        sql="",
        chart=Concentration(value="clicks", count="learners"),
    )
    rows = {"clicks": list(counts), "learners": list(counts.values())}
    return Result(analysis, pa.table(rows, schema=analysis.schema), SCOPE, "")
