"""Several populations as one: days of a reference, units of a day."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from gauger.engine.statistics.background import Background
from gauger.engine.statistics.population import Population


def concatenate(populations: Sequence[Population]) -> Population:
    """One population of several days' accounts, with the statistics all share; an account of two days is two rows.

    ``day`` becomes the place of each account's population among those given.
    """
    starts = np.cumsum([0, *(len(part) for part in populations)])[:-1]
    rows = np.cumsum([0, *(len(part.sample_features) for part in populations)])[:-1]
    names = set.intersection(*(set(part.statistics) for part in populations))
    return Population(
        account_ids=[name for part in populations for name in part.account_ids],
        calls=np.concatenate([part.calls for part in populations]),
        sums=np.concatenate([part.sums for part in populations]),
        statistics={name: np.concatenate([part.statistics[name] for part in populations]) for name in sorted(names)},
        sample_owner=np.concatenate([part.sample_owner + s for part, s in zip(populations, starts, strict=True)]),
        sample_identity=np.concatenate([part.sample_identity for part in populations]),
        sample_row=np.concatenate([part.sample_row + s for part, s in zip(populations, rows, strict=True)]),
        sample_features=np.concatenate([part.sample_features for part in populations]),
        link_owner=np.concatenate([part.link_owner + s for part, s in zip(populations, starts, strict=True)]),
        link_channel=np.concatenate([part.link_channel for part in populations]),
        link_value=np.concatenate([part.link_value for part in populations]),
        sample_senders=_senders(populations),
        background=_together([part.background for part in populations]),
        day=np.repeat(np.arange(len(populations)), [len(part) for part in populations]),
    )


def _senders(populations: Sequence[Population]) -> np.ndarray | None:
    """Of each sampled call the accounts that sent its text; 0 where a part does not say, None where none does."""
    if all(part.sample_senders is None for part in populations):
        return None
    return np.concatenate(
        [
            np.zeros(len(part.sample_owner), np.int32) if part.sample_senders is None else part.sample_senders
            for part in populations
        ]
    )


def _together(backgrounds: Sequence[Background | None]) -> Background | None:
    """The sum, or None where a part has none: days kept by earlier versions."""
    known = [one for one in backgrounds if one is not None]
    if len(known) < len(backgrounds):
        return None
    return reduce(Background.plus, known)
