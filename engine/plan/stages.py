"""The plan: the stages of a run, what each works on, what it needs and what it gives. Any runner goes by it."""

from dataclasses import dataclass

SHARD, DAY, KEPT = "each unit of shards", "the day as a whole, bounded", "the state directory"


@dataclass(frozen=True)
class Stage:
    """A step of a run: a function of what it needs, with no other input."""

    name: str  # as progress shows it
    over: str  # what it is done for: a block of the input, a unit, or once
    needs: tuple[str, ...]  # names of stages
    gives: str  # what it leaves, in words


PLAN = (
    Stage("reading", "each block of the input", (), "measured calls and distinct prompts by shard, in segments"),
    Stage("redeliveries", SHARD, ("reading",), "rows that were delivered before, which count once"),
    Stage("learning frames", DAY, ("redeliveries",), "frames, from the 200,000 prompts with the smallest keyed hashes"),
    Stage("matching prompts", SHARD, ("learning frames",), "the frame of each distinct prompt, values of slots"),
    Stage("near-duplicates", DAY, ("matching prompts",), "a forest over signatures, settled into families"),
    Stage("folding", SHARD, ("redeliveries",), "accounts with their statistics, sampled calls, links, calls"),
    Stage("families", SHARD, ("matching prompts", "near-duplicates", "folding"), "the family of each call"),
    Stage("learning", DAY, ("folding",), "directions, whiteners, indexes and ranks, from at most 48,000 accounts"),
    Stage("weighing", SHARD, ("learning",), "the evidence on each account and each sampled call"),
    Stage("findings", DAY, ("families", "weighing"), "clusters of flagged accounts with verdicts and numbers"),
    Stage("writing", SHARD, ("findings",), "the tables"),
    Stage("keeping", KEPT, ("findings",), "the day as later days' reference; families and campaigns"),
)


def described() -> str:
    """The plan as lines of text."""
    rows = [("stage", "done for", "needs", "gives")]
    rows += [(one.name, one.over, ", ".join(one.needs) or "-", one.gives) for one in PLAN]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
    )
