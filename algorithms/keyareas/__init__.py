"""Tools of group 4: key areas."""
