# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Who the customers are, and what they will bring · 顾客与价值
#
# The schemes are those of [docs/customers.md](../docs/customers.md); their settings are in
# `config/shop.toml`.

# %%
import numpy as np
import polars as pl

from caini.opened import live_bundle
from caini.samples import sample_bundles
from engine.customers.history import fold
from engine.customers.labels import label
from engine.customers.state import assess
from engine.events import EventType
from engine.happened import Happened
from engine.query import Asked, enrich
from training.models.lifetime_value import (
    LifetimeValueConfig,
    active_chance,
    expected_purchases,
    expected_spend,
    recurrence,
)
from training.models.lifetime_value import fit as fit_value

bundle = live_bundle(sample_bundles())
now, minor = bundle.manifest.watermark, 10**bundle.shop.shop.minor_units

# %% [markdown]
# ## Everybody at one instant
#
# `enrich` gives the state that a request would see; here it is asked for each customer in turn.

# %%
states = [
    enrich(Asked(n=1, customer_id=bundle.customers.id(row)), bundle, now).customer
    for row in range(min(len(bundle.customers), 5_000))
]
people = pl.DataFrame(
    {
        "value_class": [state.value_class for state in states],
        "stage": [state.stage for state in states],
        "tier": [state.tier or "–" for state in states],
        "price_band": [state.price_band for state in states],
        "orders": [state.orders for state in states],
        "spent": [state.monetary_minor / minor for state in states],
    }
)
classes = people.group_by("value_class").agg(
    customers=pl.len(),
    spent=pl.col("spent").sum().round(0),
    orders=pl.col("orders").mean().round(1),
)
classes.with_columns(
    zh=pl.Series([label("value_class", name, "zh") for name in classes["value_class"]]),
    share_of_sales=(pl.col("spent") / pl.col("spent").sum()).round(3),
).sort("spent", descending=True)

# %% [markdown]
# ## Life-cycle against value
#
# Large customers who are dormant or at risk are where a call is worth most.

# %%
people.group_by("stage").agg(
    customers=pl.len(),
    spent=pl.col("spent").sum().round(0),
    large_or_top=pl.col("value_class").is_in(["top", "large"]).sum(),
).sort("spent", descending=True)

# %% [markdown]
# ## One order moves a customer at once
#
# The thresholds were computed at training; the facts are folded as they come.

# %%
row = next(r for r, state in enumerate(states) if state.value_class == "small")
past = bundle.snapshot.history_of(row)
price = int(1_000_000 * minor)
order = Happened(
    "one-large-order",
    EventType.PURCHASE,
    now,
    customer_id=bundle.customers.id(row),
    item_id=bundle.items.id(0),
    unit_price_minor=price,
    order_id="one-large-order",
)
after = assess(fold(past, order), bundle.thresholds, bundle.schemes, now, row=row)
before = assess(past, bundle.thresholds, bundle.schemes, now, row=row)
{name: (getattr(before, name), getattr(after, name)) for name in ("value_class", "tier", "points")}

# %% [markdown]
# ## What they will bring
#
# BG/NBD and Gamma-Gamma, fitted by maximum likelihood: the chance that a customer is still one, the
# orders of the next twelve weeks, and what an order of theirs is worth.

# %%
told = recurrence(bundle.snapshot, now, bundle.shop.shop.minor_units)
model = fit_value(told, LifetimeValueConfig())
coming = expected_purchases(model, told, 12)
worth = coming * expected_spend(model, told)
best = np.argsort(-worth)[:5]
pl.DataFrame(
    {
        "customer": [bundle.customers.id(int(told.customers[who])) for who in best],
        "still a customer": active_chance(model, told)[best].round(2),
        "orders in 12 weeks": coming[best].round(2),
        "worth": worth[best].round(0),
    }
)
