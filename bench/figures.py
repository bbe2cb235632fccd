"""Samples of times, and how they are printed."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Times in seconds."""

    times: tuple[float, ...]

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def median_s(self) -> float:
        return statistics.median(self.times)

    def __str__(self) -> str:
        return f"p50 {self.quantile_ms(0.5):7.2f} ms   p95 {self.quantile_ms(0.95):7.2f} ms   n {len(self.times)}"


def row(name: str, figure: object) -> None:
    print(f"{name:<44} {figure}", flush=True)


def spread(times: Sequence[float]) -> str:
    return f"median {statistics.median(times):.2f} s (from {min(times):.2f} to {max(times):.2f})"
