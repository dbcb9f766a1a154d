"""The names of everything a shop keeps in Redis. The braces keep a shop on one cluster node."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    shop: str

    @property
    def events(self) -> str:
        """Stream: every accepted event, one field `event`; the durable truth."""
        return self._of("events")

    @property
    def customers(self) -> str:
        """Prefix of the customers' tails: hash event id → `<stream id> <event>`."""
        return self._of("customer:")

    @property
    def visitors(self) -> str:
        """Prefix of the tails of people who have not signed in; these expire."""
        return self._of("visitor:")

    @property
    def referrers(self) -> str:
        """Hash: referred customer → `<at> <who referred them>`."""
        return self._of("referrers")

    @property
    def people(self) -> str:
        """Hash: node → what hangs together with it, for every node that was ever linked."""
        return self._of("people")

    @property
    def revision(self) -> str:
        """The number of the last word on a link; about the time of day, and never the same."""
        return self._of("people:revision")

    @property
    def erased(self) -> str:
        """Hash: salted hash of an erased node → `<at> <number>`: up to which instant its events
        count not, and which erasure it was; older servers wrote no number.
        """
        return self._of("erased")

    @property
    def erased_salt(self) -> str:
        return self._of("erased:salt")

    @property
    def last_erasure(self) -> str:
        """The number of the last one; workers compare it with what they know."""
        return self._of("erased:count")

    @property
    def changes(self) -> str:
        """Hash: item → JSON of what the shop changed since any training."""
        return self._of("items")

    @property
    def change_order(self) -> str:
        """Sorted set: item, by the number of its last change."""
        return self._of("items:order")

    @property
    def change_count(self) -> str:
        """How many changes there were; workers compare it with what they have applied."""
        return self._of("items:count")

    @property
    def folded(self) -> str:
        """Set once the tails hold what the stream holds; its absence asks for a replay."""
        return self._of("folded")

    def tail(self, customer_id: str | None, visitor_id: str | None) -> str:
        """Where an event of this person is kept: with the customer when there is one."""
        if customer_id is not None:
            return self.customers + customer_id
        return self.visitors + (visitor_id or "")

    def tail_of(self, node: str) -> str:
        """Of a node of engine.customers.identity."""
        return (self.visitors if node[0] == "v" else self.customers) + node[2:]

    def _of(self, name: str) -> str:
        return f"caini:{{{self.shop}}}:{name}"
