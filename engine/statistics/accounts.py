"""Single-account statistics, each from mergeable state, each with its formula, unit and source.

Most are weak evidence alone; they explain findings, and the timing ones feed conformity. A statistic whose
columns are absent is NaN (null in the tables), never zero.
"""

import numpy as np

from gauger.engine.state.accounts import Accounts
from gauger.engine.statistics.statistic import (
    ADDRESS,
    CALL,
    CONTENT,
    COUNTED,
    FINISH,
    MOMENTS,
    OURS,
    OUTPUT,
    PARAMETERS,
    SHANNON,
    TEXT,
    alone,
)

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
        return np.where(total >= 2, np.minimum(entropy / np.log(np.minimum(24.0, total)), 1.0), np.nan)  # it rounds


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


_GOH = "Goh and Barabási, Burstiness and memory in complex systems (EPL 2008)"
STATISTICS = (
    *alone(
        "statistics.accounts.account_statistics",
        ("calls_log2", "number of calls (log2)", "log2 n", COUNTED, "log2 calls", "0 and up", CALL),
        ("distinct_ratio", "share of its prompts that differ from each other", "distinct prompts / n",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", CONTENT),
        ("within_similarity", "mean likeness of any two of its calls", "(‖S‖² − Q) / ((n − 1) Q): S, Q sum and sum of "
         "squares of the calls' features", "U-statistic: Hoeffding (1948)", "cosine", "−1 to 1", CONTENT),
        ("words_mean", "mean number of words in its prompts", "Σ words / n", COUNTED, "words", "0 and up", CONTENT),
        ("words_variation", "variation of the lengths of its prompts", "standard deviation / mean of words", MOMENTS,
         "ratio", "0 and up", CONTENT),
        ("elicitation_share", "share of its calls that ask for step-by-step reasoning, rubrics or data sets",
         "calls with a phrase of engine.intake.elicitation / n", OURS, "share", "0 to 1", TEXT),
    ),
    *alone(
        "statistics.accounts.account_statistics",
        ("hour_entropy", "how evenly its calls spread over the hours of the day (0 to 1)", "entropy over 24 hours / "
         "log min(24, n)", SHANNON, "share", "0 to 1", CALL),
        ("active_hours", "hours of the day it is active in, of those it could be", "hours with a call / min(24, n)",
         COUNTED, "share", "0 to 1", CALL),
    ),
    *alone(
        "statistics.accounts.account_statistics",
        ("output_tokens_mean", "mean number of tokens in the responses to it", "Σ tokens / calls that say", COUNTED,
         "tokens", "0 and up", OUTPUT),
        ("output_tokens_variation", "variation of the lengths of the responses to it", "standard deviation / mean of "
         "tokens", MOMENTS, "ratio", "0 and up", OUTPUT),
        ("truncated_share", "share of its responses cut off at the length limit", "finished by length / calls that say",
         COUNTED, "share", "0 to 1", FINISH),
        ("truncation_variance", "variance of whether its responses are cut off", "p (1 − p) n / (n − 1), p = "
         "truncated_share", "unbiased variance of a yes or no", "variance", "0 to 0.5", FINISH),
        ("error_share", "share of its calls that failed", "calls with an error / n", COUNTED, "share", "0 to 1",
         ("error_type",)),
        ("accepted_share", "share of its responses that were accepted", "accepted / calls that say", COUNTED, "share",
         "0 to 1", ("accepted",)),
        ("acceptance_variance", "variance of whether its responses are accepted", "p (1 − p) n / (n − 1), p = "
         "accepted_share", "unbiased variance of a yes or no", "variance", "0 to 0.5", ("accepted",)),
        ("streamed_share", "share of its calls that stream the response", "streamed / calls that say", COUNTED, "share",
         "0 to 1", ("request_stream",)),
        ("logprobs_share", "share of its calls that ask for token probabilities", "with log-probabilities / calls that "
         "say", COUNTED, "share", "0 to 1", ("request_logprobs",)),
        ("many_choices_share", "share of its calls that ask for several answers at once", "more than one choice / "
         "calls that say", COUNTED, "share", "0 to 1", ("request_choice_count",)),
        ("parameter_sets_per_call", "different request settings per call", "distinct (model, temperature, top-p, "
         "limit) / n", "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", PARAMETERS),
        ("addresses_per_call", "client addresses per call", "distinct addresses / calls with one",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ADDRESS),
        ("conversations_per_call", "conversations per call (1: never a second turn)", "distinct conversations / calls "
         "in one", "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ("conversation_id",)),
        ("user_agents_per_call", "client programs per call", "distinct user agents / calls with one",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ("user_agent_original",)),
        ("account_age_days", "age of the account, in days", "first call − account_created_at, at least 0", COUNTED,
         "days", "0 and up", ("account_created_at",)),
    ),
    *alone(
        "statistics.accounts.gap_statistics",
        ("gap_variation", "irregularity of the gaps between its calls (coefficient of variation)", "standard deviation "
         "/ mean of gaps between sampled calls", MOMENTS, "ratio", "0 and up", CALL),
        ("gap_median_s", "median gap between its calls, in seconds", "median gap between sampled calls", COUNTED,
         "seconds", "0 and up", CALL),
        ("burstiness", "burstiness of its calls (Goh-Barabási; −1 is a clock, 0 is chance, 1 is bursts)",
         "(gap_variation − 1) / (gap_variation + 1)", _GOH, "index", "−1 to 1", CALL),
    ),
)  # fmt: skip
