"""Token buckets by key: how often somebody may be wrong before they have to wait. Pure; takes `now`."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

_ONE = 1 - 1e-9  # a whole charge, after sums of fractions


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Buckets:
    """`burst` charges at once, then one every `interval` seconds. At most `keys` are remembered, oldest forgotten."""

    def __init__(self, *, burst: int, interval: float, keys: int = 4096) -> None:
        self._burst = float(burst)
        self._interval = interval
        self._keys = keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until one charge is free; 0 when one is."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return 0.0
        level = self._level(bucket, now)
        return 0.0 if level >= _ONE else (1 - level) * self._interval

    def charge(self, key: str, now: float) -> bool:
        """Takes one; False, and nothing taken, when there is none."""
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.level = self._level(bucket, now)
        bucket.at = now
        self._buckets[key] = bucket
        while len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        if bucket.level < _ONE:
            return False
        bucket.level -= 1
        return True

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._burst, bucket.level + max(0.0, now - bucket.at) / self._interval)
