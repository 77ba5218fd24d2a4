"""Measurements of speed and reliability, run from the root of a checkout: `python -m benchmarks.NAME`.

`python -m benchmarks` (or `make bench`) runs those of docs/benchmarks.md and writes the page.
"""
