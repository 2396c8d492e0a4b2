"""What is measured on geometries: distances, areas by zone, cuts, terrain."""
