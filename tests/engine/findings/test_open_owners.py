"""Open owners: outsiders neither accuse a customer's seats nor hide among them; an attacker's groups are no owner."""

import numpy as np

from gauger.engine.common.settings import Settings
from gauger.engine.findings.finding import Finding
from gauger.engine.findings.open_owners import parted
from gauger.engine.state.links import ADDRESS, ORGANISATION, PAYMENT
from gauger.engine.statistics.population import Population
from tests.engine import worlds

SETTINGS = Settings(campaign_accounts_min=5)
Links = list[tuple[int, int, int]]


def accounts(number: int, links: Links) -> Population:
    return worlds.bare_population([26] * number, {}, links)


def parts(members: int, links: Links, earlier: Links | None = None) -> list[list[int]]:
    reference = accounts(40, earlier) if earlier else None
    found = parted(Finding(np.arange(members)), accounts(members + 5, links), reference, SETTINGS)
    return [finding.members.tolist() for finding in found]


def own_payments(first: int, last: int) -> Links:
    return [(account, PAYMENT, 1_000 + account) for account in range(first, last)]


def test_a_vendors_seats_are_apart_from_those_who_copy_its_prompts() -> None:
    seats: Links = [(account, PAYMENT, 7) for account in range(100)]
    assert parts(140, seats + own_payments(100, 140)) == [list(range(100)), list(range(100, 140))]


def test_few_who_copy_are_not_taken_for_seats() -> None:
    seats: Links = [(account, ORGANISATION, 7) for account in range(100)]
    assert parts(103, seats + own_payments(100, 103)) == [list(range(100))]


def test_a_customer_of_before_is_one_however_many_copy_it() -> None:
    seats: Links = [(account, PAYMENT, 7) for account in range(20)]
    others = own_payments(20, 200)
    assert parts(200, seats + others) == [list(range(200))]
    earlier: Links = [(account, PAYMENT, 7) for account in range(6)]
    assert parts(200, seats + others, earlier) == [list(range(20)), list(range(20, 200))]


def test_groups_that_one_attacker_pays_for_stay_together() -> None:
    assert parts(100, [(account, PAYMENT, account // 25) for account in range(100)]) == [list(range(100))]


def test_groups_of_before_are_no_owners_either() -> None:
    """An attacker who paid for five accounts each a week ago is not taken apart into customers."""
    groups: Links = [(account, PAYMENT, account // 5) for account in range(100)]
    assert parts(100, groups, groups[:40]) == [list(range(100))]


def test_addresses_and_nothing_make_no_parts() -> None:
    assert parts(30, [(account, ADDRESS, 7) for account in range(20)]) == [list(range(30))]
    assert parts(30, []) == [list(range(30))]


def test_accounts_outside_the_finding_say_nothing_of_it() -> None:
    outside: Links = [(account, PAYMENT, 7) for account in range(30, 35)]
    assert parts(30, own_payments(0, 30) + outside) == [list(range(30))]
