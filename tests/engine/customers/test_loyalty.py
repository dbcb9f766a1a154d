from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.customers.ledger import Line, ledger, standing_of
from engine.customers.loyalty import Ladder, LoyaltyConfig, ladder_of, tier_price, tier_prices
from engine.customers.referrals import Referral, derived
from engine.events import EventType
from engine.happened import Happened
from tests.engine.customers.world import DEFAULTS, event, history_of, purchase, refund, schemes

ZERO = DEFAULTS.ladder
CARRY = schemes(loyalty={"reset": "carry"}).ladder
NEVER = schemes(loyalty={"reset": "never"}).ladder


def points(*events: Happened, under: Ladder = ZERO) -> int:
    return standing_of(history_of(*events), under).points


def tier(*events: Happened, under: Ladder = ZERO) -> str | None:
    rank = standing_of(history_of(*events), under).tier_rank
    return under.tiers[rank - 1].name if rank else None


def vouchers(*events: Happened, under: Ladder = ZERO) -> list[int]:
    lines = ledger(history_of(*events), under)
    return [line.voucher_minor // 100 for line in lines if line.cause == "voucher"]


def referred(
    day: float, yuan: float, *, kind: EventType = EventType.PURCHASE, order: str | None = None
) -> Happened:
    line, fen = f"bob {kind} {yuan} {day} {order}", round(yuan * 100)
    bought = event(kind, day, line, item_id="tea", unit_price_minor=fen, order_id=order)
    found = derived(bought, Referral("ann", bought.at))
    assert found is not None
    return found


def test_P1_own_purchases_give_a_point_for_each_unit_of_currency() -> None:
    assert points(purchase(1, 2_999)) == 2_999


def test_P1_a_referred_customers_purchases_give_a_point_for_two_units() -> None:
    assert points(referred(1, 5_000)) == 2_500


def test_P1_a_refund_takes_back_exactly_what_its_order_gave() -> None:
    bought = purchase(1, 2_999.99, order_id="o")
    assert points(bought, refund(2, 2_999.99, order_id="o")) == 0
    assert (
        standing_of(history_of(bought, refund(2, 0.01, order_id="o")), ZERO).balance == 2_999_98 * 2
    )


def test_P1_a_referred_refund_leaves_no_rounding_behind() -> None:
    bought = [referred(1, 0.02)]
    halves = [
        Happened(
            f"half {i}",
            EventType.REFERRAL,
            bought[0].at + 1,
            unit_price_minor=1,
            properties={"referred_id": "ann", "of": "refund"},
        )
        for i in range(2)
    ]
    assert standing_of(history_of(*bought, *halves), ZERO).balance == 0


def test_P2_2999_reaches_no_tier_and_3000_the_first() -> None:
    assert tier(purchase(1, 2_999)) is None
    assert tier(purchase(1, 3_000)) == "star_1"


def test_P2_a_replayed_event_gives_its_voucher_once() -> None:
    bought = purchase(1, 3_000)
    assert vouchers(bought, bought) == [200]


def test_P2_one_order_over_two_steps_gives_both_vouchers() -> None:
    assert vouchers(purchase(1, 2_900), purchase(2, 3_200)) == [200, 500]
    assert tier(purchase(1, 2_900), purchase(2, 3_200)) == "star_2"


def test_P2_diamond_starts_the_balance_again_and_stays() -> None:
    events = (purchase(1, 8_990), purchase(2, 200))
    assert (tier(*events), points(*events)) == ("diamond", 0)
    assert (tier(*events, under=CARRY), points(*events, under=CARRY)) == ("diamond", 190)
    assert tier(*events, purchase(3, 10)) == "diamond"


def test_P2_without_a_reset_the_balance_runs_on() -> None:
    assert points(purchase(1, 9_190), under=NEVER) == 9_190
    assert tier(purchase(1, 9_190), under=NEVER) == "diamond"


@pytest.mark.parametrize("ladder", [ZERO, CARRY])
def test_P2_a_refund_undoes_a_new_start_to_the_cent(ladder: Ladder) -> None:
    events = (purchase(1, 8_990, order_id="a"), purchase(2, 200, order_id="b"))
    after = (*events, refund(3, 200, order_id="b"))
    assert (tier(*after, under=ladder), points(*after, under=ladder)) == ("star_2", 8_990)


def test_P2_a_refund_that_still_leaves_enough_keeps_diamond() -> None:
    events = (purchase(1, 9_500, order_id="a"), refund(2, 100, order_id="a"))
    assert (tier(*events), points(*events)) == ("diamond", 0)


def test_P2_a_refund_is_taken_from_the_round_of_its_order() -> None:
    first = purchase(1, 27_500, order_id="a")
    rounds = [first, purchase(2, 9_000, order_id="b"), purchase(3, 9_000, order_id="c")]
    since = purchase(4, 8_990, order_id="d")
    for yuan in (100, 18_500, 18_501, 27_500):
        after = (*rounds, since, refund(5, yuan, order_id="a"))
        assert (tier(*after), points(*after)) == ("diamond", 8_990), yuan
    every = [
        refund(day, yuan, order_id=order)
        for day, yuan, order in ((5, 27_500, "a"), (6, 9_000, "b"))
    ]
    assert points(*rounds, since, *every) == 8_990
    last = refund(7, 1, order_id="c")
    assert (tier(*rounds, since, *every, last), points(*rounds, since, *every, last)) == (
        "diamond",
        0,
    )
    alone = (first, purchase(2, 1_000, order_id="b"), refund(3, 20_000, order_id="a"))
    assert (tier(*alone), points(*alone)) == ("star_2", 8_500)


def test_P2_a_voucher_is_never_granted_again() -> None:
    there_and_back = (
        purchase(1, 3_000, order_id="a"),
        refund(2, 3_000, order_id="a"),
        purchase(3, 3_000, order_id="b"),
    )
    assert vouchers(*there_and_back) == [200]


def test_P3_the_tiers_price_rounds_half_to_even_and_never_rises() -> None:
    star_1, star_2 = ZERO.tiers[0], ZERO.tiers[1]
    assert tier_price(10_000, star_1) == 9_000
    assert tier_price(5, star_1) == 4  # 4.5
    assert tier_price(15, star_1) == 14  # 13.5
    assert tier_price(10, star_2) == 8  # 8.5
    assert tier_price(10_000, None) == 10_000
    assert tier_price(0, star_1) == 0


@settings(deadline=None)
@given(st.lists(st.integers(-1, 10**12), max_size=20), st.sampled_from(ZERO.tiers))
def test_P3_many_prices_are_the_prices_of_each(prices: list[int], tier: Any) -> None:
    each = [tier_price(price, tier) if price >= 0 else price for price in prices]
    assert tier_prices(np.array(prices, np.int64), tier).tolist() == each
    assert all(paid <= price for paid, price in zip(each, prices, strict=True))


def test_P6_points_that_were_paid_with_lower_the_balance_but_not_the_tier() -> None:
    events = (purchase(1, 3_500), purchase(2, 0, properties={"points": 600}))
    assert (tier(*events), points(*events)) == ("star_1", 2_900)


def test_P7_each_line_of_the_ledger_holds_the_balance_after_it() -> None:
    lines = ledger(
        history_of(purchase(1, 9_000, order_id="a"), refund(2, 1, order_id="a"), referred(3, 1)),
        ZERO,
    )
    assert [line.cause for line in lines] == [
        "purchase", "voucher", "voucher", "voucher", "reset", "reset_undone", "refund", "referred",
    ]  # fmt: skip
    assert_sums(lines)


def test_P8_one_tier_pays_one_price_whatever_its_history() -> None:
    thrifty = history_of(*[purchase(day, 60) for day in range(1, 51)])
    lavish = history_of(purchase(1, 4_000))
    tiers = {standing_of(history, ZERO).tier_rank for history in (thrifty, lavish)}
    assert tiers == {1}
    assert {tier_price(12_345, ZERO.tiers[rank - 1]) for rank in tiers} == {11_110}


def assert_sums(lines: tuple[Line, ...]) -> None:
    balance = 0
    for line in lines:
        balance += line.parts
        assert line.balance == balance


moves = st.lists(
    st.tuples(
        st.sampled_from(
            ["own", "refund", "loose", "referred", "referred_refund", "theirs", "their_refund"]
        ),
        st.integers(0, 60),  # day
        st.just(0) | st.integers(0, 900_000),  # fen
        st.sampled_from("abcd"),  # order
    ),
    max_size=12,
)


def as_events(found: list[tuple[str, int, int, str]]) -> list[Happened]:
    back = EventType.REFUND
    made = {
        "own": lambda day, yuan, order, i: purchase(day, yuan, f"p{i}", order_id=order),
        "refund": lambda day, yuan, order, i: refund(day, yuan, f"r{i}", order_id=order),
        "loose": lambda day, yuan, order, i: refund(day, yuan, f"l{i}"),
        "referred": lambda day, yuan, order, i: referred(day, yuan),
        "referred_refund": lambda day, yuan, order, i: referred(day, yuan, kind=back),
        "theirs": lambda day, yuan, order, i: referred(day, yuan, order=order),
        "their_refund": lambda day, yuan, order, i: referred(day, yuan, kind=back, order=order),
    }
    return [made[kind](day, fen / 100, order, i) for i, (kind, day, fen, order) in enumerate(found)]


@settings(deadline=None)
@given(moves, st.randoms(use_true_random=False), st.sampled_from([ZERO, CARRY, NEVER]))
def test_P7_any_order_and_any_repeats_give_the_same_ledger(
    found: list[tuple[str, int, int, str]], chance: Any, ladder: Ladder
) -> None:
    events = as_events(found)
    again = events + events[: len(events) // 2]
    chance.shuffle(again)
    lines = ledger(history_of(*events), ladder)
    assert ledger(history_of(*again), ladder) == lines
    assert_sums(lines)
    ends = standing_of(history_of(*again), ladder)
    assert ends.balance == (lines[-1].balance if lines else 0)
    assert ends.tier_rank == (lines[-1].tier_rank if lines else 0)
    assert ends.granted == sum(line.cause == "voucher" for line in lines)


@settings(deadline=None)
@given(moves, st.integers(0, 60), st.sampled_from([ZERO, CARRY, NEVER]))
@example([("referred_refund", 0, 1, "a"), ("referred_refund", 1, 0, "a")], 1, ZERO)
@example([("theirs", 0, 0, "a"), ("own", 0, 9, "b"), ("their_refund", 0, 5, "a")], 1, ZERO)
def test_P7_what_comes_later_only_adds_lines(
    found: list[tuple[str, int, int, str]], day: int, ladder: Ladder
) -> None:
    single = [(kind, at, fen, f"{order}{at}") for kind, at, fen, order in found]
    events = sorted(as_events(single), key=lambda event: event.at)
    early = [event for event in events if event.at < purchase(day, 1).at]
    lines = ledger(history_of(*events), ladder)
    before = ledger(history_of(*early), ladder)
    assert lines[: len(before)] == before


def test_rates_that_do_not_divide_stay_exact() -> None:
    ladder = ladder_of(LoyaltyConfig(own_per_point=3, referred_per_point=7), minor_units=2)
    assert standing_of(history_of(purchase(1, 300)), ladder).points == 100
    assert standing_of(history_of(referred(1, 700)), ladder).points == 100


def test_P1_a_refund_dated_before_its_order_still_takes_it_back() -> None:
    assert points(refund(1, 3_000, order_id="a"), purchase(2, 3_000, order_id="a")) == 0


def test_a_refund_of_what_was_never_bought_takes_nothing() -> None:
    assert points(refund(1, 500), purchase(2, 3_000)) == 3_000
    assert tier(refund(1, 500), purchase(2, 3_000)) == "star_1"


@pytest.mark.parametrize(
    ("tiers", "fault"),
    [
        ([("a", 10, "0.9"), ("b", 10, "0.8")], "b must need more than a"),
        ([("a", 10, "0.8"), ("b", 20, "0.9")], "b may not pay more than a"),
        ([("a", 10, "0.9"), ("a", 20, "0.8")], "a is there twice"),
    ],
)
def test_tiers_out_of_order_are_refused(tiers: list[tuple[str, int, str]], fault: str) -> None:
    raw = [
        {"name": name, "label": {"en": name, "zh": name}, "points": points, "price": Decimal(price)}
        for name, points, price in tiers
    ]
    with pytest.raises(ValueError, match=fault):
        LoyaltyConfig.model_validate({"tiers": raw})
