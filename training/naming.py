"""Which items a message may name to a customer: those that a slot would show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.customers.complaints import complained_rows
from engine.customers.state import CustomerState
from engine.customers.supplies import Supplies
from engine.customers.triggers import TriggerConfig
from engine.query import Query
from engine.slot_rules import filters_of
from engine.slots import Repeat, Slot, Title
from engine.types import NO_ROWS, Mask
from training.causes import Day

ASKED: Final = ("personal", "value_class", "tier_rank", "points", "life_stages", "complaints")
"""What rules ask of a state."""


@dataclass(frozen=True, slots=True)
class Naming:
    """By the rules of slots and what the bundle knows, as of `now`; homes hide nothing here."""

    bundle: Bundle
    states: pl.DataFrame  # of all customers, the columns of ASKED
    slot: Slot
    now: int

    @classmethod
    def of(cls, trigger: TriggerConfig, day: Day) -> Self:
        """In a slot that shows again what was bought."""
        label = trigger.label
        slot = Slot(
            title=Title(en=label.en, zh=label.zh),
            sources={"due": 1.0},
            repeat=Repeat.ALWAYS,
            scarce=trigger.scarce,
        )
        return cls(day.bundle, day.states.select(ASKED), slot, day.now)

    def may_name(self, items: Sequence[int], customer: int) -> Mask:
        """One flag an item: it sells, and nothing keeps it from them."""
        rows = np.array(items, np.int32)
        return filters_of(self._query(customer), self.slot, self.bundle).keep(rows)

    def _query(self, customer: int) -> Query:
        """No more of the customer than rules ask: all of a state takes ten times as long."""
        said = self.states.row(customer, named=True)
        complaints = said.pop("complaints")
        state = CustomerState(**said | {"life_stages": tuple(said["life_stages"])})
        history, complained = self.bundle.customer_items.of(customer), NO_ROWS
        if complaints:
            past = self.bundle.snapshot.history_of(customer)
            complained = complained_rows(past, history, self.bundle.items)
        supplies = Supplies(history, self.bundle.repurchase, self.now)
        return Query(n=1, customer=state, supplies=supplies, complained=complained)
