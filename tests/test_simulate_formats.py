"""Simulated courses of today's platforms: plain readers find in the files what the truth says was planted."""

import csv
import gzip
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import coursetrail as ct
from coursetrail.simulate import FORMATS, Truth, simulate

pytestmark = pytest.mark.slow

MINUTE = 60_000
COURSERA = {"pageview", "play", "pause", "seek", "end", "playback_rate_change", "download_video", "download_subtitle"}
VALUE = (
    *("playback_rate_delta", "module_id", "playback_rate", "timecode", "video_name", "language_code"),
    *("subtitle_language", "volume", "volume_delta", "tech", "item_id"),
)
BROWSER = {"play_video", "pause_video", "seek_video", "speed_change_video", "stop_video", "seq_next"}
BROWSER |= {"edx.ui.lms.sequence.next_selected"}
SERVER = {"problem_check", "edx.course.enrollment.activated", "edx.forum.comment.created"}


class Seen(NamedTuple):
    learner: str | None
    time: int
    word: str
    deliberate: bool
    lecture: str | None
    agent: str | None
    header: str | None


class Reading(NamedTuple):
    ledger: Counter[str]
    rejects: list[int]
    events: list[Seen]


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "surrogateescape")


def read(texts: Iterator[tuple[str, Seen | None]]) -> Reading:
    """The ledger of texts of records and what they say; a blank record says nothing and is no reject."""
    ledger, rejects, events, known = Counter[str](), list[int](), list[Seen](), set[str]()
    for number, (text, event) in enumerate(texts, 1):
        ledger["lines"] += 1
        if not text.strip():
            ledger["blank"] += 1
        elif text in known:
            ledger["duplicates"] += 1
        elif event:
            events.append(event)
        else:
            rejects.append(number)
        known.add(text)
    return Reading(ledger, rejects, events)


def moment(text: str) -> int | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def of_coursera(out: Path) -> Iterator[tuple[str, Seen | None]]:
    """Records of 16 fields with backslashes, or else with doubled quotes; what is neither costs a line."""
    csv.field_size_limit(1 << 24)
    for path in sorted(out.iterdir()) if out.is_dir() else [out]:
        lines = re.findall(r"[^\n]*\n|[^\n]+$", text_of(path))
        at = 0
        while at < len(lines):
            size, event = 1, None
            for dialect in ({"escapechar": "\\", "doublequote": False}, {"doublequote": True}):
                reader = csv.reader(itertools.islice(lines, at, at + 40), strict=True, **dialect)
                with suppress(csv.Error):
                    if len(fields := next(reader, [])) == 16:
                        size, event = reader.line_num, coursera(fields)
                        break
            yield "".join(lines[at : at + size]).removesuffix("\n"), event
            at += size


def coursera(fields: list[str]) -> Seen | None:
    fields = ["" if field in {"NULL", "\\N", "N"} else field for field in fields]
    time = moment(fields[2])
    if time is None:
        return None
    lecture = re.search(r"/lecture/(\w{5})", fields[5])
    return Seen(
        learner=fields[0].lstrip("\ufeff").strip('"') or None,
        time=time,
        word={"pageview": "page", "end": "ended"}.get(fields[14], fields[14]),
        deliberate=fields[14] in COURSERA,
        lecture=lecture[1] if lecture else None,
        agent=fields[4] or None,
        header=fields[7] or None,
    )


def of_edx(out: Path) -> Iterator[tuple[str, Seen | None]]:
    lines = text_of(out).split("\n")
    for line in lines if lines[-1] else lines[:-1]:
        yield line, edx(line[line.find("{") :]) if "{" in line else None


def edx(text: str) -> Seen | None:
    try:
        found = json.loads(text)
    except ValueError:
        try:
            found = json.loads(text.replace("\\'", "'"))
        except ValueError:
            return None
    if "data" in found:
        context = found["context"]
        found = {**context, "event_type": found["name"], "time": found["timestamp"], "name": found["name"]}
    time = moment(found.get("time"))
    if time is None:
        return None
    kind, source, named = found["event_type"], found["event_source"], "name" in found
    crawled = "Googlebot" in found["agent"]
    shown = not named and not crawled and kind.startswith("/courses/") and "/xblock/" not in kind
    lecture = re.search(r"/courseware/\w{32}/(\w{32})/", kind if not named else found["page"] or "")
    return Seen(
        learner=found["username"] or None,
        time=time,
        word="page" if shown else {"play_video": "play", "stop_video": "ended"}.get(kind, kind),
        deliberate=shown or kind in (SERVER if source == "server" else BROWSER),
        lecture=lecture[1] if lecture else None,
        agent=found["agent"] or None,
        header=found["accept_language"] or None,
    )


READERS = {"coursera": of_coursera, "edx": of_edx}
OUTS = {"folder": ("coursera", "export"), "table": ("coursera", "export.csv.gz"), "log": ("edx", "tracking.log.gz")}
SIZES = {
    "clean": {"learners": 200, "events": 10_000, "seed": 7},
    "5 % damaged": {"learners": 200, "events": 6_000, "seed": 8, "dirty": 0.05},
    "all damaged": {"learners": 60, "events": 1_500, "seed": 9, "dirty": 1.0},
    "fewer events than learners": {"learners": 50, "events": 30, "seed": 10, "dirty": 0.5},
    "one line": {"learners": 1, "events": 1, "dirty": 1.0},
}


@pytest.fixture(scope="module", params=itertools.product(OUTS, SIZES), ids=", ".join)
def course(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Reading, Truth]:
    out, size = request.param
    form, name = OUTS[out]
    path = tmp_path_factory.mktemp("course") / name
    truth = simulate(path, format=form, **SIZES[size])
    return read(READERS[form](path)), truth


def by_learner(events: list[Seen]) -> dict[str, list[Seen]]:
    found = defaultdict(list)
    for event in sorted(events, key=lambda event: event.time):
        if event.learner:
            found[event.learner].append(event)
    return found


def test_the_ledger_counts_every_line(course: tuple[Reading, Truth]) -> None:
    reading, truth = course
    ledger = truth.ledger
    parts = (ledger.events, ledger.duplicates, ledger.rejected, ledger.blank, ledger.unfinished)
    assert ledger.lines == sum(parts)
    assert ledger.damage.get("cut_at_end", 0) == ledger.unfinished
    assert reading.ledger["lines"] == ledger.lines
    assert len(reading.events) == ledger.events == truth.parameters["events"]
    assert reading.ledger["duplicates"] == ledger.duplicates
    assert reading.ledger["blank"] == ledger.blank
    rejects = [line for line, _ in ledger.rejects]  # the reader here does not know unfinished lines
    assert [line for line in reading.rejects if line in rejects] == rejects
    assert len(reading.rejects) == ledger.rejected + ledger.unfinished


def test_each_learner_did_what_the_truth_says(course: tuple[Reading, Truth]) -> None:
    reading, truth = course
    expected = []
    for learner, seen in sorted(by_learner(reading.events).items()):
        times = [event.time for event in seen]
        sessions = 1 + sum(b - a > 30 * MINUTE for a, b in itertools.pairwise(times))
        days = len({time // (1440 * MINUTE) for time in times})
        clicks = sum(event.deliberate for event in seen)
        expected.append((learner, len(seen), clicks, sessions, days, times[0], times[-1]))
    assert sorted(zip(*truth.activity.values(), strict=True)) == expected
    assert truth.learners == len(expected)
    assert truth.clicks == {"all": sum(row[1] for row in expected), "deliberate": sum(row[2] for row in expected)}
    assert truth.events_without_learner == sum(event.learner is None for event in reading.events)


def test_distinct_learners_by_browser_system_device_and_language(course: tuple[Reading, Truth]) -> None:
    reading, truth = course
    agents = {agent["user_agent"]: agent for agent in truth.agents}
    headers = {header["header"] or None: header["language"] for header in truth.headers}
    found: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in truth.learners_by}
    for learner, seen in by_learner(reading.events).items():
        for event in seen if learner not in truth.bots else ():
            for name in ("browser", "system", "device"):
                found[name][agents[event.agent][name]].add(learner)
            found["language"][headers[event.header]].add(learner)
    for name, values in found.items():
        assert truth.learners_by[name] == {value: len(learners) for value, learners in values.items()}


def test_lectures_were_opened_played_and_finished_by_so_many(course: tuple[Reading, Truth]) -> None:
    reading, truth = course
    found: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for event in reading.events:
        if event.learner:
            found[event.lecture, event.word].add(event.learner)
    for lecture in truth.lectures:
        counts = [len(found[lecture["lecture"], word]) for word in ("page", "play", "ended")]
        assert [lecture["opened"], lecture["played"], lecture["finished"]] == counts


@pytest.mark.parametrize("out", OUTS)
def test_what_was_planted_comes_back_from_the_dataset(out: str, tmp_path: Path) -> None:
    form, name = OUTS[out]
    truth = simulate(tmp_path / name, learners=100, events=5_000, seed=5, dirty=0.05, format=form)
    ct.ingest(tmp_path / "dataset", [tmp_path / name], max_rejects="100%")
    course = ct.open(tmp_path / "dataset")
    for fate in ("lines", "events", "duplicates", "rejected", "blank"):
        assert sum(source[fate] for source in course.sources.to_pylist()) == getattr(truth.ledger, fate)
    for clicks in ("all", "deliberate"):
        planted = dict(zip(truth.activity["learner"], truth.activity[clicks], strict=True))
        found = {row["learner"]: row["clicks"] for row in course.analyze("learners", clicks=clicks).table.to_pylist()}
        assert {who: often for who, often in found.items() if often} == {
            who: often for who, often in planted.items() if often
        }
    for analysis, value in (
        ("browsers", "browser"),
        ("systems", "system"),
        ("devices", "device"),
        ("languages", "language"),
    ):
        rows = course.analyze(analysis, without_bots=True).table.to_pylist()
        assert {row[value]: row["learners"] for row in rows} == truth.learners_by[value]


def test_a_folder_has_a_file_for_each_day_and_kind(tmp_path: Path) -> None:
    truth = simulate(tmp_path / "export", learners=40, events=6_000, format="coursera")
    names = {path.name for path in (tmp_path / "export").iterdir()}
    assert {name[:6] for name in names} == {"access", "video-"}
    for path in (tmp_path / "export").iterdir():
        kind, day = re.fullmatch(r"(access|video)-(\d{4}-\d\d-\d\d)\.csv\.gz", path.name).groups()  # type: ignore[union-attr]
        rows = list(csv.reader(text_of(path).splitlines(keepends=True), escapechar="\\", doublequote=False))
        assert {row[2][:10] for row in rows} == {day}
        assert {row[14].startswith("page") for row in rows} == {kind == "access"}
    assert truth.ledger.lines == 6_000


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        simulate(tmp_path, learners=2, events=10, format="coursera")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_values_of_players_have_eleven_members_that_are_all_text(tmp_path: Path) -> None:
    simulate(tmp_path / "c.csv", learners=40, events=6_000, format="coursera")
    with (tmp_path / "c.csv").open(newline="") as file:
        rows = list(csv.reader(file, escapechar="\\", doublequote=False))
    values = [row[15] for row in rows if not row[14].startswith("page")]
    for value in values:
        found = json.loads(value)
        assert tuple(found) == VALUE
        assert all(isinstance(member, str) for member in found.values())
    assert any("\n" in value for value in values)
    assert any('"' in json.loads(value)["video_name"] for value in values)


def test_a_playing_video_beats_every_five_seconds(tmp_path: Path) -> None:
    simulate(tmp_path / "c.csv", learners=40, events=6_000, format="coursera")
    seen = by_learner(read(of_coursera(tmp_path / "c.csv")).events).values()
    gaps = [b.time - a.time for own in seen for a, b in itertools.pairwise(own) if b.word == "heartbeat"]
    assert len(gaps) > 1_000
    assert set(gaps) == {5_000}


def test_a_log_has_the_shares_of_a_real_one(tmp_path: Path) -> None:
    simulate(tmp_path / "t.log", learners=200, events=20_000, format="edx")
    lines = [json.loads(line) for line in text_of(tmp_path / "t.log").splitlines()]
    implicit = [line for line in lines if "name" not in line]
    assert len(implicit) / len(lines) == pytest.approx(0.86, abs=0.05)
    assert all(line["event_type"] == line["context"]["path"] for line in implicit)
    assert max(len(line["event"]) for line in implicit) == 512
    courses = {line["context"]["course_id"] for line in lines}
    assert courses == {"", "course-v1:Example+psy-001+2013"}
    checks = Counter(line["event_source"] for line in lines if line["event_type"] == "problem_check")
    assert checks["server"] == pytest.approx(checks["browser"], abs=2)
    times = [line["time"] for line in lines]
    assert 0 < sum(b < a for a, b in itertools.pairwise(times)) < len(times) / 100


def test_a_log_is_all_ascii(tmp_path: Path) -> None:
    simulate(tmp_path / "t.log", learners=50, events=2_000, format="edx")
    assert (tmp_path / "t.log").read_bytes().isascii()


@pytest.mark.parametrize("form", ["coursera", "edx"])
def test_every_kind_of_damage_occurs_and_changes_a_line(tmp_path: Path, form: str) -> None:
    truth = simulate(tmp_path / "c.csv", learners=100, events=5_000, dirty=0.3, format=form)
    kinds, faults = FORMATS[form].kinds, FORMATS[form].faults
    assert set(truth.ledger.damage) == {kind.name for kind in kinds} == set(faults)
    assert sum(truth.ledger.damage.values()) / truth.ledger.lines == pytest.approx(0.3, abs=0.002)
    simulate(tmp_path / "clean.csv", learners=10, events=500, format=form)
    line = next(
        line for line in text_of(tmp_path / "clean.csv").splitlines() if re.search(r'"(pause|play_video)"', line)
    )
    assert [
        kind.name for kind in kinds if kind.outcome != "duplicate" and faults[kind.name](line, 12_345) == line
    ] == []


@pytest.mark.parametrize("form", ["coursera", "edx"])
def test_the_same_seed_writes_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name in ("a.csv", "b.csv"):
        simulate(tmp_path / name, learners=30, events=1_000, dirty=0.1, format=form)
    simulate(tmp_path / "c.csv", learners=30, events=1_000, dirty=0.1, seed=2, format=form)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes() != (tmp_path / "c.csv").read_bytes()


@pytest.mark.parametrize("form", ["coursera", "edx"])
@pytest.mark.parametrize(("learners", "events"), [(5, 0), (0, 10)])
def test_no_learners_or_no_events(tmp_path: Path, form: str, learners: int, events: int) -> None:
    truth = simulate(tmp_path / "n.csv", learners=learners, events=events, format=form)
    assert (truth.learners, truth.events_without_learner, truth.ledger.lines) == (0, events, events)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="coursera-legacy, coursera, edx"):
        simulate(tmp_path / "n.csv", format="oulad")


def test_the_documentation_names_every_kind_of_damage() -> None:
    text = (Path(__file__).parents[1] / "docs" / "simulate.md").read_text()
    names: list[Any] = [kind.name for form in FORMATS.values() for kind in form.kinds]
    assert [name for name in names if f"`{name}`" not in text] == []
