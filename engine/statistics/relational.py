"""Statistics that need a run's families, or an account's content neighbours of today.

``neighbours`` below is int64[n, k]: of each account, those of its nearest that are today's, -1 in the other places.
Nothing of it can be asked of a stored day, which keeps no prompts and no hours: of these only the family entropy, kept
with the day, has a reference to be ranked in.
"""

import numpy as np

from gauger.engine.statistics.calls import normalised_entropy
from gauger.engine.statistics.statistic import ADDRESS, CONTENT, OURS, SHANNON, alone, among
from gauger.kernels.accounts import groups

NAMES = ("synchrony_networks", "synchrony_families", "complementary_coverage")
_NO_LIMIT = 1 << 40


def family_entropy(owner: np.ndarray, family: np.ndarray, owners: int) -> np.ndarray:
    """Entropy of an account's calls over families, a call in none being one of its own; NaN below two calls.

    owner, family : int64, one entry a call; -1 = no account, no family
    """
    inside = owner >= 0
    owner, family = owner[inside], family[inside]
    alone = family.max(initial=-1) + 1 + np.arange(len(family))
    return normalised_entropy(owner, np.where(family >= 0, family, alone), owners)


def _runs(owner: np.ndarray, value: np.ndarray, owners: int) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and distinct ascending values of each owner."""
    order = np.lexsort((value, owner))
    owner, value = owner[order], value[order]
    fresh = np.ones(len(owner), bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (value[1:] != value[:-1])
    return np.searchsorted(owner[fresh], np.arange(owners + 1)).astype(np.int64), value[fresh]


def synchrony(owner: np.ndarray, token: np.ndarray, neighbours: np.ndarray, size: int = _NO_LIMIT) -> np.ndarray:
    """Mean Jaccard similarity of an account's tokens and each neighbour's; NaN where either has none.

    owner : int64; token : uint64, what was met and in which hour; size : how many an account keeps at most
    """
    result = np.empty(len(neighbours))
    offsets, values = _runs(owner, token, len(neighbours))
    groups.mean_jaccard(offsets, np.ascontiguousarray(values), np.ascontiguousarray(neighbours), size, result)
    return result


def complementary_coverage(owner: np.ndarray, prompt: np.ndarray, neighbours: np.ndarray) -> np.ndarray:
    """Share of the prompts of an account and its neighbours that one of them alone sent, less that expected by chance.

    By chance: were the neighbours any accounts of the day. Honest neighbours repeat each other and lie below 0;
    accounts that tile one distribution lie at 0, however alike they are. NaN without neighbours.
    owner : int64; prompt : uint64 hash of each sampled call, 0 = not known
    """
    known = np.flatnonzero(prompt != 0)
    order = known[np.argsort(prompt[known], kind="stable")]
    ordered = prompt[order]
    code = np.empty(len(prompt), np.int64)
    code[order] = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]])[: len(order)])
    offsets, values = _runs(owner[known], code[known], len(neighbours))
    holders = np.bincount(values, minlength=1)
    observed, expected = np.empty((2, len(neighbours)))
    groups.unique_coverage(offsets, values, holders, np.ascontiguousarray(neighbours), observed, expected)
    return observed - expected


STATISTICS = (
    *alone(
        "statistics.relational.family_entropy",
        ("family_entropy", "how evenly its calls spread over families (1: no two alike)", "entropy over families / log "
         "n; a call in no family is one of its own", SHANNON, "share", "0 to 1", CONTENT),
    ),
    *among(
        "evidence.evidence.gather",
        *(
            (f"today_share_{k}", f"share of its {k} most similar accounts that are today's, not the reference's",
             f"today's among the {k} nearest by whitened kernel mean / {k}", "Schilling (JASA 1986): nearest-neighbour "
             "two-sample test", "share", "0 to 1", CONTENT, False)
            for k in (10, 20, 50)
        ),
    ),
    *among(
        "statistics.relational.synchrony",
        ("synchrony_networks", "how often it and accounts of like content are on one network in one hour",
         "mean Jaccard of (address prefix, hour) with those of its 20 nearest that are today's",
         "bottom-k: Broder (1997)", "Jaccard", "0 to 1", ADDRESS, False),
        ("synchrony_families", "how often it and accounts of like content send one family in one hour",
         "mean Jaccard of (family, hour) with those of its 20 nearest that are today's", "Jaccard (1901)", "Jaccard",
         "0 to 1", CONTENT, False),
    ),
    *among(
        "statistics.relational.complementary_coverage",
        ("complementary_coverage", "how little it and accounts of like content repeat each other (0: as strangers do)",
         "share of the sampled prompts of it and its 20 nearest that are today's which one alone sent − that expected "
         "of any accounts", OURS, "share", "−1 to 1", CONTENT, False),
    ),
)  # fmt: skip
