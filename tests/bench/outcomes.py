"""Outcomes of scored days, made up."""

from bench.detection.rungs import CLEAN, TOGETHER, Outcome
from gauger.batch.evaluate import BenignKind, Evaluation, TrueCampaign


def outcome(seed: int, campaign: str, *, flagged: float = 1.0, exact: float = 1.0, honest: int = 0) -> Outcome:
    """A day with one campaign of 500 accounts (two on a day of all, none on a clean one) and 1,000 honest accounts."""
    names = () if campaign == CLEAN else ("alpaca", "t0") if campaign == TOGETHER else (campaign,)
    campaigns = [TrueCampaign(name, name, 500, 0, flagged, exact, 1.0, 0.9, 13_000) for name in names]
    found = [{"campaign_id": 1, "assessment": "campaign", "accounts": 450, "majority": name} for name in names[:1]]
    kinds = [BenignKind("person", 1_000, honest, 0)]
    evaluation = Evaluation(campaigns, kinds, found, 1_000, honest, 0, 0, 1.0, 1.0)
    speed = {"calls_per_second": 5_000.0, "ingest": 1.0, "weigh": 2.0, "write": 0.5, "total": 3.5}
    return Outcome(seed, campaign, evaluation, evaluation, 2, speed)
