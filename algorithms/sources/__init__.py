"""Tools of group 1: ecological sources."""
