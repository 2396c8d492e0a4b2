"""The resistance surface: score tables, scoring, overlay by weight, corrections."""
