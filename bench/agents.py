"""How accurate and how fast the user-agent lookup is, compared with plain device-detector.

python bench/agents.py [--data ../shared/data] [--accuracy-only] [--write docs/agents.md]
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

COLUMNS = ("browser", "browser_major", "os", "device_class", "is_bot")
STRINGS = 5000
BEGIN, END = "<!-- accuracy: python bench/agents.py --write docs/agents.md -->", "<!-- end -->"
Answer = dict[str, Any]


def ours(texts: Iterable[str]) -> dict[str, Answer]:
    """Our columns by text."""
    from coursetrail.lookups.agents import parse_agents

    return {
        row["user_agent"]: {
            "browser": row["browser"],
            "browser_major": (row["browser_version"] or "").split(".")[0],
            "os": row["system"],
            "device_class": row["device"],
            "is_bot": row["is_bot"],
        }
        for row in parse_agents(texts).to_pylist()
    }


def plain(texts: Iterable[str]) -> dict[str, Answer]:
    """The same columns from device-detector as it is."""
    from device_detector import DeviceDetector

    answers = {}
    for text in texts:
        found = DeviceDetector(text, check_cache=False).parse()
        answers[text] = {
            "browser": found.client_name(),
            "browser_major": found.client_version().split(".")[0],
            "os": found.os_name(),
            "device_class": str(found.device_type()),
            "is_bot": found.is_bot(),
        }
    return answers


WAYS: dict[str, Callable[[Iterable[str]], dict[str, Answer]]] = {
    "coursetrail": ours,
    "device-detector": plain,
}


def folded(column: str, value: Any, names: dict[str, Any]) -> Any:
    """A name in the form that the labels have."""
    if column in ("is_bot", "browser_major") or not value:
        return value
    if column == "device_class":
        return names["device_class"].get(value, value)
    key = re.sub("[^a-z0-9]", "", value.lower())
    table = names["browser" if column == "browser" else "os"]
    if column == "os" and key in names["os_linux"]:
        return "linux"
    shorter = re.sub("(browser|mobile)$", "", key)
    return table.get(key) or (column == "browser" and table.get(shorter)) or key


def accuracy(data: Path) -> list[str]:
    """A markdown table: how many labels each way agrees with, by column and by corpus."""
    names = json.loads((data / "agents" / "names.json").read_text())
    labelled = [json.loads(line) for line in (data / "agents" / "labelled.jsonl").read_text().splitlines()]
    answers = {name: way([row["ua"] for row in labelled]) for name, way in WAYS.items()}
    lines = [
        "| labels | column | n | coursetrail | device-detector |",
        "|---|---|---:|---:|---:|",
    ]
    for source in ("all", *sorted({row["source"] for row in labelled})):
        for column in COLUMNS:
            rows = [r for r in labelled if source in ("all", r["source"]) and column in r["expect"]]
            if not rows:
                continue
            shares = [
                sum(folded(column, found[row["ua"]][column], names) == row["expect"][column] for row in rows)
                for found in answers.values()
            ]
            cells = " | ".join(f"{100 * right / len(rows):.1f} % ({right})" for right in shares)
            lines.append(f"| {source} | {column} | {len(rows)} | {cells} |")
    return lines


def distinct_strings(data: Path) -> list[str]:
    """Real strings first, then the same ones with other version numbers, until there are enough."""
    folder = data / "agents"
    real = [json.loads(line)["ua"] for line in (folder / "labelled.jsonl").read_text().splitlines()]
    for table in sorted(folder.glob("frequencies_*.tsv")):
        real += [line.split("\t", 1)[1] for line in table.read_text().splitlines()[1:]]
    found = dict.fromkeys(real)
    for step in range(1, 10):
        for text in real:
            if len(found) == STRINGS:
                return list(found)
            found[re.sub(r"\.(\d+)(?=\D*$)", lambda m, n=step: f".{int(m[1]) + n}", text)] = None
    return list(found)


CHILD = """
import json, sys, time
start = time.process_time()
strings = json.load(sys.stdin)
begun = time.process_time()
if sys.argv[1] == "coursetrail":
    from coursetrail.lookups.agents import parse_agents as parse
else:
    from device_detector import DeviceDetector
    def parse(texts):
        for text in texts:
            DeviceDetector(text, check_cache=False).parse()
parse(["Mozilla/5.0 (Windows NT 6.1; rv:25.0) Gecko/20100101 Firefox/25.0"])
loaded = time.process_time()
parse(strings)
first = time.process_time()
parse(strings)
print(json.dumps([loaded - begun, first - begun, time.process_time() - first]))
"""


def seconds(way: str, strings: list[str]) -> list[float]:
    """Seconds of one core, in a new process: to the first answer, for all strings, for all strings again."""
    child = [sys.executable, "-c", CHILD, way]
    output = subprocess.run(child, input=json.dumps(strings), capture_output=True, text=True, check=True)
    return json.loads(output.stdout)


def speed(data: Path, rounds: int) -> Iterator[str]:
    """A markdown table of times and ratios; the plain loop is slow enough to be timed once."""
    strings = distinct_strings(data)
    slow = seconds("device-detector", strings)
    fast = [seconds("coursetrail", strings) for _ in range(rounds)]
    yield f"{len(strings)} distinct strings, seconds of one core; ours {rounds} times, the plain loop once"
    yield ""
    yield "| | plain loop | ours: min | median | max | ratio of medians |"
    yield "|---|---:|---:|---:|---:|---:|"
    for number, what in enumerate(("to the first answer", "all, new process", "all, again")):
        times = sorted(run[number] for run in fast)
        middle = statistics.median(times)
        cells = " | ".join(f"{time:.2f}" for time in (times[0], middle, times[-1]))
        yield f"| {what} | {slow[number]:.2f} | {cells} | {slow[number] / middle:.0f} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    home = Path(__file__).parents[1]
    parser.add_argument("--data", type=Path, default=home.parent / "shared" / "data")
    parser.add_argument("--write", type=Path, help="put the accuracy table between the marks in this file")
    parser.add_argument("--accuracy-only", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if not (options.data / "agents" / "labelled.jsonl").exists():
        sys.exit(f"{options.data}: no labelled user agents there; name their folder with --data")
    table = "\n".join(accuracy(options.data))
    print(table)
    if options.write:
        before, rest = options.write.read_text().split(BEGIN)
        options.write.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")
    if not options.accuracy_only:
        print()
        for line in speed(options.data, options.rounds):
            print(line)


if __name__ == "__main__":
    main()
