"""`caini serve`: answer requests until told to stop."""

from pathlib import Path


def run(
    bundles: Path,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    data: Path | None,
    config: Path | None,
) -> None:
    """What is None comes from the environment (CAINI_HOST …), else from the settings' defaults."""
    from serving.run import serve
    from serving.settings import read_settings

    serve(
        read_settings(
            bundles=bundles, host=host, port=port, workers=workers, data=data, config=config
        )
    )
