"""Inputs that several tools share: their declarations, and reading them into values."""
