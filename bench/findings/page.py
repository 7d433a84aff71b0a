"""The figures of ``docs/verdicts.md``."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.findings.show import Row, campaigns, cohorts, newest, pools, sets
from bench.findings.training import Examples, calibration_error, examples_of, left_out
from bench.pages.history import RESULTS, read
from bench.pages.markdown import table
from bench.world.relays import POOLS
from gauger.engine.findings.weights import INTERCEPT, WEIGHTS

LOG = RESULTS / "findings.jsonl"
TRAINING = (41, 42, 44, 46)  # seeds that the weights are learnt on; what is reported is of others
_FIFTHS = 5


def figures(log: Path = LOG) -> dict[str, str]:
    """Every figure of the page by name."""
    every = read(log)
    rows = [row for row in every if row["kind"] not in POOLS]  # neither a campaign nor honest
    learnt = newest([row for row in rows if row["seed"] in TRAINING])
    reported = newest([row for row in rows if row["seed"] not in TRAINING])
    found = {"weights": _weights()}
    if len(rows) < len(every):
        found["pools"] = pools(every)
    if learnt:
        examples = examples_of(learnt)
        found["left out"] = _reliability(examples, left_out(examples))
    if reported:
        found |= {"campaigns": campaigns(reported), "sets": sets(reported), "cohorts": cohorts(reported)}
        examples = examples_of(reported)
        found["reported"] = _reliability(examples, _probabilities(reported))
        found["runs"] = _runs(learnt, reported)
    return found


def _weights() -> str:
    lines = [[f"`{name}`", f"{weight:.2f}", f"{unknown:.2f}"] for name, (weight, unknown) in WEIGHTS.items()]
    return table(("fact", "weight (nats)", "worth where not known"), [*lines, ["*none*", f"{INTERCEPT:.2f}", "-"]])


def _probabilities(rows: Sequence[Row]) -> np.ndarray:
    """What the run said of each finding, in the order of ``examples_of``."""
    return np.asarray([finding["probability"] for row in rows for finding in row["findings"]])


def _reliability(examples: Examples, probability: np.ndarray) -> str:
    """Findings by probability, and how many of them are campaigns; both sides and every group weigh alike."""
    place = np.minimum((probability * _FIFTHS).astype(int), _FIFTHS - 1)
    lines = []
    for one in range(_FIFTHS):
        own = place == one
        weight = examples.weight[own]
        if not own.any():
            continue
        said = np.average(probability[own], weights=weight)
        share = np.average(examples.campaign[own], weights=weight)
        lines.append(
            [f"{one / _FIFTHS:.1f} to {(one + 1) / _FIFTHS:.1f}", str(own.sum()), f"{said:.2f}", f"{share:.2f}"]
        )
    error = calibration_error(probability, examples.campaign, examples.weight)
    wrong = np.average((probability >= 0.5) != examples.campaign, weights=examples.weight)
    head = ("probability", "findings", "mean probability", "share of campaigns")
    return (
        f"{table(head, lines)}\n\nExpected calibration error {error:.3f}; {100 * wrong:.1f} % on the wrong side of 0.5."
    )


def _runs(learnt: Sequence[Row], reported: Sequence[Row]) -> str:
    lines = []
    for title, rows in (("learnt on", learnt), ("reported", reported)):
        seeds = ", ".join(map(str, sorted({row["seed"] for row in rows})))
        commits = ", ".join(dict.fromkeys(f"`{row['commit']}`" for row in rows))
        lines.append([title, seeds, str(len(rows)), str(sum(len(row["findings"]) for row in rows)), commits])
    return table(("", "seeds", "days", "findings", "commit"), lines, rule="---")
