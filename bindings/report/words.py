"""What the terms and statistics of a run mean, in plain words: one home for the report and ``explain``."""

from __future__ import annotations

from gauger.report.formats import visible

TERMS = {
    "call": "One request to the model and its response.",
    "account": "Who sent the call; accounts are what is scored.",
    "family": "Calls with the same prompt, nearly the same prompt, or prompts filled into the same template.",
    "campaign": "Accounts that act as one, found by joining evidence that is too weak in each account alone.",
    "finding": "Accounts worth a person's time together: a campaign, or something that merely resembles one.",
    "evidence": (
        "How odd something looks, as −log10 of a calibrated tail probability. Evidence 3 means that one "
        "honest account in a thousand looks this odd; each further point makes it ten times rarer."
    ),
    "reference": "Older accounts, believed clean, with which this run's accounts are compared.",
}

STATISTICS = {
    # Relational: against today's and the reference's accounts.
    "neighbour_share": "share of its most similar accounts that are today's, not the reference's",
    "neighbour_share_smoothed": "share of today's accounts around it and around its most similar accounts",
    "sifted_neighbour_share": "the same share of today's accounts, for its few oddest calls only",
    "self_trained_share": "likeness of its oddest calls to those of other odd accounts",
    "spread_log_odds": "word sequences that many accounts use today and few used in the reference (log-odds)",
    "synchrony": "overlap of its prompts and addresses, hour by hour, with other accounts",
    "timing_conformity": "how closely its timing matches the accounts it resembles in content",
    "address_conformity": "how closely its use of addresses matches the accounts it resembles in content",
    "infrastructure_component": "accounts tied to it by shared addresses, payment or client, hubs left out",
    "shared_fresh_addresses": "accounts that share its addresses, where those were not seen on earlier days",
    "complementary_coverage": "how fully it and its peers tile one subject without repeating each other",
    "union_similarity": "mean likeness between any two of its accounts, beyond what the reference shows",
    "volume_evenness": "how even the numbers of calls are between its accounts",
    "round_robin": "how regularly its accounts take turns",
    "account_age": "how recently its accounts were created, in days",
    # Content of one account.
    "distinct_ratio": "share of its prompts that differ from each other",
    "family_entropy": "how evenly its calls spread over families of prompts",
    "coverage": "breadth of the subjects it touches",
    "new_cell_rate": "how often it moves on to a subject it has not touched before",
    "topical_coherence": "how much more alike consecutive calls are than random ones",
    "prada_w": "how normal the distances between its prompts are (PRADA, Shapiro-Wilk W)",
    "near_duplicate_share": "share of its calls that nearly repeat another of its calls",
    "family_fan_out": "accounts that use the same families of prompts",
    "template_share": "share of its calls that fill a template other accounts fill as well",
    "rarity": "how rare its word sequences are in the reference (nats)",
    "elicitation_share": "share of its calls that ask for step-by-step reasoning, rubrics or data sets",
    # Responses, requests and timing of one account.
    "output_length_variation": "variation of the lengths of its responses",
    "finish_reason_variation": "variation of the reasons its responses ended",
    "acceptance_variance": "variation in whether its responses were accepted",
    "inter_arrival_cv": "irregularity of the gaps between its calls (coefficient of variation)",
    "burstiness": "burstiness of its calls (Goh-Barabási; −1 is a clock, 0 is chance, 1 is bursts)",
    "hour_entropy": "how evenly its calls spread over the hours of the week",
    "session_gap_regularity": "how regular the pauses between its sessions are",
    "address_fan_out": "client addresses per call",
    "network_fan_out": "networks (autonomous systems) per call",
    "user_agent_fan_out": "client programs per call",
    "parameter_uniformity": "how uniform its request parameters are",
    "logprobs_share": "share of its calls that ask for token probabilities",
    "choice_count": "mean number of answers it asks for per call",
    "history_change": "change against its own earlier behaviour",
}

ASSESSMENTS = {
    "campaign": "Accounts that act as one: their content is new and they coordinate.",
    "new population": "Content is new, but coordination is lacking: more likely a new group of users.",
    "evaluation run": "The pattern of a benchmark or test harness rather than of a harvest.",
    "shared tool": "One tool's prompts in unrelated hands rather than one actor.",
}

FAMILY_KINDS = {
    "template": "template",
    "near_duplicate": "near-duplicate prompts",
    "exact": "exact repeats",
    "single": "single prompt",
}


def statistic(name: str) -> str:
    """Return a statistic in plain words; one without a sentence here is shown by its name, spaced."""
    return STATISTICS.get(name) or visible(name.replace("_", " ").strip())


def assessment(name: str | None) -> str:
    """Return the sentence behind an assessment, or an empty string for an unknown one."""
    return ASSESSMENTS.get(name or "", "")


def family_kind(name: str | None) -> str:
    """Return a family kind in plain words."""
    return FAMILY_KINDS.get(name or "") or visible((name or "unknown kind").replace("_", " "))
