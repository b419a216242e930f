"""What a run leaves for an auditor to read."""
