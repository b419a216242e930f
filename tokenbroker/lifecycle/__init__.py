"""The life of tokens: which end soon, and how one takes another's place (FLOW-8)."""
