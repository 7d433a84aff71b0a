"""Groups on disk: what is saved is what is loaded, frames and slots included."""

from pathlib import Path

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.families.families import group_prompts
from gauger.engine.families.prompts import KeptPrompts
from gauger.engine.plan.stored_prompts import load_groups, save_groups
from tests.engine import worlds


def test_groups_survive_being_saved(tmp_path: Path) -> None:
    words = worlds.Words(3)
    frame, repeated = words.some(30), words.text(20)
    prompts = [" ".join([*frame, *words.some(100)]) for _ in range(30)]
    prompts += [repeated] * 3 + [words.text(25) for _ in range(40)]
    state = worlds.observing([worlds.call(f"a{place % 5}", text, place) for place, text in enumerate(prompts)]).state
    table = KeptPrompts(state.prompts)
    groups = group_prompts(table, worlds.SECRET.key, Settings())
    assert len(groups.kinds) == 2
    save_groups(tmp_path / "groups.arrays", groups, table)
    found, known = load_groups(tmp_path / "groups.arrays")
    for name in ("of_prompt", "kinds", "signatures", "calls", "of_frame"):
        np.testing.assert_array_equal(getattr(found, name), getattr(groups, name), err_msg=name)
    for name, values in vars(groups.slots).items():
        np.testing.assert_array_equal(getattr(found.slots, name), values, err_msg=name)
    for name, values in vars(groups.matcher.frames).items():
        np.testing.assert_array_equal(getattr(found.matcher.frames, name), values, err_msg=name)
    grams = table.sample(100)
    np.testing.assert_array_equal(found.matcher.match(grams), groups.matcher.match(grams))
    np.testing.assert_array_equal(known.hashes, table.hashes)
    np.testing.assert_array_equal(known.calls, table.calls)
    assert found.similarity == groups.similarity
