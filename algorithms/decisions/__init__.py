"""Tools of group 6: decisions."""
