"""How properties are asked of a server: few examples, each costs a second; the same every time."""

from hypothesis import HealthCheck, Phase, settings

WITH_A_SERVER = settings(
    deadline=None,
    max_examples=12,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
