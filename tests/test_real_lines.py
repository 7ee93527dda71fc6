"""80 real lines of a legacy Coursera export, counted in plain Python: the answers must be the same.

The lines are published, but they are not part of this project: no line of them is quoted here.
"""

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import coursetrail as ct

DATA = Path(__file__).parents[2] / "shared" / "data" / "coursera" / "psy001_sample_80.jsonl"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA.exists(), reason=f"{DATA} is not here; it is not part of the project"),
]
PLAYER = {"play": "video_play", "pause": "video_pause", "seeked": "video_seek", "ratechange": "video_rate"}
WAITS = {"stalled": "video_wait"}
AREAS = {
    "lecture": "lecture",
    "forum": "forum",
    "quiz": "quiz",
    "wiki": "wiki",
    "learning_tool": "assignment",
    "human_grading": "peer",
    "class": "home",
}
MINUTES_30 = 30 * 60 * 1000


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in DATA.read_text().splitlines()]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> ct.Dataset:
    folder = tmp_path_factory.mktemp("real") / "psy-001"
    ct.ingest(folder, [DATA])
    return ct.open(folder)


def action(line: dict[str, Any]) -> str:
    if line["key"] == "pageview":
        return "quiz_start" if "/quiz/start" in line["page_url"] else "page_view"
    report = json.loads(line["value"])
    if report["currentTime"] == 0 and report["readyState"] == 0 and report["networkState"] in (2, 3):
        return "video_load"
    return (PLAYER | WAITS)[report["type"]]


def is_click(line: dict[str, Any]) -> bool:
    return action(line) in {"page_view", "quiz_start", *PLAYER.values()}


def language(header: str) -> str:
    """The primary tag of the highest q; the first of equals."""
    weighted = [(float((re.search(r";q=([\d.]+)", one) or ["", "1"])[1]), one) for one in header.split(",")]
    return max(weighted, key=lambda pair: pair[0])[1].split(";")[0].split("-")[0].strip().lower()


def test_every_real_line_is_an_event(dataset, lines):
    row = dataset.sources.to_pylist()[0]
    assert (row["format"], row["lines"], row["events"]) == ("coursera-legacy", 80, len(lines))
    assert json.loads(row["mended"]) == {"secret removed from referrer": 1}
    assert dataset.sql("select * from rejects").num_rows == 0


def test_each_real_line_has_the_action_the_area_and_the_time_that_it_says(dataset, lines):
    found = dataset.sql("select learner, time, action, area, course from events order by line").to_pylist()
    assert found == [
        {
            "learner": line["username"],
            "time": datetime.fromtimestamp(line["timestamp"] / 1000, UTC).replace(tzinfo=None),
            "action": action(line),
            "area": AREAS[line["page_url"].split("/")[4]],
            "course": "psy-001",
        }
        for line in lines
    ]


def test_learners_equal_a_count_in_plain_python(dataset, lines):
    times, clicks = defaultdict(list), Counter()
    for line in lines:
        times[line["username"]].append(line["timestamp"])
        clicks[line["username"]] += is_click(line)
    expected = {
        learner: {
            "clicks": clicks[learner],
            "active_days": len({moment // 86_400_000 for moment in moments}),
            "sessions": 1 + sum(b - a > MINUTES_30 for a, b in zip(sorted(moments), sorted(moments)[1:], strict=False)),
        }
        for learner, moments in times.items()
    }
    answer = dataset.analyze("learners")
    found = {row["learner"]: {name: row[name] for name in expected[row["learner"]]} for row in answer.table.to_pylist()}
    assert found == expected
    assert (answer.scope.learners, answer.scope.events, answer.scope.without_learner) == (len(times), 80, 0)
    everything = dataset.analyze("learners", clicks="all").table.to_pylist()
    assert {row["learner"]: row["clicks"] for row in everything} == {one: len(times[one]) for one in times}


def test_activity_and_languages_equal_a_count_in_plain_python(dataset, lines):
    clicks = Counter({line["username"]: 0 for line in lines})
    clicks.update(line["username"] for line in lines if is_click(line))
    activity = dataset.analyze("activity").table.to_pylist()
    assert {row["clicks"]: row["learners"] for row in activity} == Counter(clicks.values())
    spoken = {(line["username"], language(line["language"])) for line in lines}
    answer = dataset.analyze("languages").table.to_pylist()
    assert {row["language"]: row["learners"] for row in answer} == Counter(language for _, language in spoken)


def test_real_lines_leave_only_what_no_column_has_and_no_login_token(dataset, lines):
    found = dataset.sql("select referrer, url, extra::varchar as extra from events order by line").to_pylist()
    extras = [json.loads(event["extra"]) for event in found]
    assert ["value" in extra for extra in extras] == [line["value"] != "{}" for line in lines]
    assert [extra.get("client", "spark") for extra in extras] == [line["client"] for line in lines]
    assert Counter(extra.get("client") for extra in extras) == {None: 79, "hg.client": 1}
    tokens = [line["from"].partition("?data=")[2] for line in lines if "login_receiver?data=" in line["from"]]
    assert len(tokens) == 1
    assert not any(token in json.dumps(event) for token in tokens for event in found)


@pytest.mark.parametrize(("name", "column"), [("browsers", "browser"), ("devices", "device"), ("systems", "system")])
def test_what_learners_use_equals_a_count_in_plain_python(dataset, lines, name, column):
    """Which browser a user agent is, the lookup table says; test_agents.py has the proof of that."""
    agents = {row["user_agent"]: row for row in dataset.sql("select * from agents").to_pylist()}
    of = {line["user_agent"]: agents[line["user_agent"]][column] or "unknown" for line in lines}
    learners = Counter(kind for kind, _ in {(of[line["user_agent"]], line["username"]) for line in lines})
    clicks = Counter(of[line["user_agent"]] for line in lines if is_click(line))
    found = {row.pop(column): row for row in dataset.analyze(name).table.to_pylist()}
    assert {kind: row["learners"] for kind, row in found.items()} == learners
    assert {kind: row["clicks"] for kind, row in found.items()} == {kind: clicks[kind] for kind in learners}
    assert {kind: row["share"] for kind, row in found.items()} == {kind: n / 14 for kind, n in learners.items()}


def test_concentration_equals_a_count_in_plain_python(dataset, lines):
    counts = sorted(sum(is_click(line) for line in lines if line["username"] == who) for who in learners_of(lines))
    n, total = len(counts), sum(counts)
    (row,) = dataset.analyze("concentration").table.to_pylist()
    assert (row["learners"], row["clicks"], row["mean"], row["max"]) == (n, total, total / n, counts[-1])
    for name, share in (("median", 0.5), ("p75", 0.75), ("p90", 0.9), ("p99", 0.99)):
        assert row[name] == next(one for one in counts if sum(other <= one for other in counts) >= share * n)
    differences = sum(abs(one - other) for one in counts for other in counts)
    assert row["gini"] == pytest.approx(differences / (2 * n * total), abs=1e-12)
    assert row["top_1_percent_share"] == counts[-1] / total
    assert row["top_10_percent_share"] == sum(counts[-2:]) / total


def learners_of(lines: list[dict[str, Any]]) -> set[str]:
    return {line["username"] for line in lines}
