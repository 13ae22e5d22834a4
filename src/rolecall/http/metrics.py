"""Counts requests for Prometheus and writes the text format; knows no product words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One figure as of now; labels must not name people."""

    name: str
    help: str
    values: tuple[tuple[tuple[tuple[str, str], ...], float], ...]  # (labels, value)


@dataclass(slots=True)
class Metrics:
    """Requests by method and status class, and how long they took."""

    _requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    _buckets: Counter[float] = field(default_factory=Counter)
    _seconds: float = 0.0
    _count: int = 0

    def seen(self, method: str, status: int, seconds: float) -> None:
        """One request is over."""
        self._requests[method, f"{status // 100}xx"] += 1
        self._seconds += seconds
        self._count += 1
        for bound in BUCKETS:
            if seconds <= bound:
                self._buckets[bound] += 1

    def text(self, gauges: Iterable[Gauge] = ()) -> str:
        """Everything in Prometheus' text format."""
        lines = [
            "# HELP rolecall_requests_total HTTP requests answered.",
            "# TYPE rolecall_requests_total counter",
        ]
        for (method, status), number in sorted(self._requests.items()):
            labels = _labels((("method", method), ("status", status)))
            lines.append(f"rolecall_requests_total{labels} {number}")
        lines += [
            "# HELP rolecall_request_seconds How long requests took.",
            "# TYPE rolecall_request_seconds histogram",
        ]
        for bound in BUCKETS:
            lines.append(
                f'rolecall_request_seconds_bucket{{le="{bound:g}"}} {self._buckets[bound]}'
            )
        lines += [
            f'rolecall_request_seconds_bucket{{le="+Inf"}} {self._count}',
            f"rolecall_request_seconds_sum {self._seconds:.6f}",
            f"rolecall_request_seconds_count {self._count}",
        ]
        for gauge in gauges:
            lines += [f"# HELP {gauge.name} {gauge.help}", f"# TYPE {gauge.name} gauge"]
            lines += [f"{gauge.name}{_labels(labels)} {value:g}" for labels, value in gauge.values]
        return "\n".join(lines) + "\n"


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
