"""Capsules: what a run was made of, so that it can be run again and checked."""
