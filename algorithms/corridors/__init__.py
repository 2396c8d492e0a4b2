"""Tools of group 3: corridors."""
