"""Benchmarks: one file each, a ratio against a peer or the limit in one run. `make bench`."""
