"""Benchmarks: ratios measured in one run, never absolute times to pass or fail by."""
