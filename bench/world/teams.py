"""Honest cohorts that are new on the day, each hard in its own way: they are many, alike, and nobody's campaign.

Their text is new too, as it would be: a benchmark, an exercise book, a tool that nobody used last week. Everything else
about an account follows from an honest habit, of which the cohort replaces what makes it a cohort.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq

from bench.world.corpora import Source, Traffic, attack_prompts
from bench.world.frames import NEW_VENDOR_FRAME
from bench.world.people import (
    CLOUD_NETWORKS,
    DAY_SECONDS,
    FLAT,
    USER_AGENTS,
    Call,
    Habit,
    draw_calls,
    draw_habit,
    draw_units,
    identifier,
    random_address,
    rate_scale,
)
from bench.world.style import draw_style

PIPELINE_FRAME = (
    "Extract every organisation, person and figure from the sentence as a JSON list of objects with the keys name, "
    "type and span. Return the list only.\nSentence: {message}"
)
TOOL_FRAME = "/quill mode=draft audience=general\n---\n{message}\n---\nquill: keep my voice, fix the rest"
AGENT_FRAME = "You are a careful operator with a shell. Think, then act with one command.\nGoal: {message}"

Drawn = tuple[Habit, list[Call]]


@dataclass(frozen=True)
class Setting:
    """What a cohort is drawn from."""

    seed: int
    name: str
    corpora: Path
    sources: Mapping[str, Source]
    traffic: Traffic
    when: date

    def random(self) -> Random:
        """What all accounts of the cohort have in common is drawn from this."""
        return Random(f"cohort/{self.seed}/{self.name}")

    def habits(self, count: int) -> Iterator[Habit]:
        """Honest accounts of this cohort's name, to be changed."""
        scale = rate_scale(self.traffic.rates)
        for number in range(count):
            habit = draw_habit(self.seed, f"{self.name}/{number}", self.sources, self.traffic, scale)
            yield replace(habit, kind=self.name)

    def calls(self, habit: Habit, source: Source | None = None) -> Drawn:
        """A habit with its calls; ``source`` is the only text it uses, where one is given."""
        if source is None:
            return self.calls_of(habit, self.sources)
        habit = replace(habit, sources=(("own", 1.0),), niches={"own": [0]})
        return self.calls_of(habit, {"own": source})

    def calls_of(self, habit: Habit, sources: Mapping[str, Source]) -> Drawn:
        """A habit with its calls, of sources that it names."""
        return habit, draw_calls(self.seed, habit, sources, self.when)


Cohort = Callable[[Setting], Iterator[Drawn]]


def of_texts(texts: Sequence[str]) -> Source:
    return Source([(text,) for text in texts], [range(len(texts))])


def machine(habit: Habit, random: Random, org: str, addresses: tuple[str, ...], **changes: Any) -> Habit:
    """Software of one company: one network, client and parameter set."""
    same: dict[str, Any] = {
        "org": org,
        "addresses": addresses,
        "network": random.choice(CLOUD_NETWORKS),
        "user_agent": random.choice(USER_AGENTS[:4]),
        "model": "large-2",
        "temperature": 0.0,
        "max_tokens": 1024,
        "style": draw_style(random, plain=True),
        "template": None,
    }
    return replace(habit, **(same | changes))


def _evaluation_harness(setting: Setting) -> Iterator[Drawn]:
    """Twelve keys run one benchmark, the same items in the same few templates, all day long."""
    table = pq.read_table(setting.corpora / "attack" / "t0_templates_50k.parquet", columns=["prompt", "family"])
    rows = [(row["prompt"], row["family"]) for row in table.to_pylist()]
    families = sorted({family for _, family in rows if family is not None})
    chosen = set(setting.random().sample(families, min(3, len(families)))) or {None}
    items = of_texts([prompt for prompt, family in rows if family in chosen])
    for habit in setting.habits(12):
        random, rate = setting.random(), min(180.0, 0.5 * len(items.units))
        habit = machine(habit, random, identifier("org", setting.name), (random_address(random),), hours=FLAT)
        yield setting.calls(replace(habit, rate=rate), items)


def _batch_pipeline(setting: Setting) -> Iterator[Drawn]:
    """Forty keys of a company put newswire sentences through one extraction prompt between one and five at night."""
    table = pq.read_table(setting.corpora / "pairs" / "mrpc_pairs.parquet")
    sentences = of_texts(sorted(set(table["prompt"].to_pylist())))
    night = tuple(1.0 if 1 <= hour < 5 else 1e-6 for hour in range(24))
    for habit in setting.habits(40):
        random = setting.random()
        org, addresses = identifier("org", setting.name), tuple(random_address(random) for _ in range(2))
        habit = machine(habit, random, org, addresses, hours=night, template=PIPELINE_FRAME, variation=0.3)
        yield setting.calls(replace(habit, rate=80.0), sentences)


def _classroom(setting: Setting) -> Iterator[Drawn]:
    """Forty-five students behind one address, two hours, one sheet of exercises, each in their own words and hand."""
    prompts = attack_prompts(setting.corpora, ["codealpaca_subset"])
    sheet = of_texts(setting.random().sample(prompts, min(150, len(prompts))))
    address = random_address(setting.random())
    lesson = tuple(1.0 if 9 <= hour < 11 else 1e-6 for hour in range(24))
    for habit in setting.habits(45):
        random = Random(f"student/{habit.account_id}")
        student = replace(habit, template=None, org=None, addresses=(address,), network=680, hours=lesson)
        student = replace(student, rate=random.uniform(8.0, 25.0), variation=1.0, age_days=random.uniform(0.1, 3.0))
        yield setting.calls(replace(student, style=draw_style(random, plain=False)), sheet)


def _vendor_app(setting: Setting) -> Iterator[Drawn]:
    """A vendor gives each of 300 customers a key of its own; the app and its frame were launched this week."""
    for habit in setting.habits(300):
        random = setting.random()
        org, egress = identifier("org", setting.name), tuple(random_address(random) for _ in range(4))
        app = machine(habit, random, org, egress, template=NEW_VENDOR_FRAME, age_days=habit.age_days % 7.0)
        yield setting.calls(replace(app, sources=(("assistant", 1.0),), niches=_niches(setting, habit, "assistant")))


def _popular_tool(setting: Setting) -> Iterator[Drawn]:
    """Four hundred people take up one tool; most of their calls now carry its frame, text and pace are theirs."""
    for habit in setting.habits(400):
        habit, calls = setting.calls(replace(habit, template=None))
        random = Random(f"tool/{habit.account_id}")
        yield (
            habit,
            [
                replace(call, text=TOOL_FRAME.replace("{message}", call.text) if random.random() < 0.7 else call.text)
                for call in calls
            ],
        )


def _agents(setting: Setting) -> Iterator[Drawn]:
    """Sixty agents of many owners, one framework: every turn repeats the goal and adds what came of the last."""
    name = "shell" if "shell" in setting.sources else next(iter(setting.sources))
    for habit in setting.habits(60):
        random = Random(f"agent/{habit.account_id}")
        habit = replace(
            habit,
            sources=((name, 1.0),),
            niches=_niches(setting, habit, name),
            template=None,
            user_agent="agentkit/0.9",
        )
        habit = replace(habit, temperature=0.0, style=draw_style(random, plain=True))
        yield habit, list(_agent_calls(setting, habit, random, name))


def _agent_calls(setting: Setting, habit: Habit, random: Random, name: str) -> Iterator[Call]:
    for goal, *_ in draw_units(random, habit, setting.sources, random.randint(2, 5)):
        second = random.uniform(0.0, 0.9 * DAY_SECONDS)
        talk = identifier("conv", habit.account_id, second)
        text = AGENT_FRAME.replace("{message}", goal)
        for step in range(random.randint(4, 12)):
            yield Call(text, min(second, DAY_SECONDS - 1e-3), talk)
            seen = random.choice(setting.sources[name].units)[0]
            text += f"\nStep {step + 1}: exit code {random.choice((0, 0, 0, 1, 2))}; remaining: {seen}"
            second += random.uniform(2.0, 20.0)


def _niches(setting: Setting, habit: Habit, name: str) -> dict[str, Sequence[int]]:
    random = Random(f"niches/{habit.account_id}")
    return {name: [setting.sources[name].draw_niche(random) for _ in range(3)]}


TEAMS: dict[str, Cohort] = {
    "new evaluation harness": _evaluation_harness,
    "new batch pipeline": _batch_pipeline,
    "new classroom": _classroom,
    "new vendor app": _vendor_app,
    "new popular tool": _popular_tool,
    "new agents": _agents,
}
