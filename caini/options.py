"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer


def _remembered(context: typer.Context, lang: str | None) -> str | None:
    """For `caini.main`, which tells what went wrong in it."""
    if isinstance(context.obj, dict):
        context.obj["lang"] = lang
    return lang


Bundles = Annotated[Path, typer.Option(help="Folder that bundles are published to.")]
Log = Annotated[Path, typer.Option(help="Log from caini import or caini archive.")]
Out = Annotated[Path, typer.Option(help="Folder that bundles are published to.")]
Items = Annotated[Path | None, typer.Option(help="Catalogue; LOG.items.parquet.")]
Slot = Annotated[str, typer.Option(help="A slot of slots.toml.")]
Channel = Annotated[
    str | None, typer.Option(help="email, sms, app …; each customer's best when left out.")
]
Suppress = Annotated[Path | None, typer.Option(help="File of ids, one a line, that get nothing.")]
Ledger = Annotated[Path | None, typer.Option(help="BUNDLES/.sent/ledger.sqlite.")]
Config = Annotated[Path, typer.Option(help="Folder with shop.toml, slots.toml and train.toml.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]
Search = Annotated[bool, typer.Option("--search/--no-search", help="Choose settings on the past.")]
Lang = Annotated[
    str | None,
    typer.Option(
        "--lang",
        "--language",
        help="en or zh; the shop's language when left out.",
        callback=_remembered,
    ),
]
Data = Annotated[Path | None, typer.Option(help="Folder of the private Redis; data.")]
Url = Annotated[
    str | None, typer.Option(help="Redis; better in CAINI_REDIS_URL, where nobody sees it.")
]
CONFIG = Path("config")
