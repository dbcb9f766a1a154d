"""P2: many new starts by one order are counted, not run through one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.customers.ledger import ledger, standing_of
from tests.engine.customers.test_loyalty import assert_sums
from tests.engine.customers.world import history_of, purchase, refund, schemes

LABEL = {"en": "x", "zh": "x"}
TOP = {"name": "top", "label": LABEL, "points": 1, "price": 0.9}
CARRY = schemes(
    loyalty={"reset": "carry", "tiers": [TOP], "referred_per_point": 1}
).ladder  # a new start for each point


def one_by_one(moves: list[tuple[str, int, int]]) -> tuple[int, int]:
    """Standing and balance in fen, each new start and each undoing of one for itself."""
    standing = balance = 0
    starts: list[int] = []  # what each took of the balance
    for kind, fen, points in moves:
        earned = fen if kind == "own" else -fen
        standing += earned
        while standing < 0 and starts:
            standing, balance = standing + 100, balance + starts.pop()
        forgiven = max(-standing, 0)
        standing += forgiven
        balance += earned + forgiven - points * 100
        while standing >= 100:
            starts.append(min(100, max(balance, 0)))
            standing, balance = standing - 100, balance - starts[-1]
    return standing, balance


moves = st.lists(
    st.tuples(st.sampled_from(["own", "loose"]), st.integers(0, 1_000), st.integers(0, 9)),
    max_size=8,
)


@settings(deadline=None, max_examples=300)
@given(moves)
def test_P2_counting_new_starts_is_taking_them_one_by_one(
    found: list[tuple[str, int, int]],
) -> None:
    told = [
        purchase(
            day, fen / 100, f"e{day}", order_id=f"o{day}", properties={"points": points or None}
        )
        if kind == "own"
        else refund(day, fen / 100, f"e{day}")
        for day, (kind, fen, points) in enumerate(found)
    ]
    paid = [(kind, fen, points if kind == "own" else 0) for kind, fen, points in found]
    lines = ledger(history_of(*told), CARRY)
    assert_sums(lines)
    assert standing_of(history_of(*told), CARRY).balance == one_by_one(paid)[1]


def test_P2_one_order_of_ten_thousand_million_fen_is_three_lines() -> None:
    huge = purchase(0, 10**8 + 0.5, "huge", order_id="o")
    lines = ledger(history_of(huge), CARRY)
    assert [line.cause for line in lines] == ["purchase", "voucher", "reset"]
    assert lines[-1].balance == 50
    back = refund(1, 10**8, "back", order_id="o")
    lines = ledger(history_of(huge, back), CARRY)
    assert [line.cause for line in lines][3:] == ["reset_undone", "refund"]
    assert standing_of(history_of(huge, back), CARRY)._asdict() == {
        "balance": 50,
        "points": 0,
        "tier_rank": 0,
        "granted": 1,
    }
