"""Asking a person: what is asked (`checkpoint`) and by which way (`channels`)."""
