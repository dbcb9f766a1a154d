"""A shop's side of the wire of one running app."""

from datetime import UTC, datetime
from typing import Any

from fastapi.testclient import TestClient

from tests.worlds import NOW

AT = datetime.fromtimestamp(NOW / 1000, UTC).isoformat()


class Caller:
    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.sent = 0

    def event(self, kind: str, /, **fields: Any) -> None:
        self.sent += 1
        line = {"event_id": f"i{self.sent}", "type": kind, "at": AT, **fields}
        told = self.client.post("/events", json={"events": [line]}).json()
        assert told["accepted"] == 1, told

    def buy(self, item: str, /, **who: str) -> None:
        self.event("purchase", item_id=item, unit_price=10, order_id=f"io{self.sent}", **who)

    def link(self, customer: str, *aliases: tuple[str, str], verb: str = "link") -> dict[str, Any]:
        body = {"customer_id": customer, "aliases": [{"kind": k, "value": v} for k, v in aliases]}
        answer = self.client.post(f"/customers/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def unlink(self, customer: str, *aliases: tuple[str, str]) -> dict[str, Any]:
        return self.link(customer, *aliases, verb="unlink")

    def items(self, /, **who: Any) -> list[str]:
        answer = self.client.post("/recommend", json={"slot": "home", "n": 6, **who})
        assert answer.status_code == 200, answer.text
        return [item["item_id"] for item in answer.json()["items"]]

    def orders(self, customer: str) -> int:
        return int(self.client.get(f"/customers/{customer}").json()["orders"])
