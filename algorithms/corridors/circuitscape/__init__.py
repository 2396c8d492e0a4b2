"""What belongs to runs of Circuitscape's files alone."""
