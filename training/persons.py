"""Who has several ids, and who shares a home (R1, R6), as of a bundle's training: for lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.bundle import Bundle
from engine.customers.households import bought_at_home
from engine.customers.identity import id_of
from engine.customers.supplies import Supplies
from engine.person import home_at_training
from engine.types import Rows


@dataclass(frozen=True, slots=True)
class Persons:
    """Customer ids of those who have several; whoever has one is not in it."""

    root: Mapping[str, str] = field(default_factory=dict)  # id → the one a bundle knows them by
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # that one → the rest

    def one(self, customer_id: str) -> str:
        return self.root.get(customer_id, customer_id)

    def ids(self, customer_id: str) -> tuple[str, ...]:
        """All ids of the person whom a bundle knows by this one."""
        return (customer_id, *self.others.get(customer_id, ()))

    def rows(self, customer_ids: Iterable[str], bundle: Bundle) -> Rows:
        """Rows of the persons; -1 for whom the bundle does not know."""
        return bundle.customers.rows([self.one(each) for each in customer_ids])


NO_PERSONS = Persons()


def persons_of(bundle: Bundle) -> Persons:
    if not len(bundle.linked.nodes):
        return NO_PERSONS
    everybody = bundle.linked.everybody()
    root = {id_of(node): id_of(everybody.root(node)) for node in everybody.links if node[0] == "c"}
    others: dict[str, tuple[str, ...]] = {}
    for alias, one in sorted(root.items()):
        others[one] = (*others.get(one, ()), alias)
    return Persons(root, others)


def left_at_home(bundle: Bundle, now: int) -> dict[int, Rows]:
    """Row of a customer → items that others of the household bought and have not used up."""
    if not len(bundle.linked.nodes):
        return {}
    everybody = bundle.linked.everybody()
    found: dict[int, Rows] = {}
    for root in sorted({everybody.root(node) for node in everybody.homes}):
        row, home = bundle.customers.row(id_of(root)), home_at_training(bundle, id_of(root))
        if row >= 0 and home:
            history = bought_at_home(home)
            left = ~Supplies(history, bundle.repurchase, now).used_up
            found[row] = history.rows[left]
    return found
