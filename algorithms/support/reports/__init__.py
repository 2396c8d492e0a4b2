"""Reports: pages, charts and small maps."""
