"""What each fact weighs. Written by ``python -m bench.findings train``; monotone, so no weight is below zero.

Trained on findings of planted campaigns and of new honest cohorts, on days joined from real text; docs/verdicts.md
says which, and how well the probability holds for kinds that were left out.
"""

INTERCEPT = -11.97
# Fact -> (weight in nats for its full length, what it is worth where it is not known).
WEIGHTS: dict[str, tuple[float, float]] = {
    "dealt": (4.74, 0.65),
    "unrepeated": (4.66, 0.66),
    "even": (2.30, 0.89),
    "constant_share": (0.93, 0.84),
    "traces": (0.97, 0.14),
    "many": (1.68, 0.66),
    "hidden": (1.83, 0.81),
}
