"""Files of other programs as text: read and written here, interpreted elsewhere."""
