"""Links of the log, and the log with each person under one id.

What is trained on is the log with every linked id turned into the canonical one. What each id did
alone is kept beside it in the bundle, so that a link can be taken away without a training.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import polars as pl

from engine.bundle import NO_LINKED, Linked
from engine.customers.identity import (
    Identity,
    id_of,
    identity_of,
    to_text,
    word_of,
)
from engine.customers.referrer import referrer_in
from engine.customers.snapshot import TABLES, CustomerSnapshot
from engine.events import LINKS, EventType
from engine.happened import Happened
from engine.ids import IdMap
from engine.interactions import InteractionConfig
from engine.item_history import CustomerItems
from engine.text import TextColumn
from training.customer_facts import snapshot
from training.interactions import read_interactions
from training.ragged import offsets_of
from training.visitors import joined

_OF_LINKS: Final = pl.col("type").is_in(sorted(LINKS))
_ALONE: Final = "\0v:"  # before the id of a visitor who stands where customers do, for a while


def identity_in(log: pl.LazyFrame) -> Identity:
    """What the link lines of a log say together."""
    lines = log.filter(_OF_LINKS).select(
        "event_id", "type", "customer_id", "properties", pl.col("at").dt.epoch("ms")
    )
    told = (word_of(_event(line)) for line in lines.collect().iter_rows(named=True))
    return identity_of(word for word in told if word is not None)


def _event(line: dict[str, Any]) -> Happened:
    return Happened(
        event_id=line["event_id"],
        type=EventType(line["type"]),
        at=line["at"],
        customer_id=line["customer_id"],
        properties=json.loads(line["properties"] or "{}"),
    )


def resolved(log: pl.LazyFrame, identity: Identity) -> pl.LazyFrame:
    """The log without its link lines, each person under their canonical id, in its order."""
    log = log.filter(~_OF_LINKS)
    if not identity.links:
        return log
    columns = log.collect_schema().names()
    roots = {node: identity.root(node) for node in identity.links}
    visitors = {id_of(node): id_of(root) for node, root in roots.items() if node[0] == "v"}
    customers = {id_of(node): id_of(root) for node, root in roots.items() if node[0] == "c"}
    own = pl.col("customer_id")
    return (
        _looked_up(log, _table("visitor_id", "_visitor", visitors))
        .with_columns(pl.coalesce(own, "_visitor"))
        .pipe(_looked_up, _table("customer_id", "_customer", customers))
        .with_columns(pl.coalesce("_customer", own).alias("customer_id"))
        .with_columns(_properties(log, customers))
        .select(columns)
    )


def _looked_up(log: pl.LazyFrame, table: pl.LazyFrame) -> pl.LazyFrame:
    key = table.collect_schema().names()[0]
    return log.join(table, on=key, how="left", maintain_order="left")


def _table(key: str, value: str, pairs: dict[str, str]) -> pl.LazyFrame:
    schema = {key: pl.String, value: pl.String}
    return pl.LazyFrame({key: [*pairs], value: [*pairs.values()]}, schema=schema)


def _properties(log: pl.LazyFrame, customers: dict[str, str]) -> pl.Expr:
    """Referrals name their referrer by the canonical id too."""
    of_referral = pl.col("type") == EventType.REFERRAL
    told = log.filter(of_referral).select(pl.col("properties").drop_nulls().unique()).collect()
    renamed = {}
    for text in told.to_series():
        said = json.loads(text)
        root = customers.get(referrer_in(said, None) or "")
        if root is not None:
            renamed[text] = json.dumps({**said, "referrer_id": root}, ensure_ascii=False)
    properties = pl.col("properties")
    if not renamed:
        return properties
    new = properties.replace(list(renamed), list(renamed.values()))
    return pl.when(of_referral).then(new).otherwise(properties)


def linked_of(
    raw: pl.LazyFrame,
    identity: Identity,
    items: Sequence[str],
    config: InteractionConfig,
    watermark: int,
) -> Linked:
    """What each linked id did alone; `raw` is the log as it lies."""
    nodes = sorted(node for node in identity.nodes() if node[0] != "h")
    if not nodes:
        return NO_LINKED
    names = [id_of(node) if node[0] == "c" else _ALONE + id_of(node) for node in nodes]
    parts = identity.parts()
    texts = {id(part): to_text(part) for part in parts.values()}
    log = _each_alone(raw, [id_of(node) for node in nodes if node[0] == "v"])
    newcomers = _brought_by(log, names)
    people = snapshot(log, [*names, *newcomers])
    own = log.filter(pl.col("customer_id").is_in(names))
    return Linked(
        nodes=IdMap.build(nodes),
        around=TextColumn.build(texts[id(parts[node])] for node in nodes),
        snapshot=_first(people, len(nodes)),
        items=_items(own, names, items, config, watermark),
    )


def _each_alone(raw: pl.LazyFrame, visitors: Sequence[str]) -> pl.LazyFrame:
    """The log without its link lines, with linked visitors in the place of customers."""
    visitor = pl.col("visitor_id")
    mine = pl.col("customer_id").is_null() & visitor.is_in(list(visitors))
    alone = pl.when(mine).then(pl.concat_str(pl.lit(_ALONE), visitor)).otherwise("customer_id")
    return joined(raw.filter(~_OF_LINKS).with_columns(alone.alias("customer_id")))


def _brought_by(log: pl.LazyFrame, names: Sequence[str]) -> list[str]:
    """Whose purchases the people of `names` learn of, and who is above any of them, for a ring may
    close there (F1); without the people of `names`.
    """
    named = log.filter(pl.col("type") == EventType.REFERRAL).select("customer_id", "properties")
    referrers, found, above = {*names}, {*names}, dict[str, set[str]]()
    for customer, text in named.drop_nulls().unique().collect().iter_rows():
        referrer = referrer_in(json.loads(text), customer)
        if referrer is not None:
            above.setdefault(customer, set()).add(referrer)
            found |= {customer} if referrer in referrers else set()
    left = [*found]
    while left:
        further = above.get(left.pop(), set()) - found
        found |= further
        left += further
    return sorted(found - referrers)


def _first(people: CustomerSnapshot, n: int) -> CustomerSnapshot:
    """Only the first `n` rows."""
    ends = dict(zip(TABLES, people.offsets[n].tolist(), strict=True))
    tables = {name: getattr(people, name)[:, :end] for name, end in ends.items()}
    return replace(
        people,
        moments=people.moments[:n],
        offsets=people.offsets[: n + 1],
        referrers=people.referrers[:n],
        **tables,
    )


def _items(
    own: pl.LazyFrame,
    names: Sequence[str],
    items: Sequence[str],
    config: InteractionConfig,
    watermark: int,
) -> CustomerItems:
    """In the order of `names`; ids under which nobody did anything have nothing."""
    data = read_interactions(own, config, extra_items=items, watermark=watermark)
    places = {name: row for row, name in enumerate(names)}
    owners = np.array([places[name] for name in data.customer_ids], np.int64)
    pairs = np.repeat(owners, np.diff(data.offsets)[: data.n_customers])
    order = np.argsort(pairs, kind="stable")
    offsets = offsets_of(pairs[order].astype(np.int32), len(names))
    return CustomerItems(offsets, **data.item_columns(order))
