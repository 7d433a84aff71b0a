"""The traffic simulator: synthetic days of LLM API calls with text of its own making, campaigns and truth."""

from gauger.simulate.campaigns import DEFAULT_CAMPAIGNS, CampaignSpec
from gauger.simulate.days import SimulatedPaths, simulate
from gauger.simulate.plant import plant

__all__ = ["DEFAULT_CAMPAIGNS", "CampaignSpec", "SimulatedPaths", "plant", "simulate"]
