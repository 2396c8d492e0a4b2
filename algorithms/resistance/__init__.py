"""Tools of group 2: the resistance surface."""
