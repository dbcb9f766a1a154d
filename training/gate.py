"""May a new bundle go live? Every reason against it, found before any customer meets it.

Two kinds of comparison, and no bundle is asked what it has been told:
- quality by the bundles of the two hold-outs, which know nothing of what they are judged by;
- everything else by the very bundles that are live and would be.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from engine.bundle import Bundle
from engine.bundle_files import read_bundle
from engine.catalogue import UNKNOWN, Catalogue
from engine.errors import BundleError
from engine.ids import IdMap
from engine.slots import Repeat, find_slot
from engine.types import DAY_MS
from training.agreement import agreement
from training.assemble import Source
from training.duel import held_out, quality, repeating, slate_faults
from training.evaluate import split_of
from training.findings import Finding, Severity, errors
from training.gate_config import GateConfig
from training.soundness import soundness
from training.train import Settings

Rehearse = Callable[[Path], Sequence[str]]
"""Starts a server on a folder of one bundle and asks it; gives what went wrong."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Folders of bundles. A twin is trained as the bundle was, on all but its hold-out."""

    challenger: Path
    twin: Path | None
    champion: Path | None = None  # None: nothing is live
    champion_twin: Path | None = None


def judge(
    contest: Contest, source: Source, settings: Settings, rehearse: Rehearse | None
) -> list[Finding]:
    """Errors refuse the challenger. The costly looks come last, and only at what is sound."""
    config = settings.train.gate
    try:
        challenger = read_bundle(contest.challenger)
    except BundleError as error:
        return [Finding("whole", Severity.ERROR, str(error))]
    found = soundness(challenger, index_recall=config.index_recall)
    if errors(found):
        return found
    rng = np.random.default_rng(settings.train.seed)
    found += agreement(challenger, source.log, config, rng)
    champion, told = _champion(contest)
    found += told
    if champion is not None:
        found += _older_or_smaller(challenger, champion, config)
    found += _slates(challenger, champion, settings, rng)
    if champion is not None and not errors(found):
        found += _duel(contest, source, settings, rng)
    if config.server and rehearse is not None and not errors(found):
        found += _rehearsal(rehearse(contest.challenger))
    return found


def _champion(contest: Contest) -> tuple[Bundle | None, list[Finding]]:
    """A damaged one must not keep a good bundle out."""
    if contest.champion is None:
        return None, []
    try:
        return read_bundle(contest.champion), []
    except BundleError as error:
        said = f"cannot be compared with: {error}"
        return None, [Finding("champion", Severity.WARNING, said)]


def _older_or_smaller(
    challenger: Bundle, champion: Bundle, config: GateConfig
) -> Iterator[Finding]:
    age = (champion.manifest.watermark - challenger.manifest.watermark) / DAY_MS
    if age > 0:
        said = f"ends {age:.1f} days before the champion's last event"
        yield Finding("freshness", Severity.ERROR, said, age)
    if _stream(challenger) < _stream(champion):
        said = f"holds the stream up to {challenger.manifest.stream_through}, the champion up to "
        yield Finding("stream", Severity.ERROR, said + champion.manifest.stream_through)
    for check, share, limit, said in (
        ("lost_items", _lacking(challenger.items, champion.items), config.lost_items,
         "of the champion's items are gone"),
        ("catalogue_overlap", _lacking(champion.items, challenger.items), config.new_items,
         "of the items are new; is it another shop's catalogue?"),
        ("lost_customers", _lacking(challenger.customers, champion.customers),
         config.lost_customers, "of the champion's customers are gone"),
    ):  # fmt: skip
        yield _at_most(limit, share, check, f"{share:.1%} {said}")
    fewer = 1 - challenger.sellable.sum() / max(champion.sellable.sum(), 1)
    than = f"{'fewer' if fewer >= 0 else 'more'} items can be sold than the champion had"
    yield _at_most(config.lost_sellable, fewer, "lost_sellable", f"{abs(fewer):.1%} {than}")
    yield from _described_less(challenger.catalogue, champion.catalogue, config.lost_described)


def _described_less(ours: Catalogue, theirs: Catalogue, limit: float) -> Iterator[Finding]:
    """Where a catalogue file is gone, ids and all that was learnt are still whole."""
    before, now = _described(theirs), _described(ours)
    for check, what in (
        ("lost_titles", "a title"), ("lost_prices", "a price"), ("lost_categories", "a category"),
    ):  # fmt: skip
        lost = 1 - now[check] / before[check] if before[check] else 0.0
        said = f"{now[check]:.1%} of the items have {what}, of the champion's {before[check]:.1%}"
        asks = "; is the catalogue file there, and whole?" if lost > limit else ""
        yield _at_most(limit, lost, check, said + asks)


def _described(catalogue: Catalogue) -> dict[str, float]:
    """Shares of the items, by the check that looks at them."""
    known = {
        "lost_titles": np.diff(catalogue.titles.offsets) > 0,
        "lost_prices": catalogue.price_minor != UNKNOWN,
        "lost_categories": catalogue.category != UNKNOWN,
    }
    return {check: float(there.mean()) if len(there) else 0.0 for check, there in known.items()}


def _at_most(limit: float, share: float, check: str, said: str) -> Finding:
    severity = Severity.ERROR if share > limit else Severity.OK
    return Finding(check, severity, said, round(float(share), 6))


def _stream(bundle: Bundle) -> tuple[int, ...]:
    return tuple(int(part) for part in bundle.manifest.stream_through.split("-"))


def _lacking(ids: IdMap, of: IdMap) -> float:
    """Share of `of` that `ids` lacks."""
    known = ids.rows(of.ids(range(len(of))))
    return float((known < 0).mean()) if len(of) else 0.0


def _slates(
    challenger: Bundle, champion: Bundle | None, settings: Settings, rng: np.random.Generator
) -> Iterator[Finding]:
    config = settings.train.gate
    among = challenger if champion is None else champion
    drawn = rng.choice(
        len(among.customers), min(config.customers, len(among.customers)), replace=False
    )
    customers = among.customers.ids(np.sort(drawn).tolist())
    plan = find_slot(settings.slots, settings.train.evaluation.discovery_slot)
    try:
        yield from slate_faults(plan, challenger, champion, customers, config, rng)
    except Exception as error:  # noqa: BLE001 - whatever it is, a customer would meet it
        yield Finding("answers", Severity.ERROR, f"cannot fill slot {plan.name}: {error!r}")


def _duel(
    contest: Contest, source: Source, settings: Settings, rng: np.random.Generator
) -> Iterator[Finding]:
    """On what came after this cut, which neither has seen; else they are not compared."""
    train = settings.train
    if contest.twin is None:
        yield Finding("quality", Severity.WARNING, "no hold-out was kept to compare by")
        return
    twin, other = read_bundle(contest.twin), _rival(contest)
    split, described = split_of(source, train)
    if other is None or source.header.timeless or _seen(other, split.test):
        said = f"the champion has seen some of the hold-out ({described}); not compared"
        yield Finding("quality", Severity.WARNING, said)
        return
    now = twin.manifest.watermark
    for name, slot, policy, past in (
        ("quality", train.evaluation.slot, Repeat.ALWAYS, None),
        ("discoveries", train.evaluation.discovery_slot, Repeat.NEVER, split.train),
    ):
        plan = repeating(find_slot(settings.slots, slot), policy)
        asked = held_out(split.test, past, train.gate.customers, rng)
        yield quality(name, plan, (twin, other), asked, train.gate, now=now, rng=rng)


def _rival(contest: Contest) -> Bundle | None:
    """The champion's own twin; the champion itself where none was kept."""
    for folder in (contest.champion_twin, contest.champion):
        if folder is not None and folder.is_dir():
            try:
                return read_bundle(folder)
            except BundleError:
                continue
    return None


def _seen(bundle: Bundle, test: pl.LazyFrame) -> bool:
    first = test.select(pl.col("at").dt.epoch("ms").min()).collect().item()
    return first is None or bundle.manifest.watermark >= first


def _rehearsal(faults: Sequence[str]) -> list[Finding]:
    if not faults:
        return [Finding("server", Severity.OK, "a server answers every request")]
    return [Finding("server", Severity.ERROR, fault) for fault in faults]
