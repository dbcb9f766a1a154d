"""What is counted. With PROMETHEUS_MULTIPROC_DIR set (`serving.run` does) all workers add up.

No label holds a customer, an item or anything else that a caller may choose.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from serving.counts import FOLDER_VARIABLE, forget_dead

SECONDS: Final = (
    0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 1.0
)  # fmt: skip
METHODS: Final = frozenset({"GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"})


@dataclass(frozen=True, slots=True)
class Metrics:
    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    slates: Counter
    degraded: Counter
    events: Counter
    item_changes: Counter
    store_up: Gauge
    store_changes: Counter
    bundle_loads: Counter
    bundle_watermark: Gauge
    bundle_created: Gauge
    keys_stale: Gauge
    faults: Counter

    def page(self) -> bytes:
        """Prometheus' text format over all workers."""
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            return generate_latest(self.registry)
        forget_dead(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def build_metrics() -> Metrics:
    own = CollectorRegistry()

    def counter(name: str, text: str, *labels: str) -> Counter:
        return Counter(f"caini_{name}", text, labels, registry=own)

    def gauge(name: str, text: str, mode: str) -> Gauge:
        return Gauge(f"caini_{name}", text, registry=own, multiprocess_mode=mode)  # type: ignore[arg-type]

    return Metrics(
        registry=own,
        requests=counter("requests", "Answered requests", "route", "method", "status"),
        seconds=Histogram(
            "caini_request_seconds",
            "From the request's head to the answer's last byte",
            ("route",),
            registry=own,
            buckets=SECONDS,
        ),
        slates=counter("slates", "Slates given", "slot"),
        degraded=counter("degraded", "Answers of lower quality than they might be", "reason"),
        events=counter("events", "Events sent to us, by what became of them", "result"),
        item_changes=counter("item_changes", "Changes of items accepted"),
        store_up=gauge("store_up", "Workers whose store answers", "livesum"),
        store_changes=counter("store_changes", "The store went down or came up", "link", "state"),
        bundle_loads=counter("bundle_loads", "Bundles taken up or refused", "result"),
        bundle_watermark=gauge(
            "bundle_watermark_seconds", "Instant of the last event that was trained on", "livemin"
        ),
        bundle_created=gauge("bundle_created_seconds", "Instant when it was trained", "livemin"),
        keys_stale=gauge(
            "keys_stale", "Workers that cannot read the file of keys as it is now", "livesum"
        ),
        faults=counter("faults", "Errors that nobody expected"),
    )
