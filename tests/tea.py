"""The tea shop of docs/api.md on a port: `make tea`. It starts anew each time, at its log's end."""

import sys
import tempfile
from pathlib import Path

from caini.verbs.serve import run
from tests.servers import CONFIG, publish_tea


def serve_tea(port: int) -> None:
    """Until it is told to end; then nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="tea-") as folder:
        bundles, data = Path(folder, "bundles"), Path(folder, "data")
        publish_tea(bundles)
        run(
            bundles,
            host=None,
            port=port,
            workers=1,
            data=data,
            config=CONFIG,
            clock="log",
        )


if __name__ == "__main__":
    serve_tea(int(sys.argv[1]))
