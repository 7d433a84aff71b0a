"""Kills: ``gauger score`` is killed at random moments and run again, and must leave what an undisturbed run leaves.

Segments, units and the set that is learnt from are made small (``bench.days.small_parts``), so that a small day has
many of each. A run is killed (SIGKILL) at a moment drawn evenly from the time of undisturbed runs, and the same command
is run to its end. Compared are the SHA-256 of every table and, without what depends on the clock, the manifest; files
of the state directory are compared too, and do not count.

    python -m bench.days.large make --calls 60000 --out build/large/60k
    python -m bench.days.large reference --accounts 6000 --out build/large/small-reference
    python -m bench.days.kills --log build/large/60k --reference build/large/small-reference --state build/large/small
"""

import argparse
import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.days import small_parts
from bench.days.command import FILE
from bench.days.large_run import make_state
from bench.pages import history
from bench.pages.markdown import table
from gauger.batch import outputs

_ROOT = Path(__file__).resolve().parents[2]
_CLOCK = ("seconds", "calls_per_second")  # of a manifest
_UNDISTURBED = 2
_PASSING = ("lock", "checks", "current")  # of a state directory: who wrote last, and when


class Trials:
    """Runs of one command, each in the same places, which are emptied before."""

    def __init__(self, log: Path, state: Path, home: Path, workers: int) -> None:
        self._state, self._home = state.resolve(), home.resolve()
        self.out, self.work, self.kept = (self._home / name for name in ("out", "work", "state"))
        self._stages, self._output = self._home / "stages.txt", self._home / "output.txt"
        options = ["--out", self.out, "--work", self.work, "--state", self.kept, "--workers", workers]
        options += ["--alarm-level", small_parts.ALARM_LEVEL]
        command = [sys.executable, "-m", small_parts.__name__, self._stages, "score", (log / "day").resolve(), *options]
        self._command = [str(part) for part in command]

    def begin(self) -> None:
        """Forget the run before."""
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(parents=True)
        shutil.copytree(self._state, self.kept)

    def run(self, kill_after: float | None = None) -> tuple[int, float]:
        """Exit code and seconds of a run, which is killed after so many of them unless it has ended."""
        self._stages.write_text("")
        with self._output.open("w") as opened:
            began = time.perf_counter()
            child = subprocess.Popen(self._command, cwd=_ROOT, stdout=opened, stderr=subprocess.STDOUT)
            try:
                child.wait(kill_after)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
            finally:
                if child.poll() is None:
                    child.kill()
                child.wait()
            return child.returncode, time.perf_counter() - began

    def stages(self) -> list[str]:
        """The stages the last run went through."""
        return self._stages.read_text().split("\n")[:-1]

    def said(self) -> str:
        """What the last run printed."""
        return self._output.read_text()

    def segments(self) -> int:
        """Segments that are committed in the work directory."""
        return len(list((self.work / "segments").glob("*.json")))

    def left(self) -> dict[str, Any]:
        """What the run left: digests of tables and of the state directory by name, and the manifest."""
        manifest = json.loads((self.out / outputs.MANIFEST).read_text())
        tables = {name: found for name, found in _digests(self.out).items() if name != outputs.MANIFEST}
        state = {
            name: found
            for name, found in _digests(self.kept).items()
            if not any(part.startswith(_PASSING) for part in Path(name).parts)
        }
        manifest = {name: value for name, value in manifest.items() if name not in _CLOCK}
        return {"tables": tables, "manifest": manifest, "state": state, "work": self.work.exists()}


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differing(found: dict[str, Any], expected: dict[str, Any]) -> dict[str, list[str]]:
    """Names of what is not as expected: tables, entries of the manifest, files of the state directory."""
    names = {}
    for part in ("tables", "manifest", "state"):
        every = sorted({*found[part], *expected[part]})
        names[part] = [name for name in every if found[part].get(name) != expected[part].get(name)]
    return names


def undisturbed(trials: Trials) -> tuple[dict[str, Any], float, list[str]]:
    """What runs leave that nobody kills, the shortest of their times, and their stages.

    SystemExit where two of them differ.
    """
    left, times = [], []
    for _ in range(_UNDISTURBED):
        trials.begin()
        code, seconds = trials.run()
        if code:
            raise SystemExit(f"exit code {code}: {trials.said()}")
        left.append(trials.left())
        times.append(seconds)
    wrong = differing(left[1], left[0])
    if wrong["tables"]:
        raise SystemExit(f"two undisturbed runs differ: {wrong}")
    print(f"undisturbed: {', '.join(f'{seconds:.1f} s' for seconds in times)}, differing {wrong}", flush=True)
    return left[0], min(times), trials.stages()


def killed(trials: Trials, moment: float, expected: dict[str, Any]) -> dict[str, Any] | None:
    """Kill a run at this moment, run it again, and compare; None where it had ended before."""
    trials.begin()
    code, _ = trials.run(moment)
    if code != -signal.SIGKILL:
        return None
    stage, segments = (trials.stages() or ["starting"])[-1], trials.segments()
    code, seconds = trials.run()
    row: dict[str, Any] = {"moment": round(moment, 2), "stage": stage, "segments": segments}
    row |= {"exit_code": code, "seconds": round(seconds, 1)}
    if code:
        return row | {"identical": False, "said": trials.said()[-2_000:]}
    left = trials.left()
    wrong = differing(left, expected)
    return row | {"identical": not wrong["tables"] and not left["work"], "differing": wrong, "work_left": left["work"]}


def run(chosen: argparse.Namespace) -> None:
    """Kill as often as asked for, or for as long as there is time; keep the row and print it."""
    row = history.begin(f"python -m bench.days.kills --log {chosen.log.name} --kills {chosen.kills}")
    trials, dice = Trials(chosen.log, chosen.state, chosen.out, chosen.workers), random.Random(chosen.seed)
    end = time.monotonic() + 60 * chosen.minutes
    if not chosen.state.exists():
        make_state(chosen.reference, chosen.state, chosen.out, chosen.workers)
    expected, seconds, stages = undisturbed(trials)
    kills: list[dict[str, Any]] = []
    while len(kills) < chosen.kills and time.monotonic() < end:
        found = killed(trials, dice.uniform(0, seconds), expected)
        if found is not None:
            kills.append(found)
            print(json.dumps(found), flush=True)
    about = json.loads((chosen.log / "about.json").read_text())
    row |= {"calls": about["calls"], "seeds": [chosen.seed]}
    row["kills"] = {"undisturbed_seconds": seconds, "stages": stages, "kills": kills}
    history.append(row, chosen.history)
    print(figure(row["kills"]))


def figure(measured: dict[str, Any]) -> str:
    """Kills and identical reruns by stage."""
    stages = Counter(one["stage"] for one in measured["kills"])
    same = Counter(one["stage"] for one in measured["kills"] if one["identical"])
    lines = [[stage, str(count), str(same[stage])] for stage, count in stages.most_common()]
    lines.append(["all", str(stages.total()), str(same.total())])
    return table(["killed while", "kills", "same tables"], lines, rule="---")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.days.kills", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--log", type=Path, required=True, help="what `bench.days.large make` wrote")
    parser.add_argument("--state", type=Path, required=True, help="made of the reference if missing; copies are used")
    parser.add_argument("--reference", type=Path, help="what `bench.days.large reference` wrote")
    parser.add_argument("--kills", type=int, default=60, help="how many (%(default)s)")
    parser.add_argument("--minutes", type=float, default=1e6, help="no kill begins later")
    parser.add_argument("--workers", type=int, default=2, help="threads (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--out", type=Path, default=Path("build/kills"), help="emptied for each run (%(default)s)")
    parser.add_argument("--history", type=Path, default=FILE, help="the row is added here (%(default)s)")
    run(parser.parse_args(arguments))


if __name__ == "__main__":
    main()
