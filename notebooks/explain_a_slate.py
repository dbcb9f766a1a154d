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
# # Why this item for this customer? · 为什么推荐它
#
# The path of a request, one step a cell, on bundles of yours (`NOTEBOOK_BUNDLES=data/bundles`) or
# of a small simulated shop.

# %%
import polars as pl

from caini.opened import live_bundle
from caini.samples import CONFIG, sample_bundles
from engine.events import EventType
from engine.explain import explain
from engine.happened import Happened
from engine.query import Asked, enrich
from engine.ranking import Pool, arrange, fuse
from engine.reasons import say
from engine.recommend import fill, recommend, retrieve
from engine.shop_folder import read_folder
from engine.slot_rules import filters_of, weigh_by_rules
from engine.slot_shares import arrange_by_rules

bundle = live_bundle(sample_bundles())
_, slots = read_folder(CONFIG)
bundle.version, bundle.manifest.counts

# %% [markdown]
# ## Who is asking
#
# The first customer of the bundle who has bought several things. All that a rule can ask about is
# in `query.customer`.

# %%
now = bundle.manifest.watermark


def items_of(row: int) -> int:
    return len(bundle.customer_items.of(row))


row = next(r for r in range(len(bundle.customers)) if items_of(r) >= 5)
asked = Asked(n=8, customer_id=bundle.customers.id(row))
query = enrich(asked, bundle, now)
state = query.customer
{
    "stage": state.stage,
    "value class": state.value_class,
    "tier": state.tier,
    "price band": state.price_band,
    "segments": state.segments,
    "items in the history": len(query.history),
}


# %%
title = bundle.title_of
history = query.history
pl.DataFrame(
    {
        "item": [title(item) for item in history.rows.tolist()],
        "interest": history.weights.round(2),
        "bought": history.bought,
    }
).sort("interest", descending=True).head(8)

# %% [markdown]
# ## Retrieve: each source proposes

# %%
plan = slots["home"]
slot = plan.slot_for(query)
found = retrieve(query, slot, bundle)
for name, candidates in zip(slot.sources, found, strict=True):
    print(name, len(candidates), [title(item) for item in candidates.rows[:3].tolist()])

# %% [markdown]
# ## Fuse, filter, fill, arrange, and the slot's rules
#
# Scores of different sources are counted in means of their own best twenty, so that weights compare
# ([why](../docs/decisions/0004-scores-of-different-sources.md)).


# %%
def shown(pool: Pool) -> pl.DataFrame:
    top = pool.take(slice(8))
    return pl.DataFrame(
        {
            "item": [title(item) for item in top.rows.tolist()],
            "score": top.scores.round(3),
            "most from": [slot.names[place] for place in top.sources.tolist()],
        }
    )


pool = fuse(found, tuple(slot.sources.values()))
shown(pool)

# %%
filters = filters_of(query, slot, bundle)
passed = filters.filtered(pool)
gone = set(pool.rows.tolist()) - set(passed.rows.tolist())
print(f"{len(gone)} of {len(pool)} are filtered out:", [title(i) for i in sorted(gone)[:3]], "…")
filled = fill(weigh_by_rules(passed, query, slot, bundle), filters)
arranged = arrange_by_rules(arrange(filled, slot, bundle), filters)
shown(arranged)

# %% [markdown]
# ## Explain

# %%
slate = explain(arranged.take(slice(8)), query, slot, bundle)
pl.DataFrame(
    [
        {
            "item": title(served.row),
            "source": served.source,
            "en": say(served.reason, [title(item) for item in served.because], "en", served.days),
            "zh": say(served.reason, [title(item) for item in served.because], "zh", served.days),
        }
        for served in slate.items
    ]
)

# %% [markdown]
# ## And after one more look
#
# A view of something the customer never touched: it is folded over what the bundle knows, and the
# next slate shows it. This is what the server does with the events since the last training.

# %%
stranger = next(
    item for item in bundle.popular.rows.tolist() if item not in set(history.rows.tolist())
)
look = Happened("just-now", EventType.VIEW, now, asked.customer_id, None, bundle.items.id(stranger))
after = enrich(asked, bundle, now + 1000, tail=(look,))
again = recommend(after, plan, bundle)
print("looked at:", title(stranger))
before = {served.row for served in slate.items}
[title(served.row) for served in again.items if served.row not in before]
