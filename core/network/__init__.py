"""The network of sources and links: centrality, structure, robustness."""
