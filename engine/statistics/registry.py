"""Every statistic of an account, said once: the tables, the report, ``explain`` and docs/statistics.md read it here.

Columns are those of ``schema.CALL_SCHEMA``; any one of them will do. Where all are absent the statistic is not
available: null in accounts.parquet, never zero. Today's accounts are ranked among the reference's where ``ranked`` is
true; the others are shown, and give no reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from gauger.engine.common.schema import CONTENT

PARAMETERS = ("request_model", "request_temperature", "request_top_p", "request_max_tokens")
CALL = ("start_time",)
TEXT = ("prompt_text",)
OUTPUT, FINISH = ("usage_output_tokens",), ("response_finish_reasons",)
ADDRESS = ("client_address",)


@dataclass(frozen=True)
class Statistic:
    """What a column of accounts.parquet is."""

    name: str
    title: str  # in the words of the report
    formula: str
    source: str
    unit: str
    range: str
    columns: tuple[str, ...]
    home: str  # the function that computes it, within gauger.engine
    relational: bool = False  # of other accounts as well
    ranked: bool = True


def _of(home: str, *rows: tuple[str, str, str, str, str, str, tuple[str, ...]]) -> list[Statistic]:
    return [Statistic(*row, home) for row in rows]


_OURS, _COUNT, _MOMENTS = "ours", "counting", "coefficient of variation (Pearson 1896)"
_GOH = "Goh and Barabási, Burstiness and memory in complex systems (EPL 2008)"
_SHANNON = "Shannon (1948)"

_VOLUME_AND_CONTENT = [
    *_of(
        "statistics.account_statistics",
        ("calls_log2", "number of calls (log2)", "log2 n", _COUNT, "log2 calls", "0 and up", CALL),
        ("distinct_ratio", "share of its prompts that differ from each other", "distinct prompts / n",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", CONTENT),
        ("within_similarity", "mean likeness of any two of its calls", "(‖S‖² − Q) / ((n − 1) Q): S, Q sum and sum of "
         "squares of the calls' features", "U-statistic: Hoeffding (1948)", "cosine", "−1 to 1", CONTENT),
        ("words_mean", "mean number of words in its prompts", "Σ words / n", _COUNT, "words", "0 and up", CONTENT),
        ("words_variation", "variation of the lengths of its prompts", "standard deviation / mean of words", _MOMENTS,
         "ratio", "0 and up", CONTENT),
        ("elicitation_share", "share of its calls that ask for step-by-step reasoning, rubrics or data sets",
         "calls with a phrase of engine.elicitation / n", _OURS, "share", "0 to 1", TEXT),
    ),
    *_of(
        "statistics_calls.call_statistics",
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
    *_of(
        "statistics_calls.repeat_pairs",
        ("repeat_pairs", "share of the pairs of its calls with the same prompt",
         "(F₂ − n) / (n (n − 1)), F₂ = Σ (calls of a prompt)²",
         "second moment: Alon, Matias and Szegedy (STOC 1996)", "share", "0 to 1", CONTENT),
    ),
    *_of(
        "statistics_samples.sample_statistics",
        ("near_duplicate_pairs", "share of the pairs of its calls with the same or nearly the same prompt",
         "pairs of sampled calls whose signatures agree as at Jaccard 0.7 / pairs", "MinHash: Broder (1997)", "share",
         "0 to 1", CONTENT),
        ("topical_coherence", "likeness of calls in a row beyond that of any two", "(mean product of calls in a row − "
         "mean product of all pairs) / mean square, sampled calls by time", _OURS + ", after lag-1 autocorrelation",
         "cosine", "−1 to 1", CONTENT),
        ("nearest_distance_w", "how normal the distances of its calls to the nearest earlier one are (Shapiro-Wilk W)",
         "W of √(2 − 2 cos) to the nearest earlier sampled call; at least 10 distances", "PRADA: Juuti et al. (EuroS&P "
         "2019); W: Royston (AS R94, 1995)", "W", "0 to 1", CONTENT),
    ),
    *_of(
        "statistics_samples.cell_coverage",
        ("cell_coverage", "how many kinds of content its calls fall into, of those they could", "distinct cells / min("
         "256, sampled calls); a cell is 8 signs of random projections of the features", "Charikar (STOC 2002)",
         "share", "0 to 1", CONTENT),
    ),
    *_of(
        "statistics_relational.family_entropy",
        ("family_entropy", "how evenly its calls spread over families (1: no two alike)", "entropy over families / log "
         "n; a call in no family is one of its own", _SHANNON, "share", "0 to 1", CONTENT),
    ),
]  # fmt: skip

_TIME = [
    *_of(
        "statistics.account_statistics",
        ("hour_entropy", "how evenly its calls spread over the hours of the day (0 to 1)", "entropy over 24 hours / "
         "log min(24, n)", _SHANNON, "share", "0 to 1", CALL),
        ("active_hours", "hours of the day it is active in, of those it could be", "hours with a call / min(24, n)",
         _COUNT, "share", "0 to 1", CALL),
    ),
    *_of(
        "statistics.gap_statistics",
        ("gap_variation", "irregularity of the gaps between its calls (coefficient of variation)", "standard deviation "
         "/ mean of gaps between sampled calls", _MOMENTS, "ratio", "0 and up", CALL),
        ("gap_median_s", "median gap between its calls, in seconds", "median gap between sampled calls", _COUNT,
         "seconds", "0 and up", CALL),
        ("burstiness", "burstiness of its calls (Goh-Barabási; −1 is a clock, 0 is chance, 1 is bursts)",
         "(gap_variation − 1) / (gap_variation + 1)", _GOH, "index", "−1 to 1", CALL),
    ),
    *_of(
        "statistics_calls.session_gap_variation",
        ("session_gap_variation", "irregularity of its pauses of more than half an hour (coefficient of variation)",
         "standard deviation / mean of gaps over 1,800 s; at least 3", "session cut: Catledge and Pitkow (1995)",
         "ratio", "0 and up", CALL),
    ),
    *_of(
        "statistics_calls.week_hour_entropy",
        ("week_hour_entropy", "how evenly its calls spread over the hours of the week (0 to 1)", "entropy over 168 "
         "hours / log min(168, n); null for a run of one day, where hour_entropy says it", _SHANNON, "share", "0 to 1",
         CALL),
    ),
]  # fmt: skip

_REQUESTS_AND_RESPONSES = [
    *_of(
        "statistics.account_statistics",
        ("output_tokens_mean", "mean number of tokens in the responses to it", "Σ tokens / calls that say", _COUNT,
         "tokens", "0 and up", OUTPUT),
        ("output_tokens_variation", "variation of the lengths of the responses to it", "standard deviation / mean of "
         "tokens", _MOMENTS, "ratio", "0 and up", OUTPUT),
        ("truncated_share", "share of its responses cut off at the length limit", "finished by length / calls that say",
         _COUNT, "share", "0 to 1", FINISH),
        ("truncation_variance", "variance of whether its responses are cut off", "p (1 − p) n / (n − 1), p = "
         "truncated_share", "unbiased variance of a yes or no", "variance", "0 to 0.5", FINISH),
        ("error_share", "share of its calls that failed", "calls with an error / n", _COUNT, "share", "0 to 1",
         ("error_type",)),
        ("accepted_share", "share of its responses that were accepted", "accepted / calls that say", _COUNT, "share",
         "0 to 1", ("accepted",)),
        ("acceptance_variance", "variance of whether its responses are accepted", "p (1 − p) n / (n − 1), p = "
         "accepted_share", "unbiased variance of a yes or no", "variance", "0 to 0.5", ("accepted",)),
        ("streamed_share", "share of its calls that stream the response", "streamed / calls that say", _COUNT, "share",
         "0 to 1", ("request_stream",)),
        ("logprobs_share", "share of its calls that ask for token probabilities", "with log-probabilities / calls that "
         "say", _COUNT, "share", "0 to 1", ("request_logprobs",)),
        ("many_choices_share", "share of its calls that ask for several answers at once", "more than one choice / "
         "calls that say", _COUNT, "share", "0 to 1", ("request_choice_count",)),
        ("parameter_sets_per_call", "different request settings per call", "distinct (model, temperature, top-p, "
         "limit) / n", "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", PARAMETERS),
        ("addresses_per_call", "client addresses per call", "distinct addresses / calls with one",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ADDRESS),
        ("conversations_per_call", "conversations per call (1: never a second turn)", "distinct conversations / calls "
         "in one", "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ("conversation_id",)),
        ("user_agents_per_call", "client programs per call", "distinct user agents / calls with one",
         "HyperLogLog: Flajolet et al. (2007)", "share", "0 to 1", ("user_agent_original",)),
        ("account_age_days", "age of the account, in days", "first call − account_created_at, at least 0", _COUNT,
         "days", "0 and up", ("account_created_at",)),
    ),
    *_of(
        "statistics_links.link_statistics",
        ("networks_per_call", "client networks per call", "distinct address prefixes / calls with an address; above 64 "
         "from the 64 smallest hashes", "Bar-Yossef et al. (RANDOM 2002)", "share", "0 to 1", ADDRESS),
    ),
]  # fmt: skip


def _among(home: str, *rows: tuple[str, str, str, str, str, str, tuple[str, ...], bool]) -> list[Statistic]:
    return [Statistic(*row[:-1], home, True, row[-1]) for row in rows]


_LOO = "leave one out: Lachenbruch and Mickey (1968)"
_RELATIONAL = [
    *_among(
        "evidence._weigh",
        *(
            (f"today_share_{k}", f"share of its {k} most similar accounts that are today's, not the reference's",
             f"today's among the {k} nearest by whitened kernel mean / {k}", "Schilling (JASA 1986): nearest-neighbour "
             "two-sample test", "share", "0 to 1", CONTENT, False)
            for k in (10, 20, 50)
        ),
    ),
    *_among(
        "statistics_pool.pooled_statistics",
        ("new_cell_rate", "share of its calls of a kind that no other account of the earlier days sent",
         "sampled calls in a cell (16 signs of random projections) of no other reference account / sampled calls",
         "Charikar (STOC 2002)", "share", "0 to 1", CONTENT, True),
        ("spread_log_odds", "how much more its kinds of content are today's accounts' than the earlier days'",
         "mean over sampled calls of log-odds(other accounts of today in its cell) − log-odds(of the reference)",
         f"Anscombe (1956) for the ½; {_LOO}", "nats", "any", CONTENT, True),
        ("history_shift", "how far its content moved from its own earlier day", "1 − cos of the kernel means of today "
         "and of its latest reference day; null for an account without one", _OURS, "1 − cosine", "0 to 2", CONTENT,
         True),
    ),
    *_among(
        "statistics_relational.synchrony",
        ("synchrony_networks", "how often it and accounts of like content are on one network in one hour",
         "mean Jaccard of (address prefix, hour) with those of its 20 nearest that are today's",
         "bottom-k: Broder (1997)", "Jaccard", "0 to 1", ADDRESS, False),
        ("synchrony_families", "how often it and accounts of like content send one family in one hour",
         "mean Jaccard of (family, hour) with those of its 20 nearest that are today's", "Jaccard (1901)", "Jaccard",
         "0 to 1", CONTENT, False),
    ),
    *_among(
        "statistics_relational.complementary_coverage",
        ("complementary_coverage", "how little it and accounts of like content repeat each other (0: as strangers do)",
         "share of the sampled prompts of it and its 20 nearest that are today's which one alone sent − that expected "
         "of any accounts", _OURS, "share", "−1 to 1", CONTENT, False),
    ),
    *_among(
        "statistics_links.component_sizes",
        ("component_accounts_log2", "accounts joined to it by addresses, payments or client fingerprints (log2)",
         "log2 accounts of the component; values of more than 100 accounts join nobody", "connected components",
         "log2 accounts", "0 and up", (*ADDRESS, "payment_fingerprint", "client_ja4"), True),
    ),
]  # fmt: skip

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic for statistic in (*_VOLUME_AND_CONTENT, *_TIME, *_REQUESTS_AND_RESPONSES, *_RELATIONAL)
}
