"""Runs that others ask for, each in a process of its own."""
