"""A Plan in a browser: contexts behind a gate, targets, steps, pictures, and the token's way into its sink."""
