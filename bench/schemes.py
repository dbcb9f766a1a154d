"""What each scheme brings: slates with and without it, before customers whose tastes are known.

python -m bench schemes [CUSTOMERS ITEMS SEED…]

For each seed a shop is simulated and trained on; then every customer whom a scheme concerns meets
the slate of the slot with the scheme and without it, and the simulation says how likely each item
is bought. The difference is of the same customers, with the 95 % interval of its mean.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.machine import keep, machine

SHOWN: Final = 20
SENSITIVE: Final = {"field": "customer.price_band", "op": "=", "value": "sensitive"}
INSENSITIVE: Final = {"field": "customer.price_band", "op": "=", "value": "insensitive"}
ASLEEP: Final = {"field": "customer.stage", "op": "in", "value": ["dormant", "lost"]}
STARTING: Final = {"field": "customer.stage", "op": "in", "value": ["potential", "new"]}
REFERRED: Final = {"field": "customer.referrer_id", "op": "known", "value": True}
BROUGHT: Final = {"all": [STARTING, REFERRED]}
MILD: Final = {"lock_in": {"promoted": 1.1, "demoted": 0.9}}
AGAIN: Final = {
    "sources": {"similar": 0.7, "als": 0.3, "popular": 0.1, "again": 0.7},
    "repeat": "when_due",
}


@dataclass(frozen=True, slots=True)
class Scheme:
    """`change` of a slot's settings, for those customers that `when` is true of."""

    code: str
    name: str
    slot: str
    change: Mapping[str, Any]
    when: Mapping[str, Any] | None = None
    off: Mapping[str, Any] | None = None  # what "without" is, where that is not the plain slot


def mixed(**weights: float) -> dict[str, Any]:
    return {"sources": weights}


PLAIN: Final = {"similar": 0.7, "als": 0.3, "popular": 0.1}  # the sources of `home`
MIX: Final = {"popular": 0.3, "new_arrivals": 0.1, "on_sale": 0.1}


def share(of: str, **bounds: float) -> dict[str, Any]:
    return {"shares": [{"of": of, **bounds}]}


SCHEMES: Final = (
    Scheme("S1", "sensitive: 10 % on sale", "home", share("on_sale", at_least=0.1), SENSITIVE),
    Scheme("S1", "sensitive: 20 % on sale", "home", share("on_sale", at_least=0.2), SENSITIVE),
    Scheme("S1", "sensitive: 30 % on sale", "home", share("on_sale", at_least=0.3), SENSITIVE),
    Scheme("S1", "insensitive: 5 % new", "home", share("new", at_least=0.05), INSENSITIVE),
    Scheme("S1", "insensitive: 5 % services", "home", share("service", at_least=0.05), INSENSITIVE),
    Scheme("C5", "asleep: popular, new, on sale", "home", mixed(**PLAIN | MIX), ASLEEP),
    Scheme("C5", "asleep: and what they bought", "home", AGAIN, ASLEEP),
    Scheme("L1", "starting: session", "home", mixed(**PLAIN, session=0.5), STARTING),
    Scheme("L1", "starting: popular", "home", mixed(**PLAIN | {"popular": 0.5}), STARTING),
    Scheme(
        "F3", "referred: the referrer's items", "home", mixed(**PLAIN, from_referrer=0.3), BROUGHT
    ),
    Scheme("C3", "due items lead, 1 place", "my", {"lead": {"source": "due", "places": 1}}),
    Scheme("C3", "due items lead, 4 places", "my", {"lead": {"source": "due", "places": 4}}),
    Scheme("C4", "settled brands × 1.5, rivals × 0.5", "home", {"lock_in": {}}),
    Scheme("C4", "settled brands × 1.1, rivals × 0.9", "home", MILD),
    Scheme("C4", "settled brands × 1.1, rivals × 0.9", "my", MILD),
    Scheme("S4", "prices count, by price band", "home", {"delivered": {}}),
    Scheme("S2", "stock below 10 for top and large", "home", {"scarce": {}}),
    Scheme("A5", "complaints hide item and like", "my", {}, off={"complaints": False}),
    Scheme("L4", "other life stages are hidden", "my", {}, off={"life_stages": False}),
    Scheme("G6", "content at most 10 %", "home", share("content", at_most=0.1)),
)


@dataclass(frozen=True, slots=True)
class Met:
    """What one plan brings, by customer."""

    slates: NDArray[np.int32]  # (n_customers, SHOWN) rows of the simulation
    hits: NDArray[np.float64]
    revenue: NDArray[np.float64]
    repeats: NDArray[np.float64]


class World:
    """A simulated shop with the bundle that was trained on its log."""

    def __init__(self, customers: int, items: int, seed: int) -> None:
        from pathlib import Path
        from tempfile import TemporaryDirectory

        from caini.demo.shop import simulate
        from caini.demo.truth import wanted
        from caini.demo.world import DemoConfig
        from caini.demo.write import write_simulated
        from training.train import fit, open_source, read_settings

        self.simulated = simulate(DemoConfig(customers=customers, items=items, seed=seed))
        end = self.simulated.config.end_ms
        settings = read_settings(Path("config"))
        self.shop = settings.shop
        self.raw = tomllib.loads(Path("config/slots.toml").read_text(encoding="utf-8"))
        with TemporaryDirectory() as folder:
            log = Path(folder) / "log.parquet"
            write_simulated(self.simulated, log)
            source = open_source(log, None)
            self.bundle = fit(source, settings, {}, now=lambda: end, say=lambda _: None)
        places = {name: row for row, name in enumerate(self.simulated.items.ids)}
        names = self.bundle.items.ids(range(len(self.bundle.items)))
        self.item = np.array([places[name] for name in names], np.int32)
        rows = self.bundle.customers.rows(self.simulated.customers.ids)
        self.who = np.flatnonzero(rows >= 0).astype(np.int32)
        self.rows = rows[rows >= 0]
        truth = self.simulated.truth
        self.wants = [wanted(truth, int(row), end) for row in self.who]

    def meet(self, slot: str, settings: Mapping[str, Any], when: Mapping[str, Any] | None) -> Met:
        from caini.demo.truth import expect
        from engine.slots import check_slots
        from training.slates import slates_for

        left_out = {"overrides", "lead", "shares", "scarce", "lock_in", "delivered"}
        table = {key: value for key, value in self.raw[slot].items() if key not in left_out}
        changed = (
            {**table, **settings}
            if when is None or not settings
            else {**table, "overrides": [{"when": when, **settings}]}
        )
        plan = check_slots({slot: changed}, "bench", self.shop)[slot]
        found = slates_for(self.rows, plan, self.bundle, SHOWN).rows
        slates = np.where(found >= 0, self.item[found], np.int32(-1))
        end = self.simulated.config.end_ms
        brought = expect(self.simulated, self.who, slates, end, self.wants)
        return Met(slates, brought.hits, brought.revenue / 100, brought.repeats)


def main(words: list[str]) -> None:
    before = machine()
    customers, items, *seeds = [int(word) for word in words] or [5_000, 2_000, 7, 8, 9]
    met = [measured(World(customers, items, seed)) for seed in seeds]
    lines = [
        compared(scheme, joined([each[i][0] for each in met]), joined([each[i][1] for each in met]))
        for i, scheme in enumerate(SCHEMES)
    ]
    for line in lines:
        print(_said(line))
    sizes = {"customers": customers, "items": items, "seeds": seeds, "shown": SHOWN}
    keep("schemes", {**sizes, "schemes": lines}, before)


def measured(world: World) -> list[tuple[Met, Met]]:
    """Without and with each scheme, in the order of SCHEMES."""
    plain: dict[str, Met] = {}
    found = []
    for scheme in SCHEMES:
        key = f"{scheme.slot} {scheme.off}"
        if key not in plain:
            plain[key] = world.meet(scheme.slot, scheme.off or {}, None)
        found.append((plain[key], world.meet(scheme.slot, scheme.change, scheme.when)))
    return found


def joined(parts: list[Met]) -> Met:
    """The customers of several shops as those of one."""
    return Met(
        np.concatenate([part.slates for part in parts]),
        np.concatenate([part.hits for part in parts]),
        np.concatenate([part.revenue for part in parts]),
        np.concatenate([part.repeats for part in parts]),
    )


def compared(scheme: Scheme, without: Met, having: Met) -> dict[str, Any]:
    """Per 1,000 slates that the scheme changed."""
    touched = (without.slates != having.slates).any(axis=1)
    line: dict[str, Any] = {
        "code": scheme.code,
        "scheme": scheme.name,
        "slot": scheme.slot,
        "slates": int(touched.sum()),
    }
    if not touched.any():
        return line
    for name in ("hits", "revenue"):
        old, new = getattr(without, name)[touched], getattr(having, name)[touched]
        change = new - old
        spread = 1.96 * float(change.std()) / np.sqrt(len(change))
        line[name] = {
            "without": round(float(old.mean()) * 1000, 2),
            "with": round(float(new.mean()) * 1000, 2),
            "change": round(float(change.mean()) * 1000, 2),
            "interval": round(spread * 1000, 2),
        }
    for name, met in (("without", without), ("with", having)):
        hits = float(met.hits[touched].sum())
        line[f"repeat_rate_{name}"] = round(float(met.repeats[touched].sum()) / (hits or 1), 4)
    line["helps"] = bool(line["hits"]["change"] > line["hits"]["interval"])
    line["harms"] = bool(-line["hits"]["change"] > line["hits"]["interval"])
    return line


def _said(line: Mapping[str, Any]) -> str:
    start = f"{line['code']} {line['slot']:<5} {line['scheme']:<38} {line['slates']:>5} slates"
    if "hits" not in line:
        return f"{start}  nothing changed"
    hits, revenue = line["hits"], line["revenue"]
    verdict = "helps" if line["helps"] else "harms" if line["harms"] else "no difference"
    return (
        f"{start}  orders/1000 {hits['without']:.1f} → {hits['with']:.1f} "
        f"({hits['change']:+.1f} ± {hits['interval']:.1f})  revenue {revenue['change']:+.0f} "
        f"± {revenue['interval']:.0f}  repeats {line['repeat_rate_without']:.0%} → "
        f"{line['repeat_rate_with']:.0%}  {verdict}"
    )
