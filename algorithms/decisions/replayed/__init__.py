"""Running a capsule again, and what is said of it."""
