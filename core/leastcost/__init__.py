"""Least-cost distances on a resistance surface: the graph, its searches, the cost fields of sources."""
