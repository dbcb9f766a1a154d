"""`caini batch`: a slot filled for every customer."""

import time
from pathlib import Path

from caini.opened import live_bundle
from caini.printed import print_json
from caini.progress import progress_bar
from engine.errors import ConfigError
from engine.shop_folder import read_folder
from engine.slots import Repeat, SlotPlan, find_slot
from training.batch import write_batch
from training.erasure import erased_since


def run(
    bundles: Path,
    out: Path,
    *,
    slot: str,
    n: int,
    repeat: str | None,
    config: Path,
    quiet: bool,
    as_json: bool,
) -> None:
    _, slots = read_folder(config)
    plan = _with_repeat(find_slot(slots, slot), repeat)
    if not out.parent.is_dir():
        raise ConfigError(f"--out {out}: the folder {out.parent} does not exist")
    bundle = live_bundle(bundles)
    erased = erased_since(bundle, bundles)
    started = time.monotonic()
    customers = len(bundle.customers) - len(erased)
    with progress_bar(slot, customers, shown=not quiet and not as_json) as advance:
        lines = write_batch(bundle, plan, n, out, leave_out=erased, progress=advance)
    seconds = time.monotonic() - started
    result = {
        "version": bundle.version,
        "slot": slot,
        "customers": customers,
        "lines": lines,
        "seconds": round(seconds, 3),
        "customers_a_second": round(customers / seconds, 1),
        "out": str(out),
    }
    if as_json:
        print_json(result)
    elif not quiet:
        print(  # noqa: T201
            f"{customers} customers, {lines} lines in {out}: "
            f"{seconds:.1f} s, {customers / seconds:.0f} customers a second"
        )


def _with_repeat(plan: SlotPlan, repeat: str | None) -> SlotPlan:
    if repeat is None:
        return plan
    if repeat not in set(Repeat):
        raise ConfigError(f"--repeat {repeat}: must be one of {', '.join(Repeat)}")
    return plan.repeating(Repeat(repeat))
