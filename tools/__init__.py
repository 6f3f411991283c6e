"""Benchmarks and checks for those who work on Candour."""

import pipeline  # noqa: F401 - before numpy, which reads how many threads it may use when it is imported
