"""What serves the tool 'networkoptimisation' alone: its candidates and its report."""
