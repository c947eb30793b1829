"""Benchmarks (`make bench`): each figure is a ratio of two measurements of one run."""
