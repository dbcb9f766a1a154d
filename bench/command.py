"""How long `caini --help` takes: user and system time of the process, best of five.

python -m bench command
"""

import resource
import subprocess
import sys

from bench.machine import keep, machine


def main(words: list[str]) -> None:
    before = machine()
    spent = [_cpu_ms([sys.executable, "-m", "caini", "--help"]) for _ in range(5)]
    keep("command", {"help_cpu_ms": min(spent), "arguments": words}, before)


def _cpu_ms(command: list[str]) -> float:
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return round(spent * 1000, 1)
