"""Weights of factors: by judgement (AHP) and from the data."""
