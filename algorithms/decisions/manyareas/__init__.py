"""What 'areamanifest' runs for each area, and its report."""
