"""What is wrong is refused with the field that is wrong, and never with a trace."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from serving.app import open_shop
from serving.intake import MOST_GUESSED
from serving.shop import Shop
from tests.servers import event
from tests.serving.caller import AT
from tests.serving.wire import call, problem


def test_an_unknown_slot_is_told_which_slots_there_are(client: TestClient) -> None:
    told = problem(client.post("/recommend", json={"slot": "nope"}), 404, "unknown-slot")
    assert told["known"] == ["cart", "home", "item", "list", "my", "search"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"n": 0}', "n"),
        ('{"n": 201}', "n"),
        ('{"n": "many"}', "n"),
        ('{"n": 1e99}', "n"),
        ('{"nn": 1}', "nn"),
        ('{"customer_id": "' + "x" * 257 + '"}', "customer_id"),
        ('{"customer_id": ""}', "customer_id"),
        ('{"customer_id": 7}', "customer_id"),
        ('{"cart": ["a", ""]}', "cart.1"),
        ('{"context_items": "a"}', "context_items"),
        ('{"exclude": [' + ",".join(['"a"'] * 501) + "]}", "exclude"),
        ('{"language": "fr"}', "language"),
        ("[]", "body"),
        ("{", "body"),
        ("", "body"),
        ('{"n": 1}}', "body"),
        ('{"n": NaN}', "n"),
        ("[" * 100_000, "body"),
        ('{"customer_id": "\\ud800"}', "body"),
        ("\x00", "body"),
        ("\udcff", "body"),
    ],
)
def test_a_wrong_request_is_told_which_field_is_wrong(
    client: TestClient, body: str, field: str
) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post(
        "/recommend", content=body.encode(errors="surrogateescape"), headers=headers
    )
    told = problem(answer, 422, "invalid-request")
    assert problem(client.put("/items", content=b"\xff", headers=headers), 422, "invalid-request")
    assert field in [error["field"] for error in told["errors"]]
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    "path",
    [
        "/recommend/" + "x" * 257,
        "/recommend/",
        "/recommend/%20",
        "/similar/" + "x" * 257,
        "/customers/" + "x" * 257,
        "/similar/green?n=0",
        "/popular?n=x",
        "/recommend/mei?nn=1",
    ],
)
def test_wrong_paths_and_queries_are_told_so_too(client: TestClient, path: str) -> None:
    problem(client.get(path), 422, "invalid-request")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("/recommend/mei?context=a", "'context' is no parameter; did you mean context_items? kno"),
        ("/recommend/mei?lang=en", "'lang' is no parameter; did you mean language? known: slot, n"),
        ("/similar/green?nn=1", "'nn' is no parameter; did you mean n? known: n"),
        ("/bought-together/green?size=1", "'size' is no parameter; known: n"),
        ("/popular?categry=x", "'categry' is no parameter; did you mean category? known: n, cat"),
        ("/customers/mei?section=user", "'section' is no parameter; did you mean sections? known"),
    ],
)
def test_a_misspelt_parameter_is_told_with_the_nearest_that_there_is(
    client: TestClient, asked: str, said: str
) -> None:
    told = problem(client.get(asked), 422, "invalid-request")
    assert told["errors"][0]["problem"].startswith(said)
    assert told["errors"][0]["field"] == said.split("'")[1]


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "said"),
    [
        ("POST", "/recommend", {"contxt": ["a"]}, "contxt", "did you mean context_items? known: "),
        (
            "POST",
            "/customers/link",
            {"customer_id": "a", "aliases": [{"kind": "visitor", "vlaue": "v"}]},
            "aliases.0.vlaue",
            "'vlaue' is no field; did you mean value? known: kind, value",
        ),
        (
            "PUT",
            "/items",
            {"items": [{"item_id": "a", "stok": 1}]},
            "items.0.stok",
            "'stok' is no field; did you mean stock? known: item_id, ",
        ),
    ],
)
def test_a_misspelt_field_of_a_body_is_told_with_the_nearest(
    client: TestClient, method: str, path: str, body: dict[str, object], field: str, said: str
) -> None:
    told = problem(client.request(method, path, json=body), 422, "invalid-request")
    by_field = {error["field"]: error["problem"] for error in told["errors"]}
    assert said in by_field[field]


def test_faults_of_an_event_are_told_in_words_of_ours_with_their_field(client: TestClient) -> None:
    whole = {"event_id": "f-1", "at": AT, "customer_id": "mei", "item_id": "green"}
    lines = [
        whole | {"type": "refund"},
        whole | {"type": "view", "item_id": None},
        whole | {"type": "view", "customer_id": None},
        whole | {"type": "purchase", "unit_price": 10**10, "quantity": 10},
        whole | {"type": "view", "at": "1970-01-01T00:00:00Z"},
        whole | {"type": "view", "custmer": 1, "colour": 2},
    ]
    told = client.post("/events", json={"events": lines}).json()["results"]
    assert [each["errors"][0] for each in told[:5]] == [
        "unit_price: a refund needs a unit_price: without, it takes back no money",
        "item_id: a view needs an item_id",
        "customer_id: needs a customer_id or a visitor_id",
        "unit_price: quantity × unit_price is above 10,000,000,000",
        "at: at 1970-01-01T00:00:00+00:00 is outside 1990–2100",
    ]
    first, second = told[5]["errors"]
    assert first.startswith("custmer: 'custmer' is no field; did you mean customer_id? known: ev")
    assert second == "colour: 'colour' is no field"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("veiw", "type: 'veiw' is no type of event; did you mean view? known: view, click, "),
        ("View", "type: 'View' is no type of event; did you mean view? known: view, click, "),
        ("purchased", "type: 'purchased' is no type of event; did you mean purchase? known: "),
        ("order", "type: 'order' is no type of event; did you mean purchase? known: view"),
        ("Add-to-Cart", "type: 'Add-to-Cart' is no type of event; did you mean cart? known: "),
        ("pageview", "type: 'pageview' is no type of event; did you mean view? known: "),
        ("lnk", "type: is none of view, click, "),
        ("view" * 20, "type: is none of view, click, "),
        (7, "type: is none of view, click, "),
        (["view"], "type: is none of view, click, "),
    ],
)
def test_a_misspelt_type_of_an_event_is_told_with_the_nearest(
    sent: object, said: str, client: TestClient
) -> None:
    line = event("t", "view") | {"type": sent}
    (told,) = client.post("/events", json={"events": [line]}).json()["results"]
    (fault,) = told["errors"]
    assert fault.startswith(said)
    assert "link" not in fault, "what may not be sent here is not proposed"


def test_types_and_names_share_what_is_looked_for_in_a_batch(client: TestClient) -> None:
    types = [f"view{place}" for place in range(MOST_GUESSED)]
    lines = [event(str(place), kind) for place, kind in enumerate(types)]
    lines += [event("n", "view") | {"item_id1": 1}, event("o", "clik"), event("p", types[0])]
    told = client.post("/events", json={"events": lines}).json()["results"]
    near = ["did you mean" in each["errors"][0] for each in told]
    assert near == [True] * MOST_GUESSED + [False, False, True]
    assert told[-2]["errors"][0].startswith("type: is none of view, click, ")


def test_the_nearest_name_is_told_of_the_first_strange_names_of_a_batch(
    client: TestClient,
) -> None:
    """To look for the nearest takes 0.1 ms of everybody's time: not a thousand times."""
    strange = [f"item_id{place}" for place in range(MOST_GUESSED + 3)]
    names = [*strange, strange[0]]
    lines = [event(str(place), "view") | {name: 1} for place, name in enumerate(names)]
    told = client.post("/events", json={"events": lines}).json()["results"]
    said = [next(one for one in each["errors"] if one.startswith("item_id")) for each in told]
    for name, words in zip(names, said, strict=True):
        assert words.startswith(f"{name}: '{name}' is no field")
    near = ["did you mean item_id?" in words for words in said]
    assert near == [True] * MOST_GUESSED + [False] * 3 + [True]


def test_what_there_is_not_is_404_and_what_is_not_allowed_405(client: TestClient) -> None:
    problem(client.get("/nope"), 404, "http-404")
    problem(client.get("/similar/nope"), 404, "unknown-item")
    problem(client.get("/bought-together/nope"), 404, "unknown-item")
    for path in ("/popular", "/recommend/mei"):
        told = problem(client.get(f"{path}?category=nope"), 404, "unknown-category")
        assert told["detail"] == "There is no category 'nope'."
    assert "POST" in client.get("/recommend").headers["allow"]
    problem(client.get("/recommend"), 405, "http-405")
    problem(client.delete("/events"), 405, "http-405")


def test_bodies_over_a_mebibyte_are_refused_however_they_come(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    big = b'{"customer_id": "' + b"x" * 1_048_576 + b'"}'

    def in_chunks() -> Iterator[bytes]:
        for _ in range(2_000):
            yield b" " * 1_000

    for path, method in (("/recommend", "POST"), ("/events", "POST"), ("/items", "PUT")):
        for content in (big, in_chunks()):
            answer = client.request(method, path, content=content, headers=headers)
            problem(answer, 413, "too-large")
    fits = b'{"n": 1}' + b" " * (1_048_576 - 8)
    assert client.post("/recommend", content=fits, headers=headers).status_code == 200


def test_a_length_that_lies_is_refused(client: TestClient) -> None:
    headers = {"content-type": "application/json", "content-length": "99999999999"}
    problem(client.post("/recommend", content=b"{}", headers=headers), 413, "too-large")


def test_only_json_is_read(client: TestClient) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/recommend", content=b"{}", headers={"content-type": media_type})
        problem(answer, 415, "not-json")
    for media_type in ("application/json; charset=utf-8", "Application/JSON"):
        answer = client.post("/recommend", content=b"{}", headers={"content-type": media_type})
        assert answer.status_code == 200


def test_a_request_id_comes_back_when_it_is_harmless(client: TestClient) -> None:
    def echoed(given: str) -> str:
        return str(
            client.get("/health/live", headers={"x-request-id": given}).headers["x-request-id"]
        )

    assert echoed("trace-1:a/b+c=") == "trace-1:a/b+c="
    for given in ("x" * 129, "a b", "<script>", ""):
        assert echoed(given) != given
        assert len(echoed(given)) == 16


def test_a_fault_of_ours_is_a_500_without_its_trace(tea_shop: Shop) -> None:
    def broken() -> int:
        raise RuntimeError("the secret of the clock")

    faulty = replace(tea_shop, now=broken)
    status, told = asyncio.run(
        call(open_shop(faulty), "POST", "/recommend", {"customer_id": "mei"})
    )
    assert status == 500
    assert told["type"] == "urn:caini:internal"
    assert "secret" not in str(told)
