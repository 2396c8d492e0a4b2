"""What serves 'restorationplan' alone: its candidates, its layers and its report."""
