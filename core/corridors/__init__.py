"""Links between sources: which pairs, along which paths, how wide the corridors are and which come first."""
