"""Example ID, an identity provider, and the twelve services that send their visitors to it.

Each has an origin of its own: a port. What is between them is OpenID Connect's authorisation-code flow, with the
exchange of the code done inside this process.
"""
