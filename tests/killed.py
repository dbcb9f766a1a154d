"""Children that are killed at work, to see what they leave behind."""

import multiprocessing
import signal
from collections.abc import Callable

FORKSERVER = multiprocessing.get_context("forkserver")  # a forked child shares polars' locks
FORKSERVER.set_forkserver_preload(
    [  # where what they do is written: imported once for all of them
        "tests.caini.test_archive",
        "tests.caini.test_erase",
        "tests.training.test_retrain_killed",
        "tests.training.test_retrain_report",
        "tests.training.tune.test_study",
    ]
)


def killed(work: Callable[..., object], *given: object) -> None:
    """Until `work`, in a child, has killed itself."""
    child = FORKSERVER.Process(target=work, args=given)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
