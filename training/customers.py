"""Every customer at once: the snapshot of their histories, the population, and their states."""

from training.customer_facts import snapshot
from training.customer_states import assess_all, population
from training.cycles import cycles

__all__ = ["assess_all", "cycles", "population", "snapshot"]
