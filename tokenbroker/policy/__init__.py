"""May it happen: one decision before anything starts."""
