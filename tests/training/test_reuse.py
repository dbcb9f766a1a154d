"""Steps are done again when what they ask for has changed, and only then."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.bundle_files import write_bundle
from tests.conftest import CONFIG, silent
from training.assemble import assemble, read_source
from training.models.als import AlsConfig
from training.reuse import Reuse
from training.train import Settings, open_source, read_settings, without_search

SETTINGS = without_search(read_settings(CONFIG))


def test_a_step_is_done_again_for_other_inputs_alone() -> None:
    calls: list[str] = []

    def made(table: object, config: AlsConfig, *, seed: int) -> int:
        calls.append("made")
        return len(calls)

    do, table, config = Reuse(), np.zeros(3), AlsConfig()
    assert do(made, table, config, seed=1) == 1
    assert do(made, table, AlsConfig(), seed=1) == 1, "settings are what they say"
    assert do(made, table.copy(), config, seed=1) == 2, "a table is itself alone"
    assert do(made, table, config, seed=1) == 3, "no older one is kept"
    assert do(made, table, AlsConfig(factors=3), seed=1) == 4
    assert do(made, table, config, seed=2) == 5
    assert do(made, table, config=config, seed=2) == 6
    assert do(made, table, config=config, seed=2) == 6


def turned(*, alpha: float = 30, half_life: float = 90, neighbours: int = 200) -> Settings:
    train, shop = SETTINGS.train, SETTINGS.shop
    als = train.als.model_copy(update={"alpha": alpha, "factors": 8})
    similar = train.similar.model_copy(update={"neighbours": neighbours})
    interactions = shop.interactions.model_copy(update={"half_life_days": half_life})
    return replace(
        SETTINGS,
        shop=shop.model_copy(update={"interactions": interactions}),
        train=train.model_copy(update={"als": als, "similar": similar}),
    )


def test_a_bundle_of_steps_that_were_kept_is_the_bundle_made_afresh(
    small_log: Path, tmp_path: Path
) -> None:
    """Whatever is turned, one after the other, file by file."""
    source, do = open_source(small_log, None), Reuse()
    ways = [
        turned(),
        turned(alpha=5),
        turned(alpha=5, neighbours=20),
        turned(half_life=7),
        turned(),
    ]
    for place, one in enumerate(ways):
        data = do(read_source, source, one.shop)
        kept = assemble(source, data, one.shop, one.train, silent, do=do)
        fresh_data = read_source(source, one.shop)
        fresh = assemble(source, fresh_data, one.shop, one.train, silent)
        folders = [tmp_path / f"{place} {name}" for name in ("kept", "fresh")]
        for bundle, folder in zip((kept, fresh), folders, strict=True):
            folder.mkdir()
            write_bundle(bundle, folder)
        files = [{path.name: path.read_bytes() for path in f.iterdir()} for f in folders]
        assert files[0].keys() == files[1].keys()
        assert [name for name in files[0] if files[0][name] != files[1][name]] == []
