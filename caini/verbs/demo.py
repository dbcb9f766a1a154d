"""`caini demo`: see it work in a minute."""

from pathlib import Path

from caini.demo.run import Demo, run_demo
from engine.errors import ConfigError
from engine.reasons import Language


def run(
    *,
    port: int,
    data: Path | None,
    folder: Path,
    config: Path,
    size: tuple[int, int],
    once: bool,
    lang: str | None,
) -> None:
    """`size` is customers and items of the simulated shop."""
    if data is not None and not data.is_file():
        raise ConfigError(f"--data {data}: there is no such file")
    run_demo(Demo(port, data, folder, config, size, _language(lang), once))


def _language(lang: str | None) -> Language:
    if lang == "zh":
        return "zh"
    if lang in (None, "en"):
        return "en"
    raise ConfigError(f"--lang {lang}: must be en or zh")
