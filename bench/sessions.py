"""How well the next look of a visit is foretold: P@20 and MRR@20, all items ranked.

python -m bench sessions FOLDER: a folder with train_sessions.txt (a visit a line: its items in
order) and test_sessions.txt (the begin of a visit, a tab, the item that came next). Each visit is
a visitor's and begins a minute after the one before, a look a minute. The source `session` is
asked through `engine.recommend`, as the server asks it; nothing is tuned here.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import polars as pl

from bench.machine import keep, machine

K: Final = 20
MINUTE_MS: Final = 60_000
BEGIN_MS: Final = 1_450_000_000_000  # any instant


def main(words: list[str]) -> None:
    if not words:
        return  # only on data that somebody has
    before = machine()
    folder = Path(words[0])
    with TemporaryDirectory() as scratch:
        bundle, fit_s = trained(folder / "train_sessions.txt", Path(scratch))
        figures = judged(bundle, folder / "test_sessions.txt")
    keep(f"sessions-{folder.name}", figures | {"fit_s": fit_s}, before)


def trained(visits: Path, scratch: Path) -> tuple[Any, float]:
    """The bundle of these visits by the shop's own settings, and the seconds it took."""
    from training.assemble import assemble, read_source
    from training.log import LogHeader, write_log
    from training.train import in_currency_of, open_source, read_settings

    log = scratch / "log.parquet"
    lines = [line.split() for line in visits.read_text("utf-8").splitlines()]
    lengths = np.array([len(line) for line in lines])
    owners = np.repeat(np.arange(len(lines)), lengths)
    steps = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    frame = pl.DataFrame(
        {
            "event_id": pl.Series(np.arange(len(owners))).cast(pl.String),
            "type": "view",
            "at": BEGIN_MS + (owners + steps) * MINUTE_MS,
            "visitor_id": pl.Series(owners).cast(pl.String),
            "item_id": [item for line in lines for item in line],
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("ms", "UTC")))
    write_log(frame, LogHeader(), log)
    started = time.perf_counter()
    settings, source = read_settings(Path("config")), open_source(log, None)
    shop = in_currency_of(settings.shop, source.header)
    bundle = assemble(source, read_source(source, shop), shop, settings.train, lambda _: None)
    return bundle, round(time.perf_counter() - started, 1)


def judged(bundle: Any, cases: Path) -> dict[str, Any]:
    """Each begin is asked about as the newest looks of a visitor whom nobody knows."""
    from engine.events import EventType
    from engine.happened import Happened
    from engine.query import Asked, enrich
    from engine.recommend import recommend
    from engine.slots import Slot, SlotPlan, Title

    slot = Slot(title=Title(en="next", zh="下一件"), sources={"session": 1.0}, repeat="always")
    plan, asked, now = SlotPlan("next", slot), Asked(n=K), bundle.manifest.watermark + MINUTE_MS
    ranks = []
    started = time.process_time()
    for line in cases.read_text("utf-8").splitlines():
        begin, wanted = line.split("\t")
        looks = begin.split()
        tail = [
            Happened(f"{place}", EventType.VIEW, now + place * MINUTE_MS, item_id=item)
            for place, item in enumerate(looks)
        ]
        query = enrich(asked, bundle, now + len(looks) * MINUTE_MS, tail=tail)
        found = [served.row for served in recommend(query, plan, bundle).items]
        row = bundle.items.row(wanted)
        ranks.append(found.index(row) + 1 if row in found else 0)
    spent = time.process_time() - started
    places = np.array(ranks)
    hits = places > 0
    return {
        "cases": len(places),
        f"precision@{K}": round(100 * float(hits.mean()), 2),
        f"mrr@{K}": round(100 * float((1 / np.maximum(places, 1) * hits).mean()), 2),
        "ms_a_case": round(1000 * spent / len(places), 3),
    }
