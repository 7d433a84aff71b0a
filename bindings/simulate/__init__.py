"""The traffic simulator: synthetic days of LLM API calls with text of its own making, campaigns and truth."""

from gauger.simulate.campaigns import DEFAULT_CAMPAIGNS, CampaignSpec
from gauger.simulate.days import DAYS_ENOUGH, SimulatedPaths, simulate
from gauger.simulate.plant import plant

__all__ = ["DAYS_ENOUGH", "DEFAULT_CAMPAIGNS", "CampaignSpec", "SimulatedPaths", "plant", "simulate"]
