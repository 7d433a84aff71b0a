"""Statistics of one account from what it shares with others: networks, and components of infrastructure."""

import numpy as np

from gauger.engine.common.unions import components
from gauger.engine.state.links import ADDRESS, CLIENT, HUB_ACCOUNTS, NETWORK, PAYMENT
from gauger.engine.statistics.calls import share
from gauger.engine.statistics.statistic import ADDRESS as ADDRESSES
from gauger.engine.statistics.statistic import alone, among

INFRASTRUCTURE = (ADDRESS, PAYMENT, CLIENT)


def distinct_of_smallest(owner: np.ndarray, values: np.ndarray, owners: int, size: int) -> np.ndarray:
    """Distinct values of each owner from the ``size`` smallest: exact below that many, then (k - 1) / (k-th / 2^64).

    Bar-Yossef et al., "Counting distinct elements in a data stream" (RANDOM 2002). values : uint64 keyed hashes
    """
    count = np.bincount(owner, minlength=owners).astype(np.float64)
    largest = np.zeros(owners, np.uint64)
    np.maximum.at(largest, owner, values)
    with np.errstate(divide="ignore"):
        estimate = (size - 1.0) * 2.0**64 / largest.astype(np.float64)
    return np.where(count >= size, np.maximum(estimate, size), count)


def component_sizes(owner: np.ndarray, value: np.ndarray, channel: np.ndarray, owners: int) -> np.ndarray:
    """Accounts of each account's component, where accounts that share a value are joined; NaN without any value.

    Of the channels ``INFRASTRUCTURE``; a value of more than ``HUB_ACCOUNTS`` accounts joins nobody.
    """
    kept = np.isin(channel, INFRASTRUCTURE)
    owner, value = owner[kept], value[kept]
    _, code, holders = np.unique(value, return_inverse=True, return_counts=True)
    joins = (holders[code] > 1) & (holders[code] <= HUB_ACCOUNTS)
    label = components(owners + len(holders), owner[joins], owners + code[joins])[:owners]
    sizes = np.bincount(label)[label].astype(np.float64)
    return np.where(np.bincount(owner, minlength=owners) > 0, sizes, np.nan)


def link_statistics(
    owner: np.ndarray, channel: np.ndarray, value: np.ndarray, address_calls: np.ndarray, size: int
) -> dict[str, np.ndarray]:
    """Statistics of n accounts by themselves, float64 each, NaN = not available.

    owner, channel, value : links; address_calls : int64[n], calls with an address; size : values kept a channel
    """
    owners = len(address_calls)
    network = channel == NETWORK
    networks = distinct_of_smallest(owner[network], value[network], owners, size)
    return {"networks_per_call": np.minimum(1.0, share(networks, address_calls))}


STATISTICS = (
    *alone(
        "statistics.links.link_statistics",
        ("networks_per_call", "client networks per call", "distinct address prefixes / calls with an address; above 64 "
         "from the 64 smallest hashes", "Bar-Yossef et al. (RANDOM 2002)", "share", "0 to 1", ADDRESSES),
    ),
    *among(
        "statistics.links.component_sizes",
        ("component_accounts_log2", "accounts joined to it by addresses, payments or client fingerprints (log2)",
         "log2 accounts of the component; values of more than 100 accounts join nobody", "connected components",
         "log2 accounts", "0 and up", (*ADDRESSES, "payment_fingerprint", "client_ja4"), True),
    ),
)  # fmt: skip
