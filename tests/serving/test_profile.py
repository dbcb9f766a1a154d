"""R5: one answer tells all that is known of a customer, whatever id it is asked under."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engine.customers.section_config import SECTIONS
from engine.query import Asked, enrich_at_training
from engine.types import DAY_MS
from serving.bundles import Live
from serving.profile import profile_of
from serving.shop import Seen
from serving.store.packing import BEGINNING
from tests.serving.caller import Caller
from tests.worlds import NOW, START, at_any_time, bundle


def profile(caller: Caller, customer: str) -> dict[str, Any]:
    answer = caller.client.get(f"/customers/{customer}")
    assert answer.status_code == 200
    return answer.json()  # type: ignore[no-any-return]


def iso(at: float) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def test_R5_a_customers_path_points_and_items_are_dated(caller: Caller) -> None:
    told = profile(caller, "mei")
    assert told["stages"] == [{"stage": "new", "since": iso(START)}]
    assert [(line["points"], line["balance"], line["cause"]) for line in told["ledger"]] == [
        (50, 150, "purchase"),
        (100, 100, "purchase"),
    ]
    assert told["median_order"] == 75.0
    assert [item["item_id"] for item in told["recent"]] == ["pot", "green"]
    [due] = told["due"]
    assert due["item_id"] == "green"
    assert due["runs_out_at"] == iso(START + 30 * DAY_MS)
    assert told["labels"]["stage"] == {"en": "new", "zh": "新客户"}
    assert told["labels"]["segment"] == {"en": "Buyers", "zh": "已购"}
    assert told["contact"] is None
    assert told["consent"] == {"personal": True, "contact": True}


def test_R5_the_newest_events_are_in_it(caller: Caller) -> None:
    caller.event("complaint", customer_id="mei", item_id="pot")
    caller.event("referral", customer_id="mei", properties={"referrer_id": "lin"})
    caller.event("consent", customer_id="mei", properties={"contact": False})
    for _ in range(5):
        caller.event("message_click", customer_id="mei", channel="app")
    told = profile(caller, "mei")
    assert told["complaints"] == [{"at": iso(NOW), "item_id": "pot"}]
    assert told["referral"]["referrer_id"] == "lin"
    assert told["consent"] == {"personal": True, "contact": False}
    hour = (datetime.fromtimestamp(NOW / 1000, UTC).hour + 8) % 24
    assert told["contact"] == {"channel": "app", "hour": hour}


def test_L1_who_brought_nobody_that_kept_anything_was_never_an_advocate(caller: Caller) -> None:
    caller.event("referral", customer_id="ben", properties={"referrer_id": "mei"})
    order = {"customer_id": "ben", "item_id": "cup", "unit_price": 10, "order_id": "o-ben"}
    caller.event("purchase", **order)
    told = profile(caller, "mei")
    assert (told["classes"]["stage"], told["stages"][-1]["stage"]) == ("advocate", "advocate")
    caller.event("refund", **order)
    told = profile(caller, "mei")
    assert (told["classes"]["stage"], told["stages"][-1]["stage"]) == ("new", "new")


def test_F1_a_profile_says_whose_referral_closes_a_ring(caller: Caller) -> None:
    caller.link("ben", ("pos_card", "ben-card"))
    for newcomer, referrer, second in (("ann", "ben", 1), ("ben", "ann", 2), ("cat", "ben", 3)):
        said = {"referrer_id": referrer}
        caller.event(
            "referral", customer_id=newcomer, at=iso(NOW - 9_000 + second * 1_000), properties=said
        )
    told = {who: profile(caller, who)["referral"] for who in ("ann", "ben", "ben-card", "cat")}
    assert {who: one["refused"] for who, one in told.items()} == {
        "ann": None,
        "ben": "ring",
        "ben-card": "ring",
        "cat": None,
    }
    assert told["ben"]["referrer_id"] == "ann"


def test_R5_any_id_gives_the_person_and_a_household_shares_no_list(caller: Caller) -> None:
    caller.buy("cup", customer_id="lin-card")
    caller.link("lin", ("pos_card", "lin-card"))
    caller.link("lin", ("household", "elm"))
    caller.link("son", ("household", "elm"))
    told, same = profile(caller, "lin"), profile(caller, "lin-card")
    assert told["identity"] == {
        "customer_id": "lin",
        "aliases": [{"kind": "pos_card", "value": "lin-card"}],
        "households": ["elm"],
    }
    assert {**same, "customer_id": "lin"} == told
    assert told["orders"] == 2
    assert profile(caller, "son")["recent"] == []


def test_R6_what_the_mother_bought_is_neither_due_nor_bought_for_the_son(caller: Caller) -> None:
    """Of mei's green tea, due on day 30, the son's answers say nothing."""
    caller.link("mei", ("household", "oak"))
    caller.link("boy", ("household", "oak"))
    assert [due["item_id"] for due in profile(caller, "mei")["due"]] == ["green"]
    told = profile(caller, "boy")
    assert (told["due"], told["recent"], told["known"]) == ([], [], False)
    answer = caller.client.post("/recommend", json={"slot": "my", "customer_id": "boy", "n": 6})
    sources = {item["source"] for item in answer.json()["items"]}
    assert not sources & {"again", "due", "similar"}, "what is nobody's own is popular"
    caller.buy("cup", customer_id="boy")
    caller.buy("milk", customer_id="mei")
    slate = caller.client.post("/recommend", json={"slot": "my", "customer_id": "boy", "n": 6})
    shown = [item["item_id"] for item in slate.json()["items"]]
    assert "milk" not in shown, "there is milk at home"
    assert "green" in shown, "the tea is used up"


def test_R5_what_is_due_is_near_the_end_of_its_cycle_also_where_goods_have_none() -> None:
    """mei's green tea lasts until day 30, lin's cup until day 25."""
    free = at_any_time(bundle())
    for who, day, shown in (("mei", 30, ["green"]), ("mei", 20, []), ("lin", 23, ["cup"])):
        query = enrich_at_training(Asked(n=1, customer_id=who), free, START + day * DAY_MS)
        told = profile_of(who, Seen(query, Live(free, BEGINNING)))
        assert [due["item_id"] for due in told["due"]] == shown, (who, day)


def test_R5_nobody_has_an_empty_profile(caller: Caller) -> None:
    told = profile(caller, "who")
    assert told["identity"]["customer_id"] == "who"
    assert not any(told[name] for name in ("stages", "ledger", "recent", "due", "complaints"))


def test_R3_a_reader_is_told_the_sections_that_were_asked_for_and_no_more(caller: Caller) -> None:
    caller.event("profile", customer_id="mei", properties={"city": "上海"})
    answer = caller.client.get("/customers/mei?sections=user&sections=usage")
    assert set(answer.json()) == {"customer_id", "sections", "bundle_version", "degraded"}
    told = answer.json()["sections"]
    assert set(told) == {"user", "usage"}
    assert told["user"]["attributes"]["city"] == "上海"
    assert set(told["usage"]) >= {"breadth", "cycle_days", "days_since_act"}
    refused = caller.client.get("/customers/mei?sections=secret")
    assert refused.status_code == 422
    assert "secret" not in answer.text


def test_R3_sections_speak_the_units_of_the_rest_and_attributes_stand_apart(
    caller: Caller,
) -> None:
    said = {"points": "mine", "life_stages": "mine", "attributes": "mine"}
    caller.event("profile", customer_id="zhu", properties=said)
    caller.buy("cup", customer_id="zhu")
    whole = profile(caller, "zhu")
    named = "&".join(f"sections={name}" for name in SECTIONS)
    sections = caller.client.get(f"/customers/zhu?{named}").json()["sections"]
    assert tuple(sections) == SECTIONS
    assert sections["user"]["attributes"].items() >= said.items()
    told = {name: value for held in sections.values() for name, value in held.items()}
    shared = told.keys() & whole.keys() - {"attributes", "complaints"}
    assert {"points", "monetary", "median_order", "first_order_at", "last_order_at"} <= shared
    assert {name: told[name] for name in shared} == {name: whole[name] for name in shared}
    assert (told["monetary"], told["value"], told["points"]) == (10.0, 10.0, 10)
    assert (told["first_at"][:10], told["last_at"][-6:]) == (iso(NOW)[:10], "+00:00")
    assert not any(name.endswith("_minor") for name in told)


def test_L2_C5_a_profile_names_what_the_shop_does_for_who_stands_here(caller: Caller) -> None:
    assert profile(caller, "mei")["strategies"] == {
        "relation": {"name": "reactivate", "en": "reactivate and enrol", "zh": "激活入会"},
        "wake_up": None,
    }
    caller.event("signup", customer_id="new")
    assert profile(caller, "new")["strategies"]["relation"]["name"] == "first_order"


def test_L3_a_profile_dates_each_time_that_the_customer_was_lost_and_says_why(
    caller: Caller,
) -> None:
    assert profile(caller, "mei")["churn"] == []
    bought, day = NOW - 200 * DAY_MS, "%Y-%m-%dT%H:%M:%S.%fZ"
    at = [datetime.fromtimestamp((bought + d * DAY_MS) / 1000, UTC).strftime(day) for d in (0, 5)]
    caller.buy("cup", customer_id="old", at=at[0])
    caller.event("complaint", customer_id="old", item_id="cup", at=at[1])
    [churn] = profile(caller, "old")["churn"]
    assert churn["since"] == iso(bought + 90 * DAY_MS + 1)
    assert churn["cause"] == {"name": "complaint", "en": "after a complaint", "zh": "投诉之后"}
    assert churn["returned_at"] is None
    caller.buy("cup", customer_id="old")
    [churn] = profile(caller, "old")["churn"]
    assert churn["returned_at"] == iso(NOW)


def test_V8_a_profile_says_why_a_small_customer_is_small() -> None:
    """mei ordered twice, 150 altogether: 75 each, of one category."""
    for usual, expected in (
        ((2, 30_000, 2), ("small_basket", "客单价低", 75.0, 300.0)),
        ((10, 30_000, 2), ("low_frequency", "购买频次低", 2, 10)),
        ((2, 7_500, 1), None),
    ):
        shop = bundle()
        cuts = shop.thresholds.model_copy(update={"usual": usual})
        shop = replace(shop, thresholds=cuts)
        query = enrich_at_training(Asked(n=1, customer_id="mei"), shop, NOW)
        told = profile_of("mei", Seen(query, Live(shop, BEGINNING)))["diagnosis"]
        found = told and (told["name"], told["zh"], told["own"], told["usual"])
        assert found == expected
        assert query.customer.diagnosis == (told and told["name"])
