"""`caini serve`: answer requests until told to stop."""

import os
from pathlib import Path

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
"""A request's arrays are small: more threads only spin beside it (twice the CPU, measured)."""


def run(
    bundles: Path,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    data: Path | None,
    config: Path | None,
    clock: str | None,
) -> None:
    """What is None comes from the environment (CAINI_HOST …), else from the settings' defaults."""
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")  # read when numpy is first imported, hence here
    from serving.run import serve
    from serving.settings import read_settings

    serve(
        read_settings(
            bundles=bundles,
            host=host,
            port=port,
            workers=workers,
            data=data,
            config=config,
            clock=clock,
        )
    )
