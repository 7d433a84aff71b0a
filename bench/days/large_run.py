"""What scoring a large day takes: reading it, ``gauger score`` on it, and what was found."""

import json
import os
import shutil
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.pages import history
from bench.pages.markdown import table
from bench.speed import parquet_reading
from gauger.batch import outputs
from gauger.batch.evaluate import evaluate
from gauger.engine.common.settings import Settings

_EVERY_S = 0.1
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """What one command and its children took."""

    seconds: float  # wall
    cpu_seconds: float
    peak_bytes: int  # the largest sum of resident memory over the tree of processes, sampled
    peak_process_bytes: int  # the largest high-water mark of any one of them, by the kernel
    work_bytes: int  # the largest size its work directory had, sampled
    exit_code: int


def sampled(arguments: Sequence[str], output: Path, work: Path | None = None) -> Cost:
    """Run a command in the repository's root, its output into a file; look at it ten times a second."""
    peak, mark, most = 0, 0, 0
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w") as opened:
        began = time.perf_counter()
        child = subprocess.Popen(arguments, cwd=_ROOT, stdout=opened, stderr=subprocess.STDOUT)
        try:
            while True:
                ended, status, used = os.wait4(child.pid, os.WNOHANG)
                if ended:
                    break
                memory = [_memory(process) for process in _tree(child.pid)]
                peak = max(peak, sum(resident for resident, _ in memory))
                mark = max([mark, *(high for _, high in memory)])
                most = max(most, directory_bytes(work) if work else 0)
                time.sleep(_EVERY_S)
        except BaseException:
            child.kill()
            raise
        seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    return Cost(seconds, used.ru_utime + used.ru_stime, max(peak, mark), mark, most, child.returncode)


def _tree(process: int) -> Iterator[int]:
    """A process and all below it."""
    yield process
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _memory(process: int) -> tuple[int, int]:
    """Resident memory of a process in bytes, now and at most; nothing once it has ended."""
    found = {"VmRSS": 0, "VmHWM": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


def directory_bytes(directory: Path) -> int:
    """What the files below a directory take on the disk; files come and go meanwhile."""
    total, folders = 0, [os.fspath(directory)]
    while folders:
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def make_state(reference: Path | None, state: Path, out: Path, workers: int) -> None:
    """Score the reference days, oldest first, into a new state directory."""
    if reference is None:
        raise SystemExit(f"{state} is missing: name the reference days to make it of (--reference)")
    unfinished = state.with_name(f".{state.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    days = [str(day.resolve()) for day in sorted(reference.iterdir()) if day.is_dir()]
    options = ["--out", str((out / "reference").resolve()), "--state", str(unfinished.resolve())]
    _checked([*_gauger("score"), *days, *options, "--workers", str(workers)], out / "reference.txt")
    shutil.rmtree(out / "reference")
    unfinished.rename(state)


def _gauger(name: str) -> list[str]:
    return [sys.executable, "-m", "gauger", name]


def _checked(arguments: Sequence[str], output: Path, work: Path | None = None) -> Cost:
    cost = sampled(arguments, output, work)
    if cost.exit_code:
        last = (output.read_text().splitlines() or ["no message"])[-1]
        raise SystemExit(f"{' '.join(arguments)}: exit code {cost.exit_code}: {last}")
    return cost


def measure(chosen: Namespace) -> dict[str, Any]:
    """Read a day and score it, each in a process of its own; costs, and what was found of its truth."""
    out = chosen.out
    log, scored = str((chosen.log / "day").resolve()), out / "out"
    reading = _checked([sys.executable, "-m", parquet_reading.__name__, log, str(chosen.workers)], out / "reading.txt")
    state = out / "state"  # a run commits its day: the next one must not find it there
    shutil.rmtree(state, ignore_errors=True)
    shutil.rmtree(scored, ignore_errors=True)
    shutil.copytree(chosen.state, state)
    options = ["--out", str(scored.resolve()), "--state", str(state.resolve()), "--workers", str(chosen.workers)]
    if chosen.memory:
        options += ["--memory", chosen.memory]
    if chosen.work:
        chosen.work.mkdir(parents=True, exist_ok=True)
        options += ["--work", str(chosen.work.resolve())]
    scoring = _checked([*_gauger("score"), log, *options], out / "score.txt", chosen.work)
    manifest = outputs.read_manifest(scored)
    return {
        "log": json.loads((chosen.log / "about.json").read_text()),
        "workers": chosen.workers,
        "memory": chosen.memory,
        "read_seconds": float((out / "reading.txt").read_text()),
        "reading": asdict(reading),
        "scoring": asdict(scoring),
        "stages": manifest["seconds"],
        "found": found(scored, chosen.log / "truth.parquet"),
    }


def found(scored: Path, truth: Path) -> dict[str, Any]:
    """Recall of each campaign, and honest accounts flagged: of all, and of those with calls enough to be weighed."""
    result = evaluate(scored, truth)
    names = pq.read_table(truth)
    honest = names.filter(pc.is_null(names["campaign"]))["account_id"].cast("string").combine_chunks()
    accounts = pq.read_table(scored / "accounts.parquet", columns=["account_id", "calls", "flagged"])
    weighed = accounts.filter(pc.greater_equal(accounts["calls"], Settings().calls_min))
    weighed = weighed.filter(pc.is_in(weighed["account_id"].cast("string"), value_set=honest))
    return {
        "campaigns": [asdict(one) for one in result.campaigns],
        "honest": result.benign_accounts,
        "honest_flagged": result.benign_flagged,
        "honest_weighed": weighed.num_rows,
        "weighed_flagged": int(pc.sum(weighed["flagged"]).as_py() or 0),
        "honest_accused": sum(kind.accused for kind in result.benign),
        "kinds": {kind.kind: [kind.accounts, kind.flagged] for kind in result.benign},
        "findings": len(result.found),
        "campaign_precision": result.campaign_precision,
        "campaign_recall": result.campaign_recall,
    }


def command_of(chosen: Namespace) -> str:
    """The command as the row has it: folders by their last name alone, wherever they lie."""
    asked = {name: value for name, value in vars(chosen).items() if value is not None and name != "command"}
    said = {name: value.name if isinstance(value, Path) else value for name, value in asked.items()}
    return " ".join(["python -m bench.days.large run", *(f"--{name} {value}" for name, value in said.items())])


def run(chosen: Namespace) -> None:
    """Measure, keep the row, and print it as a table."""
    chosen.out.mkdir(parents=True, exist_ok=True)
    row = history.begin(command_of(chosen))
    if not chosen.state.exists():
        make_state(chosen.reference, chosen.state, chosen.out, chosen.workers)
    measured = measure(chosen)
    row |= {"calls": measured["log"]["calls"], "seeds": [measured["log"]["seed"]], "large": [measured]}
    history.append(row | {"load_after": history.load()}, chosen.history)
    print(figure(row))


def figure(row: history.Row) -> str:
    """The newest measurement as tables."""
    (one,) = row["large"]
    lines = []
    for name in ("reading", "scoring"):
        cost = one[name]
        sizes = [f"{cost[part] / 2**30:.2f}" for part in ("peak_bytes", "work_bytes")]
        rate = row["calls"] / cost["seconds"]
        lines.append([name, f"{cost['seconds']:,.1f}", f"{cost['cpu_seconds']:,.1f}", f"{rate:,.0f}", *sizes])
    costs = table(["", "seconds", "CPU seconds", "calls/s", "peak GiB", "work GiB"], lines, rule="---")
    seen, shares = one["found"], []
    for campaign in seen["campaigns"]:
        recalls = (campaign["flagged"], campaign["recall_at_tenth_percent"], campaign["placed"])
        shares.append([campaign["campaign"], f"{campaign['accounts']:,}", *(f"{share:.1%}" for share in recalls)])
    flagged = seen["weighed_flagged"] / max(1, seen["honest_weighed"])
    shares.append(["honest, weighed", f"{seen['honest_weighed']:,}", f"{flagged:.3%}", "", ""])
    recall = table(["accounts", "number", "flagged", "exact at 0.1 %", "in a finding"], shares, rule="---")
    memory = f"memory {one['memory']}, " if one["memory"] else ""
    head = f"{row['calls']:,} calls of {one['log']['accounts']:,} accounts, {memory}{one['workers']} threads"
    return f"{head}, `{row['commit']}`.\n\n{costs}\n\n{recall}"
