"""Parts of the tool 'robustness': what it reads, writes and reports."""
