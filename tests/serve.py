"""`caini serve`, measured by the coverage run that started it, if any did."""

import sys
from pathlib import Path

from caini.verbs.serve import run

if __name__ == "__main__":
    bundles, data, config, *rest = sys.argv[1:]
    run(
        Path(bundles),
        host=None,
        port=0,
        workers=int(rest[0]) if rest else None,
        data=Path(data),
        config=Path(config),
        clock=None,
    )
