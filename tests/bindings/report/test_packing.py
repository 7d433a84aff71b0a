"""Packed data: whole again, of the same bytes, without what is no number."""

import numpy as np

from gauger.report.packing import packed, significant, unpacked, within


def test_what_is_packed_comes_back_and_cannot_end_a_script() -> None:
    value = {"id": ["</script><!--", "\u2028\x00\u202e"], "n": np.array([1.5, np.nan, np.inf])}
    text = packed(value)
    assert unpacked(text) == {"id": value["id"], "n": [1.5, None, None]}
    assert text == packed(value)
    assert not set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")


def test_significant_keeps_three_digits_of_any_size() -> None:
    values = np.array([0.0, -0.0, 123456.0, -0.00123456, 1e-320, np.nan])
    rounded = significant(values)
    assert rounded[:4].tolist() == [0.0, 0.0, 123000.0, -0.00123]
    assert not np.signbit(rounded[1])
    assert np.isnan(rounded[5])


def test_within_counts_what_fits() -> None:
    assert within([3, 3, 3], 6) == 2
    assert within([7], 6) == 0
    assert within([], 6) == 0
