"""``gauger demo``: the main job on simulated traffic, from nothing to a report."""

import os
from pathlib import Path

from gauger.batch.evaluate import evaluate, to_text
from gauger.batch.score import score
from gauger.batch.summary import summary
from gauger.engine.common.progress import Progress
from gauger.engine.reference.directory import StateDirectory
from gauger.report import write_report
from gauger.simulate import simulate


def demo(out: Path, *, calls: int, seed: int, progress: Progress | None = None) -> str:
    """Simulate, score the reference week and then the day, evaluate, report; returns what to print."""

    def simulating(done: int, total: int) -> None:
        if progress is not None:
            progress("simulating", done, total)

    # Half as many calls on a reference day as on the day itself: with a fifth, profiles of the reference's accounts are
    # noisier than today's and cost false positives; with as many, the demo takes twice as long.
    paths = simulate(out / "logs", calls=calls, seed=seed, reference_calls=calls // 2, progress=simulating)
    state = StateDirectory(out / "state", replace_days=True)  # of an earlier demo, with another seed perhaps
    week = score(paths.reference, out / "week", state=state, progress=progress)
    day = score([paths.day], out / "day", state=state, progress=progress)
    result = evaluate(day.out, paths.truth)
    report = write_report(day.out)
    return "\n".join(
        [
            f"Reference week: {week.manifest['scored']:,} calls of {len(paths.reference)} clean days, "
            f"kept in {os.fspath(state.path)}",
            "",
            "The day",
            summary(day),
            "",
            "Against the truth (simulated traffic; see docs/detection.md for real text)",
            to_text(result),
            "",
            f"Report: {report}",
        ]
    )
