"""Where ecological sources can be: habitat in a land-use map, and the patches it makes."""
