"""Shares of neighbours against a plain loop."""

from __future__ import annotations

import numpy as np
import pytest

from gauger.kernels.accounts.neighbours import count_today, share_with_hop


@pytest.mark.parametrize("k", [1, 3, 8])
def test_share_with_hop_is_a_loop(k: int) -> None:
    random = np.random.default_rng(k)
    accounts = 40
    rows = np.stack([random.permutation(np.delete(np.arange(accounts), own))[:8] for own in range(accounts)])
    today = random.random(accounts) < 0.4
    out = np.empty(accounts)
    near, is_today, count = (
        np.ascontiguousarray(rows[:, :k], np.int32),
        today.astype(np.uint8),
        np.empty(accounts, np.int64),
    )
    for first, last in ((0, 17), (17, accounts)):
        count_today(near, is_today, first, last, count)
    assert count.tolist() == [sum(today[near[own]]) for own in range(accounts)]
    for first, last in ((0, 17), (17, accounts)):
        share_with_hop(near, is_today, count, first, last, out)
    for own in range(accounts):
        near = rows[own, :k].tolist()
        hop = 0.0
        for other in near:
            others = [row for row in rows[other, :k].tolist() if row != own]
            if today[other] and others:
                hop += sum(today[row] for row in others) / len(others)
        assert out[own] == pytest.approx(sum(today[row] for row in near) / k + hop / k)
