"""What ``score`` writes: the schema of every output table."""

import pyarrow as pa

from gauger.engine.common.schema import TIMESTAMP
from gauger.kernels.text.features import FEATURES

FACT = pa.struct(
    [
        pa.field("fact", pa.string()),
        pa.field("value", pa.float64()),  # 0, as in honest crowds, to 1; null where it is not known
        pa.field("measured", pa.float64()),  # the number behind it
        pa.field("log_odds", pa.float64()),
        pa.field("sentence", pa.string()),
    ]
)
REASON = pa.struct(
    [
        pa.field("statistic", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("tail_probability", pa.float64()),
    ]
)

HISTORY = pa.struct([pa.field("day", pa.date32()), pa.field("accounts", pa.int64()), pa.field("calls", pa.int64())])

FAMILY_KINDS = ("template", "near_duplicate", "exact", "single")

CALLS = pa.schema(
    [
        ("file", pa.int32()),  # index into the manifest's inputs
        ("row", pa.int64()),  # 0-based row (or line) of that file
        ("account_id", pa.string()),
        ("family_id", pa.int64()),  # null for a call whose prompt is in no family
        ("family_kind", pa.string()),
        ("exact_repeats", pa.int64()),  # calls in this run with the same normalised prompt, itself included
        ("novelty", pa.float64()),  # mean inverse document frequency against the reference, nats; null without one
        ("evidence", pa.float64()),  # -log10 of a tail probability; null when not available
        ("campaign_id", pa.int64()),
    ]
)

# accounts.parquet has, between ``calls`` and ``evidence``, one float64 column per statistic of
# engine.statistics.registry (null where the statistic is not available).
ACCOUNTS_HEAD = pa.schema([("account_id", pa.string()), ("calls", pa.int64())])
ACCOUNTS_TAIL = pa.schema(
    [
        ("conformity", pa.float64()),  # how it moves beside those that talk like it, a part of its evidence
        ("evidence", pa.float64()),
        ("flagged", pa.bool_()),
        ("campaign_id", pa.int64()),
        ("decision", pa.string()),  # of a person, where it counts: "campaign" or "honest"
        ("map_x", pa.float64()),  # coordinates of the neighbourhood map: first two principal axes
        ("map_y", pa.float64()),
        ("reasons", pa.list_(REASON)),
    ]
)

FAMILIES = pa.schema(
    [
        ("family_id", pa.int64()),
        ("kind", pa.string()),
        ("calls", pa.int64()),
        ("accounts", pa.int64()),
        ("client_addresses", pa.int64()),  # null without client_address
        ("first_seen", TIMESTAMP),
        ("last_seen", TIMESTAMP),
        ("distinct_prompts", pa.int64()),
        # Concentration and pace: engine.families.descriptors has the formulas.
        ("largest_account_share", pa.float64()),  # of calls, those of the account that sent most
        ("account_gini", pa.float64()),  # of calls over accounts: 0 = all send alike; null for one account
        ("account_gini_chance", pa.float64()),  # what it would be if any account sent any call alike
        ("hour_calls_median", pa.float64()),  # calls in an hour that has any; pace is null below 5 calls
        ("hour_calls_peak", pa.int64()),
        ("burstiness", pa.float64()),  # of the gaps between its calls: -1 = a clock, 0 = chance, 1 = bursts
        ("hourly_calls", pa.list_(pa.int64())),  # calls per UTC hour from first_seen's hour on; null beyond 62 days
        ("frame_group", pa.int64()),  # templates that are variants of one frame share it: the least of their ids
        # Slots of a template: engine.slots. Null for families of other kinds.
        ("slots", pa.int64()),
        ("slot_values", pa.list_(pa.int64())),  # distinct values of each slot, in the order the slots stand in
        ("slot_evenness", pa.list_(pa.float64())),  # entropy of a slot's values / its largest possible: 0 .. 1
        ("grid_coverage", pa.float64()),  # share of the grid of repeating slot values already sent; null without one
        # Share of calls that ask for any of the three kinds, and for each; null for token ids.
        ("elicitation_share", pa.float64()),
        ("reasoning_share", pa.float64()),
        ("rubric_share", pa.float64()),
        ("data_set_share", pa.float64()),
        ("evidence", pa.float64()),  # null where there is none, and for allowed families
        ("allowed", pa.bool_()),  # on the allow-list
        ("template", pa.string()),  # tokens most and at least 20 owners share, the rest [...1], [...2] ...; else null
    ]
)

CAMPAIGNS = pa.schema(
    [
        ("campaign_id", pa.int64()),
        ("accounts", pa.int64()),
        ("calls", pa.int64()),
        ("evidence", pa.float64()),
        ("links", pa.list_(pa.string())),
        ("started_at", TIMESTAMP),
        ("ended_at", TIMESTAMP),
        ("families", pa.list_(pa.int64())),  # without allowed ones
        ("allowed_share", pa.float64()),  # share of its calls in allowed families; null where none is allowed
        ("assessment", pa.string()),
        ("probability", pa.float64()),  # that one hidden actor is behind it: engine.findings.verdicts
        ("explanation", pa.string()),  # the best honest one
        ("facts", pa.list_(FACT)),  # what speaks for one actor, each with what it adds to the log-odds
        ("reasons", pa.list_(REASON)),
        ("present", pa.list_(pa.string())),  # signs of coordination it has, as sentences
        ("lacking", pa.list_(pa.string())),  # signs looked for and not found, or not available
        ("hourly_calls", pa.list_(pa.int64())),  # calls per UTC hour from started_at's hour on
        # Over the days of a state directory: engine.findings.known. campaign_id stays the same from day to day.
        ("first_seen_on", pa.date32()),
        ("days_seen", pa.int64()),
        ("returning_accounts", pa.int64()),  # of its accounts, those it had on an earlier day
        ("decision", pa.string()),  # of a person: campaign, honest or unsure; null where nobody decided
        ("decided_on", pa.date32()),
        ("history", pa.list_(HISTORY)),  # one entry a day it was found on, today's last
    ]
)

RANKS = pa.schema(
    [
        ("account_id", pa.string()),
        ("campaign_id", pa.int64()),
        ("statistic", pa.string()),  # of engine.statistics.registry, or a part of evidence (engine.evidence.parts)
        ("value", pa.float64()),  # null of parts: only their ranks are kept
        ("at_least", pa.int64()),  # accounts of the reference with at least that value
        ("at_most", pa.int64()),
        ("null_size", pa.int64()),  # accounts of the reference whose value is known
        ("tail_probability", pa.float64()),
    ]
)

EDGES = pa.schema(
    [
        ("account_id", pa.string()),
        ("neighbour_id", pa.string()),
        ("kind", pa.string()),  # content, or a channel of links
        ("weight", pa.float32()),
    ]
)

# neighbours.parquet has, behind these, the mean of each statistic over the content neighbours.
NEIGHBOURS_HEAD = pa.schema([("account_id", pa.string()), ("neighbours", pa.int64())])

# features.parquet, where it is asked for: unit vectors of how an account writes (kernels.text.features).
VECTOR = pa.list_(pa.float32(), FEATURES)
FEATURE_ROWS = pa.schema(
    [
        ("account_id", pa.string()),
        ("neighbours", pa.int64()),
        ("features", VECTOR),
        # Mean over its content neighbours. Zeros where there is none: pyarrow 24 reads no nulls in lists of fixed size.
        ("neighbour_features", VECTOR),
    ]
)

QUARANTINE = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("account_id", pa.string()),  # null where it is not known
        ("reason", pa.string()),
    ]
)

TRUTH = pa.schema([("account_id", pa.string()), ("campaign", pa.string()), ("kind", pa.string())])
