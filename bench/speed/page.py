"""The figures of ``docs/performance.md``: the newest of each part that ``bench.speed`` measured."""

from pathlib import Path

from bench.pages import history
from bench.speed import tables
from gauger.benchmark.command import contests

FILE = history.RESULTS / "history.jsonl"
PARTS = ("speed", "accuracy", "sections", "command_line")


def figures(file: Path = FILE) -> dict[str, str]:
    """Every figure of the page by name; those of parts that were not measured are left out."""
    row = history.newest(file, PARTS)
    found = {"targets": tables.targets(row), "runs": history.runs(row)}
    if "speed" in row:
        found |= {"stages": tables.stages(row), "threads": tables.threads(row)}
        found |= {contest.task: tables.rivals(row, contest.task) for contest in contests()}
    if "accuracy" in row:
        found |= {
            "MinHash errors": tables.minhash_errors(row),
            "distinct errors": tables.distinct_errors(row),
            "count errors": tables.count_errors(row),
            "template errors": tables.template_errors(row),
        }
    found |= row.get("sections", {})
    if "command_line" in row:
        command = row["command_line"]
        found |= {"log": tables.log(command), "command": tables.command(command), "seconds": tables.seconds(command)}
    return found
