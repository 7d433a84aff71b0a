"""Allow-lists: families a user vouches for, named by id or by an example of their prompts.

An allowed family is found, counted and reported like any other. It gives no evidence, is no link, reason or listed
family of a finding, and no candidate where there is no reference. It vouches for nobody: what its accounts say, when
and from where is weighed as before, its own calls included, because an attacker may use the same template.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from gauger.engine.common.errors import AllowListError
from gauger.engine.families.families import Families
from gauger.engine.families.frames import Grams
from gauger.engine.families.near_duplicates import WORDS_MIN
from gauger.engine.families.prompts import PromptTable
from gauger.engine.intake.measuring import Measurer, Measures, WordSketch
from gauger.kernels.sketches import minhash

_SLICE = 65_536  # signatures compared at a time


@dataclass(frozen=True)
class AllowList:
    """Families to allow. Raises AllowListError for ids that are not positive and for empty examples.

    ids : of families, positive; negative ones are good for one run only
    examples : prompts, whole, as ``prompt_text`` holds them; measured when a run finishes, never written anywhere
    """

    ids: Sequence[int] = ()
    examples: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name, value in (("ids", self.ids), ("examples", self.examples)):
            if isinstance(value, str | bytes) or not isinstance(value, Sequence):
                raise AllowListError(f"allow-list: {name} must be a list")
        for number in self.ids:
            if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
                raise AllowListError(
                    "allow-list: ids must be positive whole numbers, as families.parquet has them; "
                    "a family with a negative id is good for one run only: allow it by an example"
                )
        for place, text in enumerate(self.examples, 1):
            if not isinstance(text, str) or not text.strip():
                raise AllowListError(f"allow-list: example {place} is empty or no text; give a whole prompt")
            try:
                text.encode()
            except UnicodeEncodeError:
                raise AllowListError(f"allow-list: example {place} is not valid Unicode") from None


@dataclass(frozen=True)
class Allowed:
    """What an allow-list came to in a run."""

    ids: list[int]  # asked for
    unknown_ids: list[int]  # of them, those of no family of this run or an earlier one
    examples: list[str]  # keyed hash of each example, hexadecimal
    unmatched_examples: list[int]  # numbers, from 1, of examples that are in no family of this run
    families: list[int]  # ids of the families allowed
    text: bool  # whether the run's prompts were text, so that examples could be held against them

    def record(self) -> dict[str, list[int] | list[str]]:
        """As the manifest shows it."""
        return {
            "ids": self.ids,
            "unknown_ids": self.unknown_ids,
            "examples": self.examples,
            "unmatched_examples": self.unmatched_examples,
            "families": self.families,
        }

    def warnings(self) -> list[str]:
        """One sentence for everything that was asked for and came to nothing."""
        sentences = [
            f"allow-list: there is no family {number}, today or on earlier days; ids are those of one --state, "
            "and gauger's own numbers change without one: look into families.parquet, or allow it by an example"
            for number in self.unknown_ids
        ]
        if self.unmatched_examples and not self.text:
            return [*sentences, "allow-list: this log holds token ids, so no example can be found in it: allow by id"]
        return sentences + [
            f"allow-list: example {number} is in no family of this run; give a whole prompt as prompt_text holds it"
            for number in self.unmatched_examples
        ]


def _near(signature: np.ndarray, prompts: PromptTable, similarity: float) -> np.ndarray:
    """Places of the prompts whose signature is that of a near-duplicate."""
    least = minhash.equal_slots_at(similarity)
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(prompts.signatures), _SLICE):
        part = slice(start, start + _SLICE)
        equal = (prompts.signatures[part] == signature).sum(axis=1)
        found.append(start + np.flatnonzero((equal >= least) & (prompts.words[part] >= WORDS_MIN)))
    return np.concatenate(found)


def _families_of(measures: Measures, place: int, families: Families, prompts: PromptTable) -> np.ndarray:
    """Rows of the families that hold an example, a near-duplicate of it, or whose frame it holds; -1 among them."""
    same = np.flatnonzero(np.all(prompts.hashes == measures.prompt_hashes[place], axis=1))
    if measures.words[place] >= WORDS_MIN:
        same = np.append(same, _near(measures.signatures[place], prompts, families.similarity))
    grams = Grams(measures.gram_offsets, measures.grams).take(np.asarray([place]))
    frame = int(families.matcher.match(grams)[0])
    held: list[int] = []
    while frame >= 0:  # a variant holds the frame it is a variant of
        held.append(frame)
        frame = int(families.matcher.frames.parents[frame])
    return np.append(families.of_prompt[same], families.of_frame[np.asarray(held, np.int64)])


def apply_allow_list(
    allow: AllowList, families: Families, prompts: PromptTable, measurer: Measurer, *, is_text: bool, known: np.ndarray
) -> tuple[Families, Allowed]:
    """Mark the allowed families.

    measurer : measures examples as the prompts were measured; is_text : whether those were text
    known : ids of all families ever given one, int64
    """
    allowed = np.isin(families.ids, np.asarray(list(allow.ids), np.int64))
    hashes, unmatched = [], []
    if allow.examples:
        batch = pa.record_batch({"prompt_text": pa.array(list(allow.examples), pa.string())})
        measures = measurer.measure(batch, WordSketch())
        for place in range(len(allow.examples)):
            first, second = measures.prompt_hashes[place].tolist()
            hashes.append(f"{first:016x}{second:016x}")
            found = _families_of(measures, place, families, prompts) if is_text else np.zeros(0, np.int64)
            allowed[found[found >= 0]] = True
            if not np.any(found >= 0):
                unmatched.append(place + 1)
    unknown = sorted(set(allow.ids) - set(known.tolist()) - set(families.ids.tolist()))
    marked = replace(families, allowed=allowed)
    named = families.ids[allowed].tolist()
    return marked, Allowed(sorted(set(allow.ids)), unknown, hashes, unmatched, named, is_text)
