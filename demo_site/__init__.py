"""Example Cloud: a small web application that gives out API keys, for demonstrations and tests.

It is a product of its own: a process, a SQLite file, a phone, and (in :mod:`demo_site.sso`) an identity
provider with twelve services behind it. It imports nothing of `tokenbroker`, listens on loopback only, and
holds nothing but test data. :mod:`demo_site.launch` starts it.
"""
