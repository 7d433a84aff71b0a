"""What each fact weighs. Written by ``python -m bench.findings train``; monotone, so no weight is below zero.

Trained on findings of planted campaigns and of new honest cohorts, on days joined from real text; docs/verdicts.md
says which, and how well the probability holds for kinds that were left out.
"""

INTERCEPT = -12.78
# Fact -> (weight in nats for its full length, what it is worth where it is not known).
WEIGHTS: dict[str, tuple[float, float]] = {
    "dealt": (4.79, 0.66),
    "unrepeated": (3.89, 0.59),
    "even": (2.67, 0.89),
    "constant_share": (1.34, 0.84),
    "traces": (1.26, 0.14),
    "many": (2.42, 0.65),
    "hidden": (2.29, 0.81),
}
