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
# # Train, and find out whether a change is better · 训练与比较
#
# Every number here is of the last part of the log, which nothing that is fitted has seen.

# %%
from dataclasses import replace

import numpy as np
import polars as pl

from caini.samples import CONFIG, sample_log
from engine.slots import Repeat, Slot, SlotPlan, Title
from training.assemble import assemble, read_source
from training.evaluate import evaluate, personal_and_popular, split_of
from training.metrics import judge, ndcg, recall
from training.significance import compare
from training.slates import slates_for
from training.split import truth_of
from training.train import in_currency_of, open_source, read_settings

log_file = sample_log()

settings = read_settings(CONFIG, search=False)
source = open_source(log_file, None)
shop = in_currency_of(settings.shop, source.header)


def quiet(step: str) -> None:
    del step


# %% [markdown]
# ## What `caini train` prints
#
# The personal path against what everybody gets. `everything` counts all that was bought;
# `new_items` only what the customer had not bought before.

# %%
plans = personal_and_popular(settings.slots, settings.train)
found = evaluate(source, shop, settings.train, plans, quiet)
pl.DataFrame(
    [
        {"path": line.name, "of": part, **{k: round(v, 4) for k, v in getattr(line, part).items()}}
        for line in found.lines
        for part in ("everything", "new_items")
    ]
)

# %% [markdown]
# ## One change, judged on the same customers
#
# Is a slot better when what the customer buys often leads it? Two plans, one bundle, the customers
# of the hold-out, and a paired test: the interval is of the *difference*.

# %%
split, described = split_of(source, settings.train)
past = source.of(split.train)
data = read_source(past, shop)
bundle = assemble(past, data, shop, settings.train, quiet)
truth = truth_of(split.test, data)


def judged(sources: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    slot = Slot(title=Title(en="x", zh="x"), sources=sources, repeat=Repeat.ALWAYS, fallback=())
    slates = slates_for(truth.customers, SlotPlan("x", slot), bundle, 20)
    outcome = judge(slates.rows, truth)
    return recall(outcome, 10), ndcg(outcome, 10)


without = judged({"similar": 0.7, "als": 0.3})
with_repeats = judged({"again": 0.5, "similar": 0.35, "als": 0.15})
rows = []
for name, ours, theirs in zip(("recall@10", "ndcg@10"), with_repeats, without, strict=True):
    told = compare(ours, theirs, np.random.default_rng(7))
    rows.append(
        {
            "metric": name,
            "without": round(theirs.mean(), 4),
            "with": round(ours.mean(), 4),
            "difference": round(told.difference.mean, 4),
            "from": round(told.difference.low, 4),
            "to": round(told.difference.high, 4),
            "p": round(told.p_value, 4),
        }
    )
described, len(truth), pl.DataFrame(rows)

# %% [markdown]
# An interval that holds 0 says: not proven. Then the simpler of the two is the better one.
#
# ## One model setting
#
# Settings are values: change one, assemble again, and compare as above. Choose on a *validation*
# part, cut from what comes before the hold-out, as here: the hold-out is for the last look.

# %%
earlier, _ = split_of(past, settings.train)
ground = past.of(earlier.train)
known = read_source(ground, shop)
target = truth_of(earlier.test, known)
rows = []
for factors in (16, 64):
    als = settings.train.als.model_copy(update={"factors": factors})
    changed = replace(settings, train=settings.train.model_copy(update={"als": als}))
    fitted = assemble(ground, known, shop, changed.train, quiet)
    title = Title(en="x", zh="x")
    slot = Slot(title=title, sources={"als": 1.0}, repeat=Repeat.ALWAYS, fallback=())
    outcome = judge(slates_for(target.customers, SlotPlan("x", slot), fitted, 20).rows, target)
    rows.append({"factors": factors, "recall@10": round(recall(outcome, 10).mean(), 4)})
pl.DataFrame(rows)
