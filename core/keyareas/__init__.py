"""Key areas: pinch points to protect, barriers to restore, and how sure they are."""
