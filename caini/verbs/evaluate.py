"""`caini evaluate`: the path beside its sources on the last part of a log."""

from pathlib import Path

from rich.console import Console

from caini.printed import print_json
from caini.verbs.train import print_evaluation, wall_clock
from training.evaluate import evaluate, every_source
from training.train import in_currency_of, open_source, read_settings, require_past


def run(log: Path, *, items: Path | None, config: Path, quiet: bool, as_json: bool) -> None:
    settings = read_settings(config)
    source = open_source(log, items)
    require_past(source, wall_clock())
    shop = in_currency_of(settings.shop, source.header)
    with Console(stderr=True, quiet=quiet or as_json).status("evaluate") as status:
        evaluation = evaluate(
            source,
            shop,
            settings.train,
            every_source(settings.slots, settings.train),
            lambda step: status.update(f"evaluate: {step} …"),
        )
    if as_json:
        print_json({**evaluation.as_json(), "seconds": round(evaluation.seconds, 2)})
    elif not quiet:
        print_evaluation(evaluation)
