"""Many days of one honest world, for benches of what happens between days: drift, poisoned references, weeks.

Every log is built once and kept: honest days by date, calls and mix of kinds; planted calls in logs of their own.
Accounts of ``bench.world.people`` keep their habits from day to day; every other one is there every day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from random import Random

from bench.world.campaigns import Planted, campaign_calls, campaign_habits, deal_prompts
from bench.world.corpora import Source, Traffic, benign_sources, traffic
from bench.world.day import Log, Truth, honest_accounts
from bench.world.people import DAY_SECONDS, Call


@dataclass(frozen=True)
class Days:
    """One honest world on disk."""

    seed: int
    corpora: Path
    folder: Path

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The benign prompts."""
        return benign_sources(self.corpora)

    @cached_property
    def timing(self) -> Traffic:
        """Rates and gaps of traced clients."""
        return traffic(self.corpora)

    def honest(
        self,
        when: date,
        calls: int,
        *,
        name: str = "honest",
        mix: Mapping[str, float] | None = None,
        kept: float = 1.0,
        hours_later: float = 0.0,
    ) -> tuple[Path, Path]:
        """The log and truth of an honest day.

        mix : share of each kind's accounts that come at all on such a day; 1 for kinds not named. ``name`` names it.
        kept, hours_later : share of its calls that each account makes, and how much later, round the clock
        """

        def fill(log: Log, truth: Truth) -> None:
            left = calls
            for habit, drawn in honest_accounts(self.seed, when, 4 * calls, self.sources, self.timing):
                share = 1.0 if mix is None else mix.get(habit.kind, 1.0)
                if Random(f"mix/{self.seed}/{name}/{habit.account_id}").random() >= share:
                    continue
                if left <= 0:
                    return
                if kept < 1.0 or hours_later:
                    drawn = _moved(Random(f"moved/{self.seed}/{habit.account_id}/{when}"), drawn, kept, hours_later)
                drawn = drawn[:left]
                left -= len(drawn)
                log.add(habit, drawn)
                truth.add(habit.account_id, None, habit.kind)

        return self._built(f"{name}-{calls}", when, fill)

    def planted(self, name: str, when: date, campaigns: Sequence[Planted]) -> tuple[Path, Path]:
        """The log and truth of campaigns alone; each prompt is used once among them."""

        def fill(log: Log, truth: Truth) -> None:
            dealt, _ = deal_prompts(self.seed, self.corpora, campaigns)
            for planted in campaigns:
                own = dealt[planted.name]
                for habit, prompts in zip(campaign_habits(self.seed, planted, len(own), self.timing), own, strict=True):
                    log.add(habit, campaign_calls(self.seed, planted, habit, prompts, self.sources, when))
                    truth.add(habit.account_id, planted.name, planted.name)

        return self._built(name, when, fill)

    def spread(self, name: str, days: Sequence[date], planted: Planted, daily: int) -> list[tuple[Path, Path]]:
        """One campaign over several days: every account sends ``daily`` calls on each, no prompt twice."""
        dealt: list[list[str]] = []

        def filler(number: int, when: date) -> Callable[[Log, Truth], None]:
            def fill(log: Log, truth: Truth) -> None:
                if not dealt:
                    whole = replace(planted, calls=daily * len(days))
                    dealt.extend(deal_prompts(self.seed, self.corpora, [whole])[0][planted.name])
                share = len(dealt[0]) // len(days)
                thin = replace(planted, calls=daily)
                habits = campaign_habits(self.seed, thin, len(dealt), self.timing)
                for habit, own in zip(habits, dealt, strict=True):
                    part = own[number * share : (number + 1) * share]
                    log.add(habit, campaign_calls(self.seed, thin, habit, part, self.sources, when))
                    truth.add(habit.account_id, planted.name, planted.name)

            return fill

        return [self._built(name, when, filler(number, when)) for number, when in enumerate(days)]

    def _built(self, name: str, when: date, fill: Callable[[Log, Truth], None]) -> tuple[Path, Path]:
        folder = self.folder / f"seed-{self.seed}" / name
        log_path, truth_path = folder / f"{when}.parquet", folder / f"truth-{when}.parquet"
        if not truth_path.exists():
            log, truth = Log(self.seed, when), Truth()
            fill(log, truth)
            log.write(folder)
            truth.write(truth_path)
        return log_path, truth_path


def _moved(random: Random, calls: Sequence[Call], kept: float, hours_later: float) -> list[Call]:
    """Some of an account's calls, at least one, at another time of the day."""
    chosen = [call for call in calls if random.random() < kept] or list(calls[:1])
    moved = [replace(call, second=(call.second + 3_600.0 * hours_later) % DAY_SECONDS) for call in chosen]
    return sorted(moved, key=lambda call: call.second)
