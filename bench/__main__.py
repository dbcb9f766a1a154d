"""`python -m bench [NAME [FILE]]`: one named benchmark, or all of them on simulated shops."""

import sys

from bench import batch, command, cycles, looks, models, schemes, serving, sessions, training

BENCHES = {
    "command": command.main,
    "training": training.main,
    "batch": batch.main,
    "serving": serving.main,
    "schemes": schemes.main,
    "looks": looks.main,
    "models": models.main,
    "sessions": sessions.main,
    "cycles": cycles.main,
}

if __name__ == "__main__":
    name, *words = sys.argv[1:] or ["all"]
    there = f"there are: {', '.join(BENCHES)}, all"
    if name in ("-h", "--help"):
        print(f"{__doc__}\n\n{there}")
        sys.exit()
    if name != "all" and name not in BENCHES:
        sys.exit(f"no benchmark {name!r}; {there}")
    for known, bench in BENCHES.items():
        if name in ("all", known):
            bench(words)
