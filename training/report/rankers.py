"""What a training decided about learned rankers, as its manifest tells it (decision 18)."""

import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from engine.bundle import Manifest
from training.ranker_config import RankerConfig
from training.report.section import Section
from training.report.speech import Speech

FEW: Final = re.compile(r"(?P<found>\d+) customers bought .*; (?P<needed>\d+) needed")
OFF: Final = {
    "as configured": "configured",
    "the log has no times": "timeless",
    "the log is too short to be split": "short",
}
"""The trainer's words for why nothing was learned → the report's."""

SCHEMA: Final = {
    "slot": pl.String,
    "decision": pl.String,
    "customers": pl.Int64,
    "ndcg_without": pl.Float64,
    "ndcg_with": pl.Float64,
    "ndcg_change": pl.Float64,
    "ndcg_from": pl.Float64,
    "ndcg_to": pl.Float64,
    "p_value": pl.Float64,
}


def rankers(manifest: Manifest, speech: Speech) -> tuple[list[Section], list[str]]:
    """The table of slots that might have one, or a sentence on why none was learned.

    Neither where no slot names one.
    """
    told: Mapping[str, Any] = manifest.ranker
    if not told:
        return [], []
    if "off" in told:
        return [], [_off(str(told["off"]), speech)]
    rows = [_row(slot, found) for slot, found in sorted(told.items())]
    k = RankerConfig.model_validate(manifest.settings.get("ranker", {})).k
    return [Section("rankers", pl.DataFrame(rows, schema=SCHEMA), note={"k": k})], []


def _row(slot: str, told: Mapping[str, Any]) -> dict[str, Any]:
    if "why" in told:
        return {"slot": slot, "decision": "few"}
    low, mean, high = told["difference"]
    return {
        "slot": slot,
        "decision": "taken" if told["on"] else "refused",
        "ndcg_change": mean,
        "ndcg_from": low,
        "ndcg_to": high,
        **{name: told[name] for name in ("customers", "ndcg_without", "ndcg_with", "p_value")},
    }


def _off(why: str, speech: Speech) -> str:
    few = FEW.match(why)
    if few is not None:
        counts = {
            name: speech.show("customers", int(count)) for name, count in few.groupdict().items()
        }
        return speech.say("ranker.few", **counts)
    return speech.say(f"ranker.{OFF[why]}") if why in OFF else speech.say("ranker.other", why=why)
