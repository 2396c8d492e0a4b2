"""What belongs to the tool of the whole network alone."""
