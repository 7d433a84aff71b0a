"""What ``docs/families.md`` promises, read from one row of its history."""

from collections.abc import Callable

from bench.families.sets import HELD_OUT
from bench.pages.history import Row
from bench.speed.targets import Target

REAL = "mixed, half B"
PLACES = ("head", "tail", "both ends", "middle", "Cyrillic")
SHAPES = ("two-slot grid", "few-shot", "one item set, many templates")
OURS, DRAIN = "gauger, short lines, all families", "Drain3"

Value = Callable[[Row, str], float]


def found(row: Row, name: str) -> Row:
    """Figures of ours on a set; KeyError when it was not measured."""
    return {one["set"]: one for one in row["quality"]}[name]


def _figure(name: str, figure: str) -> Value:
    return lambda row, _: float(found(row, name)[figure])


def _part(name: str, source: str, figure: str) -> Value:
    return lambda row, _: float(found(row, name)["sources"][source][figure])


def _worst(names: tuple[str, ...]) -> Value:
    return lambda row, _: min(found(row, f"placement: {name}")["f1"] for name in names)


def _keys(row: Row, _: str) -> float:
    return max(float(one["differing"]) for one in row["keys"])


def _tails(row: Row, _: str) -> float:
    return min(float(one["recall"]) for one in (*row["tails"], found(row, "tails")))


def _speed(row: Row, _: str) -> float:
    return float(min(one["each_second"] for one in row["speed"]))


def _beside_drain(row: Row, _: str) -> float:
    """F1 of ours less Drain3's (tuned) on the same log lines."""
    logs = {one["who"]: one["f1"] for one in row["rivals"] if one["set"] == "loghub-2k"}
    return float(logs[OURS] - max(score for who, score in logs.items() if who.startswith(DRAIN)))


TARGETS = (
    Target(f"F1 on the {HELD_OUT} mixed set", _figure(REAL, "f1"), 0.85, unit=""),
    Target("... share of its families found", _figure(REAL, "family_recall"), 0.75, unit=""),
    Target("... its honest prompts in families of five", _figure(REAL, "honest_in_families"), 0.015, None, True, ""),
    Target("... its honest prompts among templated ones", _figure(REAL, "pollution"), 0.001, None, True, ""),
    Target("adjusted Rand index, t0", _figure("t0", "ari"), 0.85, unit=""),
    Target("... of its held-out half", _figure("t0, half B", "ari"), 0.85, unit=""),
    Target("... gpteacher", _figure("gpteacher", "ari"), 0.95, unit=""),
    Target("... rendered sets", _figure("rendered", "ari"), 0.95, unit=""),
    Target("... evol's five variants", _part("rendered", "evol_instruct_rendered", "ari"), 0.95, unit=""),
    Target("F1 wherever a frame is, worst place", _worst(PLACES), 0.98, unit=""),
    Target("F1 of grids, few-shot, one item set, worst", _worst(SHAPES), 0.98, unit=""),
    Target("pairs that differ between two of six keys, worst set", _keys, 0.001, None, True, ""),
    Target("adjusted Rand index, tasks in layouts", _figure("tasks in layouts", "ari"), 0.90, 0.95, unit=""),
    Target("... share of its families found", _figure("tasks in layouts", "family_recall"), 0.75, 0.90, unit=""),
    Target("pairs of a tail's prompts together, worst item set", _tails, 0.99, unit=""),
    Target("F1 on log lines (`--short-lines`, all kinds of family)", _figure("loghub-2k", "f1"), 0.94, unit=""),
    Target("... less Drain3's, tuned, on the same lines", _beside_drain, 0, unit=""),
    Target("prompts a second and core, text to labels", _speed, 100_000, 200_000, unit=""),
)
