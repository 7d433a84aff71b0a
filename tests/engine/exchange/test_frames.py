"""Hashes of frames: alike at all members, of nothing that a table does not show, and keyed."""

import numpy as np
import pytest

from gauger.engine.common.errors import StateError
from gauger.engine.common.secret import Secret
from gauger.engine.exchange.frames import frame_hashes, held_by, sketch
from gauger.engine.exchange.signature import FRAMES_MAX

CONSORTIUM = Secret(b"the consortium's")
MEMBER, ANOTHER = (Secret(bytes([number]) * 16).joined(CONSORTIUM) for number in (1, 2))
TEMPLATE = "Write a rubric for [...1] and grade each answer from 1 to 10"


def test_members_make_the_same_hashes_and_others_make_others() -> None:
    ours = frame_hashes(TEMPLATE, MEMBER)
    np.testing.assert_array_equal(ours, frame_hashes(TEMPLATE, ANOTHER))
    stranger = Secret(b"\1" * 16).joined(Secret(b"another's secret"))
    assert not np.isin(ours, frame_hashes(TEMPLATE, stranger)).any()
    with pytest.raises(StateError, match="of no consortium"):
        frame_hashes(TEMPLATE, Secret(b"\1" * 16))


def test_a_run_of_three_does_not_cross_a_gap() -> None:
    left, right, both = (frame_hashes(text, MEMBER) for text in ("a b c", "d e f", "a b c [...1] d e f"))
    assert sorted([*left, *right]) == both.tolist()
    assert len(frame_hashes("a b [...1] c d", MEMBER)) == 0


def test_a_sketch_is_the_smallest_hashes_of_all_templates() -> None:
    texts = [" ".join(f"w{number}" for number in range(start, start + 80)) for start in (0, 40)]
    every = np.unique(np.concatenate([frame_hashes(text, MEMBER) for text in texts]))
    np.testing.assert_array_equal(sketch(texts, MEMBER), every[:FRAMES_MAX])
    assert len(sketch([], MEMBER)) == 0


def test_how_much_of_a_sketch_a_template_holds() -> None:
    own = sketch([TEMPLATE], MEMBER)
    assert held_by(own, TEMPLATE.upper(), ANOTHER) == len(own)
    assert held_by(own, "Write a rubric for cats", ANOTHER) == 2
    assert held_by(own, "something else entirely, and long enough", ANOTHER) == 0
