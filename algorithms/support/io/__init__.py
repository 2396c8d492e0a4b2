"""Reading and writing rasters, vectors, tables and folders."""
