"""Measurements: ratios against a baseline taken in the same run, never absolute promises."""
