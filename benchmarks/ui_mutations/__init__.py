"""How well a step's target is found after the page has changed: the demo's consoles, mutated in the live page.

``python -m benchmarks.ui_mutations`` draws cases from seeds (`draw`), brings a browser to each target point of the
consoles (`catalogue`, `visit`), changes the page (`kinds`), lets each way of finding a target act (`ways`), and
judges from what the page's own events and the site's log say (`witness`, `judge`), never from what a way claims.

Kinds, catalogue and seeds were fixed before the resolver was tuned; nothing here imports it.
"""
