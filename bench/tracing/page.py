"""The figures of tracing, for ``docs/tracing.md``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.pages import history
from bench.pages.markdown import percent, table

FILE = history.RESULTS / "tracing.jsonl"
PARTS = (
    "canaries",
    "attested",
    "filter",
    "watermark",
    "edited",
    "containment",
    "alarms",
    "uniform",
    "speed",
    "transformer",
    "few",
)
Rows = Sequence[dict[str, Any]]


def figures(file: Path = FILE) -> dict[str, str]:
    """All that was measured, by name."""
    newest = history.newest(file, PARTS)
    made: dict[str, Callable[[Any], str]] = {
        "canaries": _canaries,
        "attested": _canaries,
        "filter": _filter,
        "watermark": _watermark,
        "edited": _watermark,
        "containment": _containment,
        "alarms": _alarms,
        "uniform": _uniform,
        "speed": _speed,
        "transformer": _canaries,
        "few": _canaries,
    }
    return {"runs": history.runs(newest)} | {name: make(newest[name]) for name, make in made.items() if name in newest}


def _groups(rows: Rows, *names: str) -> dict[tuple[Any, ...], Rows]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return {**found}


def _share(share: float) -> str:
    return f"{percent(share)} %"


def _exponents(rows: Rows) -> str:
    """The probabilities, largest last."""
    return ", ".join(_probability(one) for one in sorted(row["log10_probability"] for row in rows))


def _probability(log10: float) -> str:
    if log10 > -4:
        return f"{10**log10:.2g}"
    exponent = math.floor(log10)
    digit = round(10 ** (log10 - exponent))
    return f"{digit}e{exponent}" if digit < 10 else f"1e{exponent + 1}"


def _canaries(rows: Rows) -> str:
    lines = []
    for (order, action, share, carriers), own in _groups(rows, "order", "action", "share", "carriers").items():
        hits = ", ".join(str(row["hits"]) for row in own)
        expected = sum(row["expected"] for row in own) / len(own)
        model = f"{order}-grams" if order else "transformer"
        lines.append([model, action, _share(share), "all" if carriers == 1 else "every tenth", hits, f"{expected:.2f}",
                      _exponents(own)])  # fmt: skip
    return table(("student", "copy", "served", "answers with a pair", "pairs found", "by chance", "p"), lines)


def _filter(row: dict[str, Any]) -> str:
    named = {
        "real": "real texts that it never saw",
        "answers": "answers without canaries",
        "pairs": "canaries drawn of words",
        "attested": "canaries drawn of attested pairs",
    }
    return table(("filtered", "left out"), [[name, _share(row[key])] for key, name in named.items()])


def _watermark(rows: Rows) -> str:
    lines = []
    rows = [{"action": "as served", **row} for row in rows]
    for (order, scheme, share, action), own in _groups(rows, "order", "scheme", "share", "action").items():
        cells = []
        for where in ("all", "served"):
            some = [row for row in own if row["contexts"] == where]
            cells += [f"{sum(row['windows'] for row in some) // len(some):,}", _exponents(some)]
        lines.append([f"{order}-grams", scheme, action, _share(share), *cells])
    return table(("student", "scheme", "copy", "served", "windows", "p", "with a served context", "p"), lines)


def _containment(rows: Rows) -> str:
    lines = [
        [
            f"{order}-grams",
            _share(share),
            *(", ".join(percent(row[key], 2) for row in own) for key in ("member", "control", "above")),
        ]
        for (order, share), own in _groups(rows, "order", "share").items()
    ]
    return table(("student", "served", "sequences of the campaign, %", "of controls, %", "campaign above, %"), lines)


def _alarms(row: dict[str, Any]) -> str:
    low, high = row["bounds"]
    cells = [f"{row['trials']:,}", f"{row['level']:g}", f"{row['expected_hits']:.1f}", str(row["alarms"])]
    head = ("trials", "level", "hits by chance", "alarms", "95 % interval of their rate", "with ties broken by lot")
    interval = f"{row['low']:.2g} to {row['high']:.2g}"
    return table(
        (*head, "95 % of exact tests have"), [[*cells, interval, str(row["spread_alarms"]), f"{low} to {high}"]]
    )


def _uniform(rows: Rows) -> str:
    lines = []
    for row in rows:
        keys = {"one": "one for all texts", "first": "the same, a window once", "each": "one a text"}[row["keys"]]
        figures_of = [f"{row['statistic']:.3f}", f"{row['probability']:.2g}", f"{row['least']:.1g}"]
        lines.append([row["scheme"], str(row["width"]), keys, str(row["texts"]), *figures_of])
    return table(("scheme", "context", "key", "texts", "distance", "p of the distance", "least p of a text"), lines)


def _speed(rows: Rows) -> str:
    lines = [
        [row["scheme"], f"{row['tokens']:,}", f"{row['windows']:,}", f"{row['per_second'] / 1e6:.0f}"] for row in rows
    ]
    return table(("scheme", "tokens", "different windows", "million tokens a second"), lines)
