"""What a run that was healed proposes for its flow: read from its evidence, and made a patch of the text (RESIL-3)."""
