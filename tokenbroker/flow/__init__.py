"""What a flow is: its text, positions and frozen model. Knows nothing of browsers."""
