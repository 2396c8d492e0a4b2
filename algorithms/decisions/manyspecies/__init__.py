"""What 'speciesmanifest' reads and writes for each species, and its report."""
