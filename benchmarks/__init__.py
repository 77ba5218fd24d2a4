"""Measurements of speed and of what the recorder does; each can be run alone, `python -m ser_core bench` runs those of BENCHMARKS.md."""
