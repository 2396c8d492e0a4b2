"""Statistics that several rooms need: classes of values, moments, ranks."""
