"""Training: the weights of facts, from findings of planted kinds, and how well they hold for kinds left out.

Logistic regression with weights of at least zero, each finding weighing as much as its share of its day's planted
accounts in findings, and campaigns and honest cohorts half of everything each, every group of kinds alike.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bench.findings.show import way_of
from gauger.engine.findings import weights

NAMES = tuple(weights.WEIGHTS)
_RIDGE = 0.001  # of squared weights, beside a mean loss
_BINS = 10
# Of a campaign that deals each account prompts that begin alike, beside one that takes no such pains. At 1 it is called
# campaign nearly always, and honest agents are, too; at 0 a fifth of the time.
_SORTED = 0.05


@dataclass(frozen=True)
class Examples:
    """Findings of planted kinds."""

    facts: np.ndarray  # float64[n, facts], NaN = not known
    campaign: np.ndarray  # bool[n]
    group: np.ndarray  # object[n]
    weight: np.ndarray  # float64[n], of all together 1


def examples_of(rows: Sequence[dict[str, Any]]) -> Examples:
    """Every finding of every row."""
    facts, campaign, group, share = [], [], [], []
    for row in rows:
        total = sum(finding["own"] for finding in row["findings"])
        for finding in row["findings"]:
            known = {fact["fact"]: fact["value"] for fact in finding["facts"]}
            facts.append([np.nan if known.get(name) is None else known[name] for name in NAMES])
            campaign.append(row["campaign"])
            group.append(row["group"])
            share.append(finding["own"] / total * (_SORTED if way_of(row) == "sorted" else 1.0))
    groups, weight = np.asarray(group, object), np.asarray(share)
    of_group = defaultdict(float)
    for name, one in zip(group, share, strict=True):
        of_group[name] += one
    is_campaign = np.asarray(campaign, bool)
    weight = weight / np.asarray([of_group[name] for name in group])
    for side in (is_campaign, ~is_campaign):
        if side.any():
            weight[side] *= 0.5 / weight[side].sum()
    return Examples(np.asarray(facts, float), is_campaign, groups, weight)


@dataclass(frozen=True)
class Model:
    """Weights of facts."""

    intercept: float
    weights: np.ndarray  # float64[facts]
    unknown: np.ndarray  # float64[facts], what a fact is worth where it is not known

    def probability(self, facts: np.ndarray) -> np.ndarray:
        """Of one hidden actor; float64[n]."""
        filled = np.where(np.isnan(facts), self.unknown, facts)
        return 1.0 / (1.0 + np.exp(-(self.intercept + filled @ self.weights)))


def train(examples: Examples) -> Model:
    """The weights of least weighted loss."""
    known = ~np.isnan(examples.facts)
    weight = np.where(known, examples.weight[:, None], 0.0)
    # Half way between the two sides' means: what is not known speaks for neither.
    means = []
    for side in (examples.campaign, ~examples.campaign):
        total = weight[side].sum(axis=0)
        filled = np.where(known, examples.facts, 0.0)[side]
        means.append(
            np.divide((weight[side] * filled).sum(axis=0), total, out=np.full(len(NAMES), 0.5), where=total > 0)
        )
    unknown = 0.5 * (means[0] + means[1])
    facts = np.where(known, examples.facts, unknown)
    sign = np.where(examples.campaign, 1.0, -1.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (parameters[0] + facts @ parameters[1:])
        slope = -sign * examples.weight / (1.0 + np.exp(margin))
        value = float(np.sum(examples.weight * np.logaddexp(0.0, -margin)) + _RIDGE * np.sum(parameters[1:] ** 2))
        gradient = np.concatenate([[slope.sum()], facts.T @ slope + 2 * _RIDGE * parameters[1:]])
        return value, gradient

    bounds = [(None, None), *[(0.0, None)] * len(NAMES)]
    found = minimize(loss, np.zeros(1 + len(NAMES)), jac=True, bounds=bounds, method="L-BFGS-B")
    return Model(float(found.x[0]), found.x[1:], unknown)


def left_out(examples: Examples) -> np.ndarray:
    """Probability of each finding by weights that were learnt without its group; float64[n]."""
    result = np.empty(len(examples.campaign))
    for name in np.unique(examples.group):
        own = examples.group == name
        rest = ~own
        model = train(
            Examples(examples.facts[rest], examples.campaign[rest], examples.group[rest], examples.weight[rest])
        )
        result[own] = model.probability(examples.facts[own])
    return result


def calibration_error(probability: np.ndarray, campaign: np.ndarray, weight: np.ndarray) -> float:
    """Expected calibration error: mean over tenths of |mean probability - share of campaigns| (Naeini, AAAI 2015)."""
    tenth = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    error = 0.0
    for one in range(_BINS):
        own = tenth == one
        if weight[own].sum() > 0:
            gap = np.average(probability[own], weights=weight[own]) - np.average(campaign[own], weights=weight[own])
            error += weight[own].sum() * abs(gap)
    return float(error / weight.sum())


def write(model: Model, path: Path) -> None:
    """Put the weights into the module that reads them."""
    text = path.read_text()
    head = text[: text.index("INTERCEPT =")]
    lines = [f"INTERCEPT = {model.intercept:.2f}"]
    lines += ["# Fact -> (weight in nats for its full length, what it is worth where it is not known)."]
    lines += ["WEIGHTS: dict[str, tuple[float, float]] = {"]
    lines += [
        f'    "{name}": ({weight:.2f}, {unknown:.2f}),'
        for name, weight, unknown in zip(NAMES, model.weights, model.unknown, strict=True)
    ]
    path.write_text(head + "\n".join([*lines, "}"]) + "\n")
