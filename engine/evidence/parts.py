"""The parts of evidence: every detector, once.

A part gives each account of a pool a score, higher where it is odder; scores become ranks among the reference's own.
To add a detector, write a function of a ``Pool`` in a file of its own and give it a line in ``PARTS``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from gauger.engine.common import schema
from gauger.engine.common.settings import Settings
from gauger.engine.evidence.conformity import GROUPS, group_score
from gauger.engine.evidence.known_elsewhere import KNOWN_ELSEWHERE
from gauger.engine.evidence.neighbours import today_share
from gauger.engine.evidence.pool import Pool
from gauger.engine.evidence.shared_addresses import shared_addresses

CONTENT, CONFORMITY = "content", "conformity"
# Content is joined first and counts so much beside one for each part of conformity: what moves like its like need not
# be of a campaign.
CONTENT_WEIGHT = 4.0
_ADDRESS, _START = ("client_address",), ("start_time",)
_SETTINGS = ("usage_output_tokens", "account_created_at", "conversation_id")


@dataclass(frozen=True)
class Part:
    """A part of evidence."""

    name: str
    group: str  # CONTENT: what accounts say; CONFORMITY: how they move beside those that talk like them
    weight: float  # among the parts of its group
    needs: tuple[str, ...]  # columns of a call, one of which must be there; without them all scores are NaN
    score: Callable[[Pool], np.ndarray]  # float64[pool.wanted], NaN = not available


def _neighbours(k: int, pool: Pool) -> np.ndarray:
    near = pool.neighbours
    return today_share(near.similarity, near.rows, pool.today, k, pool.wanted)


def _of_those_who_spoke(score: Callable[[Pool], np.ndarray]) -> Callable[[Pool], np.ndarray]:
    """NaN for accounts of whose calls hardly any are their own (``statistics.shared_text``): they are like nobody."""

    def known(pool: Pool) -> np.ndarray:
        own = np.bincount(pool.calls.owner, minlength=pool.wanted)[: pool.wanted]
        return np.where(own >= (pool.settings.calls_min + 1) // 2, score(pool), np.nan)

    return known


PARTS = (
    # Plain neighbours see little where a campaign pads, and weigh 1 for each k.
    Part("sifted", CONTENT, 3.0, schema.CONTENT, _of_those_who_spoke(lambda pool: pool.sifting.first)),
    Part("self_trained", CONTENT, 6.0, schema.CONTENT, _of_those_who_spoke(lambda pool: pool.sifting.self_trained)),
    *(
        Part(name, CONFORMITY, 1.0, needs, partial(group_score, GROUPS[name]))
        for name, needs in (
            ("conformity_volume", _START),
            ("conformity_timing", _START),
            ("conformity_addresses", _ADDRESS),
            ("conformity_settings", _SETTINGS),
            ("conformity_pace", _START),
            ("conformity_habits", _START),
        )
    ),
    Part("shared_addresses", CONFORMITY, 1.0, _ADDRESS, shared_addresses),
)


_SHARED = Part(
    KNOWN_ELSEWHERE, CONTENT, 6.0, schema.CONTENT, _of_those_who_spoke(lambda pool: pool.known_elsewhere.scores)
)


def parts_of(settings: Settings, *, shared: bool = False) -> tuple[Part, ...]:
    """Every part, those of plain neighbours for each number the settings name.

    shared : whether findings of other providers are weighed; without them that part would be NaN for everybody
    """
    numbers = settings.neighbours
    plain = (
        Part(f"neighbours_{k}", CONTENT, 1.0, schema.CONTENT, _of_those_who_spoke(partial(_neighbours, k)))
        for k in numbers
    )
    return (*plain, *PARTS, *((_SHARED,) if shared else ()))
