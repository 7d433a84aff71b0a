"""Mutants: files of every format, changed at random, through the readers and through the whole of ``gauger score``.

Every mutant is read by itself: no crash, no error but gauger's own, no ten seconds, no gigabyte, and every row and line
accounted for, as the oracle counts them. Then the same mutants are scored, some hundred in a run; where a run makes
trouble it is cut in halves until the mutants that do it are found. A mutant is made again by its format, seed and
number. Seconds are those of the processor, as other work may slow a machine down; who gives no answer at all is ended
after a minute.

    python -m bench.robustness.mutants --mutants 10000 --seed 1
    python -m bench.robustness.mutants --show csv 4711 > mutant.csv
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.pages import history
from bench.robustness.formats import FORMATS, mutant
from bench.robustness.watch import Child, LostError

FILE = history.RESULTS / "robustness.jsonl"
SECONDS_MAX, BYTES_MAX = 10.0, 1 << 30
SILENT_MAX, RUN_SILENT_MAX = 60.0, 300.0  # seconds without an answer: of a file, and of a run over many
_KEPT = 50  # troubles of a format that are recorded
# Arrow keeps some 76 kB of each gzip, zstd or lz4 stream that it cannot unpack: memory is that of a file, not of many.
_OF_A_CHILD = 1_000
Mutant = tuple[str, int]
Trouble = list[Any]  # format, number, what


def read_all(child: Child, name: str, seed: int, numbers: range) -> Iterator[dict[str, Any]]:
    """What became of each mutant of a format in the readers."""
    start = numbers.start
    while start < numbers.stop:
        stop = min(start + _OF_A_CHILD, numbers.stop)
        child.order({"format": name, "seed": seed, "numbers": [start, stop]})
        try:
            while start < stop:
                found = child.answer(SILENT_MAX)
                yield {**found, "troubles": [*found["troubles"], *_costly(found)]}
                start += 1
        except LostError as error:
            yield {"number": start, "troubles": [str(error)]}
            start += 1
        child.end()


def _costly(found: dict[str, Any]) -> list[str]:
    long = [f"took {found['cpu']:.0f} s"] if found["cpu"] > SECONDS_MAX else []
    return [*long, *([f"took {found['peak'] >> 20} MiB"] if found["peak"] > BYTES_MAX else [])]


def score_all(child: Child, seed: int, mutants: Sequence[Mutant], read: dict[Mutant, list[Any]]) -> dict[str, Any]:
    """What became of a folder of mutants in ``gauger score``; where it made trouble, of its halves.

    read : rows of each mutant in the readers, and whether there was an error
    """
    child.order({"seed": seed, "mutants": mutants})
    try:
        found = child.answer(RUN_SILENT_MAX if len(mutants) > 1 else SILENT_MAX)
        one_file = len(mutants) == 1
        troubles = [*found["troubles"], *(said for said in _costly(found) if one_file or "MiB" in said)]
    except LostError as error:
        found, troubles = {"files": {}, "cpu": 0.0, "peak": 0}, [str(error)]
    taken = {"cpu": found["cpu"], "peak": found["peak"]}
    differing = _differing(found["files"], read)
    if not troubles:
        return {**taken, "troubles": differing}
    if len(mutants) == 1:
        return {**taken, "troubles": [*differing, *([*mutants[0], said] for said in troubles)]}
    middle = len(mutants) // 2
    halves = [score_all(child, seed, half, read) for half in (mutants[:middle], mutants[middle:])]
    inner = [trouble for half in halves for trouble in half["troubles"]]
    together = [] if inner else [[*mutants[0], f"with {len(mutants) - 1} others: {said}"] for said in troubles]
    return {**taken, "troubles": [*differing, *inner, *together]}


def _differing(files: dict[str, list[Any]], read: dict[Mutant, list[Any]]) -> list[Trouble]:
    """Files that had another number of rows than when they were read, without an error to say why."""
    wrong: list[Trouble] = []
    for file, (rows, failed) in files.items():
        name, _, number = file.rpartition("-")
        alone, failed_alone = read.get((name, int(number)), (rows, failed))
        if rows != alone and not failed and not failed_alone:
            wrong.append([name, int(number), f"{rows} rows in a run, {alone} when read alone"])
    return wrong


def run(chosen: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Read the mutants of the formats asked for and score some: figures of each format, then of each group scored."""
    names = list(FORMATS) if chosen.formats == ["all"] else chosen.formats
    numbers = range(chosen.first, chosen.first + chosen.mutants)
    child = Child(chosen.folder)
    read: dict[Mutant, list[Any]] = {}
    try:
        for name in names:
            answers = []
            for one in read_all(child, name, chosen.seed, numbers):
                answers.append(one)
                read[name, one["number"]] = [one.get("rows", 0), one.get("error", "lost") is not None]
                _tell(name, one["number"], one["troubles"])
            yield {"read": {name: _summed(answers)}}
        scored = numbers[: chosen.scored]
        for group in _groups(names) if scored else ():
            yield {"scored": [_scored(child, chosen, group, scored, read)]}
    finally:
        child.end()


def _tell(name: str, number: int, troubles: Sequence[str]) -> None:
    for said in troubles:
        print(f"  {name} {number}: {said}", flush=True)


def _groups(names: Sequence[str]) -> list[list[str]]:
    """Formats that one column map reads: they are scored together."""
    maps = dict.fromkeys(FORMATS[name].columns for name in names)
    return [[name for name in names if FORMATS[name].columns == columns] for columns in maps]


def _scored(
    child: Child, chosen: argparse.Namespace, names: list[str], numbers: range, read: dict[Mutant, list[Any]]
) -> dict[str, Any]:
    """Figures of the runs over all mutants of some formats."""
    mutants = [(name, number) for number in numbers for name in names]
    runs = []
    for start in range(0, len(mutants), chosen.together):
        runs.append(score_all(child, chosen.seed, mutants[start : start + chosen.together], read))
        for name, number, said in runs[-1]["troubles"]:
            _tell(f"score {name}", number, [said])
    found = {"formats": names, "mutants": len(mutants), "runs": len(runs)}
    found |= {name: max(one[name] for one in runs) for name in ("cpu", "peak")}
    found["troubles"] = [trouble for one in runs for trouble in one["troubles"]]
    return found


def _summed(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums and extremes of what was read of a format."""
    sums: Counter[str] = Counter()
    for one in answers:
        sums.update({name: one.get(name, 0) for name in ("rows", "scored", "refused", "left_out", "bytes")})
        sums["errors"] += one.get("error") is not None
    troubles = [[one["number"], said] for one in answers for said in one["troubles"]]
    return {
        "mutants": len(answers),
        **sums,
        "cpu": round(max(one.get("cpu", 0.0) for one in answers), 2),
        "peak": max(one.get("peak", 0) for one in answers),
        "troubles": len(troubles),
        "examples": troubles[:_KEPT],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.robustness.mutants", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--formats", nargs="+", default=["all"], choices=["all", *FORMATS], help="(%(default)s)")
    parser.add_argument("--mutants", type=int, default=10_000, help="of each format (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--scored", type=int, help="how many of each format are scored as well (default: all)")
    parser.add_argument("--together", type=int, default=400, help="files of a run (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("build/mutants"), help="scratch files (%(default)s)")
    parser.add_argument("--history", type=Path, default=FILE, help="the row is added here (%(default)s)")
    parser.add_argument("--show", nargs=2, metavar=("FORMAT", "NUMBER"), help="write one mutant, and do nothing else")
    chosen = parser.parse_args(arguments)
    if chosen.show:
        sys.stdout.buffer.write(mutant(chosen.show[0], chosen.seed, int(chosen.show[1])))
        return
    asked = {name: getattr(chosen, name) for name in ("mutants", "first", "seed", "scored", "together")}
    options = " ".join(f"--{name} {value}" for name, value in asked.items() if value is not None)
    command = f"python -m bench.robustness.mutants --formats {' '.join(chosen.formats)} {options}"
    began = history.begin(command) | {"seed": chosen.seed, "first": chosen.first}
    for found in run(chosen):  # a row each: a run that is interrupted leaves what is done
        history.append(began | found, chosen.history)
        print(found, flush=True)


if __name__ == "__main__":
    main()
