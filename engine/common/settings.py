"""The numbers a user may want to turn, with what each does. Those inside a method stand beside it, with its reasons."""

from dataclasses import dataclass

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
GRAM_WIDTH = 5  # tokens in a frame gram, so windows that one token is in: fewer in common could be one shared word
SHORT_GRAM_WIDTH = 4  # the same for lines of a dozen words


@dataclass(frozen=True)
class Settings:
    """Tunable numbers of an engine. Two states merge only if they were made with equal settings."""

    # State
    sample_calls: int = 40  # calls an account and day keep feature blocks of, chosen by smallest keyed hash
    links_per_channel: int = 64  # distinct addresses (networks, payments ...) an account and day keep
    pane_us: int = DAY_US  # width of a pane, microseconds

    # Families
    near_duplicate_similarity: float = 0.7  # Jaccard similarity of word 3-shingles that joins two prompts
    template_sample: int = 200_000  # distinct prompts frames are learnt from, chosen by smallest keyed hash
    template_members: int = 8  # smallest family of prompts a frame is learnt from, within the sample
    short_lines: bool = (
        False  # prompts are lines of a dozen words: finer grams, three times the honest ones in families
    )
    k_anonymity: int = 20  # owners of accounts that must share a token before a report may show it

    # Evidence
    alarm_level: float = 0.001  # flagged below this tail probability
    calls_min: int = 5  # accounts with fewer calls have no content evidence
    neighbours: tuple[int, ...] = (10, 20, 50)
    reference_accounts_max: int = 16_000
    reference_accounts_min: int = 1_000  # fewer cannot support the alarm level
    lag_days: int = 7  # a day becomes reference when it is this old
    reference_days: int = 4  # latest clean days, the same weekday among them
    campaign_accounts_min: int = 5

    # State directory
    retention_days: int = 90  # a kept day this much older than the newest goes; none older than 45 is compared with

    @property
    def gram_width(self) -> int:
        """Tokens in a frame gram."""
        return SHORT_GRAM_WIDTH if self.short_lines else GRAM_WIDTH


SHORT_LINES = Settings(short_lines=True, template_members=5)
"""For lines of a dozen words, log lines say: docs/families.md has what it gains and costs."""
