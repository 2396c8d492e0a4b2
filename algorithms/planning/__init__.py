"""Tools of group 5: planning."""
