"""The report of a run: a module for each section."""
