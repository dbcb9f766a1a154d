from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.training.importers.conftest import Importing

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"


def test_visitors_are_customers_and_transactions_orders(importing: Importing) -> None:
    text = (
        HEADER + "1433193132535,7,view,100,\n"
        "1433193132536,7,addtocart,100,\n"
        "1433193132537,7,transaction,100,42\n"
        "1433193132535,7,view,100,\n"
    )
    log = importing("retailrocket", text)
    assert log.frame.select("type", "customer_id", "item_id", "order_id").rows() == [
        ("view", "7", "100", None),
        ("cart", "7", "100", None),
        ("purchase", "7", "100", "42"),
    ]
    assert log.rows[0]["at"] == datetime(2015, 6, 1, 21, 12, 12, 535_000, tzinfo=UTC)
    assert log.summary.set_aside == {"repeated_event_id": 1}


def test_events_of_another_name_are_rejected(importing: Importing) -> None:
    text = HEADER + "1433193132535,7,view,100,\n1433193132535,7,wish,100,\n"
    assert importing("retailrocket", text).summary.rejected == {"type_unknown": 1}


@pytest.mark.real_data
def test_the_real_sample_imports(importing: Importing, real_data: Path) -> None:
    log = importing("retailrocket", real_data / "retailrocket-sample" / "sample_events.csv")
    assert log.summary.by_type == {"cart": 261, "purchase": 46, "view": 9075}
    assert log.summary.rejected == {}
