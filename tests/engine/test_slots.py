from engine.query import Asked, enrich
from engine.slots import Repeat, check_slots
from tests.worlds import NOW, bundle


def test_another_repeat_policy_holds_for_a_slot_and_all_its_variants() -> None:
    raw = {
        "home": {
            "title": {"en": "Home", "zh": "首页"},
            "sources": {"popular": 1},
            "repeat": "never",
            "size": 3,
            "overrides": [
                {"when": {"field": "customer.buyer", "op": "=", "value": True}, "size": 5},
            ],
        }
    }
    tea = bundle()
    plan = check_slots(raw, "slots.toml", tea.shop)["home"].repeating(Repeat.ALWAYS)
    for customer, size in (("mei", 5), ("nobody", 3)):
        slot = plan.slot_for(enrich(Asked(n=3, customer_id=customer), tea, NOW))
        assert (slot.repeat, slot.size) == (Repeat.ALWAYS, size)
