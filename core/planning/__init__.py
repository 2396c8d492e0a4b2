"""The whole method in one run, its results, and the self-test."""
