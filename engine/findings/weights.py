"""What each fact weighs. Written by ``python -m bench.findings train``; monotone, so no weight is below zero.

Trained on findings of planted campaigns and of new honest cohorts, on days joined from real text; docs/detection.md
says which, and how well the probability holds for kinds that were left out.
"""

INTERCEPT = -12.92
# Fact -> (weight in nats for its full length, what it is worth where it is not known).
WEIGHTS: dict[str, tuple[float, float]] = {
    "dealt": (4.79, 0.65),
    "unrepeated": (4.11, 0.66),
    "even": (2.16, 0.89),
    "constant_share": (2.30, 0.82),
    "traces": (0.03, 0.10),
    "many": (2.06, 0.66),
    "hidden": (1.96, 0.79),
}
