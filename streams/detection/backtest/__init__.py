"""Detection over recordings, and how well it did there."""
