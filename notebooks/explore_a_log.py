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
# # What a behaviour log tells before any model · 先看日志
#
# Give it your own log with `NOTEBOOK_LOG=data/log.parquet` (made by `caini import`); without one, a
# small shop is simulated.

# %%
import polars as pl

from caini.samples import sample_log
from training.log import read_header

log_file = sample_log()
header = read_header(log_file)
log = pl.read_parquet(log_file)
minor = 10**header.minor_units
log.height, log["at"].min(), log["at"].max()

# %% [markdown]
# ## What happened, and how much of it is known to be somebody's

# %%
log.group_by("type").agg(
    events=pl.len(),
    customers=pl.col("customer_id").n_unique(),
    of_a_customer=pl.col("customer_id").is_not_null().mean().round(3),
).sort("events", descending=True)

# %% [markdown]
# Events without a customer still teach which items go together; they cannot be anybody's history.
#
# ## Money by month

# %%
sold = log.filter(pl.col("type") == "purchase").with_columns(
    money=pl.col("quantity") * pl.col("unit_price_minor").fill_null(0) / minor,
    month=pl.col("at").dt.truncate("1mo").dt.date(),
)
sold.group_by("month").agg(
    pl.col("money").sum().round(0),
    orders=pl.col("order_id").n_unique(),
    buyers=pl.col("customer_id").n_unique(),
).sort("month")

# %% [markdown]
# ## How the money is spread over customers
#
# If the first tenth brings most of it, knowing *who is asking* is worth more than a better model.

# %%
spent = (
    sold.filter(pl.col("customer_id").is_not_null())
    .group_by("customer_id")
    .agg(pl.col("money").sum(), orders=pl.col("order_id").n_unique())
    .sort("money", descending=True)
    .with_columns(share=pl.col("money").cum_sum() / pl.col("money").sum())
)
{
    f"best {part:.0%}": round(spent["share"][max(int(len(spent) * part) - 1, 0)], 3)
    for part in (0.01, 0.1, 0.2, 0.5)
}

# %% [markdown]
# ## Do people come back, and when?
#
# The middle of the gaps between two orders is the shop's repurchase cycle; the slots and the
# life-cycle stages count in it.

# %%
gaps = (
    sold.filter(pl.col("customer_id").is_not_null())
    .group_by("customer_id", "order_id")
    .agg(pl.col("at").min())
    .sort("customer_id", "at")
    .with_columns(days=pl.col("at").diff().over("customer_id").dt.total_hours() / 24)
    .drop_nulls("days")
)
one_order = (spent["orders"] == 1).mean()
{
    "bought once only": round(one_order, 3),
    "quarter, middle, three quarters of the gaps in days": [
        round(gaps["days"].quantile(q), 1) for q in (0.25, 0.5, 0.75)
    ],
}

# %% [markdown]
# ## Is what they buy again the same thing?
#
# Where this share is high, an honest evaluation must tell repeats from discoveries, and a slot's
# `repeat` policy matters more than its sources.

# %%
pairs = (
    sold.filter(pl.col("customer_id").is_not_null())
    .group_by("customer_id", "item_id")
    .agg(pl.col("order_id").n_unique())
)
round((pairs["order_id"] > 1).mean(), 3)

# %% [markdown]
# ## The long tail of items

# %%
items = sold.group_by("item_id").agg(pl.col("quantity").sum()).sort("quantity", descending=True)
items = items.with_columns(share=pl.col("quantity").cum_sum() / pl.col("quantity").sum())
{
    "items that sold": len(items),
    "of them make half of the sales": int((items["share"] < 0.5).sum()) + 1,
    "sold fewer than five": int((items["quantity"] < 5).sum()),
}
