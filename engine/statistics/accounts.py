"""Single-account statistics, each from mergeable state, each with its formula, unit and source.

Most are weak evidence alone; they explain findings, and the timing ones feed conformity. A statistic whose
columns are absent is NaN (null in the tables), never zero.
"""

from __future__ import annotations

import numpy as np

from gauger.engine.state.accounts import Accounts

_SECOND_US = 1_000_000
_DAY_S = 86_400.0


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where whole is zero."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def _variation(moments: np.ndarray) -> np.ndarray:
    """Coefficient of variation from (count, sum, sum of squares); NaN below two values."""
    count, total, squares = (moments[:, i].astype(np.float64) for i in range(3))
    mean = _ratio(total, count)
    variance = np.maximum(_ratio(squares, count) - mean**2, 0.0)
    enough = (count >= 2) & (mean > 0)
    return np.divide(np.sqrt(variance), mean, out=np.full(len(count), np.nan), where=enough)


def _hour_entropy(hours: np.ndarray) -> np.ndarray:
    """Shannon entropy of the calls over the hours of the day, divided by log of min(24, calls): 0 to 1."""
    total = hours.sum(axis=1).astype(np.float64)
    share = _ratio_rows(hours.astype(np.float64), total)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = -np.where(share > 0, share * np.log(share), 0.0).sum(axis=1)
        return np.where(total >= 2, entropy / np.log(np.minimum(24.0, total)), np.nan)


def _ratio_rows(values: np.ndarray, totals: np.ndarray) -> np.ndarray:
    return values / np.maximum(totals, 1.0)[:, None]


def _similarity(sums: np.ndarray, squares: np.ndarray, calls: np.ndarray) -> np.ndarray:
    """Mean similarity of two different calls of the account: (|S|^2 - Q) / ((n - 1) Q), about -1 to 1."""
    norm = np.einsum("ij,ij->i", sums.astype(np.float64), sums.astype(np.float64))
    return _ratio(norm - squares, (calls - 1.0) * squares)


def _variance(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Unbiased variance of a yes or no that was yes ``part`` times of ``whole``: p (1 - p) n / (n - 1)."""
    share = _ratio(part, whole)
    return share * (1.0 - share) * _ratio(whole, whole - 1.0)


def gap_statistics(owner: np.ndarray, times: np.ndarray, accounts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(coefficient of variation, median in seconds, Goh-Barabasi burstiness) of the gaps between sampled calls.

    owner, times : int64, one entry a sampled call; NaN below four calls. Burstiness B = (cv - 1) / (cv + 1)
    (Goh and Barabasi, EPL 2008): -1 regular, 0 Poisson, 1 bursty.
    """
    order = np.lexsort((times, owner))
    owner, times = owner[order], times[order]
    same = owner[1:] == owner[:-1]
    gap_owner = owner[1:][same]
    gaps = (times[1:] - times[:-1])[same] / _SECOND_US
    count = np.bincount(gap_owner, minlength=accounts).astype(np.float64)
    mean = _ratio(np.bincount(gap_owner, gaps, accounts), count)
    variance = np.maximum(_ratio(np.bincount(gap_owner, gaps**2, accounts), count) - mean**2, 0.0)
    enough = (count >= 3) & (mean > 0)
    variation = np.divide(np.sqrt(variance), mean, out=np.full(accounts, np.nan), where=enough)
    by_size = np.lexsort((gaps, gap_owner))
    start = np.searchsorted(gap_owner[by_size], np.arange(accounts))
    middle = np.full(accounts, np.nan)
    some = count >= 3
    middle[some] = gaps[by_size][start[some] + (count[some].astype(np.int64) // 2)]
    return variation, middle, (variation - 1.0) / (variation + 1.0)


def account_statistics(
    accounts: Accounts, sample_account: np.ndarray, sample_time: np.ndarray, columns: set[str]
) -> dict[str, np.ndarray]:
    """All statistics of the rows of an account table, float64 each, NaN = not available.

    sample_account, sample_time : int64, account row and time of each sampled call
    """
    rows = accounts.rows
    calls = rows["calls"].astype(np.float64)
    variation, median, burstiness = gap_statistics(sample_account, sample_time, len(accounts))
    result = {
        "calls_log2": np.log2(np.maximum(calls, 1.0)),
        "distinct_ratio": np.minimum(1.0, _ratio(accounts.distinct("prompts"), calls)),
        "within_similarity": _similarity(rows["sums"], rows["squares"].astype(np.float64), calls),
        "words_mean": _ratio(rows["words"][:, 1].astype(np.float64), calls),
        "words_variation": _variation(rows["words"]),
        "hour_entropy": _hour_entropy(rows["hours"]),
        "active_hours": (rows["hours"] > 0).sum(axis=1) / np.minimum(24.0, np.maximum(calls, 1.0)),
        "gap_variation": variation,
        "gap_median_s": median,
        "burstiness": burstiness,
        "output_tokens_mean": _ratio(rows["output_tokens"][:, 1].astype(np.float64), rows["output_tokens"][:, 0]),
        "output_tokens_variation": _variation(rows["output_tokens"]),
    }
    asked = _ratio(rows["elicitations"].astype(np.float64), calls)
    result["elicitation_share"] = asked if "prompt_text" in columns else np.full(len(calls), np.nan)
    fan_out = {
        "addresses_per_call": ("addresses", "address_calls"),
        "conversations_per_call": ("conversations", "conversation_calls"),
        "user_agents_per_call": ("user_agents", "user_agent_calls"),
        "parameter_sets_per_call": ("parameters", "parameter_calls"),
    }
    for name, (distinct, known) in fan_out.items():
        result[name] = np.minimum(1.0, _ratio(accounts.distinct(distinct), rows[known]))
    shares = {
        "truncated_share": ("finish_length", "finish_calls"),
        "error_share": ("errors", "error_calls"),
        "logprobs_share": ("logprobs", "logprob_calls"),
        "many_choices_share": ("choices_many", "choice_calls"),
        "accepted_share": ("accepted", "accepted_calls"),
        "streamed_share": ("streamed", "stream_calls"),
    }
    for name, (part, whole) in shares.items():
        result[name] = _ratio(rows[part].astype(np.float64), rows[whole])
    result["truncation_variance"] = _variance(rows["finish_length"].astype(np.float64), rows["finish_calls"])
    result["acceptance_variance"] = _variance(rows["accepted"].astype(np.float64), rows["accepted_calls"])
    age = (rows["first"] - rows["created"]) / _SECOND_US / _DAY_S
    result["account_age_days"] = np.where(rows["created"] > 0, np.maximum(age, 0.0), np.nan)
    return {name: np.asarray(values, np.float64) for name, values in result.items()}
