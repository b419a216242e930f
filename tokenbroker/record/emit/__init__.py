"""The files that a draft is written as."""
