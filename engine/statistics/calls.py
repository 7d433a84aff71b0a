"""Statistics of one account from all of its calls: the ledger, and what is known of each prompt."""

import numpy as np

from gauger.engine.common.settings import DAY_US, HOUR_US
from gauger.engine.intake.elicitation import DATA_SET, REASONING, RUBRIC
from gauger.engine.state.state import State
from gauger.engine.statistics.statistic import CALL, CONTENT, SHANNON, TEXT, alone

_SESSION_GAP_S = 1_800.0  # Catledge and Pitkow (1995) put it at 25.5 minutes; half an hour became the custom
_GAPS_MIN = 3
_NOVELTY_UNIT = 1 << 20  # novelty is added up in whole millionths of a nat: no order of calls changes the sum
_WEEK_HOURS = 168
_MONDAY = 3  # 1970-01-01 was a Thursday
KINDS = {"reasoning_share": REASONING, "rubric_share": RUBRIC, "data_set_share": DATA_SET}


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where whole is zero."""
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


def normalised_entropy(owner: np.ndarray, kind: np.ndarray, owners: int, kinds_max: float = np.inf) -> np.ndarray:
    """Shannon entropy of each owner's kinds, divided by the log of min(kinds_max, items); NaN below two items.

    owner, kind : int64, one entry an item, kind >= 0
    """
    width = int(kind.max(initial=0)) + 1
    keys, counts = np.unique(owner * width + kind, return_counts=True)
    holder = keys // width
    total = np.bincount(owner, minlength=owners).astype(np.float64)
    parts = counts / total[holder]
    entropy = np.bincount(holder, -parts * np.log(parts), owners)
    most = np.log(np.minimum(kinds_max, np.maximum(total, 2.0)))
    # Rounding leaves a hair below 0 or above 1.
    return np.where(total >= 2, np.clip(entropy / most, 0.0, 1.0), np.nan)


def repeat_pairs(owner: np.ndarray, prompt: np.ndarray, owners: int) -> np.ndarray:
    """Share of the pairs of an account's calls that carry one prompt, (F2 - n) / (n (n - 1)); NaN below two calls.

    F2, the sum of squared counts, is Alon, Matias and Szegedy's second moment (STOC 1996), here exact.
    """
    width = int(prompt.max(initial=0)) + 1
    keys, counts = np.unique(owner * width + prompt, return_counts=True)
    total = np.bincount(owner, minlength=owners).astype(np.float64)
    pairs = np.bincount(keys // width, (counts * (counts - 1)).astype(np.float64), owners)
    return share(pairs, total * (total - 1.0))


def session_gap_variation(owner: np.ndarray, times: np.ndarray, owners: int) -> np.ndarray:
    """Coefficient of variation of the gaps of more than half an hour between calls; NaN below three of them."""
    order = np.lexsort((times, owner))
    owner, times = owner[order], times[order]
    gaps = (times[1:] - times[:-1]) / 1e6
    apart = (owner[1:] == owner[:-1]) & (gaps > _SESSION_GAP_S)
    holder, gaps = owner[1:][apart], gaps[apart]
    count = np.bincount(holder, minlength=owners).astype(np.float64)
    mean = share(np.bincount(holder, gaps, owners), count)
    variance = share(np.bincount(holder, (gaps - mean[holder]) ** 2, owners), count)
    return np.where(count >= _GAPS_MIN, np.sqrt(variance) / mean, np.nan)


def week_hour_entropy(
    owner: np.ndarray, times: np.ndarray, owners: int, days: tuple[int, int] | None = None
) -> np.ndarray:
    """Entropy over the hours of the week. NaN where all calls are of one day: ``hour_entropy`` says it then.

    days : first and last of the run, where these are not all of its calls
    """
    if len(times) == 0:
        return np.full(owners, np.nan)
    first, last = days or (times.min() // DAY_US, times.max() // DAY_US)
    if first == last:
        return np.full(owners, np.nan)
    hours = (times // HOUR_US + 24 * _MONDAY) % _WEEK_HOURS
    return normalised_entropy(owner, hours, owners, _WEEK_HOURS)


def call_statistics(state: State, owner: np.ndarray, owners: int) -> dict[str, np.ndarray]:
    """Statistics of ``owners`` accounts, float64 each, NaN = not available.

    owner : int64, the account of each call of the state's ledger, -1 = none
    """
    inside = owner >= 0
    ledger, owner = state.ledger.rows, owner[inside]
    prompt, times, novelty = (ledger[name][inside] for name in ("prompt", "time", "novelty"))
    known = ~np.isnan(novelty)
    units = np.rint(novelty[known].astype(np.float64) * _NOVELTY_UNIT)
    rated = np.bincount(owner[known], minlength=owners)
    result = {
        "repeat_pairs": repeat_pairs(owner, prompt, owners),
        "novelty_mean": share(np.bincount(owner[known], units, owners), rated * float(_NOVELTY_UNIT)),
        "session_gap_variation": session_gap_variation(owner, times, owners),
        "week_hour_entropy": week_hour_entropy(owner, times, owners, state.days),
    }
    flags = state.prompts.rows["flags"][prompt]
    total = np.bincount(owner, minlength=owners)
    for name, flag in KINDS.items():
        asked = np.bincount(owner[(flags & flag) > 0], minlength=owners)
        result[name] = share(asked, total) if state.content == "text" else np.full(owners, np.nan)
    return result


STATISTICS = (
    *alone(
        "statistics.calls.call_statistics",
        ("reasoning_share", "share of its calls that ask for step-by-step reasoning", "as elicitation_share, one kind",
         "as elicitation_share", "share", "0 to 1", TEXT),
        ("rubric_share", "share of its calls that ask for grading by a rubric", "as elicitation_share, one kind",
         "as elicitation_share", "share", "0 to 1", TEXT),
        ("data_set_share", "share of its calls that ask for training examples", "as elicitation_share, one kind",
         "as elicitation_share", "share", "0 to 1", TEXT),
        ("novelty_mean", "how rare its words are among earlier days' (nats)", "mean over calls of the mean inverse "
         "document frequency of words", "Spärck Jones (1972); count-min: Cormode and Muthukrishnan (2005)", "nats",
         "0 and up", CONTENT),
    ),
    *alone(
        "statistics.calls.repeat_pairs",
        ("repeat_pairs", "share of the pairs of its calls with the same prompt",
         "(F₂ − n) / (n (n − 1)), F₂ = Σ (calls of a prompt)²",
         "second moment: Alon, Matias and Szegedy (STOC 1996)", "share", "0 to 1", CONTENT),
    ),
    *alone(
        "statistics.calls.session_gap_variation",
        ("session_gap_variation", "irregularity of its pauses of more than half an hour (coefficient of variation)",
         "standard deviation / mean of gaps over 1,800 s; at least 3", "session cut: Catledge and Pitkow (1995)",
         "ratio", "0 and up", CALL),
    ),
    *alone(
        "statistics.calls.week_hour_entropy",
        ("week_hour_entropy", "how evenly its calls spread over the hours of the week (0 to 1)", "entropy over 168 "
         "hours / log min(168, n); null for a run of one day, where hour_entropy says it", SHANNON, "share", "0 to 1",
         CALL),
    ),
)  # fmt: skip
