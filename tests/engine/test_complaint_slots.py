"""A5 in slots, in the tea shop of tests/worlds.py."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from engine.events import EventType
from tests.engine.asking import plan, shown
from tests.worlds import CUP, POT, bundle, event


def test_A5_a_complaint_hides_the_item_and_its_like_from_the_next_request() -> None:
    tea = bundle()
    complaint = event(30, EventType.COMPLAINT, "cup", 30)
    assert {CUP, POT} <= set(shown(tea, plan()))
    assert not {CUP, POT} & set(shown(tea, plan(), complaint)), "pot: the same brand of teaware"
    assert {CUP, POT} <= set(shown(tea, plan(complaints=False), complaint))
    about_nothing = event(31, EventType.COMPLAINT, None, 30)
    assert {CUP, POT} <= set(shown(tea, plan(), about_nothing))


@given(
    st.lists(
        st.tuples(st.sampled_from([EventType.COMPLAINT, EventType.PURCHASE]), st.integers(0, 29)),
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_A5_who_buys_again_what_they_complained_about_sees_it_and_its_like_again(
    did: list[tuple[EventType, int]], order: Random
) -> None:
    told = [event(40 + i, kind, "cup", day) for i, (kind, day) in enumerate(did)]
    order.shuffle(told)
    complained = [day for kind, day in did if kind is EventType.COMPLAINT]
    bought = [day for kind, day in did if kind is EventType.PURCHASE]
    hidden = bool(complained) and max(complained) >= max(bought, default=-1)
    seen = set(shown(bundle(), plan(repeat="always"), *told))
    assert ({CUP, POT} & seen) == (set() if hidden else {CUP, POT})
