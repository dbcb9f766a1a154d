"""What looks (views, favourites, carts …) bring, weighed by nobody, by guess and by learning.

python -m bench looks [TRIALS CUSTOMERS ITEMS SEED…]

For each seed a shop is simulated. Weights are learned on the past of its log: one factor on all of
them, as `caini train` does, and one weight for each kind, as `caini tune` does in so many trials.
Then every way is trained on the past and judged on the hold-out, which no way has seen, all else
alike. Customers of all shops are pooled; each way is compared with purchases alone, pair by pair.
"""

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.machine import keep, machine

Floats = NDArray[np.float64]
METRIC: Final = "ndcg@20"
ALONE: Final = "purchases alone"


def main(words: list[str]) -> None:
    before = machine()
    trials, customers, items, *seeds = [int(word) for word in words] or [30, 5_000, 2_000, 7, 8, 9]
    shops = [measured(trials, customers, items, seed) for seed in seeds]
    marks = [shop.pop("marks") for shop in shops]
    sizes = {"trials": trials, "customers": customers, "items": items, "seeds": seeds}
    keep("looks", {**sizes, "ways": compared(marks), "shops": shops}, before)


def measured(trials: int, customers: int, items: int, seed: int) -> dict[str, Any]:
    """What each way was weighed by, and its marks of each part."""
    from caini.demo.shop import simulate
    from caini.demo.world import DemoConfig
    from caini.demo.write import write_simulated
    from training.evaluate import evaluate, personal_and_popular
    from training.train import open_source, read_settings

    settings = read_settings(Path("config"))
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.parquet"
        write_simulated(simulate(DemoConfig(customers=customers, items=items, seed=seed)), log)
        source = open_source(log, None)
        told: dict[str, Any] = {"seed": seed, "weights": {}, "marks": {}}
        plans = personal_and_popular(settings.slots, settings.train)
        del plans["popular"]
        for name, shop in ways(source, settings, trials, Path(folder)).items():
            (line,) = evaluate(source, shop, settings.train, plans, print).lines
            told["marks"][name] = {part: found[METRIC] for part, found in line.marks.items()}
            told["weights"][name] = {
                str(kind): weight for kind, weight in shop.interactions.weights.items()
            }
    return told


def ways(source: Any, settings: Any, trials: int, folder: Path) -> dict[str, Any]:
    """Shops that differ in the weights of their looks alone."""
    from training.looks import with_looks
    from training.train import searched, without_search
    from training.tune.journal import journal_at
    from training.tune.knobs import turned, weights_of_looks
    from training.tune.opening import World, open_window
    from training.tune.study import Limit, Room, explore

    shop = settings.shop
    told = searched(source, settings, None, print).told  # nothing where too few can judge
    factor = float(told["chosen"]["looks"]) if told else 1.0
    window, present, _ = open_window(source, without_search(settings), World(tell=print))
    knobs = weights_of_looks(source.log, present)
    room = Room("looks", knobs, lambda one: window.marks(one, window.choosing))
    with journal_at(folder / "journal") as storage:
        found = explore(room, present, "", storage, Limit(trials), print)
    each = turned(present, knobs, found.values).shop.interactions
    return {
        ALONE: with_looks(shop, 0.0),
        "guessed": shop,
        f"one factor, learned (× {factor:g})": with_looks(shop, factor),
        "each kind, learned": shop.model_copy(update={"interactions": each}),
    }


def compared(shops: list[dict[str, dict[str, Floats]]]) -> dict[str, Any]:
    """Each way by its place: a learned one may have another name in each shop."""
    from training.significance import bootstrap, compare

    rng = np.random.default_rng(1)
    tables = [list(shop.items()) for shop in shops]
    parts = tables[0][0][1]
    pooled = [
        {part: np.concatenate([table[place][1][part] for table in tables]) for part in parts}
        for place in range(len(tables[0]))
    ]
    names = [name.split(" (")[0] for name, _ in tables[0]]
    return {
        name: {
            part: {
                "customers": len(marks[part]),
                METRIC: asdict(bootstrap(marks[part], rng)),
                f"against {ALONE}": asdict(compare(marks[part], pooled[0][part], rng)),
                "against guessed": asdict(compare(marks[part], pooled[1][part], rng)),
            }
            for part in parts
        }
        for name, marks in zip(names, pooled, strict=True)
    }
