import numpy as np

from caini.demo.shelves import POSITIONS
from caini.demo.world import Simulated
from engine.types import DAY_MS


def test_the_referred_resemble_their_referrer(shop: Simulated) -> None:
    people = shop.customers
    guests = np.flatnonzero(people.referrer >= 0)
    hosts = people.referrer[guests]
    strangers = np.roll(hosts, 7)
    assert len(guests) > 100
    alike = np.einsum("ij,ij->i", people.style[guests], people.style[hosts]).mean()
    unlike = np.einsum("ij,ij->i", people.style[guests], people.style[strangers]).mean()
    assert alike > unlike + 2


def test_a_referrer_came_before_the_referred(shop: Simulated) -> None:
    people = shop.customers
    guests = np.flatnonzero(people.referrer >= 0)
    assert (people.arrived_at[people.referrer[guests]] < people.arrived_at[guests]).all()


def test_tastes_are_shares(shop: Simulated) -> None:
    assert np.allclose(shop.customers.affinity.sum(axis=1), 1, atol=1e-4)
    assert (shop.customers.affinity >= 0).all()


def test_only_parents_want_milk_and_nappies(shop: Simulated) -> None:
    wants = shop.customers.affinity[:, [POSITIONS["formula"], POSITIONS["nappies"]]].sum(axis=1)
    parent = shop.customers.baby_born_at > 0
    assert (wants[~parent] == 0).all()
    assert wants[parent].mean() > 0.15


def test_everybody_is_of_age_and_parents_were_when_the_baby_came(shop: Simulated) -> None:
    people, year = shop.customers, 365.25
    ages = (shop.config.end_ms / DAY_MS - people.born_on) / year
    assert 19 <= ages.min() <= ages.max() <= 76
    assert ages.max() - ages.min() > 50
    baby = people.baby_born_at / DAY_MS
    parent = (baby - people.born_on)[baby > 0] / year
    assert 20.9 < parent.min() < parent.max() < 42.1


def test_who_does_not_mind_the_price_looks_at_dear_shelves(shop: Simulated) -> None:
    phones = shop.customers.affinity[:, POSITIONS["phones"]]
    minds = shop.customers.sensitivity
    assert phones[minds < 0.3].mean() > 2 * phones[minds > 0.7].mean()
