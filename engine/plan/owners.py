"""Owners: accounts of one organisation, one payment or the same networks may be one owner's, and count as one.

It is asked where text is shown that so many different people sent: the seats of a firm are not different people. Two
accounts may be one owner's where they share an organisation or a payment, or at least half of the networks of the one
with fewer. One network among many that both passed through says nothing: a mobile carrier's is everybody's.

It is not transitive: two accounts do not become one because each is like a third. So what is chosen is a set of
accounts no two of which may be one owner's, and its size is a lower bound of the owners behind all of them.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from gauger.engine.state.links import NETWORK, ORGANISATION, PAYMENT
from gauger.engine.statistics.population import Population

_NAMED = (ORGANISATION, PAYMENT)  # one value in common says who pays
_SHARED_MIN = 0.5  # of the networks of the account with fewer


class Owners:
    """What accounts have that tells their owners apart; an account with nothing of it is an owner by itself."""

    def __init__(self, people: Population) -> None:
        self._people = people

    def apart(self, accounts: np.ndarray, most: int) -> np.ndarray:
        """At most ``most`` of some accounts, int64, no two of which may be one owner's; their places, in order.

        The first ones that fit: who orders them decides, so the order should be a keyed one.
        """
        owner = self._people.link_owner
        first, last = (np.searchsorted(owner, accounts, side).tolist() for side in ("left", "right"))
        named: set[tuple[int, int]] = set()  # of those chosen
        on: dict[int, list[int]] = {}  # those chosen on each network, by number
        sizes: list[int] = []  # networks of each of those chosen
        places: list[int] = []
        for place, rows in enumerate(map(slice, first, last)):
            if len(places) == most:
                break
            channels, values = self._people.link_channel[rows], self._people.link_value[rows]
            names = {one for one in zip(channels.tolist(), values.tolist(), strict=True) if one[0] in _NAMED}
            networks = values[channels == NETWORK].tolist()
            shared = Counter(number for network in networks for number in on.get(network, ()))
            alike = any(count >= _SHARED_MIN * min(sizes[number], len(networks)) for number, count in shared.items())
            if alike or not named.isdisjoint(names):
                continue
            for network in networks:
                on.setdefault(network, []).append(len(places))
            named |= names
            sizes.append(len(networks))
            places.append(place)
        return np.asarray(places, np.int64)
