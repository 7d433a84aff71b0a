"""``gauger demo``: the main job on simulated traffic, from nothing to a report."""

import os
from pathlib import Path

from gauger.batch.evaluate import evaluate, to_text
from gauger.batch.score import score
from gauger.batch.summary import summary
from gauger.engine.common.progress import Progress
from gauger.engine.plan.local import Local
from gauger.engine.reference.directory import StateDirectory
from gauger.report import write_report
from gauger.simulate import DAYS_ENOUGH, simulate

_NEXT = (
    "",
    "On your own log",
    "  gauger columns LOG                              how it would be read",
    "  gauger score DAYS --out week --state state      some earlier days: what is usual",
    "  gauger score LOG --out day --state state        the day; then gauger report day",
)


def demo(out: Path, *, calls: int, seed: int, progress: Progress | None = None) -> str:
    """Simulate, score the reference week and then the day, evaluate, report; returns what to print."""

    def simulating(done: int, total: int) -> None:
        if progress is not None:
            progress("simulating", done, total)

    # Reference days are days like any other: where busy accounts are cut short to save time, profiles drift by it.
    paths = simulate(
        out / "logs", calls=calls, seed=seed, reference_days=DAYS_ENOUGH, reference_calls=calls, progress=simulating
    )
    state = StateDirectory(out / "state", replace_days=True)  # of an earlier demo, with another seed perhaps
    week = score(paths.reference, out / "week", state=state, progress=progress)
    day = score([paths.day], out / "day", state=state, local=Local(features=True), progress=progress)
    result = evaluate(day.out, paths.truth)
    report = write_report(day.out)
    return "\n".join(
        [
            f"Reference: {week.manifest['scored']:,} calls of {len(paths.reference)} clean days, "
            f"kept in {os.fspath(state.path)}",
            "",
            "The day",
            summary(day),
            "",
            "Against the truth (simulated traffic; see docs/detection.md for real text)",
            to_text(result),
            "",
            f"Report: {report}",
            *_NEXT,
        ]
    )
