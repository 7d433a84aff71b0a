"""What each fact weighs. Written by ``python -m bench.findings train``; monotone, so no weight is below zero.

Trained on findings of planted campaigns and of new honest cohorts, on days joined from real text; docs/verdicts.md
says which, and how well the probability holds for kinds that were left out.
"""

INTERCEPT = -12.69
# Fact -> (weight in nats for its full length, what it is worth where it is not known).
WEIGHTS: dict[str, tuple[float, float]] = {
    "dealt": (4.40, 0.64),
    "unrepeated": (4.55, 0.66),
    "even": (2.78, 0.89),
    "constant_share": (1.53, 0.83),
    "traces": (1.01, 0.14),
    "many": (1.84, 0.66),
    "hidden": (1.92, 0.80),
}
