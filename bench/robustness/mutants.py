"""Mutants: files of every format, changed at random, through the readers and through the whole of ``gauger score``.

Every mutant is read by itself: no crash, no error but gauger's own, no ten seconds, no gigabyte, and every row and line
accounted for, as the oracle counts them. Then the same mutants are scored, some hundred in a folder; where a folder
makes trouble it is cut in halves until the mutants that do it are found. A mutant is made again by its format, seed and
number, as ``bench.robustness.formats.mutant`` does.

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
FOLDER_SECONDS_MAX = 60.0  # of a folder; one file has SECONDS_MAX
_KEPT = 50  # troubles of a format that are recorded
Mutant = tuple[str, int]


def read_all(child: Child, name: str, seed: int, numbers: range) -> Iterator[dict[str, Any]]:
    """What became of each mutant of a format in the readers."""
    start = numbers.start
    while start < numbers.stop:
        child.order({"format": name, "seed": seed, "numbers": [start, numbers.stop]})
        try:
            while start < numbers.stop:
                found = child.answer(SECONDS_MAX)
                if found["seconds"] > SECONDS_MAX:
                    found["troubles"].append(f"took {found['seconds']:.0f} s")
                if found["peak"] > BYTES_MAX:
                    found["troubles"].append(f"took {found['peak'] >> 20} MiB")
                start += 1
                yield found
        except LostError as error:
            yield {"number": start, "troubles": [str(error)]}
            start += 1


def score_all(child: Child, seed: int, mutants: Sequence[Mutant], read: dict[Mutant, list[Any]]) -> dict[str, Any]:
    """What became of a folder of mutants in ``gauger score``; where it made trouble, of its halves.

    read : rows of each mutant in the readers, and whether there was an error
    """
    child.order({"seed": seed, "mutants": mutants})
    try:
        found = child.answer(FOLDER_SECONDS_MAX if len(mutants) > 1 else SECONDS_MAX)
        troubles = [*found["troubles"]]
        if found["peak"] > BYTES_MAX:
            troubles.append(f"took {found['peak'] >> 20} MiB")
    except LostError as error:
        found, troubles = {"files": {}, "seconds": 0.0, "peak": 0}, [str(error)]
    summed = {"folders": 1, "seconds": found["seconds"], "peak": found["peak"]}
    one_by_one = _differing(found["files"], read)
    if not troubles:
        return {**summed, "troubles": one_by_one}
    if len(mutants) == 1:
        return {**summed, "troubles": [*one_by_one, *([*mutants[0], said] for said in troubles)]}
    middle = len(mutants) // 2
    halves = [score_all(child, seed, half, read) for half in (mutants[:middle], mutants[middle:])]
    inner = [trouble for half in halves for trouble in half["troubles"]]
    together = [] if inner else [[*mutants[0], f"with {len(mutants) - 1} others: {said}"] for said in troubles]
    return {**summed, "troubles": [*one_by_one, *inner, *together]}


def _differing(files: dict[str, list[Any]], read: dict[Mutant, list[Any]]) -> list[list[Any]]:
    """Files that had another number of rows than when they were read, without an error to say why."""
    wrong = []
    for file, (rows, failed) in files.items():
        name, _, number = file.rpartition("-")
        alone, failed_alone = read.get((name, int(number)), (rows, failed))
        if rows != alone and not failed and not failed_alone:
            wrong.append([name, int(number), f"{rows} rows in a run, {alone} when read alone"])
    return wrong


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Read and score the mutants of the formats asked for."""
    names = list(FORMATS) if chosen.formats == ["all"] else chosen.formats
    numbers = range(chosen.first, chosen.first + chosen.mutants)
    child = Child(chosen.folder)
    found: dict[str, Any] = {}
    read: dict[Mutant, list[Any]] = {}
    try:
        for name in names:
            answers = []
            for one in read_all(child, name, chosen.seed, numbers):
                answers.append(one)
                read[name, one["number"]] = [one.get("rows", 0), one.get("error", "lost") is not None]
                _tell(name, one["number"], one["troubles"])
            found[name] = {"read": _summed(answers)}
            print(f"{name}: {found[name]['read']}", flush=True)
        if not chosen.read_only:
            for group in _groups(names):
                scored = _scored(child, chosen, group, numbers, read)
                for name in group:
                    found[name]["scored"] = scored | {"troubles": [one for one in scored["troubles"] if one[0] == name]}
    finally:
        child.end()
    return found


def _tell(name: str, number: int, troubles: Sequence[str]) -> None:
    for said in troubles:
        print(f"  {name} {number}: {said}", flush=True)


def _groups(names: Sequence[str]) -> list[list[str]]:
    """Formats that one column map reads: they are scored together."""
    maps = dict.fromkeys(FORMATS[name].columns for name in names)
    return [[name for name in names if FORMATS[name].columns == columns] for columns in maps]


def _scored(
    child: Child, chosen: argparse.Namespace, names: Sequence[str], numbers: range, read: dict[Mutant, list[Any]]
) -> dict[str, Any]:
    mutants = [(name, number) for number in numbers for name in names]
    folders = []
    for start in range(0, len(mutants), chosen.folder_files):
        one = score_all(child, chosen.seed, mutants[start : start + chosen.folder_files], read)
        folders.append(one)
        for name, number, said in one["troubles"]:
            _tell(f"score: {name}", number, [said])
    found = {"folders": len(folders), "seconds": round(max(one["seconds"] for one in folders), 2)}
    found |= {"peak": max(one["peak"] for one in folders)}
    print(f"{', '.join(names)}: {found}", flush=True)
    return found | {"troubles": [trouble for one in folders for trouble in one["troubles"]]}


def _summed(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sums and extremes of what was read of a format."""
    sums: Counter[str] = Counter()
    for one in answers:
        sums.update({name: one.get(name, 0) for name in ("rows", "scored", "refused", "left_out", "bytes", "cpu")})
        sums["errors"] += one.get("error") is not None
    troubles = [[one["number"], said] for one in answers for said in one["troubles"]]
    return {
        "mutants": len(answers),
        **{name: round(value, 1) for name, value in sums.items()},
        "seconds": round(max(one.get("seconds", 0.0) for one in answers), 2),
        "peak": max(one.get("peak", 0) for one in answers),
        "troubles": len(troubles),
        "kinds": Counter(said for _, said in troubles).most_common(_KEPT),
        "numbers": [number for number, _ in troubles][:_KEPT],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.robustness.mutants", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--formats", nargs="+", default=["all"], choices=["all", *FORMATS], help="(%(default)s)")
    parser.add_argument("--mutants", type=int, default=1_000, help="of each format (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--folder-files", type=int, default=400, help="files scored together (%(default)s)")
    parser.add_argument("--read-only", action="store_true", help="readers alone, without `gauger score`")
    parser.add_argument("--folder", type=Path, default=Path("build/mutants"), help="scratch files (%(default)s)")
    parser.add_argument("--history", type=Path, default=FILE, help="the row is added here (%(default)s)")
    parser.add_argument("--show", nargs=2, metavar=("FORMAT", "NUMBER"), help="write one mutant, and do nothing else")
    chosen = parser.parse_args(arguments)
    if chosen.show:
        sys.stdout.buffer.write(mutant(chosen.show[0], chosen.seed, int(chosen.show[1])))
        return
    row = history.begin(f"python -m bench.robustness.mutants --mutants {chosen.mutants} --seed {chosen.seed}")
    row |= {"seed": chosen.seed, "first": chosen.first, "mutants": run(chosen)}
    history.append(row, chosen.history)


if __name__ == "__main__":
    main()
